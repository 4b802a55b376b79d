"""What a command, an option and an argument of the command line are; `streamtui.options` has all of them.

Nothing heavy is imported here, so that ``--help`` and ``--version`` answer at once.
"""

from __future__ import annotations

from enum import Enum
from math import isfinite

TYPE_CHECKING = False  # the module typing takes as long to import as argparse
if TYPE_CHECKING:
    from typing import Any


class WrongUsage(Exception):
    """The command line cannot be understood; the text is one sentence for the person who typed it.

    What looks like a wallet's secret is not repeated. It stands outside the engine's tree of errors, because
    importing that would slow down ``--help``.
    """

    def __init__(self, sentence: str, given: str) -> None:
        """``given``: the part of the command line that the sentence repeats."""
        from streamcore import secret_refusal

        if refusal := secret_refusal(given):
            sentence = f"what was typed {refusal}"
        super().__init__(sentence)


class Kind(Enum):
    """What the value of an option is."""

    LIST = "list"
    """Texts separated by commas; the option may be repeated."""
    REPEATED = "repeated"
    """Texts, each taken as it is; the option may be repeated."""
    TEXT = "text"
    PATH = "path"
    WHOLE = "a whole number"
    NUMBER = "a number"
    SWITCH = "switch"
    """No value: ``--name`` switches it on, ``--no-name`` off."""


class Option:
    """An option of the command line: parsing, help and completion all follow from it."""

    def __init__(
        self,
        *,
        name: str,
        kind: Kind,
        help: str,  # noqa: A002 - argparse's word
        metavar: str = "",
        short: str = "",
        least: float | None = None,
        most: float | None = None,
        setting: str = "",
        choices: tuple[str, ...] = (),
    ) -> None:
        """Declare an option.

        Args:
            name: As the commands know it: ``log_file``.
            kind: What its value is.
            help: A sentence.
            metavar: What stands for the value in the help.
            short: With its dash: ``-s``.
            least: For a number: the least that is allowed.
            most: For a number: the most that is allowed.
            setting: The setting it sets, where that has another name: ``relay.url``.
            choices: For a text: the only ones that are allowed.
        """
        self.name = name
        self.kind = kind
        self.help = help
        self.metavar = metavar
        self.short = short
        self.least = least
        self.most = most
        self.setting = setting
        self.choices = choices

    @property
    def flag(self) -> str:
        """As it is typed: ``--log-file``."""
        return "--" + self.name.replace("_", "-")

    @property
    def flags(self) -> tuple[str, ...]:
        """Every way to type it, the long one first."""
        return (self.flag, self.short) if self.short else (self.flag,)

    @property
    def repeatable(self) -> bool:
        """Whether it may be given several times."""
        return self.kind in (Kind.LIST, Kind.REPEATED)

    def read(self, text: str) -> Any:
        """Return what was typed as the value it stands for.

        Raises:
            WrongUsage: It is no such value; the sentence names the option, the value and what is allowed.
        """
        if self.kind is Kind.PATH:
            if not text:
                raise WrongUsage(f"{self.flag} = '': expected the name of a file", text)
            from pathlib import Path

            return Path(text)
        if self.choices and text not in self.choices:
            raise WrongUsage(f"{self.flag} = {text!r}: expected one of: {', '.join(self.choices)}", text)
        if self.kind not in (Kind.WHOLE, Kind.NUMBER):
            return text
        if not text.isascii() or "_" in text:  # Python reads other digits, too, and its own way to group them
            raise self._refused(text)
        try:
            value = int(text) if self.kind is Kind.WHOLE else float(text)
        except ValueError:
            raise self._refused(text) from None
        inside = (self.least is None or value >= self.least) and (self.most is None or value <= self.most)
        if not (isfinite(value) and inside):
            raise self._refused(text)
        return value

    def _refused(self, text: str) -> WrongUsage:
        return WrongUsage(f"{self.flag} = {text!r}: expected {self.kind.value}{self._bounds()}", text)

    def _bounds(self) -> str:
        match self.least, self.most:
            case None, None:
                return ""
            case least, None:
                return f" from {least:g} up"
            case None, most:
                return f" up to {most:g}"
            case least, most:
                return f" from {least:g} to {most:g}"


class Argument:
    """What a command takes without an option's name: one or more words, together one text."""

    def __init__(
        self,
        *,
        name: str,
        metavar: str,
        help: str,  # noqa: A002 - argparse's word
        needed: bool = True,
    ) -> None:
        """Declare an argument.

        Args:
            name: As the command knows it.
            metavar: What stands for it in the help.
            help: A sentence.
            needed: Whether the command cannot do without it.
        """
        self.needed = needed
        self.name = name
        self.metavar = metavar
        self.help = help


class Command:
    """A command with its options: parsing, help and completion all follow from it."""

    def __init__(
        self,
        *,
        name: str,
        help: str,  # noqa: A002 - argparse's word
        options: tuple[Option, ...] = (),
        argument: Argument | None = None,
    ) -> None:
        """Declare a command.

        Args:
            name: Its words after ``streamtui``; empty for the app.
            help: A sentence.
            options: What may be given.
            argument: What is given besides the options; ``None``: nothing.
        """
        self.name = name
        self.help = help
        self.options = options
        self.argument = argument
