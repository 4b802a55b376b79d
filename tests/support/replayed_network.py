"""A transport that replays a capture: the same frames and answers, at their times and in their order."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.endpoint import Endpoint, RefusalMeaning
from streamcore.net.rate_limit import RateLimit
from streamcore.net.transport import Answer, Frame, Socket
from streamcore.recording.lines import Ended, Exchange, KeptRequest, Line, Opened, Received, Sent, decoded
from streamcore.recording.masking import ProviderUrls
from streamcore.tasks import first_to_end

GAP = 1e-6
"""Seconds between two lines of the same time, so that the first is handled before the second comes."""

ASKED_WITHIN = 5.0
"""Seconds that a frame waits, after its time, for the sent frame it followed, which may never be sent now."""


def read_capture(path: Path) -> list[Line]:
    """Return the lines of a file."""
    with path.open("rb") as file:
        return decoded(file)


class ReplayedNetwork:
    """A `streamcore.net.transport.Transport`.

    The first WebSocket of a provider gets the frames of the first one in the capture, and so on, timed from
    its opening; a frame waits until as many frames have been sent as before it in the capture. A request gets
    the answers that the same request got, in order, the last one repeatedly; a request that is not in the
    capture gets the next answer for the same path. If there is none, or no further connection, it fails with
    a network error. After the end of the capture nothing more comes.
    """

    def __init__(self, lines: Iterable[Line], settings: Settings, clock: Clock) -> None:
        """``settings``: those of the engine under test, by which a URL is assigned to its provider."""
        self._clock = clock
        self._places = ProviderUrls(settings)
        stories: dict[int, list[Line]] = defaultdict(list)
        self._sockets: dict[str, list[list[Line]]] = defaultdict(list)
        self._exchanges: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
        self._last: dict[bytes, Exchange] = {}
        for position, raw in enumerate(lines):
            line = raw
            if isinstance(line, Exchange):
                line = msgspec.structs.replace(line, seconds=line.seconds + position * GAP)
            elif isinstance(line, Received | Ended):
                line = msgspec.structs.replace(line, t=line.t + position * GAP)
            match line:
                case Exchange(provider=provider, request=request):
                    self._exchanges[provider, request.path].append(line)
                case Opened() | Ended() | Received() | Sent():
                    if line.connection not in stories:
                        self._sockets[line.provider].append(stories[line.connection])
                    stories[line.connection].append(line)
        self.sent: dict[str, list[Frame]] = defaultdict(list)
        """What was sent to each provider."""

    async def connect(
        self, endpoint: Endpoint, *, name: str, refusal: RefusalMeaning, within: float, max_message_bytes: int
    ) -> Socket:
        if not self._sockets[name]:
            raise ProviderError(ErrorKind.NETWORK, f"the capture has no further connection to {name}")
        story = self._sockets[name].pop(0)
        if isinstance(story[0], Ended):
            raise _why(story[0])
        return ReplayedSocket(story, self._clock, self.sent[name])

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
        if rate_limit is not None:
            await rate_limit.take()
        provider, asked = self._places.kept(method, url, params, json)
        exchange = self._exchange(provider, asked)
        if exchange is None:
            raise ProviderError(ErrorKind.NETWORK, f"the capture has no {asked.path} of {provider}")
        await self._clock.sleep(exchange.seconds)
        if exchange.failure is not None:
            raise exchange.failure.error()
        if exchange.answer is None:  # the capture does not know what would have come
            await asyncio.Event().wait()
            raise AssertionError
        return exchange.answer.answer()

    def _exchange(self, provider: str, asked: KeptRequest) -> Exchange | None:
        key = provider.encode() + msgspec.json.encode(asked, order="sorted")
        left = self._exchanges[provider, asked.path]
        same = [one for one in left if one.request == asked]
        if not same and key in self._last:
            return self._last[key]
        found = next(iter(same or left), None)
        if found is not None:
            left.remove(found)
            self._last[key] = found
        return found


class ReplayedSocket:
    """A `streamcore.net.transport.Socket`."""

    def __init__(self, story: list[Line], clock: Clock, sent: list[Frame]) -> None:
        self._clock = clock
        self._sent = sent
        self._count = 0
        self._was_sent = asyncio.Event()
        self._opened_at = clock.monotonic()
        self._began = story[0].t
        self._coming: list[tuple[Received | Ended, int]] = []
        """What is still to come, each with the number of frames that were sent before it."""
        before = 0
        for line in story:
            if isinstance(line, Sent):
                before += 1
            elif isinstance(line, Received) or (isinstance(line, Ended) and line.failure is not None):
                self._coming.append((line, before))

    async def receive(self) -> Frame:
        if not self._coming:  # the capture ended first
            await asyncio.Event().wait()
        line, before = self._coming[0]
        await self._clock.sleep(max(0.0, self._left(line)))
        if self._count < before:
            await first_to_end(self._until_sent(before), self._clock.sleep(ASKED_WITHIN))
        if isinstance(line, Ended):
            raise _why(line)
        self._coming.pop(0)
        return line.frame

    def arrived(self) -> list[Frame]:
        frames: list[Frame] = []
        while self._coming:
            line, before = self._coming[0]
            if isinstance(line, Ended) or self._left(line) > 0 or self._count < before:
                break
            frames.append(line.frame)
            self._coming.pop(0)
        return frames

    async def gather(self, seconds: float) -> bool:
        await self._clock.sleep(seconds)
        return True

    async def send(self, frame: Frame) -> None:
        self._sent.append(frame)
        self._count += 1
        self._was_sent.set()

    async def ping(self) -> Awaitable[float]:
        pong = asyncio.get_running_loop().create_future()
        pong.set_result(0.0)
        return pong

    async def pong(self, waiter: Awaitable[float], seconds: float) -> None:
        await waiter

    async def close(self) -> None:
        self._coming.clear()

    def _left(self, line: Line) -> float:
        return line.t - self._began - (self._clock.monotonic() - self._opened_at)

    async def _until_sent(self, count: int) -> None:
        while self._count < count:
            self._was_sent.clear()
            await self._was_sent.wait()


def _why(line: Ended) -> ProviderError:
    assert line.failure is not None
    return line.failure.error()
