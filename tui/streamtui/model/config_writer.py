"""Writing what is watched into the configuration file, and nothing else in it.

Comments, order and unknown entries stay as they are, and so does what others have changed in the file since
this session read it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from streamcore import AlertSettings, StreamcoreError, split_names, without_secrets
from streamtui.model.alerts import alert_fields
from streamtui.model.config_merge import Watched, added, merge, same_symbol
from streamtui.model.file_replacement import read, write
from streamtui.model.token_names import means_something, names_for

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.items import Table


class NotSaved(StreamcoreError):
    """The configuration file could not be changed; it is as it was."""


class Conflict(NotSaved):
    """Entries of the file would be lost; a person must choose between `OnConflict.ADD` and ``REPLACE``.

    Attributes:
        conflicts: What the file has, each as the end of a sentence that begins "in the file,".
    """

    def __init__(self, path: Path, conflicts: Sequence[str]) -> None:
        self.conflicts = tuple(map(without_secrets, conflicts))
        super().__init__(f"not saved: in {path}, {'; '.join(self.conflicts)}")


class OnConflict(Enum):
    """What to do with entries that the file has and this session does not."""

    ASK = "ask"
    """Save nothing and raise `Conflict`."""
    ADD = "add"
    """The file's lists keep everything, and get what is new; of two names for one thing, this session's."""
    REPLACE = "replace"
    """This session's entries replace the file's."""


def save(
    path: Path,
    watched: Watched,
    before: Watched | None = None,
    on_conflict: OnConflict = OnConflict.ASK,
    symbol: Callable[[str], Hashable] = same_symbol,
) -> Watched:
    """Write what a person has changed to a configuration file; create the file if there is none.

    Blocking: run it in a thread.

    Args:
        path: The file, or a link to it, which stays one.
        watched: What this session has now.
        before: What it began with, or saved last. ``None``: ``watched`` replaces what the file has.
        on_conflict: What to do with entries that would be lost.
        symbol: Returns a key that is equal for all spellings of a symbol.

    Returns:
        What the file holds now: the ``before`` of the next time.

    Raises:
        Conflict: Something in the file would be lost, and nobody has agreed to that.
        NotSaved: It cannot be read, understood or written; it is as it was.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        target = path.resolve()
        file = read(target)
    except (OSError, UnicodeDecodeError) as error:
        raise NotSaved(f"not saved: {path} cannot be read: {_reason(error)}") from error
    try:
        document = tomlkit.parse(_with_empty_lists(file.text))
        result = watched
        if before is not None:
            theirs = _watched_in(document)
            result, conflicts = merge(before, watched, theirs, symbol)
            if conflicts and on_conflict is OnConflict.ASK:
                raise Conflict(path, conflicts)
            if conflicts and on_conflict is OnConflict.ADD:
                result = added(theirs, result, symbol)
        _change(document, result)
        text = tomlkit.dumps(document)
        tomlkit.parse(text)
    except TOMLKitError as error:
        raise NotSaved(f"not saved: {path} is not valid TOML: {without_secrets(str(error))}") from error
    except msgspec.ValidationError as error:
        raise NotSaved(f"not saved: {path} has an alert that makes no sense") from error
    try:
        write(target, file.encoded(text))
    except OSError as error:
        raise NotSaved(f"not saved: {path} cannot be written: {_reason(error)}") from error
    return result


def _watched_in(document: TOMLDocument) -> Watched:
    """Return what a file holds; entries of the wrong type are ignored, and stay in the file."""
    rules = document.get("alerts")
    ui = document.get("ui")
    labels = document.get("labels")
    theme = ui.get("theme") if isinstance(ui, Mapping) else None
    return Watched(
        symbols=_texts(document.get("symbols")),
        wallets=_texts(document.get("wallets")),
        labels={str(k): str(v) for k, v in labels.items()} if isinstance(labels, Mapping) else {},
        alerts=[_alert(rule) for rule in rules] if isinstance(rules, list) else [],
        theme=str(theme) if isinstance(theme, str) else None,
        columns=_texts(ui.get("columns")) or None if isinstance(ui, Mapping) else None,
    )


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        value = split_names(value)
    return [str(one).strip() for one in value if str(one).strip()] if isinstance(value, list) else []


def _alert(rule: Mapping[str, Any]) -> AlertSettings:
    return msgspec.convert(rule.unwrap() if hasattr(rule, "unwrap") else dict(rule), AlertSettings)


