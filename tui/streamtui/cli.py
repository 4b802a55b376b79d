"""The ``streamtui`` command: reads the command line, and runs what was asked for.

Exit status: 0 done or interrupted, 1 it ran and failed, 2 wrong usage or configuration. Nothing heavy is
imported before it is needed, so that ``--help`` and the first frame of the app come at once.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # the module typing takes as long to import as argparse
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

    from streamtui.programs import Programs


DONE, FAILED = 0, 1


def main(arguments: Sequence[str] | None = None, programs: Programs | None = None) -> NoReturn:
    """Run the command line and exit.

    Args:
        arguments: What follows the program's name; ``None``: that of this process, which ends after it.
        programs: The functions that do the work of the commands; ``None``: the standard ones.
    """
    if arguments is None:
        _fill_gaps()
    try:
        status = _run(sys.argv[1:] if arguments is None else arguments, programs)
    except KeyboardInterrupt:  # before or after a command
        status = DONE
    except Exception as error:
        from streamtui.stderr import say_unexpected

        say_unexpected(error)
        status = FAILED
    if arguments is None:
        _hear_no_more()
    sys.exit(status)


def _fill_gaps() -> None:
    """Open the null device where standard input, output or error is closed: a socket would get its number."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free


def _hear_no_more() -> None:
    """Let nobody who presses Ctrl+C once more interrupt the end of the process."""
    import signal

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    # Python remembers an interrupt that came while a text was run, as it is for every named tuple, and would
    # end with the signal whatever the exit status; the next text that is run makes it forget that
    exec("")  # noqa: S102


def _run(arguments: Sequence[str], programs: Programs | None) -> int:
    """Run the command, and return the exit status."""
    # all that takes time is imported here, where Ctrl+C is no traceback
    from streamtui.declarations import WrongUsage
    from streamtui.exit_status import WRONG_USAGE, ending, writing
    from streamtui.parsing import parse
    from streamtui.stderr import say

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
        from streamtui.programs import STANDARD

        run(command, given, programs or STANDARD)
    return end.status


def _completion(wish: str) -> int:
    """Install completion, or show what it runs; returns only if that cannot be done."""
    from streamtui.completion import complete
    from streamtui.stderr import say

    try:
        complete(f"--{wish}-completion")
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        say(f"completion cannot be installed: {reason or type(error).__name__}")
        return FAILED


def _write_everywhere() -> None:
    """Make sure that printing never fails because the terminal's encoding lacks a character."""
    from streamtui.terminal import is_ascii_only

    streams = (sys.stdout, sys.stderr, sys.__stderr__)
    if is_ascii_only(os.environ):
        from streamtui.format.ascii_signs import make_ascii

        make_ascii(stream for stream in streams if stream is not None and stream.isatty())
    if any(stream is not None and (stream.encoding or "").lower() != "utf-8" for stream in streams):
        from streamtui.format.ascii_signs import use_ascii_signs

        use_ascii_signs(streams)
