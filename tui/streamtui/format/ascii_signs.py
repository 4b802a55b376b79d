"""ASCII replacements, of the same width, for characters that the terminal's encoding lacks.

They are installed as an error handler of Python's codecs. So they work for the app, for every other command
and for error messages, and code that draws need not know about them.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterable
from typing import TextIO

HANDLER = "streamtui-ascii-signs"
"""The name of the error handler in Python's codecs."""

_SIGNS = {
    "●": "*",
    "◐": "~",
    "◌": ".",
    "◔": "?",
    "○": "o",
    "▲": "^",
    "▼": "v",
    "△": "^",
    "▽": "v",
    "↑": "^",
    "↓": "v",
    "←": "<",
    "→": ">",
    "▶": ">",
    "◀": "<",
    "…": ".",
    "·": ".",
    "•": "*",
    "–": "-",
    "—": "-",
    "−": "-",
    "×": "x",
    "≠": "!",
    "✓": "+",
    "✗": "x",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "▁": "_",
    "▂": ".",
    "▃": "-",
    "▄": "=",
    "▅": "+",
    "▆": "*",
    "▇": "%",
    "█": "#",
    "▒": ":",
    "⠀": " ",
}
"""The signs used by the app, and common punctuation; the blocks are the heights of a sparkline, and
``:`` is the body of a candle that falls."""


def ascii_sign(character: str) -> str:
    """Return the ASCII that stands for one character, as many cells wide."""
    known = _SIGNS.get(character)
    if known is not None:
        return known
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    if len(plain) == 1 and plain.isprintable():
        return plain
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return ""
    if unicodedata.east_asian_width(character) in ("W", "F"):
        return "??"
    return _drawn(unicodedata.name(character, ""))


def _drawn(name: str) -> str:
    """Return the sign for a drawing character, given its name in Unicode."""
    if name.startswith("BOX DRAWINGS"):
        if "VERTICAL" in name or "UP" in name or "DOWN" in name:
            return "+" if any(side in name for side in ("HORIZONTAL", "LEFT", "RIGHT")) else "|"
        return "-"
    if name.startswith("BRAILLE PATTERN"):
        return ":"
    if "BLOCK" in name or "SHADE" in name or "QUADRANT" in name:
        return "#"
    return "?"


def _signs_for(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(map(ascii_sign, text)), error.end


def use_ascii_signs(streams: Iterable[TextIO | None]) -> None:
    """Let every stream whose encoding is not UTF-8 write these signs for what the encoding lacks."""
    codecs.register_error(HANDLER, _signs_for)
    for stream in streams:
        if stream is not None and hasattr(stream, "reconfigure") and not is_utf8(stream):
            stream.reconfigure(errors=HANDLER)


def is_utf8(stream: TextIO) -> bool:
    """Return whether a stream can write everything."""
    return (stream.encoding or "").lower().replace("-", "").replace("_", "") in ("utf8", "utf8sig")
