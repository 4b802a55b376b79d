"""A transport that uses another one, and captures what goes over it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.net.endpoint import Endpoint, RefusalMeaning
from streamcore.net.rate_limit import RateLimit
from streamcore.net.transport import Answer, Frame, Socket, Transport
from streamcore.recording.lines import Ended, Exchange, Failure, KeptRequest, Line, Opened, Received, Sent
from streamcore.recording.masking import Masking, ProviderUrls


class LineSink(Protocol):
    """Takes the lines of a capture; see `streamcore.recording.capture.Capture`."""

    def now(self) -> float:
        """Return seconds since the capture began."""
        ...

    def next_connection(self) -> int:
        """Return the number of a new WebSocket."""
        ...

    def note(self, lines: Callable[[], Iterable[Line]], size: int = 0) -> None:
        """Have lines written; see `streamcore.recording.capture.Capture.note`."""
        ...


class CapturingTransport:
    """A `streamcore.net.transport.Transport`; `streamcore.recording.capture.Capture.around` makes it."""

    def __init__(
        self, transport: Transport, sink: LineSink, urls: ProviderUrls, masking: Masking, clock: Clock
    ) -> None:
        self._transport = transport
        self._sink = sink
        self._urls = urls
        self._masking = masking
        self._clock = clock

    async def connect(
        self, endpoint: Endpoint, *, name: str, refusal: RefusalMeaning, within: float, max_message_bytes: int
    ) -> Socket:
        """Open a WebSocket, and keep what goes over it.

        Raises:
            ProviderError: It could not be reached, or refused; that is kept, too.
        """
        masking = self._masking = self._masking.knowing(endpoint.secrets)
        lines = _ConnectionLines(self._sink, name, masking)
        try:
            socket = await self._transport.connect(
                endpoint, name=name, refusal=refusal, within=within, max_message_bytes=max_message_bytes
            )
        except ProviderError as error:
            lines.end(error)
            raise
        lines.open()
        return CapturingSocket(socket, lines)

    async def request(
        self,
        method: str,
        url: str,
        *,
        secrets: tuple[str, ...] = (),
        rate_limit: RateLimit | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> Answer:
        """Make one request, as soon as the rate limit allows it, and keep it with its answer.

        Raises:
            ProviderError: No answer came; that is kept, too.
        """
        if rate_limit is not None:
            await rate_limit.take()  # here, so that ``t`` is when the request was really made
        masking = self._masking = self._masking.knowing(secrets)
        provider, request = self._urls.kept(method, url, params, json)
        t, started = self._sink.now(), self._clock.monotonic()

        def keep(outcome: Answer | Failure | None, size: int = 0) -> None:
            seconds = round(self._clock.monotonic() - started, 6)
            self._sink.note(partial(_exchange, t, provider, seconds, request, outcome, masking), size)

        try:
            answer = await self._transport.request(
                method, url, secrets=secrets, params=params, headers=headers, json=json
            )
        except ProviderError as error:
            keep(Failure.of(error))
            raise
        except asyncio.CancelledError:
            keep(None)
            raise
        keep(answer, len(answer.body))
        return answer


class CapturingSocket:
    """A `streamcore.net.transport.Socket` whose frames are kept."""

    def __init__(self, socket: Socket, lines: _ConnectionLines) -> None:
        self._socket = socket
        self._lines = lines

    async def receive(self) -> Frame:
        """Return the next message, and keep it.

        Raises:
            ProviderError: The connection has ended; that is kept, too.
        """
        try:
            frame = await self._socket.receive()
        except ProviderError as error:
            self._lines.end(error)
            raise
        self._lines.frames(Received, (frame,))
        return frame

    def arrived(self) -> list[Frame]:
        """Return the messages that are here already, and keep them."""
        frames = self._socket.arrived()
        if frames:
            self._lines.frames(Received, tuple(frames))
        return frames

    async def gather(self, seconds: float) -> bool:
        """Leave what comes in the buffer of the system for some seconds; return whether it did."""
        return await self._socket.gather(seconds)

    async def send(self, frame: Frame) -> None:
        """Send one message, and keep it.

        Raises:
            ProviderError: The connection has ended; that is kept, too.
        """
        # before it is sent, so that its line comes before that of the answer
        self._lines.frames(Sent, (frame,))
        try:
            await self._socket.send(frame)
        except ProviderError as error:
            self._lines.end(error)
            raise

    async def ping(self) -> Awaitable[float]:
        """Send a ping; hand what it returns to `pong`.

        Raises:
            ProviderError: The connection has ended.
        """
        return await self._socket.ping()

    async def pong(self, waiter: Awaitable[float], seconds: float) -> None:
        """Wait for the pong of a `ping`, at most so many seconds.

        Raises:
            ProviderError: It did not come in time, or the connection has ended; that is kept, too.
        """
        try:
            await self._socket.pong(waiter, seconds)
        except ProviderError as error:
            self._lines.end(error)
            raise

    async def close(self) -> None:
        """Close with a close frame."""
        self._lines.end(None)
        await self._socket.close()


class _ConnectionLines:
    """Writes the lines of one WebSocket."""

    def __init__(self, sink: LineSink, provider: str, masking: Masking) -> None:
        self._sink = sink
        self._provider = provider
        self._number = sink.next_connection()
        self._masking = masking
        self._over = False

    def open(self) -> None:
        line = Opened(self._sink.now(), self._provider, self._number)
        self._sink.note(lambda: [line])

    def frames(self, kind: type[Received | Sent], frames: Sequence[Frame]) -> None:
        size = sum(map(len, frames))
        self._sink.note(partial(self._lines, kind, self._sink.now(), frames), size)

    def _lines(self, kind: type[Received | Sent], t: float, frames: Sequence[Frame]) -> list[Line]:
        return [kind(t, self._provider, self._number, **self._masking.frame(frame)) for frame in frames]

    def end(self, error: ProviderError | None) -> None:
        """Write that it has ended, and why; later calls do nothing."""
        if self._over:
            return
        self._over = True
        failure = None if error is None else self._masking.failure(Failure.of(error))
        line = Ended(self._sink.now(), self._provider, self._number, failure)
        self._sink.note(lambda: [line])


def _exchange(
    t: float,
    provider: str,
    seconds: float,
    request: KeptRequest,
    outcome: Answer | Failure | None,
    masking: Masking,
) -> list[Line]:
    request = masking.request(request)
    if isinstance(outcome, Failure):
        return [Exchange(t, provider, seconds, request, failure=masking.failure(outcome))]
    answer = None if outcome is None else masking.answer(outcome)
    return [Exchange(t, provider, seconds, request, answer)]
