"""Parsing the command line with argparse, which is imported in a few milliseconds."""

from __future__ import annotations

import os
import sys
from argparse import SUPPRESS, Action, ArgumentParser, BooleanOptionalAction, RawDescriptionHelpFormatter
from contextlib import suppress
from itertools import takewhile

from streamtui.declarations import Command, Kind, Option, WrongUsage
from streamtui.options import APP, COMMANDS, GROUPS

TYPE_CHECKING = False  # the module typing takes as long to import as argparse
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, NoReturn

    from _typeshed import SupportsWrite

PROGRAM = "streamtui"
EPILOG = "Without a command: the terminal app. Options > environment > configuration file > defaults."

_COMMAND = "command"
_UNKNOWN = "unrecognized arguments"
"""What argparse says of words that nothing takes."""
_OF_ALL = frozenset(("--help", "--version", "--install-completion", "--show-completion"))
"""Options that no command declares."""
_LIKE_AN_ADDRESS = 25
"""Characters; no ticker is that long."""
_LONG_ENOUGH_FOR_A_SECRET = 12
"""Characters; shorter command lines are not checked, which saves the imports of the check."""


class _Formatter(RawDescriptionHelpFormatter):
    """Knows the width of the terminal without the modules argparse would import to ask for it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    """Return what `shutil.get_terminal_size` does."""
    with suppress(ValueError):
        if (columns := int(os.environ.get("COLUMNS", ""))) > 0:
            return columns
    with suppress(AttributeError, ValueError, OSError):
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    return 80


class Parser(ArgumentParser):
    """Raises `WrongUsage` where argparse would print and exit."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            usage="%(prog)s [options]",
            formatter_class=_Formatter,
            allow_abbrev=False,
            add_help=False,
            **more,
        )
        self.add_argument("--help", "-h", action="help", help="Show this message and exit.")

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        if file is not None:
            file.write(message)  # argparse would pass over a full disk

    def error(self, message: str) -> NoReturn:
        """Refuse the command line, and name the option that shows help.

        Raises:
            WrongUsage: Always.
        """
        hint = _meant(message.rpartition(": ")[2].split()) if message.startswith(_UNKNOWN) else ""
        raise WrongUsage(f"{message}{hint}; see {self.prog} --help", message)


