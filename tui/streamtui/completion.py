"""Shell completion by Typer, which gets its commands and options from the table in `streamtui.options`.

Imported only when a shell asks for completions, or a person for their installation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import typer

from streamtui.declarations import Argument, Command, Kind, Option
from streamtui.options import APP, COMMANDS, GROUPS
from streamtui.parsing import PROGRAM

_TYPES: dict[Kind, Any] = {
    Kind.LIST: list[str] | None,
    Kind.REPEATED: list[str] | None,
    Kind.TEXT: str | None,
    Kind.PATH: Path | None,
    Kind.WHOLE: int | None,
    Kind.NUMBER: float | None,
    Kind.SWITCH: bool | None,
}


def complete(*arguments: str) -> NoReturn:
    """Let Typer answer the shell, or do what ``--install-completion`` or ``--show-completion`` asks for.

    Exits the process.
    """
    _app()(args=list(arguments), prog_name=PROGRAM)
    raise AssertionError("Typer returned instead of exiting")


def _app() -> typer.Typer:
    app = typer.Typer(help=APP.help, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback(invoke_without_command=True)(_function(APP))
    groups = {"": app}
    for name, text in GROUPS.items():
        parent, _, last = name.rpartition(" ")
        groups[name] = typer.Typer(help=text)
        groups[parent].add_typer(groups[name], name=last)
    for command in COMMANDS:
        if command.name in groups:  # a group that is a command as well
            groups[command.name].callback(invoke_without_command=True)(_function(command))
            continue
        parent, _, last = command.name.rpartition(" ")
        groups[parent].command(last)(_function(command))
    return app


def _function(command: Command) -> Callable[..., None]:
    """Return a function whose parameters are a command's options: Typer reads them from its signature."""

    def run(**given: Any) -> None:
        """Do nothing: Typer only completes, it never runs a command here."""

    run.__doc__ = command.help
    parameters = [_parameter(option) for option in command.options]
    if command.argument is not None:
        parameters.append(_words(command.argument))
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run


def _words(argument: Argument) -> inspect.Parameter:
    return inspect.Parameter(
        argument.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=typer.Argument(None, metavar=argument.metavar, help=argument.help),
        annotation=_TYPES[Kind.LIST],
    )


def _parameter(option: Option) -> inspect.Parameter:
    flags = (f"{option.flag}/--no-{option.name}",) if option.kind is Kind.SWITCH else option.flags
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=typer.Option(None, *flags, help=option.help),
        annotation=_TYPES[option.kind],
    )
