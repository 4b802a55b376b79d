"""The graphic rendition of cells (colours, bold, underlined) and the shortest sequence that changes it."""

from __future__ import annotations

import re
from typing import NamedTuple

RESET = "\x1b[0m"
UNKNOWN, PLAIN = "\0", "\1"
"""The rendition of a cell nobody has written, and that of one without colour or attribute."""

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_OFF = {1: 22, 3: 23, 4: 24, 7: 27, 9: 29}
"""The code that takes an attribute away. ``2`` is not among them: 22 takes ``1`` away as well."""
_SEEN_ON_SPACES = {4, 5, 6, 7, 9, 21, 51, 52, 53}
"""The attributes that are seen on a space: the others only change what is drawn in a cell."""


class Rendition(NamedTuple):
    """What a cell looks like, as codes of SGR ("select graphic rendition", ECMA-48 8.3.117)."""

    attributes: frozenset[int] = frozenset()
    foreground: str = ""
    background: str = ""


class Renditions:
    """Numbers renditions, so that a line of them is a string that is as long as its text.

    A rendition is named by one character; two cells look the same if text and that character are equal.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {"": PLAIN}
        self._of: dict[str, Rendition] = {PLAIN: Rendition()}
        self._around: dict[str, tuple[str, str]] = {}
        """What must stand before and after every text, for renditions that are more than codes: links."""
        self._turns: dict[tuple[str, str], str] = {}
        self.on_space: dict[str, str] = {UNKNOWN: UNKNOWN, PLAIN: PLAIN}
        """By name: the first rendition that looks the same on a space, where no foreground is seen."""
        self._first_on_space: dict[tuple[frozenset[int], str, str], str] = {(frozenset(), "", ""): PLAIN}

    def name(self, before: str, after: str) -> str:
        """Return the character for what a terminal is sent before and after a text of this rendition."""
        name = self._names.get(before)
        if name is None:
            name = self._names[before] = chr(len(self._of) + 1)
            codes = _SGR.fullmatch(before)
            self._of[name] = rendition = parsed(codes[1]) if codes else Rendition()
            if codes is None:
                self._around[name] = (before, after)
                self.on_space[name] = name
            else:
                seen = rendition.attributes & _SEEN_ON_SPACES
                inverted = rendition.foreground if 7 in seen else ""
                first = self._first_on_space.setdefault((seen, rendition.background, inverted), name)
                self.on_space[name] = first
        return name

    def around(self, name: str) -> tuple[str, str] | None:
        """Return what must stand around every text of a rendition that cannot be turned on; else ``None``."""
        return self._around.get(name)

    def turn(self, before: str, after: str) -> str:
        """Return the sequence that changes one rendition into another."""
        key = (before, after)
        sequence = self._turns.get(key)
        if sequence is None:
            sequence = self._turns[key] = turn(self._of[before], self._of[after])
        return sequence


def parsed(codes: str) -> Rendition:
    """Return what codes of SGR, separated by semicolons, stand for; they begin at a plain cell."""
    attributes: set[int] = set()
    foreground = background = ""
    rest = codes.split(";") if codes else []
    while rest:
        code = int(rest[0] or 0)
        length = {"2": 5, "5": 3}.get(rest[1] if len(rest) > 1 else "", 1) if code in (38, 48) else 1
        taken, rest = ";".join(rest[:length]), rest[length:]
        if 30 <= code <= 38 or 90 <= code <= 97:
            foreground = taken
        elif 40 <= code <= 48 or 100 <= code <= 107:
            background = taken
        elif 0 < code < 30 or code > 49:
            attributes.add(code)
    return Rendition(frozenset(attributes), foreground, background)


def turn(before: Rendition, after: Rendition) -> str:
    """Return the shortest sequence known here that changes one rendition into another; empty for the same."""
    if before == after:
        return ""
    full = ["0", *map(str, sorted(after.attributes)), after.foreground, after.background]
    if after == Rendition():
        return RESET
    gone = before.attributes - after.attributes
    if not gone <= _OFF.keys():
        return _sequence(full)
    added = after.attributes - before.attributes
    if 1 in gone and 2 in after.attributes:  # 22 ends both
        added |= {2}
    change = [str(_OFF[code]) for code in sorted(gone)] + [str(code) for code in sorted(added)]
    if before.foreground != after.foreground:
        change.append(after.foreground or "39")
    if before.background != after.background:
        change.append(after.background or "49")
    return min(_sequence(change), _sequence(full), key=len)


def _sequence(codes: list[str]) -> str:
    return f"\x1b[{';'.join(filter(None, codes))}m"
