"""A terminal of a fixed size that keeps what is written to it: the sequences Textual and the app write."""

from __future__ import annotations

import re
from typing import NamedTuple

from rich.cells import cell_len

_PARTS = re.compile(
    r"\x1b\[([?>=]?)([0-9;$ ]*)([@-~])|\x1b\](.*?)(?:\x1b\\|\x07)|\x1b[=>]|([^\x1b]+)", re.DOTALL
)
_ENDED_BY = {22: {1, 2}, 23: {3}, 24: {4, 21}, 25: {5, 6}, 27: {7}, 29: {9}}


class Look(NamedTuple):
    """How a character is drawn."""

    attributes: frozenset[int] = frozenset()
    foreground: str = ""
    background: str = ""
    link: str = ""

    def of(self, character: str) -> Look:
        """Return what can be seen of it with a character: a space shows no foreground, and is not bold."""
        if character != " ":
            return self
        seen = self.attributes - {1, 2, 3, 8}
        return Look(seen, self.foreground if 7 in seen else "", self.background, self.link)


class Cell(NamedTuple):
    """One place of the screen."""

    text: str = " "
    look: Look = Look()


class Terminal:
    """What stands on the screen, and how much has been written.

    A wide character leaves an empty cell behind it.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.rows = [[Cell()] * width for _ in range(height)]
        self.written = 0
        """Characters."""
        self.changed: set[int] = set()
        """Lines on which something was written since somebody emptied it."""
        self._look = Look()
        self._x = self._y = 0
        self._region = (0, height - 1)

    @property
    def lines(self) -> list[str]:
        """The text of every line, without what is blank at its end."""
        return ["".join(cell.text for cell in row).rstrip() for row in self.rows]

    def visible(self) -> list[list[tuple[str, Look]]]:
        """Return what can be seen: two screens that look alike are equal."""
        return [[(cell.text, cell.look.of(cell.text)) for cell in row] for row in self.rows]

    def feed(self, data: str) -> str:
        """Take what a program has written; return the end of it if that is the beginning of a sequence."""
        at = 0
        while at < len(data):
            part = _PARTS.match(data, at)
            if part is None:
                if len(data) - at < 64:
                    break
                raise ValueError(f"what is {data[at : at + 20]!r}?")
            at = part.end()
            private, numbers, final, command, text = part.groups()
            if text is not None:
                self._write(text)
            elif command is not None:
                self._command(command)
            elif final is not None and not private:
                self._control(numbers, final)
        self.written += at
        return data[at:]

    def _write(self, text: str) -> None:
        for character in text:
            if character == "\n":
                self._y = min(self._y + 1, self.height - 1)
            elif character == "\r":
                self._x = 0
            elif (width := cell_len(character)) and self._x + width <= self.width:
                self.changed.add(self._y)
                row = self.rows[self._y]
                row[self._x] = Cell(character, self._look)
                if width == 2:
                    row[self._x + 1] = Cell("", self._look)
                self._x += width
            elif not width and self._x and character.isprintable():
                row = self.rows[self._y]
                before = self._x - 1 if row[self._x - 1].text else self._x - 2
                row[before] = Cell(row[before].text + character, row[before].look)

    def _command(self, command: str) -> None:
        if command.startswith("8;"):
            self._look = self._look._replace(link=command.split(";", 2)[2])

    def _control(self, numbers: str, final: str) -> None:
        given = [int(number) if number else 0 for number in numbers.split(";")] if ";" in numbers else []
        first = int(numbers) if numbers.isdigit() else 0
        match final:
            case "H":
                line, column = (given or [first, 1])[:2]
                self._y, self._x = max(1, line) - 1, max(1, column) - 1
            case "C":
                self._x = min(self.width - 1, self._x + max(1, first))
            case "r":
                self._region = (given[0] - 1, given[1] - 1) if given else (0, self.height - 1)
                self._x = self._y = 0
            case "L" | "M":
                self._shift(max(1, first), down=final == "L")
            case "J" if first == 2:
                self.rows = [[Cell()] * self.width for _ in range(self.height)]
            case "m":
                self._rendition(given or [first])

    def _shift(self, count: int, *, down: bool) -> None:
        top, bottom = self._y, self._region[1]
        assert self._region[0] <= top <= bottom, "outside the scrolling region nothing happens"
        region = self.rows[top : bottom + 1]
        blank = [[Cell(" ", Look(background=self._look.background))] * self.width for _ in range(count)]
        self.rows[top : bottom + 1] = [*blank, *region[:-count]] if down else [*region[count:], *blank]
        self.changed.update(range(top, bottom + 1))

    def _rendition(self, codes: list[int]) -> None:
        while codes:
            code, *codes = codes
            attributes, foreground, background, link = self._look
            if code in (38, 48):
                length = 4 if codes[0] == 2 else 2
                colour = ";".join(map(str, codes[:length]))
                codes = codes[length:]
                foreground, background = (colour, background) if code == 38 else (foreground, colour)
            elif code == 0:
                attributes, foreground, background = frozenset(), "", ""
            elif code in _ENDED_BY:
                attributes = attributes - _ENDED_BY[code]
            elif code in (39, 49):
                foreground, background = ("", background) if code == 39 else (foreground, "")
            elif code in {*range(30, 38), *range(90, 98)}:
                foreground = str(code)
            elif code in {*range(40, 48), *range(100, 108)}:
                background = str(code)
            else:
                attributes = attributes | {code}
            self._look = Look(attributes, foreground, background, link)