def parse(arguments: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Return the words of the command, empty for the app, and what was given to it, by name.

    An option may stand before the command's name; the same option after the name wins. ``--help`` prints the
    help and exits with status 0.

    Args:
        arguments: What follows the program's name.

    Raises:
        WrongUsage: It cannot be understood.
    """
    _check_secrets(arguments)
    _check_options(arguments)
    _check_command(arguments)
    given = vars(_parser(_first_word(arguments)).parse_args(list(arguments)))
    command = given.pop(_COMMAND, "")
    return command, given


def _parser(wanted: str | None) -> Parser:
    """Return a parser that knows the options of the commands that begin with a word; of others the names."""
    parser = Parser(prog=PROGRAM, description=APP.help, epilog=EPILOG)
    _add_options(parser, APP)
    parser.add_argument("--version", action=_Version, help="Show the version and exit.")
    for name, text in (
        ("install", "Install completion for this shell."),
        ("show", "Show what completion for this shell runs."),
    ):
        parser.add_argument(f"--{name}-completion", action="store_true", default=SUPPRESS, help=text)
    parser.usage = "%(prog)s [options] [COMMAND]"
    groups: dict[str, Any] = {"": parser.add_subparsers(title="commands", metavar="COMMAND", prog=PROGRAM)}
    commands = {command.name: command for command in COMMANDS}
    for name, text in GROUPS.items():
        # a group may be a command as well
        group = _add_command(groups, commands.pop(name, Command(name=name, help=text)))
        groups[name] = group.add_subparsers(title="commands", metavar="COMMAND", prog=f"{PROGRAM} {name}")
    for command in commands.values():
        _add_command(groups, command)
    return parser


def _add_command(groups: Mapping[str, Any], command: Command) -> Parser:
    parent, _, name = command.name.rpartition(" ")
    child: Parser = groups[parent].add_parser(name, help=command.help, description=command.help)
    _add_options(child, command)
    if command.options:
        child.add_argument("--version", action=_Version, help="Show the version and exit.")
    if (argument := command.argument) is not None:
        child.add_argument(
            argument.name, nargs="+" if argument.needed else "*", metavar=argument.metavar, help=argument.help
        )
        shown = argument.metavar if argument.needed else f"[{argument.metavar}]"
        child.usage = f"%(prog)s [options] {shown}"
    child.set_defaults(**{_COMMAND: command.name})
    return child


def _add_options(parser: Parser, command: Command) -> None:
    for option in command.options:
        shared: dict[str, Any] = {"dest": option.name, "help": option.help, "default": SUPPRESS}
        if option.kind is Kind.SWITCH:
            shared["action"] = BooleanOptionalAction
        else:
            shared |= {"type": option.read, "metavar": option.metavar}
            shared["action"] = "append" if option.repeatable else "store"
        parser.add_argument(*option.flags, **shared)


class _Version(Action):
    def __init__(self, option_strings: Sequence[str], dest: str, **more: Any) -> None:
        super().__init__(option_strings, SUPPRESS, nargs=0, default=SUPPRESS, **more)

    def __call__(
        self, parser: ArgumentParser, namespace: Namespace, values: Any, option_string: Any = None
    ) -> None:
        from streamtui import __version__

        print(f"{PROGRAM} {__version__}")
        parser.exit()


def _check_secrets(arguments: Sequence[str]) -> None:
    """Refuse a wallet's secret anywhere in the arguments, also a seed phrase of several arguments."""
    together = " ".join(arguments)
    if len(together) >= _LONG_ENOUGH_FOR_A_SECRET:
        from streamcore import secret_refusal

        if secret_refusal(together):
            raise WrongUsage("", together)


def _check_options(arguments: Sequence[str]) -> None:
    """Refuse an option that the command does not have, and a part that a group does not have.

    argparse would blame the word behind an option, and speak of choices.
    """
    commands = {command.name: command for command in (APP, *COMMANDS)}
    command, options = "", commands[""].options
    words = iter(arguments)
    for word in words:
        if not word.startswith("-"):
            longer = f"{command} {word}".strip()
            if longer in commands or longer in GROUPS:
                command, options = longer, commands[longer].options if longer in commands else ()
            elif command in GROUPS:
                parts = sorted(name for name in commands if name.startswith(f"{command} "))
                raise WrongUsage(f"there is no command {longer!r}; there are: {', '.join(parts)}", longer)
            continue
        name, equals, _ = word.partition("=")
        taking = {flag for option in options if option.kind is not Kind.SWITCH for flag in option.flags}
        switches = {flag for option in options if option.kind is Kind.SWITCH for flag in option.flags}
        switches |= {flag.replace("--", "--no-", 1) for flag in switches}
        if word == "--":
            return
        if name.startswith("--") and name not in taking | switches | _OF_ALL:
            from difflib import get_close_matches

            meant = get_close_matches(name, sorted(taking | switches), 1, cutoff=0.7)
            question = f"; did you mean {meant[0]}?" if meant else ""
            program = f"{PROGRAM} {command}".strip()
            raise WrongUsage(
                f"there is no option {name}{question}; see {program} --help", " ".join(arguments)
            )
        if word in taking and not equals:
            next(words, None)


def _check_command(arguments: Sequence[str]) -> None:
    """Refuse a command that does not exist; argparse would word it differently in every version."""
    word = _first_word(arguments)
    known = sorted({command.name.split()[0] for command in COMMANDS})
    if word is not None and word not in known:
        from difflib import get_close_matches

        meant = get_close_matches(word, known, 1)
        there_are = f"; there are: {', '.join(known)}"
        rest = arguments[list(arguments).index(word) :]
        question = f"; did you mean {meant[0]}?" if meant else there_are + _meant(rest)
        raise WrongUsage(f"there is no command {word!r}{question}", " ".join(arguments))


def _meant(words: Iterable[str]) -> str:
    """Return a hint for words that nothing takes and that may be symbols or wallets."""
    names = list(takewhile(lambda word: not word.startswith("-"), words))
    if not names:
        return ""
    option = "--wallets" if len(names[0]) >= _LIKE_AN_ADDRESS else "--symbols"
    return f"; to watch {'it' if len(names) == 1 else 'them'}: {option} {','.join(names)}"


def _first_word(arguments: Sequence[str]) -> str | None:
    with_value: dict[str, Option] = {
        flag: option for option in APP.options if option.kind is not Kind.SWITCH for flag in option.flags
    }
    words = iter(arguments)
    for word in words:
        if not word.startswith("-"):
            return word
        if word in with_value:
            next(words, None)
    return None
