"""The limit of open files: every connection is one, and with too few of them a start seems to hang."""

from __future__ import annotations

from contextlib import suppress

from streamcore import SettingsError

FEWEST = 64
"""A terminal, a log, the event loop, and with `--demo` both ends of the connections to every source."""


def check_open_files() -> None:
    """Raise the limit of this process if it is too low and may be raised.

    Raises:
        SettingsError: It is too low and may not be raised.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= FEWEST:
        return
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (FEWEST, hard))
        return
    allowed = f"at least {FEWEST} files and connections must be allowed to be open at once; see ulimit -n"
    raise SettingsError("open files", soft, allowed, "limit of this process")
