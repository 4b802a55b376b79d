"""Where settings come from, which source wins, and what is said about mistakes.

A command-line option wins over an environment variable, that over the file, and the file over the default.
Every value of every source is checked, also one that another source overrules: a typing mistake in the file
should not wait for the day the variable is gone.
"""

from __future__ import annotations

import math
import os
import shlex
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from streamcore.assets.tokens import TokenTable, check_address
from streamcore.config.keys import PREFIX, Key, keys, sections
from streamcore.config.locations import config_file
from streamcore.config.model import AlertSettings, Settings
from streamcore.config.selection import choose
from streamcore.errors import BadAddress, SettingsError
from streamcore.loopback import is_loopback
from streamcore.text import HIDDEN, printable

DEFAULT = "default"
"""The origin of a value that nobody has set."""

_SWITCHES = {"yes": True, "on": True, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The effective settings and how they came about."""

    settings: Settings
    origins: Mapping[str, str]
    """Every dotted key to where its value came from; entries of a table have a key each."""
    path: Path
    """The file that was read, or would have been."""
    found: bool
    """Whether there was a file."""
    warnings: tuple[str, ...]
    """What a person should know although everything could be read, as sentences."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One value from one source, not yet looked at."""

    name: str
    value: Any
    origin: str
    is_text: bool
    """It was written where there are no types: ``"20"`` may stand for 20."""


def load(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Loaded:
    """Read every source and return what holds.

    Args:
        path: The file to read. ``None`` reads `locations.config_file` if it is there; a path that is given
            must exist.
        environ: The environment; ``None`` is the process's own.
        options: Dotted keys to values, as given on a command line; the origin of a top-level one is its
            option, ``--symbols``.

    Raises:
        SettingsError: A file cannot be read, a key is unknown, or a value is not allowed.
    """
    chosen = config_file() if path is None else path
    document = _read(chosen, must_exist=path is not None)
    entries = [
        *_from_file(document or {}, f"file {_shown_path(chosen)}"),
        *_from_environment(os.environ if environ is None else environ),
        *_from_options(options or {}),
    ]
    values: dict[str, Any] = {}
    origins = dict.fromkeys(keys(), DEFAULT)
    for entry in entries:
        name = entry.name
        key = keys().get(name)
        if key is None:
            table, _, name_in_table = name.partition(".")
            item, value = _table_item(keys()[table], name_in_table, entry)
            values.setdefault(table, {})[item] = value
            origins[f"{table}.{item}"] = origins[table] = entry.origin
        elif not (key.optional and entry.value == ""):  # an empty text leaves unset what may be unset
            values[name] = _convert(key, entry)
            origins[name] = entry.origin
    settings = _assemble(values)
    choose(settings, origins)
    return Loaded(settings, origins, chosen, document is not None, _warnings(chosen, document))


def _assemble(values: Mapping[str, Any]) -> Settings:
    top: dict[str, Any] = {}
    by_section: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        section, _, field = name.rpartition(".")
        (by_section.setdefault(section, {}) if section else top)[field] = value
    for info in msgspec.structs.fields(Settings):
        if info.name in by_section:
            top[info.name] = info.type(**by_section[info.name])
    return Settings(**top)


# --- the sources ---------------------------------------------------------------------------------------


def _read(path: Path, *, must_exist: bool) -> dict[str, Any] | None:
    shown = _shown_path(path)
    text = ""
    try:
        text = path.read_text(encoding="utf-8-sig")
        return tomllib.loads(text)
    except FileNotFoundError:
        if must_exist:
            raise SettingsError(
                "config", shown, "there is no such file; streamtui config init writes one", "option --config"
            ) from None
        return None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError("config", shown, f"cannot be read: {reason}", "file") from error
    except UnicodeDecodeError as error:
        allowed = f"expected UTF-8 text, but byte {error.start} is not"
        raise SettingsError("config", shown, allowed, "file") from error
    except tomllib.TOMLDecodeError as error:
        lines = text.split("\n")
        end = f"at line {len(lines)}, column {len(lines[-1]) + 1}"
        reason = printable(str(error)).replace("at end of document", end)
        raise SettingsError("config", shown, f"not valid TOML: {reason}", "file") from error


def _from_file(document: Mapping[str, Any], origin: str) -> Iterator[_Entry]:
    for name, value in document.items():
        if name in keys() and keys()[name].is_array:
            yield _Entry(name, value, origin, is_text=False)
        elif name in sections() or (name in keys() and keys()[name].is_table):
            if not isinstance(value, dict):
                raise SettingsError(name, value, f"expected a table, written as [{name}]", origin)
            for field, item in value.items():
                dotted = f"{name}.{field}"
                if name in sections() and dotted not in keys():
                    raise _unknown(dotted, origin)
                yield _Entry(dotted, item, origin, is_text=False)
        elif name in keys():
            yield _Entry(name, value, origin, is_text=False)
        else:
            raise _unknown(name, origin)


def _from_environment(environ: Mapping[str, str]) -> Iterator[_Entry]:
    by_variable = {variable: key for key in keys().values() if not key.is_table for variable in key.variables}
    # in the order of the keys, so that STREAMTUI_BIRDEYE_API_KEY comes after, and wins over, BIRDEYE_API_KEY
    for variable, key in by_variable.items():
        if variable in environ:
            yield _Entry(
                key.name, environ[variable].strip(), f"environment variable {variable}", is_text=True
            )
    tables = {key.variable: key.name for key in keys().values() if key.is_table}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in by_variable:
            continue
        table = next((name for start, name in tables.items() if variable.startswith(start)), None)
        if table is None:
            raise _unknown_variable(variable, by_variable)
        name = variable.removeprefix(keys()[table].variable)
        origin = f"environment variable {printable(variable)}"
        yield _Entry(f"{table}.{name}", environ[variable].strip(), origin, is_text=True)


def _from_options(options: Mapping[str, Any]) -> Iterator[_Entry]:
    for name, value in options.items():
        origin = f"option {name}" if "." in name else f"option --{name.replace('_', '-')}"
        table, _, field = name.partition(".")
        if name not in keys() and not (field and table in keys() and keys()[table].is_table):
            raise _unknown(name, origin)
        yield _Entry(name, value, origin, is_text=isinstance(value, str))


def _unknown(name: str, origin: str) -> SettingsError:
    section, _, field = name.rpartition(".")
    known = [*keys(), *sections()]
    if section in sections():
        known = [key.name for key in keys().values() if key.section == section]
    # a key that was written outside its section is found by its last part
    similar = [key for key in known if key.rpartition(".")[2] == field] or get_close_matches(name, known, n=1)
    if similar:
        advice = f"did you mean {similar[0]}?"
    elif section in sections():
        advice = f"[{section}] has: {', '.join(key.rpartition('.')[2] for key in known)}"
    else:
        advice = f"there are: {', '.join(key for key in known if '.' not in key)}"
    return SettingsError(printable(name), None, f"unknown key; {advice}", origin)


def _unknown_variable(variable: str, known: Mapping[str, Key]) -> SettingsError:
    origin = "environment"
    similar = get_close_matches(variable, known, n=1, cutoff=0.85)  # the common start alone makes for 0.6
    advice = f"did you mean {similar[0]}?" if similar else f"they are {PREFIX}<SECTION>_<KEY>"
    return SettingsError(printable(variable), None, f"unknown variable; {advice}", origin)


# --- one value -----------------------------------------------------------------------------------------


def _convert(key: Key, entry: _Entry) -> Any:
    given = entry.value
    if key.is_array:
        return _alerts(entry)
    if key.is_list:
        given = _words(key, entry) if key.verbatim else _listed(given)
    elif entry.is_text and isinstance(key.default, bool):
        given = _SWITCHES.get(given.lower(), given)
    try:
        value = msgspec.convert(given, key.type, strict=not entry.is_text)
    except msgspec.ValidationError:
        raise _refused(key, entry) from None  # its text speaks of types, ours of what to write
    if isinstance(value, float) and not math.isfinite(value):
        raise _refused(key, entry)
    if key.schemes:
        return _checked_url(key, entry, value)
    return value


def _listed(given: Any) -> Any:
    """Split texts at commas, so that ``"SOL,BTC"`` and ``["SOL", "BTC"]`` are the same list."""
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        return given
    parts = (part.strip() for text in texts for part in text.split(","))
    return list(dict.fromkeys(part for part in parts if part))


def _words(key: Key, entry: _Entry) -> Any:
    if not isinstance(entry.value, str):
        return entry.value
    if not entry.is_text:  # a text in the file may be meant for a shell, and there is none
        raise _refused(key, entry)
    try:
        return shlex.split(entry.value)
    except ValueError:
        raise _refused(key, entry) from None


def _alerts(entry: _Entry) -> tuple[AlertSettings, ...]:
    given = entry.value
    if not isinstance(given, list | tuple) or not all(isinstance(one, dict) for one in given):
        raise SettingsError("alerts", given, "expected tables, each written as [[alerts]]", entry.origin)
    return tuple(_alert(number, one, entry.origin) for number, one in enumerate(given, 1))


def _alert(number: int, given: Mapping[str, Any], origin: str) -> AlertSettings:
    name = f"alerts, number {number}"
    fields = {field.name: field for field in msgspec.structs.fields(AlertSettings)}
    for field, value in given.items():
        if field not in fields:
            raise SettingsError(
                f"{name}, {printable(field)}", None, f"there are: {', '.join(fields)}", origin
            )
        try:
            msgspec.convert(value, fields[field].type)
        except msgspec.ValidationError:
            allowed = "expected a text" if field in ("symbol", "wallet") else "a limit is a number above 0"
            raise SettingsError(f"{name}, {field}", value, allowed, origin) from None
    alert = msgspec.convert(dict(given), AlertSettings)
    mistake = alert.mistake()
    if mistake is None and alert.wallet is not None:
        try:
            check_address(alert.wallet)
        except BadAddress as error:
            mistake = f"wallet {error.reason}"
    if mistake is not None:
        raise SettingsError(name, None, mistake, origin)
    return alert


def _table_item(table: Key, name: str, entry: _Entry) -> tuple[str, Any]:
    """Return the checked name and value of one entry of ``[tokens]``, ``[labels]`` or ``[watchlists]``."""
    dotted = f"{table.name}.{printable(name)}"
    if table.name == "watchlists":
        symbols = _listed(entry.value)
        if not isinstance(symbols, list) or not all(isinstance(one, str) for one in symbols) or not symbols:
            raise SettingsError(dotted, entry.value, "expected a list of symbols", entry.origin)
        return name.strip(), tuple(symbols)
    if not isinstance(entry.value, str):
        raise SettingsError(dotted, entry.value, "expected a text", entry.origin)
    if table.name == "tokens":
        try:
            TokenTable({name: entry.value})
        except SettingsError as error:
            raise SettingsError(dotted, error.value, error.allowed, entry.origin) from error
        return name.strip().removeprefix("$"), entry.value.strip()
    if not entry.value.strip():
        raise SettingsError(dotted, entry.value, "expected the name to show for this address", entry.origin)
    try:
        return check_address(name), entry.value.strip()
    except BadAddress as error:
        raise SettingsError(dotted, None, f"the address before = {error.reason}", entry.origin) from error


def _checked_url(key: Key, entry: _Entry, url: str) -> str:
    encrypted, plain = key.schemes
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # both raise when they make no sense
    except ValueError:
        raise _refused(key, entry) from None
    may_be_plain = host is not None and is_loopback(host)
    if (
        not host
        or not (parts.scheme == encrypted or (parts.scheme == plain and may_be_plain))
        or parts.username is not None
        or parts.query
        or parts.fragment
        or (key.host_only and parts.path not in ("", "/"))
        or not url.isprintable()
        or " " in url
    ):
        raise _refused(key, entry)
    return url.rstrip("/") if key.host_only else url


def _refused(key: Key, entry: _Entry) -> SettingsError:
    shown = entry.value
    if key.secret:
        shown = HIDDEN
    elif key.schemes and isinstance(shown, str):
        shown = _without_secrets(shown)
    return SettingsError(key.name, shown, f"expected {key.allowed}", entry.origin)


def _without_secrets(url: str) -> str:
    """Return a URL without what people put keys into: the user name and the query."""
    before, question, _ = url.partition("?")
    scheme, separator, rest = before.partition("://")
    if "@" in rest:
        rest = f"{HIDDEN}@{rest.rpartition('@')[2]}"
    return f"{scheme}{separator}{rest}{question}{HIDDEN if question else ''}"


# --- the file as a file --------------------------------------------------------------------------------


def _shown_path(path: Path) -> str:
    return printable(str(path), limit=1000)


def _warnings(path: Path, document: Mapping[str, Any] | None) -> tuple[str, ...]:
    if document is None or os.name != "posix" or not _holds_secret(document):
        return ()
    mode = stat.S_IMODE(path.stat().st_mode)
    if not mode & (stat.S_IRGRP | stat.S_IROTH):
        return ()
    shown = _shown_path(path)
    return (f"{shown} holds an API key and others on this computer can read it; run: chmod 600 {shown}",)


def _holds_secret(document: Mapping[str, Any]) -> bool:
    return any(
        document.get(key.section, {}).get(key.name.rpartition(".")[2])
        for key in keys().values()
        if key.secret
    )
