"""The terminal emulator of the tests, for benchmarks that read what an app has put on its screen."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "support"))

from terminal_emulator import Terminal

__all__ = ["Terminal"]
