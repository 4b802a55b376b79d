"""Loads settings from all their sources, decides which source wins, and explains mistakes.

A command-line option wins over an environment variable, that over the file, and the file over the default.
An empty variable counts as not set. What looks like a wallet's secret is refused before anything else.
Every value of every source is checked, also one that another source overrides: a mistake in the file should
not stay hidden until the variable is gone.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from streamcore.assets.tokens import pinned_mint
from streamcore.config.foreign_variables import is_of_containers
from streamcore.config.keys import PREFIX, Key, sections, setting_keys
from streamcore.config.libraries import KEY as TRANSPORT
from streamcore.config.libraries import check_library
from streamcore.config.locations import config_file
from streamcore.config.model import Settings
from streamcore.config.secret_check import refuse_secrets, refuse_secrets_within
from streamcore.config.selection import choose
from streamcore.config.values import Entry, convert, table_item
from streamcore.errors import SettingsError
from streamcore.named_files import read_file, reason_of
from streamcore.text import printable
from streamcore.wallet_secrets import secret_refusal

NO_HOME = (
    "this user has no home folder (HOME): no configuration file is read and the defaults are used; "
    "--config FILE names one"
)

_LINE = re.compile(r"at line (\d+)")
_CURLY = re.compile("[\u2018-\u201f\u00ab\u00bb\u2039\u203a\u300c-\u300f]")

DEFAULT = "default"
"""The origin of a value that nobody has set."""


class Loaded(msgspec.Struct, frozen=True):
    """The effective settings and how they came about."""

    settings: Settings
    origins: Mapping[str, str]
    """Every dotted key to where its value came from; each entry of a table has a key of its own."""
    path: Path | None
    """The file that was read, or would have been; ``None``: none was named and this user has no home."""
    found: bool
    """Whether there was a file."""
    warnings: tuple[str, ...]
    """Sentences for a person about things that are odd but no errors."""

    def is_from_file(self, key: str) -> bool:
        """Return whether a value is the file's own, or the default that holds because the file has none."""
        origin = self.origins[key]
        return origin == DEFAULT or origin.startswith("file ")


