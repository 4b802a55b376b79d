"""The process behind one tab: started without a shell, and ended with the tab."""

from __future__ import annotations

import asyncio
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from streamcore import StreamcoreError, printable

logger = logging.getLogger(__name__)

STOP_WITHIN = 3.0
"""Seconds a process gets to leave by itself when its tab is closed; then it is killed."""
START_WITHIN = 30.0
"""Seconds until the app must have shown its first frame."""
LARGEST_PACKET = 8 << 20
"""Bytes; a whole screen of the largest size is a tenth of it."""
ERRORS_KEPT = 4096
"""Bytes of what a process writes to standard error, of which only the end is of interest."""

_PRELUDE = b"__GANGLION__\n"
"""What Textual's driver for browsers says before the first packet."""


class NotStarted(StreamcoreError):
    """No process can be started for a tab."""


class Tab(AppService):
    """One process of the app, and the pipes to it.

    Of what a process may ask for besides being shown, which is opening addresses and downloading files,
    nothing is passed on.
    """

    def __init__(
        self, config: Path, environment: Mapping[str, str], send: Callable[[bytes], Awaitable[None]]
    ) -> None:
        """Make a tab that has not been started.

        Args:
            config: The configuration file of the app.
            environment: Its environment.
            send: Sends the browser what the terminal is to show.
        """
        super().__init__(
            "",  # never used: it would be given to a shell
            write_bytes=send,
            write_str=_passes_nothing_on,
            close=_leaves_open,
            download_manager=DownloadManager(),
        )
        # -P: a file of the folder that the server was started in must not stand in for a module
        self._arguments = (sys.executable, "-P", "-m", "streamtui", "--config", str(config))
        self._environment = dict(environment)
        self._program: Process | None = None
        self._showing: asyncio.Task[None] | None = None
        self._is_over = False
        self._errors = bytearray()

    @property
    def program(self) -> Process:
        """The process; it must have been started."""
        assert self._program is not None  # noqa: S101
        return self._program

    @property
    def stdin(self) -> asyncio.StreamWriter:
        """The pipe to the process."""
        assert self.program.stdin is not None  # noqa: S101 - it was asked for
        return self.program.stdin

    async def start(self, width: int, height: int) -> None:
        """Start the process; its environment says how large the terminal is.

        Raises:
            NotStarted: It cannot be started.
        """
        try:
            self._program = await asyncio.create_subprocess_exec(
                *self._arguments,
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                env=self._environment,
                start_new_session=True,  # Ctrl+C in the server's terminal is for the server
            )
        except OSError as error:
            raise NotStarted(error.strerror or type(error).__name__) from error
        self._showing = asyncio.create_task(self.run())

    async def ended(self) -> str:
        """Wait until the process has ended by itself, and return why, as a sentence."""
        assert self._showing is not None  # noqa: S101 - it was started
        await asyncio.wait({self._showing})
        status = await self.program.wait()
        if status == 0:
            return "You have left the app."
        errors = printable(self._errors.decode("utf-8", "replace").strip()[-300:])
        logger.warning("the process of a tab ended with status %s: %s", status, errors or "it said nothing")
        return "The program behind this tab has ended unexpectedly."

    async def stop(self) -> None:
        """End the process, by asking first, and wait until it has ended."""
        process, task = self._program, self._showing
        if process is None or task is None:  # it could not be started
            return
        self._is_over = True  # what it still says is read, and goes nowhere
        try:
            async with asyncio.timeout(STOP_WITHIN):
                if process.returncode is None:
                    await self.send_meta({"type": "quit"})
                await asyncio.wait({task})
                await process.wait()
        except TimeoutError:
            logger.warning("the process of a tab does not leave, and is killed")
        finally:  # also when the server itself is ended
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
            task.cancel()

    async def run(self) -> None:
        """Pass on what the process shows, until it ends."""
        stdout, stderr = self.program.stdout, self.program.stderr
        assert stdout is not None  # noqa: S101 - it is a pipe
        assert stderr is not None  # noqa: S101
        errors = asyncio.create_task(self._keep_errors(stderr))
        try:
            async with asyncio.timeout(START_WITHIN):
                while (line := await stdout.readline()) != _PRELUDE:
                    if not line:
                        return
            while True:
                head = await stdout.readexactly(5)
                size = int.from_bytes(head[1:], "big")
                if size > LARGEST_PACKET:
                    raise ValueError(f"a packet of {size} bytes")  # noqa: TRY301 - as from the pipe
                payload = await stdout.readexactly(size)
                if head[:1] == b"D" and not self._is_over:
                    await self.on_data(payload)
        except asyncio.IncompleteReadError:
            pass
        except (TimeoutError, ValueError, ConnectionError) as error:
            logger.warning("the process of a tab is ended: %s", str(error) or "it does not start")
            with suppress(ProcessLookupError):
                self.program.kill()
        finally:
            await asyncio.wait({errors})

    async def _keep_errors(self, stderr: asyncio.StreamReader) -> None:
        while part := await stderr.read(ERRORS_KEPT):
            self._errors += part
            del self._errors[:-ERRORS_KEPT]


async def _passes_nothing_on(text: str) -> None:
    """Take the place of sending a browser what it is to open or download."""


async def _leaves_open() -> None:
    """Take the place of closing the WebSocket: the process ends right after, which says more."""
