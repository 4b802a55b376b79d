"""What the process of a tab may not do, whatever the app in it tries."""

from __future__ import annotations

MEMORY = 1 << 30
"""Bytes of data a tab may have; it needs a twentieth of that."""


def confine() -> None:
    """Have the system refuse this process every byte in a file, and more memory than it may ever need.

    The app refuses in sentences to write files for a browser; this is for what nobody has thought of. Nor is
    there a memory dump, which would hold the relay's token. On Windows there are no such limits.
    """
    try:
        import resource
    except ImportError:
        return
    for what, most in ((resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_DATA, MEMORY)):
        _, hard = resource.getrlimit(what)
        if hard == resource.RLIM_INFINITY or hard > most:
            resource.setrlimit(what, (most, most))