def _change(document: TOMLDocument, watched: Watched) -> None:
    import tomlkit

    _set_list(document, "symbols", watched.symbols or ())
    _set_list(document, "wallets", watched.wallets or ())
    if watched.labels:
        labels = document.setdefault("labels", tomlkit.table())
        for address, name in watched.labels.items():
            if labels.get(address) != name:
                labels[address] = name
    _add_tokens(document, watched.tokens)
    if watched.theme is not None:
        ui = document.setdefault("ui", tomlkit.table())
        if ui.get("theme") != watched.theme:
            ui["theme"] = watched.theme
    if watched.columns is not None:
        _set_list(document.setdefault("ui", tomlkit.table()), "columns", watched.columns)
    _set_alerts(document, [alert_fields(rule) for rule in watched.alerts])


def _add_tokens(document: TOMLDocument, tickers: Mapping[str, str]) -> None:
    """Name the tokens that have no name yet; what is there stays, and no name gets another meaning."""
    import tomlkit

    known = document.get("tokens", {})
    if not isinstance(known, Mapping):
        return
    there = {str(name): str(mint).strip() for name, mint in known.items()}
    new = {mint: ticker for mint, ticker in tickers.items() if mint not in there.values()}
    names = names_for(new, [*there, *_tickers_in(document)], means_something)
    if names:
        table = document.setdefault("tokens", tomlkit.table())
        for name, mint in names.items():
            table[name] = mint


def _tickers_in(document: TOMLDocument) -> list[str]:
    """Return every symbol that the file names: none of them may get another meaning."""
    found = _texts(document.get("symbols"))
    watchlists = document.get("watchlists")
    for symbols in watchlists.values() if isinstance(watchlists, Mapping) else ():
        found += _texts(symbols)
    alerts = document.get("alerts")
    for alert in alerts if isinstance(alerts, list) else ():
        if isinstance(alert, Mapping) and isinstance(symbol := alert.get("symbol"), str):
            found.append(symbol)
    return [symbol.strip().removeprefix("$") for symbol in found]


def _with_empty_lists(text: str) -> str:
    """Return the text with an empty list below each that is only there as a commented example.

    So that a list that is filled later stands beside its explanation, not at the end of the top section.
    """
    top, bracket, rest = text.partition("\n[")
    for name in ("symbols", "wallets"):
        if not re.search(rf"^{name}\s*=", top, re.MULTILINE):
            top = re.sub(rf"^(# {name} = .*)$", rf"\1\n{name} = []", top, count=1, flags=re.MULTILINE)
    return top + bracket + rest


def _set_list(document: Table | TOMLDocument, name: str, values: Sequence[str]) -> None:
    known = document.get(name)
    if not isinstance(known, list):
        if values:
            document[name] = [str(value) for value in values]  # tomlkit puts it before the first section
        return
    if list(known) == list(values):
        return
    for at in range(len(known) - 1, -1, -1):
        if known[at] not in values:
            del known[at]
    for at, value in enumerate(values):
        if at < len(known):
            if known[at] != value:
                known[at] = str(value)  # in its place, so that a comment beside it stays
        else:
            known.append(str(value))
    del known[len(values) :]


def _set_alerts(document: TOMLDocument, wanted: list[dict[str, object]]) -> None:
    import tomlkit

    known = document.get("alerts")
    there = [] if known is None else [_plain(alert) for alert in known]
    present = [_plain(alert) for alert in wanted]
    if there == present:
        return
    if known is not None and not any(alert in present for alert in there):
        document.remove("alerts")
        known, there = None, []
    if known is None:
        if not wanted:
            return
        known = document["alerts"] = tomlkit.aot()
    for at in range(len(there) - 1, -1, -1):
        if there[at] not in present:
            del known[at]
    for alert, plain in zip(wanted, present, strict=True):
        if plain not in there:
            table = tomlkit.table()
            for name, value in alert.items():
                table[name] = value if isinstance(value, str) else _number(value)
            known.append(table)


def _number(value: object) -> Any:
    import tomlkit

    text = f"{value:f}"
    if "." not in text:
        return tomlkit.integer(text)
    return tomlkit.items.Float(float(text), tomlkit.items.Trivia(), text)  # float_ would write 1.23e-06


def _plain(alert: Mapping[str, object]) -> dict[str, str]:
    """Return an alert in a form in which equal alerts compare equal, whatever types their numbers have."""
    fields = {
        name: value if isinstance(value, str) else f"{float(str(value)):g}" for name, value in alert.items()
    }
    if "change" in fields:
        fields.setdefault("minutes", "10")
    return fields


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or "not UTF-8 text"
