"""Writing what is watched into the configuration file, and nothing else in it.

Comments, order and everything this does not know stay as they are. The file is replaced in one step, so
that a power cut leaves the old one or the new one, and is readable by its owner alone: it may hold keys.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamcore import AlertSettings, StreamcoreError
from streamtui.model.alerts import in_words

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

MODE = 0o600


class NotSaved(StreamcoreError):
    """The configuration file could not be changed; it is as it was."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What is to be there at the next start."""

    symbols: Sequence[str]
    wallets: Sequence[str]
    labels: Mapping[str, str] = field(default_factory=dict)
    alerts: Sequence[AlertSettings] = ()
    theme: str | None = None
    """``None``: whatever the file says."""


def save(path: Path, watched: Watched) -> None:
    """Write what is watched to a configuration file, and make it if there is none.

    Blocking: run it in a thread.

    Raises:
        NotSaved: It cannot be read, understood or written; it is as it was.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    target = path.resolve()  # a link stays one
    try:
        text = target.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise NotSaved(f"not saved: {path} cannot be read: {_reason(error)}") from error
    try:
        document = tomlkit.parse(_with_places(text))
        _change(document, watched)
        text = tomlkit.dumps(document)
        tomlkit.parse(text)
    except TOMLKitError as error:
        raise NotSaved(f"not saved: {path} is not valid TOML: {error}") from error
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, text)
    except OSError as error:
        raise NotSaved(f"not saved: {path} cannot be written: {_reason(error)}") from error


def _change(document: TOMLDocument, watched: Watched) -> None:
    import tomlkit

    _set_list(document, "symbols", watched.symbols)
    _set_list(document, "wallets", watched.wallets)
    if watched.labels:
        labels = document.setdefault("labels", tomlkit.table())
        for address, name in watched.labels.items():
            if labels.get(address) != name:
                labels[address] = name
    if watched.theme is not None:
        ui = document.setdefault("ui", tomlkit.table())
        if ui.get("theme") != watched.theme:
            ui["theme"] = watched.theme
    _set_alerts(document, [in_words(rule) for rule in watched.alerts])


def _with_places(text: str) -> str:
    """Return a file in which a list that is only shown as an example is there and empty, below it."""
    top, bracket, rest = text.partition("\n[")
    for name in ("symbols", "wallets"):
        if not re.search(rf"^{name}\s*=", top, re.MULTILINE):
            top = re.sub(rf"^(# {name} = .*)$", rf"\1\n{name} = []", top, count=1, flags=re.MULTILINE)
    return top + bracket + rest


def _set_list(document: TOMLDocument, name: str, values: Sequence[str]) -> None:
    known = document.get(name)
    if not isinstance(known, list):
        if values:
            document[name] = list(values)  # tomlkit puts it before the first section
        return
    if list(known) == list(values):
        return
    for at in range(len(known) - 1, -1, -1):
        if known[at] not in values:
            del known[at]
    for at, value in enumerate(values):
        if at < len(known):
            if known[at] != value:
                known[at] = value  # in its place, so that a comment beside it stays
        else:
            known.append(value)
    del known[len(values) :]


def _set_alerts(document: TOMLDocument, wanted: list[dict[str, object]]) -> None:
    import tomlkit

    known = document.get("alerts")
    if known is not None and [_plain(alert) for alert in known] == [_plain(alert) for alert in wanted]:
        return
    if known is not None:
        kept = [alert for alert in known if _plain(alert) in [_plain(one) for one in wanted]]
        missing = [one for one in wanted if _plain(one) not in [_plain(alert) for alert in known]]
        if not kept:
            document.remove("alerts")
            known = None
        else:
            for at in range(len(known) - 1, -1, -1):
                if _plain(known[at]) not in [_plain(one) for one in wanted]:
                    del known[at]
    else:
        missing = wanted
    if known is None:
        known = tomlkit.aot()
        missing = wanted
        if wanted:
            document["alerts"] = known
    for alert in missing:
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
    fields = {
        name: value if isinstance(value, str) else f"{float(str(value)):g}" for name, value in alert.items()
    }
    if "change" in fields:
        fields.setdefault("minutes", "10")
    return fields


def _replace(target: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(MODE)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or "not UTF-8 text"
