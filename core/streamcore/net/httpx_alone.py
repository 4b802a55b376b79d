"""The library httpx without its command line.

Where click is installed, httpx imports a command line of its own, with click, rich's progress bars and
pygments: half the time of its import, and 4 MiB. Where that cannot be imported, it does without. Whoever
needs httpx in this package imports it from here.
"""

from __future__ import annotations

import sys

_COMMAND_LINE = "httpx._main"

if "httpx" in sys.modules:
    import httpx
else:
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment] # an import of it fails
    try:
        import httpx
    finally:
        del sys.modules[_COMMAND_LINE]

__all__ = ["httpx"]
