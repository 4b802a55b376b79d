"""``streamtui config``: where the settings are, what they are, and a file to start from."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from textwrap import wrap
from typing import Any

import msgspec

from streamcore import HIDDEN, AlertSettings, printable
from streamcore.config import Key, Loaded, sections, setting_keys, shown_url, value_of

WIDTH = 100

_EXAMPLES = {
    "symbols": ["SOL", "BTC"],
    "wallets": ["GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"],
    "ui.frames_per_second": 10,
    "ui.theme": "streamtui-light",
    "ui.alert_command": ["notify-send", "streamtui", "{text}"],
}
_TABLE_EXAMPLES = {
    "tokens": 'BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"',
    "watchlists": 'memes = ["BONK", "WIF"]',
    "labels": 'GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T = "savings"',
}
_ALERT_EXAMPLES = (
    ('symbol = "SOL"', "above = 200"),
    ('symbol = "SOL"', "change = 5", "minutes = 10"),
    ('wallet = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"', "above = 1.5"),
)


def shown(loaded: Loaded) -> str:
    """Return every effective value with its origin, secrets masked, in the notation of the file."""
    state = "" if loaded.found else " (not there)"
    path = "none" if loaded.path is None else printable(str(loaded.path), limit=1000)
    lines = [f"# file: {path}{state}"]
    rows = list(_rows(loaded))
    width = min(60, max(len(text) for _, text, _ in rows))
    section = ""
    for key, text, origin in rows:
        heading = key.name if key.is_table or key.is_array else key.section
        if heading != section and not key.is_array:
            lines += ["", f"[{heading}]"]
        elif key.is_array:
            lines += ["", f"[[{heading}]]"]
        section = heading
        lines.append(f"{text:<{width}}  # {origin}")
    return "\n".join(lines) + "\n"


def _rows(loaded: Loaded) -> Iterator[tuple[Key, str, str]]:
    for key in setting_keys().values():
        value = value_of(loaded.settings, key)
        name = key.name.rpartition(".")[2]
        if key.is_array:
            for alert in value:
                text = "\n".join(_alert_lines(alert))
                yield key, text, loaded.origins[key.name]
        elif key.is_table:
            for item, text in value.items():
                quoted = item if item.isascii() and item.isalnum() else json.dumps(item)
                yield key, f"{quoted} = {_toml(text)}", loaded.origins[f"{key.name}.{item}"]
        elif value is None:
            yield key, f"# {name} is not set", loaded.origins[key.name]
        else:
            shown = HIDDEN if key.secret else _without_keys(value) if key.schemes else value
            yield key, f"{name} = {_toml(shown)}", loaded.origins[key.name]


def _without_keys(urls: str | tuple[str, ...]) -> str | list[str]:
    return shown_url(urls) if isinstance(urls, str) else [shown_url(url) for url in urls]


def starter() -> str:
    """Return a configuration file in which everything is explained and nothing is set."""
    lines = [
        "# Settings of streamtui. Everything here is optional; what is commented out shows the default.",
        "# Options on the command line and environment variables win over this file:",
        "#   STREAMTUI_<SECTION>_<KEY>, for example STREAMTUI_STREAM_STALE_AFTER=20.",
        "# It may hold API keys: keep it readable by you alone (chmod 600).",
    ]
    by_section: dict[str, list[Key]] = {}
    for key in setting_keys().values():
        by_section.setdefault(key.name if key.is_table or key.is_array else key.section, []).append(key)
    # a table ends where the next begins, so what belongs to none must come first
    for section in sorted(by_section, key=lambda name: name != ""):
        lines.append("")
        if section in sections():
            lines += [f"# {sections()[section]}", f"[{section}]"]
        for key in by_section[section]:
            if key.is_array:
                lines += _array_lines(key)
            else:
                lines += _table_lines(key) if key.is_table else _key_lines(key)
    return "\n".join(lines) + "\n"


def _table_lines(key: Key) -> Iterable[str]:
    return (f"# {key.description}", f"[{key.name}]", f"# {_TABLE_EXAMPLES[key.name]}")


def _array_lines(key: Key) -> Iterable[str]:
    yield f"# {key.description}"
    for example in _ALERT_EXAMPLES:
        yield f"# [[{key.name}]]"
        yield from (f"# {line}" for line in example)


def _alert_lines(alert: AlertSettings) -> Iterable[str]:
    for name, value in msgspec.structs.asdict(alert).items():
        if value is not None and (name != "minutes" or alert.change is not None):
            yield f"{name} = {format(value, 'f') if isinstance(value, Decimal) else _toml(value)}"


def _key_lines(key: Key) -> Iterable[str]:
    allowed = f"{key.allowed}; also the variable {key.variables[0]}" if key.secret else key.allowed
    text = f"{key.description} ({allowed})"
    yield from wrap(text, WIDTH, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)
    example = key.default if key.default not in (None, ()) else _EXAMPLES.get(key.name, "")
    yield f"# {key.name.rpartition('.')[2]} = {_toml(example)}"


def write_starter(path: Path) -> None:
    """Write the starter file, readable by its owner alone, and the folders it needs.

    Raises:
        FileExistsError: There is something at that place already; it is left alone.
        OSError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, f"{path.parent} is not a folder") from None
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(starter())
    except OSError:
        path.unlink(missing_ok=True)  # a disk that is full would leave a part, which is never overwritten
        raise


def _toml(value: Any) -> str:
    """Return a value in TOML; JSON writes these types the same way, and escapes what a terminal acts on."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return json.dumps(value)
