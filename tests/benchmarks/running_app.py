"""An app on a terminal of its own, for the benchmarks."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

COLUMNS, LINES = 120, 40
_BYTECODE = tempfile.TemporaryDirectory(prefix="streamtui-benchmark-")


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables of a program that is measured: it finds its byte code, as what is installed does.

    Its first run writes it, so that one should not be counted. Certificates that are named for this machine
    alone would be read and counted, although nothing here is encrypted.
    """
    environ = {**os.environ, "PYTHONPYCACHEPREFIX": _BYTECODE.name, **(variables or {})}
    for name in ("PYTHONDONTWRITEBYTECODE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        environ.pop(name, None)
    return environ


_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


class Running:
    """An app on a terminal of its own."""

    def __init__(self, arguments: Sequence[str], variables: Mapping[str, str] | None = None) -> None:
        environ = environment(variables) | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.written = b""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execve(sys.executable, [sys.executable, *arguments], environ)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))

    def read(self) -> bytes:
        """Return what it has written since, or wait until it has."""
        return os.read(self.terminal, 65536)

    def until(self, condition: re.Pattern[bytes] | None, seconds: float) -> None:
        """Read what it writes until the condition holds, or so long.

        Raises:
            TimeoutError: It never held.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if select.select([self.terminal], [], [], 0.02)[0]:
                self.written += os.read(self.terminal, 65536)
            if condition is not None and condition.search(_ESCAPES.sub(b"", self.written)):
                return
        if condition is not None:
            raise TimeoutError(f"nothing like {condition.pattern!r} in {seconds:g} s")

    def cpu(self) -> float:
        """Return the seconds of CPU it has used, in all its threads."""
        total = 0
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            total += int((thread / "schedstat").read_text().split()[0])
        return total / 1e9

    def mebibytes(self) -> float:
        """Return what it holds."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def end(self) -> None:
        """Stop it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)
