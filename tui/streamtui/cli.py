"""The ``streamtui`` command: reads the command line, and runs what was asked for.

Exit status: 0 done or interrupted, 1 it ran and failed, 2 wrong usage or configuration. Nothing heavy is
imported before it is needed, so that ``--help`` and the first frame of the app come at once.
"""

from __future__ import annotations

import os
import sys

from streamtui.declarations import WrongUsage
from streamtui.exit_status import DONE, FAILED, WRONG_USAGE, ending, writing
from streamtui.parsing import parse
from streamtui.programs import STANDARD, Programs
from streamtui.stderr import say, say_unexpected
from streamtui.terminal import is_ascii_only

TYPE_CHECKING = False  # the module typing takes as long to import as argparse
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn


def main(arguments: Sequence[str] | None = None, programs: Programs = STANDARD) -> NoReturn:
    """Run the command line and exit.

    Args:
        arguments: What follows the program's name; ``None``: that of this process.
        programs: The functions that do the work of the commands.
    """
    try:
        sys.exit(_run(sys.argv[1:] if arguments is None else arguments, programs))
    except KeyboardInterrupt:  # before or after a command
        sys.exit(DONE)
    except Exception as error:
        say_unexpected(error)
        sys.exit(FAILED)


def _run(arguments: Sequence[str], programs: Programs) -> int:
    """Run the command, and return the exit status."""
    _write_everywhere()
    if "_STREAMTUI_COMPLETE" in os.environ:  # set by the shell function that Typer installs
        from streamtui.completion import complete

        complete(*arguments)
    command: str | None = None
    given: dict[str, Any] = {}
    try:
        with writing() as end:
            command, given = parse(arguments)
        if command is None:  # help or a version that nobody could read
            return end.status
        for wish in ("install", "show"):
            if given.pop(f"{wish}_completion", False):
                return _completion(wish)
    except WrongUsage as error:
        say(str(error))
        return WRONG_USAGE
    with ending() as end:
        from streamtui.dispatch import run

        run(command, given, programs)
    return end.status


def _completion(wish: str) -> int:
    """Install completion, or show what it runs; returns only if that cannot be done."""
    from streamtui.completion import complete

    try:
        complete(f"--{wish}-completion")
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        say(f"completion cannot be installed: {reason or type(error).__name__}")
        return FAILED


def _write_everywhere() -> None:
    """Make sure that printing never fails because the terminal's encoding lacks a character."""
    streams = (sys.stdout, sys.stderr, sys.__stderr__)
    if is_ascii_only(os.environ):
        from streamtui.format.ascii_signs import make_ascii

        make_ascii(stream for stream in streams if stream is not None and stream.isatty())
    if any(stream is not None and (stream.encoding or "").lower() != "utf-8" for stream in streams):
        from streamtui.format.ascii_signs import use_ascii_signs

        use_ascii_signs(streams)
