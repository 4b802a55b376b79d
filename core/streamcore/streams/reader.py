"""Reads one socket through a codec: frames in, reports out, as many at a time as have come.

A message that is taken alone costs a wake-up, a system call for the wait, one for the read and a turn of
the event loop; together that is more than all that is then done with it. So what came together is taken
together, and at a high rate messages are left to gather.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from streamcore.clock import Clock
from streamcore.net.transport import Frame, Socket
from streamcore.providers.base import Codec
from streamcore.providers.reports import Alive, Report

GATHER = 0.04
"""Seconds that messages are left to gather."""

BUSY = 200.0
"""Messages a second from which on they are left to gather; below it a wake-up for each costs little."""

PLENTY = 192
"""Messages taken at once from which on leaving them to gather saves nothing and only slows the peer down.
After so many, other tasks get a turn of the event loop.

What was made of so many is gone again before Python looks for garbage, which it does once there are two
thousand objects more; from Python 3.13 on each decimal is counted. With 256 messages of an exchange that
look, which finds nothing, took a tenth of the time.
"""

WINDOW = 0.1
"""Seconds over which the rate is measured, at least."""


class Coalescing:
    """Decides from the rate of one stream how long to leave its messages in the socket.

    After a quiet time nothing is delayed: a wait comes only after the messages that have arrived were read,
    and only while the last `WINDOW` was busy.
    """

    def __init__(self, now: float) -> None:
        """``now``: monotonic seconds."""
        self._since = now
        self._count = 0
        self._busy = False

    def taken(self, count: int, now: float) -> float:
        """Take note of messages that were read together; return the seconds to wait before reading more.

        Args:
            count: How many were read.
            now: Monotonic seconds.
        """
        self._count += count
        span = now - self._since
        if span >= WINDOW:
            self._busy = self._count >= BUSY * span
            self._since, self._count = now, 0
        return GATHER if self._busy and count < PLENTY else 0.0


class Reader:
    """Reads a socket through a codec. Call `run` once."""

    def __init__(
        self,
        socket: Socket,
        codec: Codec,
        clock: Clock,
        *,
        count: Callable[[Sequence[Frame]], None],
        handle: Callable[[Sequence[Report]], None],
        send: Callable[[Sequence[Frame]], Awaitable[None]],
    ) -> None:
        """Make a reader that has not read.

        Args:
            socket: What to read.
            codec: Knows what the frames mean.
            clock: Time.
            count: Called with all frames that were taken together, before they are read.
            handle: Called with what they say; may raise to end the reading.
            send: Called with what the codec answers.
        """
        self._socket = socket
        self._codec = codec
        self._clock = clock
        self._count = count
        self._handle = handle
        self._send = send
        self._refused = False
        """``handle`` has ended the reading."""

    async def run(self) -> None:
        """Read until the connection ends.

        Raises:
            ProviderError: The connection has ended, or ``handle`` wants the end.
        """
        coalescing = Coalescing(self._clock.monotonic())
        while True:
            frames = self._socket.arrived()
            if not frames:
                frames = [await self._socket.receive(), *self._socket.arrived()]
            self._count(frames)
            for start in range(0, len(frames), PLENTY):
                if start:
                    await self._clock.sleep(0)
                await self._read(frames[start : start + PLENTY])
            pause = coalescing.taken(len(frames), self._clock.monotonic())
            if pause:
                await self._socket.gather(pause)

    def read_last_words(self) -> None:
        """Read what has arrived of a connection that is gone, to learn why; nothing is answered.

        That it was alive is none of it any more. Does nothing where ``handle`` has ended the reading.

        Raises:
            ProviderError: ``handle`` has found a better reason than that the connection is gone.
        """
        frames = [] if self._refused else self._socket.arrived()
        if not frames:
            return
        self._count(frames)
        reports: list[Report] = []
        self._codec.received_together(frames, reports)
        self._handle([report for report in reports if not isinstance(report, Alive)])

    async def _read(self, frames: Sequence[Frame]) -> None:
        reports: list[Report] = []
        try:
            self._codec.received_together(frames, reports)
        finally:
            if reports:
                self._refused = True
                self._handle(reports)
                self._refused = False
        if answers := self._codec.frames_to_send():
            await self._send(answers)
