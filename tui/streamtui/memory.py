"""Memory of the process: what is left over from the start is given back."""

from __future__ import annotations

import sys
from contextlib import suppress


def give_back() -> None:
    """Give the memory that is free to the system: a tenth of all, which importing needed for a moment.

    Only the C library of GNU keeps so much of it, and only it has a function for this; elsewhere it does
    nothing.
    """
    if sys.platform != "linux":
        return
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
