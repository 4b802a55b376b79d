"""Fakes around a real `streamcore.streams.connection.Connection`: provider, codec, transport, listener."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from manual_clock import ManualClock

from streamcore.config.model import BackoffSettings, Settings, StreamSettings
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind, State
from streamcore.net.endpoint import Endpoint
from streamcore.net.transport import Frame
from streamcore.providers.base import Limits
from streamcore.providers.reports import Alive, Malformed, Notice, Refusal, Report, Throttled, TokenAccounts
from streamcore.streams.connection import Connection
from streamcore.tasks import Tasks

DEBOUNCE = 1.0
REFUSED = ProviderError(ErrorKind.NETWORK, "refused the connection")
LOST = ProviderError(ErrorKind.NETWORK, "connection lost: no close frame")


class PaperSocket:
    """A fake socket: it receives what a test passes to `say`, and keeps what was sent."""

    def __init__(self, clock: ManualClock, pong_after: float | None) -> None:
        self._clock = clock
        self._pong_after = pong_after
        self._incoming: asyncio.Queue[Frame | ProviderError] = asyncio.Queue()
        self.sent: list[Frame] = []
        self.last_words: list[Frame] = []
        """What has arrived, and then the peer has closed: nothing can be sent any more."""
        self.pinged_at: list[float] = []
        self.closed = False
        self.may_close = asyncio.Event()
        self.may_close.set()

    def say(self, frame: Frame) -> None:
        self._incoming.put_nowait(frame)

    def break_off(self, error: ProviderError = LOST) -> None:
        self._incoming.put_nowait(error)

    async def receive(self) -> Frame:
        item = await self._incoming.get()
        if isinstance(item, ProviderError):
            raise item
        return item

    def arrived(self) -> list[Frame]:
        frames, self.last_words = self.last_words, []
        return frames

    async def gather(self, seconds: float) -> bool:
        await self._clock.sleep(seconds)
        return True

    async def send(self, frame: Frame) -> None:
        if self.last_words:
            raise LOST
        self.sent.append(frame)

    async def ping(self) -> Awaitable[float]:
        self.pinged_at.append(self._clock.monotonic())
        return asyncio.get_running_loop().create_future()

    async def pong(self, waiter: Awaitable[float], seconds: float) -> None:
        if self._pong_after is None or self._pong_after > seconds:
            await self._clock.sleep(seconds)
            raise ProviderError(ErrorKind.NETWORK, f"no pong for {seconds:g} s")
        await self._clock.sleep(self._pong_after)

    async def close(self) -> None:
        await self.may_close.wait()
        self.closed = True


class PaperCodec:
    """A fake codec with the frames ``alive bad answer slow:SECONDS refuse:KIND[:TOPIC] crash``."""

    def __init__(self) -> None:
        self._open = False
        self._topics: tuple[str, ...] = ()
        self._outgoing: list[Frame] = []

    def opened(self) -> None:
        self._open = True
        self._subscribe()

    def set_topics(self, topics: Sequence[str]) -> None:
        self._topics = tuple(topics)
        self._subscribe()

    def _subscribe(self) -> None:
        if self._open and self._topics:
            self._outgoing.append("want " + " ".join(self._topics))

    def resolved(self, related: TokenAccounts) -> None:
        self._outgoing.append("follow " + " ".join(related.addresses))

    def rested(self) -> None:
        self._outgoing.append("rested")

    def frames_to_send(self) -> list[Frame]:
        frames, self._outgoing = self._outgoing, []
        return frames

    @property
    def unanswered(self) -> object:
        return None

    def give_up_unanswered(self) -> None:
        return None

    def received_together(self, frames: Sequence[Frame], reports: list[Report]) -> None:
        for frame in frames:
            reports += self.received(frame)

    def received(self, frame: Frame) -> list[Report]:
        word, *rest = str(frame if isinstance(frame, str) else "bytes").split(":")
        match word:
            case "alive":
                return [Alive()]
            case "bad":
                return [Malformed("nonsense")]
            case "answer":
                self._outgoing.append("answered")
                return []
            case "slow":
                return [Throttled(ProviderError(ErrorKind.RATE_LIMIT, "slow down"), float(rest[0]))]
            case "refuse":
                return [
                    Notice(ProviderError(ErrorKind.SERVER, "before the refusal")),
                    Refusal(ProviderError(ErrorKind(rest[0]), "refused"), tuple(rest[1:])),
                ]
            case "crash":
                raise RuntimeError("a mistake of our own")
            case _:
                return [Notice(ProviderError(ErrorKind.SERVER, word))]


class PaperProvider:
    """A fake provider, with a stream for `PaperCodec` or without one."""

    name = "paper"
    metered = False
    has_quotes = True

    def __init__(
        self,
        rest: Any = None,
        *,
        kind: DataKind = DataKind.PRICES,
        streams: bool = True,
        per_connection: int | None = None,
        heartbeat: float | None = None,
        sweep: bool = False,
    ) -> None:
        self.rest = rest
        self.kind = kind
        self._streams = streams
        self.limits = Limits(
            topics_per_connection=per_connection, debounce=DEBOUNCE, silence=heartbeat, sweep=sweep
        )
        self.forgotten = 0

    def endpoint(self) -> Endpoint | None:
        return Endpoint(url="ws://127.0.0.1/", shown_url="ws://127.0.0.1/") if self._streams else None

    def codec(self) -> PaperCodec:
        return PaperCodec()

    def forget(self) -> None:
        self.forgotten += 1

    def handshake_refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        return ProviderError(ErrorKind.SERVER, f"HTTP {status}")

    def connection_ended(self, error: ProviderError) -> ProviderError:
        return error


class PaperTransport:
    """A fake transport: every attempt gets a new socket (in ``sockets``), unless ``refusals`` says otherwise.

    Each attempt takes the first entry of ``refusals``, if there is one: an error is raised, ``None`` lets the
    attempt succeed.
    """

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.refusals: list[ProviderError | None] = []
        self.hang = False
        """Whether attempts neither succeed nor fail."""
        self.last_words: list[Frame] = []
        """What each new socket has received already, before its peer has closed it."""
        self.pong_after: float | None = 0.05
        """Seconds until a new socket answers a ping; ``None``: never."""
        self.connected_at: list[float] = []
        """When each attempt was made."""
        self.sockets: list[PaperSocket] = []

    async def connect(self, endpoint: Endpoint, **_: object) -> PaperSocket:
        self.connected_at.append(self.clock.monotonic())
        if self.hang:
            await asyncio.Event().wait()
        refused = self.refusals.pop(0) if self.refusals else None
        if refused is not None:
            raise refused
        self.sockets.append(PaperSocket(self.clock, self.pong_after))
        self.socket.last_words = list(self.last_words)
        return self.sockets[-1]

    @property
    def socket(self) -> PaperSocket:
        """The newest socket."""
        return self.sockets[-1]

    async def live(self) -> None:
        """Let the newest socket receive ``alive``, which makes the connection CONNECTED."""
        self.socket.say("alive")
        await self.clock.settle()


class ScriptedConnection(PaperTransport):
    """A connection under test, of which this is the transport and the listener."""

    def __init__(self, **stream: float | bool) -> None:
        super().__init__(ManualClock())
        self.states: list[tuple[State, str | None]] = []
        self.stale: list[bool] = []
        self.established = 0
        self.lost: list[ProviderError] = []
        self.reports: list[Report] = []
        self.when_lost: Callable[[], None] = lambda: self.connection.fall_back()
        backoff = BackoffSettings(max_attempts=int(stream.pop("max_attempts", 100)))
        settings = Settings(stream=StreamSettings(**stream), backoff=backoff)  # type: ignore[arg-type]
        self.internal: list[ProviderError] = []
        """Internal errors that background tasks reported."""
        self.tasks = Tasks("paper", self.clock, failed=self.internal.append)
        self.connection = Connection(
            PaperProvider(),  # type: ignore[arg-type]
            settings,
            self.clock,
            self,
            transport=self,  # type: ignore[arg-type]
            tasks=self.tasks,
        )

    async def watch(self, *topics: str) -> None:
        self.connection.set_topics(topics)
        self.connection.start()
        await self.clock.settle()

    async def loss(self, error: ProviderError = LOST) -> None:
        self.socket.break_off(error)
        await self.clock.settle()

    def seen(self) -> list[State]:
        return [state for state, _ in self.states]

    def connection_changed(self, connection: Connection) -> None:
        if not self.states or self.states[-1] != (connection.state, connection.reason):
            self.states.append((connection.state, connection.reason))
        self.stale.append(connection.stale)

    def connection_established(self, connection: Connection) -> None:
        assert connection.state is State.CONNECTED
        self.established += 1

    def connection_lost(self, connection: Connection, error: ProviderError) -> None:
        assert connection.state is State.FAILED
        self.lost.append(error)
        self.when_lost()

    def connection_quiet(self, connection: Connection) -> None:
        assert connection.stale

    def connection_reports(self, connection: Connection, reports: Sequence[Report]) -> None:
        self.reports += reports


MakeStage = Callable[..., ScriptedConnection]
"""Makes one, with these settings of the stream; the fixture of that name closes it."""
