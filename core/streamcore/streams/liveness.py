"""Whether a connection is alive: pings and pongs, silence, requests without an answer.

Only two facts are kept: when the last frame came, and how earlier connections ended. Whether a connection
is stale or in doubt is derived from them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from streamcore.clock import Clock
from streamcore.config.model import StreamSettings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Socket
from streamcore.providers.base import Codec
from streamcore.providers.reports import Report
from streamcore.status import Statistics
from streamcore.streams.backoff import HEALTHY_AFTER
from streamcore.tasks import first_to_end

SILENCES_DOUBLED = 4
"""Silent connections in a row up to which ``stream.stale_after`` is doubled for the next one."""

GREETING = 5.0
"""Seconds after connecting in which frames may just be the answers to the first requests."""


class Liveness:
    """Watches one connection, attempt after attempt.

    For each attempt call `opened`, then run `watch` beside the reading, tell it `heard` and `established`,
    and call `ended` in the end.
    """

    def __init__(
        self,
        settings: StreamSettings,
        heartbeat: float | None,
        clock: Clock,
        statistics: Statistics,
        *,
        changed: Callable[[], None],
        quiet: Callable[[], None],
    ) -> None:
        """Make one for a connection that is not open.

        Args:
            settings: Intervals and patience.
            heartbeat: Seconds without a frame after which a stream that has heartbeats is dead; ``None``:
                it has none.
            clock: Time.
            statistics: Where the round trip of a ping is noted.
            changed: Called when `stale` or `in_doubt` has changed.
            quiet: Called when the connection becomes stale, and again each time as long.
        """
        self._settings = settings
        self._heartbeat = heartbeat
        self._clock = clock
        self._statistics = statistics
        self._changed = changed
        self._quiet = quiet
        self._heard_at: float | None = None
        """Monotonic seconds of the last frame, at first of the opening; ``None``: it is not open."""
        self._found_quiet_at: float | None = None
        """Monotonic seconds at which it was found out that there is nothing to hear."""
        self._established_at: float | None = None
        self._silences = 0
        """Connections in a row that ended in silence: no frame beyond first answers, no pong, no answer."""
        self._check_now = asyncio.Event()

    @property
    def uptime(self) -> float:
        """Seconds since the stream was established; 0.0 while it is not."""
        return 0.0 if self._established_at is None else self._clock.monotonic() - self._established_at

    @property
    def stale(self) -> bool:
        """Established, but nothing has been heard for half of the time after which it is given up.

        A silence that has been found to be the market's is none of the connection's, for as long again.
        """
        if self._established_at is None or self._silent_for() < self._silence / 2:
            return False
        return self._found_quiet_at is None or self._clock.monotonic() - self._found_quiet_at >= self._silence

    @property
    def hears(self) -> bool:
        """Established, and a frame has come lately."""
        return self._established_at is not None and self._silent_for() < self._silence / 2

    @property
    def in_doubt(self) -> bool:
        """The last connection ended in silence, and this one has brought no more than first answers yet.

        A server that answers the subscription and then falls silent, again and again, would otherwise seem
        well most of the time.
        """
        return self._silences > 0

    @property
    def healthy(self) -> bool:
        """Whether it has been up long enough for past failures to be forgotten."""
        return self.uptime >= HEALTHY_AFTER and not self.in_doubt

    def opened(self) -> None:
        """Begin to watch: the socket is open."""
        self._heard_at = self._clock.monotonic()

    def established(self) -> None:
        """Take note that the provider has proved that it lives."""
        self._established_at = self._clock.monotonic()

    def ended(self) -> None:
        """Take note that the connection is gone."""
        self._heard_at = self._found_quiet_at = self._established_at = None

    def heard(self, *, unanswered: bool) -> None:
        """Take note of a frame. ``unanswered``: it did not answer all that was requested."""
        was_stale, was_in_doubt = self.stale, self.in_doubt
        self._heard_at, self._found_quiet_at = self._clock.monotonic(), None
        if self._silences and self.uptime > GREETING and not unanswered:
            self._silences = 0
        if was_stale or was_in_doubt is not self.in_doubt:
            self._changed()

    def found_quiet(self) -> None:
        """Take note that there is nothing to hear at present: the silence is no sign of a dead connection."""
        was_stale = self.stale
        self._found_quiet_at = self._clock.monotonic()
        if was_stale:
            self._changed()

    def given_up(self) -> None:
        """Count the connection as one that ended in silence: whoever runs it takes it for dead."""
        self._silences += 1

    def check(self) -> None:
        """Ping an open stream now."""
        self._check_now.set()

    async def watch(
        self, socket: Socket, codec: Codec, gave_up: Callable[[Sequence[Report]], Awaitable[None]]
    ) -> None:
        """Watch an open socket; never returns.

        Args:
            socket: What is pinged.
            codec: Knows what is unanswered.
            gave_up: Called with what it reports when it has given up on an answer and the connection goes on.

        Raises:
            ProviderError: The connection is dead.
        """
        await first_to_end(
            self._keep_alive(socket),
            self._watch_silence(),
            self._watch_proof(),
            self._watch_answers(codec, gave_up),
        )

    @property
    def _silence(self) -> float:
        """Seconds of silence after half of which the connection is `stale`."""
        return min(self._settings.stale_after, self._heartbeat or self._settings.stale_after)

    def _silent_for(self) -> float:
        return 0.0 if self._heard_at is None else self._clock.monotonic() - self._heard_at

    def _ended_in_silence(self, kind: ErrorKind, text: str) -> ProviderError:
        self._silences += 1
        return ProviderError(kind, text)

    async def _keep_alive(self, socket: Socket) -> None:
        while True:
            sent_at = self._clock.monotonic()
            pong = await socket.ping()
            try:
                await socket.pong(pong, self._settings.pong_timeout)
            except ProviderError:
                self._silences += 1  # a server that does not even answer a ping is silent, too
                raise
            self._statistics.latency = self._clock.monotonic() - sent_at
            self._check_now.clear()
            await first_to_end(self._clock.sleep(self._settings.ping_interval), self._check_now.wait())

    async def _watch_proof(self) -> None:
        await self._clock.sleep(self._settings.connect_timeout)
        if self._established_at is None:
            text = f"connected, but nothing was heard for {self._settings.connect_timeout:g} s"
            raise ProviderError(ErrorKind.NETWORK, text)
        await asyncio.Event().wait()

    async def _watch_silence(self) -> None:
        silence = patience = self._silence
        if self._heartbeat is None:
            # without heartbeats a quiet market looks like a dead connection: reconnect ever more rarely
            patience = silence * 2.0 ** min(self._silences, SILENCES_DOUBLED)
        reported = False
        while True:
            quiet = self._silent_for()
            if self._found_quiet_at is not None:
                quiet = min(quiet, self._clock.monotonic() - self._found_quiet_at)
            if quiet >= patience and self._established_at is not None:
                raise self._ended_in_silence(ErrorKind.NETWORK, f"no data for {patience:g} s")
            mark = silence / 2
            while mark <= quiet:
                mark += silence / 2
            if self._established_at is not None and quiet >= silence / 2:
                if self.stale and not reported:
                    self._changed()
                reported = self.stale
                self._quiet()
            else:
                reported = False
            await self._clock.sleep(max(mark - quiet, 0.001))  # a difference from rounding would spin

    async def _watch_answers(
        self, codec: Codec, gave_up: Callable[[Sequence[Report]], Awaitable[None]]
    ) -> None:
        patience = self._settings.connect_timeout
        oldest, since = codec.unanswered, self._clock.monotonic()
        while True:
            await self._clock.sleep(patience / 4)
            if codec.unanswered is None or codec.unanswered != oldest:
                oldest, since = codec.unanswered, self._clock.monotonic()
            elif self._clock.monotonic() - since >= patience:
                if (reports := codec.give_up_unanswered()) is not None:
                    await gave_up(reports)
                    continue
                raise self._ended_in_silence(
                    ErrorKind.SERVER, f"a request was not answered for {patience:g} s"
                )
