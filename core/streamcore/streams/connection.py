"""One WebSocket of one provider: connects, waits for proof of life, serves, and reconnects.

A `Connection` drives any provider's codec and knows nothing of its messages. Its `Listener` receives what
frames mean as reports, and what happens to the connection itself as changes of state.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, State
from streamcore.net.transport import Frame, Socket, Transport
from streamcore.providers.base import Codec, Provider
from streamcore.providers.reports import (
    Alive,
    Malformed,
    Refusal,
    Report,
    Throttled,
    TokenAccounts,
    only_prices,
)
from streamcore.status import Statistics
from streamcore.streams.backoff import HEALTHY_AFTER
from streamcore.streams.liveness import Liveness
from streamcore.streams.reader import Reader
from streamcore.streams.retry_plan import RetryPlan
from streamcore.streams.state import StateMachine
from streamcore.streams.topic_updates import TopicUpdates
from streamcore.tasks import Tasks, first_to_end, internal_error

NOTHING_WANTED = "nothing is watched"
RECONNECT_ASKED = "reconnect was asked for"
INTERNAL = "stopped on an internal error"

_LOGGER = logging.getLogger(__name__)


class Listener(Protocol):
    """Who hears of a connection. The methods are called on the event loop and must not block."""

    def connection_changed(self, connection: Connection) -> None:
        """The state changed, or the connection went stale or fresh."""
        ...

    def connection_established(self, connection: Connection) -> None:
        """The provider has proved that it lives; the state is ``connected``."""
        ...

    def connection_lost(self, connection: Connection, error: ProviderError) -> None:
        """An attempt ended, or was refused; the state is ``failed``."""
        ...

    def connection_quiet(self, connection: Connection) -> None:
        """Nothing has come for half of ``stream.stale_after``."""
        ...

    def connection_reports(self, connection: Connection, reports: Sequence[Report]) -> None:
        """The reports of frames that were read together, in order."""
        ...


class Connection:
    """One stream: attempt after attempt while topics are wanted, each with a codec of its own.

    `start` it once and `close` it in the end. Without topics it rests in ``disconnected``. The public
    attributes are for reading. Its state changes in `_enter` alone, and every change is reported.
    """

    def __init__(
        self,
        provider: Provider,
        settings: Settings,
        clock: Clock,
        listener: Listener,
        *,
        transport: Transport,
        tasks: Tasks,
    ) -> None:
        """``tasks`` runs its work, and must be closed after it."""
        self._provider = provider
        self._transport = transport
        self._settings = settings
        self._clock = clock
        self._listener = listener
        self._tasks = tasks
        self._machine = StateMachine(self._state_changed)
        self._plan = RetryPlan(settings, clock)
        self._updates = TopicUpdates(provider.limits.debounce, clock)
        self._restart = asyncio.Event()
        self._given_up: ProviderError | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._was_connected = False
        self._closing: set[asyncio.Task[None]] = set()
        self.statistics = Statistics()
        self._liveness = Liveness(
            settings.stream,
            provider.limits.silence,
            clock,
            self.statistics,
            changed=lambda: listener.connection_changed(self),
            quiet=lambda: listener.connection_quiet(self),
        )
        self.reason: str | None = None
        """Why it is in its state; ``None`` when there is nothing to explain."""
        self.since = clock.time()
        """Unix seconds of the last change of state."""
        self.last_message_at: float | None = None
        """Unix seconds of the last data frame."""

    @property
    def state(self) -> State:
        """The state now."""
        return self._machine.state

    @property
    def attempt(self) -> int:
        """Retries since the stream was last healthy."""
        return 0 if self.uptime >= HEALTHY_AFTER else self._plan.attempt

    @property
    def retry_at(self) -> float | None:
        """Unix seconds of the next attempt, while one is waited for."""
        return self._plan.retry_at

    @property
    def parked(self) -> bool:
        """No attempt will be made until `reconnect`."""
        return self._plan.parked

    @property
    def uptime(self) -> float:
        """Seconds since the stream was established; 0.0 while it is not."""
        return self._liveness.uptime

    @property
    def stale(self) -> bool:
        """Established, but silent for half of ``stream.stale_after``, or of the provider's own patience."""
        return self._liveness.stale

    @property
    def hears(self) -> bool:
        """See `Liveness.hears`."""
        return self._liveness.hears

    @property
    def in_doubt(self) -> bool:
        """See `Liveness.in_doubt`."""
        return self._liveness.in_doubt

    @property
    def topics(self) -> tuple[str, ...]:
        """What is wanted of this connection."""
        return self._updates.topics

    def set_topics(self, topics: tuple[str, ...]) -> None:
        """Make these the wanted topics; sent after the provider's debounce, or on connect."""
        if self._updates.set_topics(topics):
            self._plan.reconsider()

    def resolve(self, related: TokenAccounts) -> None:
        """Pass the answer to a codec's question on to it, after the provider's debounce."""
        self._updates.resolve(related)

    def start(self) -> None:
        """Begin to connect as soon as there are topics; returns at once. Does nothing after `close`."""
        if self._task is None and not self._closed:
            self._task = self._tasks.start_loop("connection", self._run)

    def reconnect(self) -> None:
        """Start over at once: an open stream is closed first; a waiting or parked retry is made now."""
        self._plan.forget_failures()
        if self.state is State.CONNECTED:
            self._restart.set()
        else:
            self._plan.retry_now()

    def found_quiet(self) -> None:
        """Take note that nothing happens at present of what is wanted: see `Liveness.found_quiet`."""
        self._liveness.found_quiet()

    def give_up(self, error: ProviderError) -> None:
        """Take an open stream for dead: the next attempt is made as after any other loss."""
        if self.state is State.CONNECTED:
            self._given_up = error
            self._liveness.given_up()
            self._restart.set()

    def check(self) -> None:
        """Find out now how things are: ping an open stream, make a waiting retry.

        For moments such as the wake-up of a laptop, when the time that was counted is not the time that
        has passed. A parked stream stays parked.
        """
        self._liveness.check()
        if not self.parked:
            self._plan.retry_now()

    def fall_back(self) -> None:
        """Take note that polling stands in for the stream."""
        if self.state is State.FAILED:
            self._enter(State.FALLBACK, self.reason)

    def refuse_fallback(self, error: ProviderError) -> None:
        """Take note that polling is refused too, for a reason that waiting does not cure."""
        if self.state is State.FALLBACK:
            self._plan.park()
            self._enter(State.FAILED, error.message)

    async def close(self) -> None:
        """Close the stream with a close frame and stop; idempotent."""
        self._closed = True
        task, self._task = self._task, None
        if task is None:
            return
        if self.state not in (State.DISCONNECTED, State.DISCONNECTING):
            self._enter(State.DISCONNECTING)
        task.cancel()
        await asyncio.wait({task})
        if self._closing:
            await asyncio.wait(set(self._closing))
        self._liveness.ended()
        if self.state is State.DISCONNECTING:
            self._enter(State.DISCONNECTED)

    async def _run(self) -> None:
        self._recover()
        while True:
            await self._updates.wanted()
            self._enter(State.CONNECTING, self.reason)
            failure = await self._attempt()
            if self._liveness.healthy:
                self._plan.forget_failures()
            self._liveness.ended()
            if failure is None:
                continue
            failure = self._provider.connection_ended(failure)
            self._enter(State.FAILED, self._plan.plan(failure))
            self._listener.connection_lost(self, failure)
            await self._plan.wait(lambda: bool(self.topics))
            if not self.topics:
                self._plan.forget_failures()
                self._enter(State.DISCONNECTING, NOTHING_WANTED)
                self._enter(State.DISCONNECTED, NOTHING_WANTED)

    def _recover(self) -> None:
        """Reach a state from which the loop can begin, after an internal error has ended it at any point."""
        self._liveness.ended()
        self._plan.cancel()
        if self.state in (State.CONNECTING, State.CONNECTED):
            self._enter(State.FAILED, INTERNAL)
        elif self.state is State.DISCONNECTING:
            self._enter(State.DISCONNECTED, INTERNAL)

    async def _attempt(self) -> ProviderError | None:
        """Connect and serve until it ends. Returns why, or ``None`` when this side wanted the end."""
        try:
            socket = await self._connect()
            try:
                return await self._serve(socket)
            finally:
                # not awaited: with a dead peer it takes long, and the loss is to be reported at once
                closing = self._tasks.start("closing a socket", socket.close)
                if closing is not None:
                    self._closing.add(closing)
                    closing.add_done_callback(self._closing.discard)
        except ProviderError as error:
            return error
        except Exception as error:
            # a fault of this program, not of the peer: it is reported, and the next attempt is made
            _LOGGER.exception("the %s stream stopped on an internal error", self._provider.name)
            return internal_error(error)

    async def _connect(self) -> Socket:
        endpoint = self._provider.endpoint()
        if endpoint is None:
            text = f"{self._provider.name} has no stream"
            raise ProviderError(ErrorKind.PROTOCOL, text, retryable=False)
        return await self._transport.connect(
            endpoint,
            name=self._provider.name,
            refusal=self._provider.handshake_refusal,
            within=self._settings.stream.connect_timeout,
            max_message_bytes=self._settings.stream.max_message_bytes,
        )

    async def _serve(self, socket: Socket) -> ProviderError | None:
        codec = self._provider.codec()
        self._given_up = None
        self._restart.clear()
        self._liveness.opened()
        reader = Reader(
            socket,
            codec,
            self._clock,
            count=lambda frames: self._count(frames, codec),
            handle=self._handle,
            send=lambda frames: self._send(socket, frames),
        )
        self._updates.begin(codec)
        try:
            if self.topics:
                await self._flush(socket, codec)
                await first_to_end(
                    reader.run(),
                    self._liveness.watch(socket, codec, lambda reports: self._go_on(socket, codec, reports)),
                    self._updates.send(codec, lambda: self._flush(socket, codec)),
                    self._restart.wait(),
                )
        except ProviderError as error:
            try:
                # it may have told why, and closed before anything could be sent
                reader.read_last_words()
            except ProviderError as told:
                return told
            return error
        if self._given_up is not None:
            return self._given_up
        reason = RECONNECT_ASKED if self.topics else NOTHING_WANTED
        self._enter(State.DISCONNECTING, reason)
        await socket.close()
        self._enter(State.DISCONNECTED, reason)
        return None

    def _count(self, frames: Sequence[Frame], codec: Codec) -> None:
        self.statistics.messages_received += len(frames)
        self.statistics.bytes_received += _length_of(frames)
        self.last_message_at = self._clock.time()
        self._liveness.heard(unanswered=codec.unanswered is not None)

    def _handle(self, reports: Sequence[Report]) -> None:
        for position, report in enumerate(() if only_prices(reports) else reports):
            if isinstance(report, Refusal) and not report.topics:
                self._listener.connection_reports(self, reports[:position])
                raise report.error
            if isinstance(report, Malformed):
                self.statistics.malformed += 1
            elif isinstance(report, Throttled):
                self._updates.keep_silent(report.seconds)
            elif isinstance(report, Alive) and self.state is State.CONNECTING:
                self._established()
        self._listener.connection_reports(self, reports)

    def _established(self) -> None:
        if self._was_connected:
            self.statistics.reconnects += 1
        self._was_connected = True
        self._liveness.established()
        self._enter(State.CONNECTED)
        self._listener.connection_established(self)

    async def _go_on(self, socket: Socket, codec: Codec, reports: Sequence[Report]) -> None:
        """Pass on what it means that a request has no answer, and send what comes after it."""
        self._handle(reports)
        await self._flush(socket, codec)

    async def _flush(self, socket: Socket, codec: Codec) -> None:
        await self._send(socket, codec.frames_to_send())

    async def _send(self, socket: Socket, frames: Sequence[Frame]) -> None:
        for frame in frames:
            await socket.send(frame)
            self.statistics.messages_sent += 1
            self.statistics.bytes_sent += _length(frame)

    def _enter(self, state: State, reason: str | None = None) -> None:
        self._machine.advance(state, reason)

    def _state_changed(self, state: State, reason: str | None) -> None:
        self.reason = reason
        self.since = self._clock.time()
        self._listener.connection_changed(self)


def _length_of(frames: Sequence[Frame]) -> int:
    try:
        if all(map(str.isascii, frames)):  # type: ignore[arg-type]
            return sum(map(len, frames))  # nearly always, and without a call for each
    except TypeError:
        pass  # there are binary ones among them
    return sum(map(_length, frames))


def _length(frame: Frame) -> int:
    if isinstance(frame, bytes) or frame.isascii():
        return len(frame)
    return len(frame.encode("utf-8", "surrogatepass"))
