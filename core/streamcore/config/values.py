"""Converts and checks what was written for one setting."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from streamcore.assets.names import address_in, split_names
from streamcore.assets.tokens import TokenTable, check_address
from streamcore.config.keys import Key
from streamcore.config.screen import AlertSettings
from streamcore.errors import BadAddress, SettingsError
from streamcore.loopback import is_loopback
from streamcore.text import HIDDEN, printable
from streamcore.urls import shown_url

_SWITCHES = {"yes": True, "on": True, "no": False, "off": False}


class Entry(msgspec.Struct, frozen=True):
    """One value from one source, not yet checked."""

    name: str
    value: Any
    origin: str
    is_text: bool
    """It comes from a source without types, such as a variable, so ``"20"`` may mean 20."""


def convert(key: Key, entry: Entry) -> Any:
    """Return the value of one setting, of the type that the model says.

    Raises:
        SettingsError: It is not allowed; the text names key, value, what is allowed, and the origin.
    """
    given = entry.value
    if key.is_array:
        return _alerts(entry)
    if key.is_list:
        given = _words(key, entry) if key.verbatim else _listed(given)
        if key.name == "wallets" and isinstance(given, list) and all(isinstance(one, str) for one in given):
            given = list(dict.fromkeys(map(address_in, given)))
    elif entry.is_text and isinstance(key.default, bool):
        given = _SWITCHES.get(given.lower(), given)
    try:
        value = msgspec.convert(given, key.type, strict=not entry.is_text)
    except (msgspec.ValidationError, UnicodeError):  # a variable may hold bytes that are no text
        raise _refused(key, entry) from None  # msgspec's text is about types, not what to write
    if (isinstance(value, float) and not math.isfinite(value)) or (key.choices and value not in key.choices):
        raise _refused(key, entry)
    if key.schemes:
        if isinstance(value, tuple):
            return tuple(_checked_url(key, entry, url) for url in value)
        return _checked_url(key, entry, value)
    return value


def _listed(given: Any) -> Any:
    """Split texts, so that ``"SOL,BTC"``, ``"SOL BTC"`` and ``["SOL", "BTC"]`` are the same list."""
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        return given
    return list(dict.fromkeys(name for text in texts for name in split_names(text)))


def _words(key: Key, entry: Entry) -> Any:
    if not isinstance(entry.value, str):
        return entry.value
    if not entry.is_text:  # a single text in the file may be meant for a shell, but none is used
        raise _refused(key, entry)
    try:
        import shlex  # rarely needed, and it takes longer to import than the rest of this

        return shlex.split(entry.value)
    except ValueError:
        raise _refused(key, entry) from None


def _alerts(entry: Entry) -> tuple[AlertSettings, ...]:
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
            alert = msgspec.structs.replace(alert, wallet=check_address(alert.wallet))
        except BadAddress as error:
            mistake = f"wallet {error.reason}"
    if mistake is not None:
        raise SettingsError(name, None, mistake, origin)
    return alert


def table_item(table: Key, name: str, entry: Entry) -> tuple[str, Any]:
    """Return the name and value of one entry of a table of the user's own names.

    Args:
        table: ``tokens``, ``labels`` or ``watchlists``.
        name: The name in it, as given.
        entry: Its value.

    Raises:
        SettingsError: One of them is not allowed.
    """
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


def _checked_url(key: Key, entry: Entry, url: str) -> str:
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
        or not _is_name(host)
        or not url.isprintable()
        or " " in url
    ):
        raise _refused(key, entry)
    return url.rstrip("/") if key.host_only else url


def _is_name(host: str) -> bool:
    """Whether a host can be looked up at all: a label has from 1 to 63 characters, all together 253."""
    labels = host.removesuffix(".").split(".")
    return len(host) <= 253 and all(0 < len(label) <= 63 for label in labels)


def _refused(key: Key, entry: Entry) -> SettingsError:
    shown = entry.value
    if key.secret:
        shown = HIDDEN
    elif key.schemes and isinstance(shown, str):
        shown = shown_url(shown)
    elif key.schemes and isinstance(shown, list | tuple):
        shown = [shown_url(url) if isinstance(url, str) else url for url in shown]
    return SettingsError(key.name, shown, f"expected {key.allowed}", entry.origin)