def load(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Loaded:
    """Read every source and return what holds.

    Args:
        path: The file to read. ``None`` reads `locations.config_file` if it is there and can be read; a path
            that is given must be such a file.
        environ: The environment; ``None`` is the process's own.
        options: Dotted keys to values, as given on a command line; the origin of a top-level one is its
            option, ``--symbols``.

    Raises:
        SettingsError: A file cannot be read, a key is unknown, a value is not allowed, or something looks
            like a wallet's secret.
    """
    environ = os.environ if environ is None else environ
    chosen = config_file() if path is None else path
    document, warnings = _document(chosen, must_exist=path is not None)
    entries = [
        *_from_file(document or {}, f"file {_shown_path(chosen)}"),
        *_from_environment(environ),
        *_from_options(options or {}),
    ]
    values: dict[str, Any] = {}
    origins = dict.fromkeys(setting_keys(), DEFAULT)
    for entry in entries:
        name = entry.name
        key = setting_keys().get(name)
        if key is None:
            table, _, name_in_table = name.partition(".")
            item, value = table_item(setting_keys()[table], name_in_table, entry)
            values.setdefault(table, {})[item] = value
            origins[f"{table}.{item}"] = origins[table] = entry.origin
        elif not (key.optional and entry.value == ""):  # an empty text leaves unset what may be unset
            values[name] = convert(key, entry)
            origins[name] = entry.origin
    settings = _assemble(values)
    choose(settings, origins)
    check_library(settings.stream.transport, origins[TRANSPORT])
    warnings = (*warnings, *_quotes(environ, document), *_replaced_tokens(settings, origins))
    return Loaded(settings, origins, chosen, document is not None, warnings)


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


def _document(path: Path | None, *, must_exist: bool) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """Return the parsed file, ``None`` if there is none, and warnings about it."""
    if path is None:
        return None, (NO_HOME,)
    shown = _shown_path(path)
    try:
        document = _read(path)
    except FileNotFoundError:
        if must_exist:
            raise SettingsError(
                "config", shown, "there is no such file; streamtui config init writes one", "option --config"
            ) from None
        return None, ()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        if must_exist:
            raise SettingsError("config", shown, f"cannot be read: {reason}", "file") from error
        return None, (f"{shown} cannot be read: {reason}; the defaults are used",)
    return document, _warnings(path, document)


def _read(path: Path) -> dict[str, Any]:
    shown = _shown_path(path)
    try:
        text = read_file(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        allowed = f"expected UTF-8 text, but byte {error.start} is not"
        raise SettingsError("config", shown, allowed, "file") from error
    import tomllib  # only where there is a file

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        if refusal := secret_refusal(text):  # a keypair file, perhaps
            raise SettingsError("config", shown, f"holds no settings; it {refusal}", "file") from None
        lines = text.split("\n")
        end = f"at line {len(lines)}, column {len(lines[-1]) + 1}"
        reason = printable(str(error)).replace("at end of document", end) + _curly_quotes(str(error), lines)
        raise SettingsError("config", shown, f"not valid TOML: {reason}", "file") from error


def _curly_quotes(error: str, lines: Sequence[str]) -> str:
    """Return a hint if the line that an error names has typographic quotes; else an empty text."""
    place = _LINE.search(error)
    number = int(place[1]) if place else len(lines)
    found = dict.fromkeys(_CURLY.findall(lines[number - 1])) if number <= len(lines) else ()
    if not found:
        return ""
    return f"; line {number} has curly quotes ({' '.join(found)}): write straight ones"


def _from_file(document: Mapping[str, Any], origin: str) -> Iterator[Entry]:
    refuse_secrets_within(document, origin)
    for name, value in document.items():
        if name in setting_keys() and setting_keys()[name].is_array:
            yield Entry(name, value, origin, is_text=False)
        elif name in sections() or (name in setting_keys() and setting_keys()[name].is_table):
            if not isinstance(value, dict):
                raise SettingsError(name, value, f"expected a table, written as [{name}]", origin)
            for field, item in value.items():
                dotted = f"{name}.{field}"
                if name in sections() and dotted not in setting_keys():
                    raise _unknown(dotted, origin)
                yield Entry(dotted, item, origin, is_text=False)
        elif name in setting_keys():
            yield Entry(name, value, origin, is_text=False)
        else:
            raise _unknown(name, origin)


def _from_environment(environ: Mapping[str, str]) -> Iterator[Entry]:
    by_variable = {
        variable: key for key in setting_keys().values() if not key.is_table for variable in key.variables
    }
    in_files = {variable: key for key in setting_keys().values() for variable in key.file_variables}
    given = {variable: text for variable, value in environ.items() if (text := _unquoted(value))}
    for variable, key in in_files.items():
        if variable in given:
            origin = f"the file that {variable} names"
            secret = _read_secret(variable, Path(given[variable]))
            refuse_secrets(key.name, secret, origin)
            yield Entry(key.name, secret, origin, is_text=True)
    # in the order of the keys, so that of two variables for one key the stronger comes after, and wins
    for variable, key in by_variable.items():
        if variable in given:
            origin = f"environment variable {variable}"
            refuse_secrets(key.name, given[variable], origin)
            yield Entry(key.name, given[variable], origin, is_text=True)
    tables = {key.variable: key.name for key in setting_keys().values() if key.is_table}
    for variable in sorted(given):
        rest = variable.removeprefix(PREFIX)
        if rest == variable or variable in by_variable or variable in in_files:
            continue
        if is_of_containers(rest, given[variable]):
            continue
        refuse_secrets(variable, given[variable], "environment")
        table = next((name for start, name in tables.items() if variable.startswith(start)), None)
        if table is None:
            raise _unknown_variable(variable, by_variable)
        name = variable.removeprefix(setting_keys()[table].variable)
        origin = f"environment variable {printable(variable)}"
        yield Entry(f"{table}.{name}", given[variable], origin, is_text=True)


def _read_secret(variable: str, path: Path) -> str:
    """Return the secret in a file, as containers and systemd hand it over."""
    shown = _shown_path(path)
    origin = f"environment variable {variable}"
    try:
        return read_file(path).decode().strip()
    except (OSError, UnicodeError) as error:
        raise SettingsError(variable, shown, f"cannot be read: {reason_of(error)}", origin) from None


def _from_options(options: Mapping[str, Any]) -> Iterator[Entry]:
    for name, value in options.items():
        origin = f"option {name}" if "." in name else f"option --{name.replace('_', '-')}"
        refuse_secrets(name, value, "option")
        table, _, field = name.partition(".")
        if name not in setting_keys() and not (
            field and table in setting_keys() and setting_keys()[table].is_table
        ):
            raise _unknown(name, origin)
        yield Entry(name, value, origin, is_text=isinstance(value, str))


def _unknown(name: str, origin: str) -> SettingsError:
    section, _, field = name.rpartition(".")
    known = [*setting_keys(), *sections()]
    if section in sections():
        known = [key.name for key in setting_keys().values() if key.section == section]
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


# --- what others leave around a value --------------------------------------------------------------------


def _unquoted(value: str) -> str:
    """Return the value of a variable without the quotes that some readers of env files leave around it."""
    text = value.strip()
    for quote in "\"'":
        if len(text) > 1 and text[0] == text[-1] == quote and text.count(quote) == 2:
            return text[1:-1].strip()
    return text


def _quotes(environ: Mapping[str, str], document: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield a sentence for every value that had quotes around it, and should not have."""
    for key in setting_keys().values():
        for variable in key.variables:
            value = environ.get(variable, "").strip()
            if value and _unquoted(value) != value:
                yield f"{variable} has quotes around its value, as an env file may keep; they were left out"
        if key.secret and document is not None:
            value = document.get(key.section, {}).get(key.name.rpartition(".")[2], "")
            if isinstance(value, str) and _unquoted(value) != value.strip():
                yield f"{key.name} in the file has quotes within its quotes; no key has any"


def _replaced_tokens(settings: Settings, origins: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for every ticker of the token table that was given another mint."""
    for ticker, mint in settings.tokens.items():
        if pinned_mint(ticker) not in (None, mint):
            key = f"tokens.{ticker}"
            known = f"{ticker.upper()} another token than the well-known one"
            yield f"{key} ({origins[key]}) makes {known}: {mint}"


# --- the file as a file --------------------------------------------------------------------------------


def _shown_path(path: Path | None) -> str:
    return "" if path is None else printable(str(path), limit=1000)


def _warnings(path: Path, document: Mapping[str, Any]) -> tuple[str, ...]:
    if os.name != "posix" or not _holds_secret(document):
        return ()
    mode = stat.S_IMODE(path.stat().st_mode)
    if not mode & (stat.S_IRGRP | stat.S_IROTH):
        return ()
    shown = _shown_path(path)
    return (f"{shown} holds an API key and others on this computer can read it; run: chmod 600 {shown}",)


def _holds_secret(document: Mapping[str, Any]) -> bool:
    return any(
        document.get(key.section, {}).get(key.name.rpartition(".")[2])
        for key in setting_keys().values()
        if key.secret
    )
