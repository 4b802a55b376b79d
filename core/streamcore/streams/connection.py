"""One socket of one provider: connect, prove life, keep alive, notice silence, come back.

A `Connection` drives any provider's codec; it knows no provider's words. What frames mean goes to its
`Listener` as reports; what happens to the connection itself goes there as changes of state.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, State
from streamcore.net.transport import Frame, Socket, Transport
from streamcore.providers.base import (
    Alive,
    Codec,
    Malformed,
    PriceReport,
    Provider,
    Refusal,
    Report,
    TokenAccounts,
)
from streamcore.status import Statistics
from streamcore.streams.backoff import HEALTHY_AFTER, Backoff
from streamcore.streams.reader import Reader
from streamcore.streams.state import StateMachine

SILENCES_DOUBLED = 4
"""Silent connections in a row up to which ``stream.stale_after`` is doubled for the next one."""

GREETED = 5.0
"""Seconds after which what comes is more than the answers to the first requests."""

NOTHING_WANTED = "nothing is watched"
RECONNECT_ASKED = "reconnect was asked for"

_LOGGER = logging.getLogger(__name__)


class Listener(Protocol):
    """What a connection tells, always from the event loop and never awaited."""

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
        """Frames said this; what concerns only the connection has been taken out."""
        ...


class Connection:
    """One stream: attempt after attempt while topics are wanted, each with a codec of its own.

    `start` it once and `close` it in the end. Without topics it rests in ``disconnected``. The public
    attributes are for reading.
    """

    def __init__(
        self,
        provider: Provider,
        settings: Settings,
        clock: Clock,
        listener: Listener,
        *,
        transport: Transport,
    ) -> None:
        self._provider = provider
        self._transport = transport
        self._settings = settings
        self._clock = clock
        self._listener = listener
        self._machine = StateMachine(self._state_changed)
        self._backoff = Backoff(settings.backoff, clock)
        self._topics: tuple[str, ...] = ()
        self._topics_changed = asyncio.Event()
        self._told: list[TokenAccounts] = []
        self._restart = asyncio.Event()
        self._given_up: ProviderError | None = None
        self._plan_changed = asyncio.Event()
        self._check_now = asyncio.Event()
        self._retry_now = False
        self._retry_due = 0.0
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._connected_at: float | None = None
        self._last_frame_at = clock.monotonic()
        self._was_connected = False
        self._silences = 0
        """Connections in a row that ended in silence: no word after the first answers, no pong, no answer."""
        self._farewells: set[asyncio.Task[None]] = set()
        self.statistics = Statistics()
        self.reason: str | None = None
        """Why it is in its state; ``None`` when there is nothing to explain."""
        self.since = clock.time()
        """Unix seconds of the last change of state."""
        self.retry_at: float | None = None
        """Unix seconds of the next attempt, while one is waited for."""
        self.parked = False
        """No attempt will be made until `reconnect`."""
        self.stale = False
        self.last_message_at: float | None = None
        """Unix seconds of the last data frame."""

    @property
    def state(self) -> State:
        """The state now."""
        return self._machine.state

    @property
    def attempt(self) -> int:
        """Retries since the stream was last healthy."""
        return 0 if self.uptime >= HEALTHY_AFTER else self._backoff.attempt

    @property
    def uptime(self) -> float:
        """Seconds since the stream was established; 0.0 while it is not."""
        return 0.0 if self._connected_at is None else self._clock.monotonic() - self._connected_at

    @property
    def in_doubt(self) -> bool:
        """The last one ended in silence, and this one has not said more than a greeting yet.

        A far side that greets and then is silent again and again would otherwise seem well most of the time.
        """
        return self._silences > 0

    @property
    def topics(self) -> tuple[str, ...]:
        """What is wanted of this connection."""
        return self._topics

    def set_topics(self, topics: tuple[str, ...]) -> None:
        """Make these the wanted topics; sent after the provider's debounce, or on connect."""
        if topics != self._topics:
            self._topics = topics
            self._topics_changed.set()
            self._plan_changed.set()

    def resolve(self, related: TokenAccounts) -> None:
        """Pass the answer to a codec's question on to it, after the provider's debounce."""
        self._told.append(related)
        self._topics_changed.set()

    def start(self) -> None:
        """Begin to connect as soon as there are topics; returns at once. Does nothing after `close`."""
        if self._task is None and not self._closed:
            self._task = asyncio.create_task(self._run(), name=f"{self._provider.name} connection")

    def reconnect(self) -> None:
        """Start over at once: an open stream is closed first; a waiting or parked retry is made now."""
        self._backoff.reset()
        if self.state is State.CONNECTED:
            self._restart.set()
        else:
            self._retry_now = True
            self._plan_changed.set()

    def give_up(self, error: ProviderError) -> None:
        """Take an open stream for dead: the next attempt is made as after any other loss."""
        if self.state is State.CONNECTED:
            self._given_up = error
            self._silences += 1
            self._restart.set()

    def check(self) -> None:
        """Doubt everything known: ping an open stream now, make a waiting retry now.

        For moments such as the wake-up of a laptop, when the time that was counted is not the time that
        has passed. A parked stream stays parked.
        """
        self._check_now.set()
        if not self.parked and self.state is not State.CONNECTED:
            self._retry_now = True
            self._plan_changed.set()

    def fall_back(self) -> None:
        """Take note that polling stands in for the stream."""
        if self.state is State.FAILED:
            self._machine.advance(State.FALLBACK, self.reason)

    def refuse_fallback(self, error: ProviderError) -> None:
        """Take note that polling is refused too, for a reason that waiting does not cure."""
        if self.state is State.FALLBACK:
            self._park()
            self._plan_changed.set()
            self._machine.advance(State.FAILED, error.message)

    async def close(self) -> None:
        """Close the stream with a close frame and stop; idempotent."""
        self._closed = True
        task, self._task = self._task, None
        if task is None:
            return
        if self.state not in (State.DISCONNECTED, State.DISCONNECTING):
            self._machine.advance(State.DISCONNECTING)
        task.cancel()
        await asyncio.wait({task})
        if self._farewells:
            await asyncio.wait(set(self._farewells))
        self._connected_at = None
        self.retry_at = None
        if self.state is State.DISCONNECTING:
            self._machine.advance(State.DISCONNECTED)
        if not task.cancelled() and (failure := task.exception()) is not None:
            raise failure

    async def _run(self) -> None:
        while True:
            while not self._topics:
                self._topics_changed.clear()
                await self._topics_changed.wait()
            self._retry_now = False
            self.parked = False
            self._machine.advance(State.CONNECTING, self.reason)
            failure = await self._attempt()
            self._retry_now = False  # asked for while an attempt was under way: it has been made
            if self.uptime >= HEALTHY_AFTER and not self.in_doubt:
                self._backoff.reset()
            self._connected_at = None
            self.stale = False
            if failure is None:
                continue
            self._machine.advance(State.FAILED, self._plan_retry(failure))
            try:
                self._listener.connection_lost(self, failure)
            except Exception:
                _LOGGER.exception("the loss of the %s stream was not followed up", self._provider.name)
            await self._wait_for_retry()
            self.retry_at = None
            if not self._topics:
                self.parked = False
                self._backoff.reset()
                self._machine.advance(State.DISCONNECTING, NOTHING_WANTED)
                self._machine.advance(State.DISCONNECTED, NOTHING_WANTED)

    def _plan_retry(self, failure: ProviderError) -> str:
        """Decide whether and when to try again, and say why: the one place that tells retry from fatal."""
        if not failure.retryable or not self._settings.stream.auto_reconnect:
            self._park()
        elif self._backoff.exhausted:
            self._park()
            return f"{failure.message}; stopped trying after {self._backoff.attempt} retries"
        else:
            delay = max(self._backoff.next_delay(), failure.retry_after or 0.0)
            self.retry_at = self._clock.time() + delay
            self._retry_due = self._clock.monotonic() + delay
        return failure.message

    def _park(self) -> None:
        self.parked = True
        self.retry_at = None

    async def _wait_for_retry(self) -> None:
        while self._topics and not self._retry_now:
            self._plan_changed.clear()
            if self.parked:
                await self._plan_changed.wait()
                continue
            left = self._retry_due - self._clock.monotonic()
            if left <= 0:
                return
            await _first_to_end(self._clock.sleep(left), self._plan_changed.wait())

    async def _attempt(self) -> ProviderError | None:
        """Connect and serve until it ends. Returns why, or ``None`` when this side wanted the end."""
        try:
            socket = await self._connect()
            try:
                return await self._serve(socket)
            finally:
                # not waited for: a peer that is dead would keep the news of it back
                farewell = asyncio.create_task(socket.close(), name=f"{self._provider.name} farewell")
                self._farewells.add(farewell)
                farewell.add_done_callback(self._farewells.discard)
        except ProviderError as error:
            return error
        except Exception as error:
            # our own mistake, not the peer's: a monitor says so and goes on, it does not die unseen
            _LOGGER.exception("the %s stream stopped on an internal error", self._provider.name)
            text = f"internal error ({type(error).__name__}); the log has the details"
            return ProviderError(ErrorKind.PROTOCOL, text)

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
        self._topics_changed.clear()
        self._told.clear()
        self._last_frame_at = self._clock.monotonic()
        self.stale = False
        proved = asyncio.Event()
        reader = Reader(
            socket,
            codec,
            self._clock,
            count=lambda frames: self._count(frames, codec),
            handle=lambda reports: self._handle(reports, proved),
            send=lambda frames: self._send(socket, frames),
        )
        codec.opened()
        codec.set_topics(self._topics)
        try:
            if self._topics:
                await self._flush(socket, codec)
                await _first_to_end(
                    reader.run(),
                    self._keep_alive(socket),
                    self._watch_silence(proved),
                    self._watch_answers(codec),
                    self._send_changes(socket, codec),
                    self._restart.wait(),
                )
        except ProviderError as error:
            return error
        if self._given_up is not None:
            return self._given_up
        reason = RECONNECT_ASKED if self._topics else NOTHING_WANTED
        self._machine.advance(State.DISCONNECTING, reason)
        await socket.close()
        self._machine.advance(State.DISCONNECTED, reason)
        return None

    def _count(self, frames: Sequence[Frame], codec: Codec) -> None:
        self.statistics.messages_received += len(frames)
        self.statistics.bytes_received += sum(map(_length, frames))
        self._last_frame_at = self._clock.monotonic()
        self.last_message_at = self._clock.time()
        if self._silences and self.uptime > GREETED and codec.unanswered is None:
            self._silences = 0
            self._listener.connection_changed(self)
        if self.stale:
            self.stale = False
            self._listener.connection_changed(self)

    def _handle(self, reports: Sequence[Report], proved: asyncio.Event) -> None:
        for position, report in enumerate(reports):
            if isinstance(report, PriceReport):
                continue
            if isinstance(report, Refusal) and not report.topics:
                self._listener.connection_reports(self, reports[:position])
                raise report.error
            if isinstance(report, Malformed):
                self.statistics.malformed += 1
            elif isinstance(report, Alive) and not proved.is_set():
                proved.set()
                self._established()
        self._listener.connection_reports(self, reports)

    def _established(self) -> None:
        if self._was_connected:
            self.statistics.reconnects += 1
        self._was_connected = True
        self._connected_at = self._clock.monotonic()
        self._machine.advance(State.CONNECTED)
        self._listener.connection_established(self)

    async def _keep_alive(self, socket: Socket) -> None:
        stream = self._settings.stream
        while True:
            sent_at = self._clock.monotonic()
            pong = await socket.ping()
            try:
                await socket.pong(pong, stream.pong_timeout)
            except ProviderError:
                self._silences += 1  # a far side that does not even answer a ping is silent, too
                raise
            self.statistics.latency = self._clock.monotonic() - sent_at
            self._check_now.clear()
            await _first_to_end(self._clock.sleep(stream.ping_interval), self._check_now.wait())

    async def _watch_silence(self, proved: asyncio.Event) -> None:
        stream = self._settings.stream
        await self._clock.sleep(stream.connect_timeout)
        if not proved.is_set():
            text = f"connected, but nothing was heard for {stream.connect_timeout:g} s"
            raise ProviderError(ErrorKind.NETWORK, text)
        silence = patience = stream.stale_after
        if self._provider.limits.silence is None:
            # where nothing happens every connection is silent: look for a fault there ever more rarely
            patience = silence * 2.0 ** min(self._silences, SILENCES_DOUBLED)
        else:
            silence = patience = min(silence, self._provider.limits.silence)
        while True:
            quiet = self._clock.monotonic() - self._last_frame_at
            if quiet >= patience:
                self._silences += 1
                raise ProviderError(ErrorKind.NETWORK, f"no data for {patience:g} s")
            mark = silence / 2
            while mark <= quiet:
                mark += silence / 2
            if quiet >= silence / 2:
                if not self.stale:
                    self.stale = True
                    self._listener.connection_changed(self)
                self._listener.connection_quiet(self)
            await self._clock.sleep(max(mark - quiet, 0.001))  # a rounding error is no time at all

    async def _watch_answers(self, codec: Codec) -> None:
        patience = self._settings.stream.connect_timeout
        oldest, since = codec.unanswered, self._clock.monotonic()
        while True:
            await self._clock.sleep(patience / 4)
            if codec.unanswered is None or codec.unanswered != oldest:
                oldest, since = codec.unanswered, self._clock.monotonic()
            elif self._clock.monotonic() - since >= patience:
                self._silences += 1
                raise ProviderError(ErrorKind.SERVER, f"a request was not answered for {patience:g} s")

    async def _send_changes(self, socket: Socket, codec: Codec) -> None:
        while True:
            await self._topics_changed.wait()
            await self._clock.sleep(self._provider.limits.debounce)
            self._topics_changed.clear()
            if not self._topics:
                return
            told, self._told = self._told, []
            for related in told:
                codec.resolved(related)
            codec.set_topics(self._topics)
            await self._flush(socket, codec)

    async def _flush(self, socket: Socket, codec: Codec) -> None:
        await self._send(socket, codec.frames_to_send())

    async def _send(self, socket: Socket, frames: Sequence[Frame]) -> None:
        for frame in frames:
            await socket.send(frame)
            self.statistics.messages_sent += 1
            self.statistics.bytes_sent += _length(frame)

    def _state_changed(self, state: State, reason: str | None) -> None:
        self.reason = reason
        self.since = self._clock.time()
        self._listener.connection_changed(self)


def _length(frame: Frame) -> int:
    if isinstance(frame, bytes) or frame.isascii():
        return len(frame)
    return len(frame.encode("utf-8", "surrogatepass"))


async def _first_to_end(*work: Coroutine[Any, Any, Any]) -> None:
    """Run all until one ends, and cancel the others.

    Raises:
        Exception: What the first one to end raised.
    """
    tasks = [asyncio.ensure_future(coroutine) for coroutine in work]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        next(task for task in tasks if task.done()).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
