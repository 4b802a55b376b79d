"""What a terminal may ask of a relay, and how it is answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from streamcore.clock import Clock
from streamcore.errors import MalformedMessage, UnknownProvider
from streamcore.relay.bus import Bus
from streamcore.relay.fan_out import FanOut
from streamcore.relay.limits import Close, Code, RelayLimits
from streamcore.relay.log import Log
from streamcore.relay.lookups import Lookups
from streamcore.relay.terminal import Terminal
from streamcore.relay.tokens import Scope
from streamcore.relay.upstream import Granted, Upstream
from streamcore.text import printable
from streamcore.wire.messages import (
    DEFAULT_INTERVAL,
    HEARTBEAT,
    INTERVALS,
    VERSION,
    Hello,
    Lookup,
    Reconnect,
    Refusal,
    Refused,
    Request,
    Row,
    Want,
    Wanted,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a relay says of itself and of its sources."""

    relay: str
    """The program and its version."""
    demo: bool
    exchanges: bool
    """A source may know tickers that are in no table of tokens."""
    tokens: dict[str, str]
    """The relay's own tickers and their mints."""
    prices: bool = True
    wallets: bool = True
    symbols: tuple[str, ...] = ()
    """Watched whether a terminal wants them or not."""
    wallet_addresses: tuple[str, ...] = ()
    """The same for wallets."""


class Nonsense(Exception):
    """A terminal has done what it must not do, and has to be closed.

    Attributes:
        code: One of `Close`.
        reason: For the close frame, which has room for 123 bytes.
    """

    def __init__(self, code: Close, reason: str) -> None:
        self.code = code
        self.reason = printable(reason, 120).encode()[:120].decode(errors="ignore")
        super().__init__(code, reason)


class Requests:
    """Answers the requests of all terminals."""

    def __init__(
        self,
        bus: Bus,
        served: Served,
        upstream: Upstream,
        fan_out: FanOut,
        transactions: Log,
        lookups: Lookups,
        clock: Clock,
        limits: RelayLimits,
    ) -> None:
        self.recoveries = {True: 0, False: 0}
        """Terminals that came back, by whether the log reached back."""
        self._bus = bus
        self._served = served
        self._upstream = upstream
        self._fan_out = fan_out
        self._log = transactions
        self._lookups = lookups
        self._clock = clock
        self._limits = limits
        self._turn = asyncio.Lock()
        """One after the other: what is asked for at the engine is seen by the next."""
        self._reconnected_at = float("-inf")

    async def watch_configured(self) -> list[Refusal]:
        """Subscribe what is watched in any case; return what of it cannot be."""
        async with self._turn:
            granted = await self._upstream.grant(self._served.symbols, self._served.wallet_addresses)
        return granted.refused

    async def sweep(self) -> None:
        """End what nobody has wanted for a while."""
        async with self._turn:
            # so that the log has the last of what is given up; and what a fetch has confirmed is kept in time
            self._fan_out.collect(save=True)
            await self._upstream.sweep()

    def hello(self, terminal: Terminal) -> Hello:
        """Return the first message for a terminal."""
        served = self._served
        return Hello(
            version=VERSION,
            relay=served.relay,
            epoch=self._log.epoch,
            offset=self._log.offset,
            t=self._fan_out.now()[1],
            demo=served.demo,
            intervals=INTERVALS,
            heartbeat=HEARTBEAT,
            limits=self._limits.message(),
            exchanges=served.exchanges,
            tokens=served.tokens,
            control=terminal.holder is None or terminal.holder.scope is Scope.CONTROL,
            statuses=tuple(self._fan_out.board.without_topics()),
        )

    async def first(self, terminal: Terminal, data: bytes) -> None:
        """Answer the first message of a terminal.

        Raises:
            Nonsense: It is not a `Want`, or see `next`.
        """
        request = self._read(terminal, data)
        if not isinstance(request, Want):
            raise Nonsense(Close.NO_WANT, "the first message has to be a want")
        await self._want(terminal, request)

    async def next(self, terminal: Terminal, data: bytes) -> None:
        """Answer a message of a terminal.

        Raises:
            Nonsense: It makes no sense, or there were too many.
        """
        match self._read(terminal, data):
            case Want() as want:
                await self._want(terminal, want)
            case Reconnect() as reconnect:
                await self._reconnect(terminal, reconnect)
            case Lookup() as lookup:
                self._lookups.start(terminal, lookup)

    def forget(self, terminal: Terminal) -> None:
        """Give up what a terminal wanted: its connection has ended."""
        terminal.closing = True
        self._fan_out.leave(terminal)
        granted, terminal.granted = terminal.granted, Granted()
        self._upstream.release(granted)

    def _read(self, terminal: Terminal, data: bytes) -> Request | None:
        if not terminal.requests.take(self._clock.monotonic()):
            most = self._limits.messages_per_minute
            raise Nonsense(Close.TOO_MANY_MESSAGES, f"at most {most} messages a minute")
        try:
            return terminal.encoding.read_request(data)
        except MalformedMessage as error:
            raise Nonsense(Close.NONSENSE, error.reason) from None

    async def _want(self, terminal: Terminal, want: Want) -> None:
        for name, given, most in (
            ("symbols", len(want.symbols), self._limits.symbols),
            ("wallets", len(want.wallets), self._limits.wallets),
        ):
            if given > 2 * most:  # a refusal of each would be much longer than the request
                text = f"a terminal may watch at most {most} {name}; {given} were asked for"
                self._refuse(terminal, want.id, Code.LIMIT, text)
                return
        interval = want.interval or DEFAULT_INTERVAL
        interval = min(INTERVALS, key=lambda one: abs(one - interval))

        def answer() -> bytes:
            recovered = None
            if (since := want.since) is not None:
                recovered = self._log.reaches_back(since.epoch, since.offset, granted.wallets)
                self.recoveries[recovered] += 1
                terminal.position = since.offset if recovered else self._log.offset
            rows = tuple(
                Row(row.number, asked, row.token.symbol, row.token.mint or None, row.token.name)
                for asked, row in granted.rows
            )
            refused = tuple(granted.refused)
            return terminal.encoding.encode(
                Wanted(want.id, rows, refused, terminal.position, recovered, interval)
            )

        async with self._turn:
            granted = await self._upstream.grant(want.symbols, want.wallets)
            if terminal.closing:
                self._upstream.release(granted)
                return
            before, terminal.granted = terminal.granted, granted
            self._fan_out.join(terminal, interval, answer, before=before)
            self._upstream.release(before)

    async def _reconnect(self, terminal: Terminal, request: Reconnect) -> None:
        now = self._clock.monotonic()
        if terminal.holder is not None and terminal.holder.scope is not Scope.CONTROL:
            text = "this token may only read; to start providers over needs the scope control"
            self._refuse(terminal, request.id, Code.FORBIDDEN, text)
        elif now - self._reconnected_at < self._limits.reconnect_every:
            text = f"a provider was started over less than {self._limits.reconnect_every:g} s ago"
            self._refuse(terminal, request.id, Code.BUSY, text)
        else:
            try:
                if request.provider is None:
                    await self._bus.reconnect_all()
                else:
                    await self._bus.reconnect(request.provider)
            except UnknownProvider as error:
                self._refuse(terminal, request.id, Code.BAD_REQUEST, str(error))
                return
            self._reconnected_at = now

    def _refuse(self, terminal: Terminal, number: int, code: Code, text: str) -> None:
        terminal.send(terminal.encoding.encode(Refused(number, code, text)))
