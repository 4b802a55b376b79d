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
    "▔": "-",
    "▏": "|",
    "▕": "|",
    "🔎": "> ",
    "⠀": " ",
}
"""The signs used by the app, and common punctuation; the blocks are the heights of a sparkline, and
``:`` is the body of a candle that falls."""

_BRAILLE = 0x2800
"""The first braille pattern; each bit of the number after it is a dot."""
_UPPER_DOTS = 0x01 | 0x02 | 0x08 | 0x10


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
    if _BRAILLE <= ord(character) < _BRAILLE + 0x100:
        return _dots(ord(character) - _BRAILLE)
    return _drawn(unicodedata.name(character, ""))


def _dots(bits: int) -> str:
    """Return the sign for a braille pattern: dots in its upper half, in its lower half, or in both."""
    upper, lower = bits & _UPPER_DOTS, bits & ~_UPPER_DOTS
    return ":" if upper and lower else "'" if upper else "."


def _drawn(name: str) -> str:
    """Return the sign for a drawing character, given its name in Unicode."""
    if name.startswith("BOX DRAWINGS"):
        words = set(name.split())  # QUADRUPLE has UP in it
        if words & {"VERTICAL", "UP", "DOWN"}:
            return "+" if words & {"HORIZONTAL", "LEFT", "RIGHT"} else "|"
        return "-"
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


def make_ascii(streams: Iterable[TextIO]) -> None:
    """Set the encoding of streams to ASCII; `use_ascii_signs` must be called then."""
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="ascii")


def is_utf8(stream: TextIO) -> bool:
    """Return whether a stream can write everything."""
    return (stream.encoding or "").lower().replace("-", "").replace("_", "") in ("utf8", "utf8sig")
