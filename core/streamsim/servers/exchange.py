"""What the emulated exchanges have in common: listings, the figures of a ticker, heartbeats.

An exchange knows assets by ticker. An asset that is a Solana token has that token's price on the market;
every other one has a key of its own there, see `asset_key`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import ClassVar, TypeVar

import msgspec

from streamcore.assets.listings import NATIVE
from streamcore.assets.tokens import TokenTable
from streamcore.clock import Clock
from streamcore.errors import UnknownSymbol
from streamsim.servers.clients import Client, Frame, Handshake
from streamsim.servers.faults import Fault
from streamsim.servers.http11 import LOOPBACK, HttpReply
from streamsim.servers.limits import SlidingWindow
from streamsim.servers.websocket import ProviderServer
from streamsim.wire import exact
from streamsim.world.history import DAY
from streamsim.world.market import Market, Token, Trade, percent

HEARTBEAT_INTERVAL = 1.0
"""Seconds."""

_LOT = Decimal("1E-8")
_HUNDREDTH = Decimal("0.01")
_HALF_SPREAD = Decimal("0.00005")
_MAJORS = "BTC ETH XRP DOGE ADA LINK LTC SUI USDT HYPE"

KRAKEN_LISTED = frozenset(
    f"{_MAJORS} EUR GBP SOL BONK JUP RAY WIF JTO PYTH W PENGU PUMP FARTCOIN TRUMP RENDER HNT POPCAT GIGA"
    " MOODENG PONKE GRASS DRIFT CLOUD ZETA SKR USELESS".split()
)
"""The tickers that the emulated Kraken lists at the start."""

COINBASE_LISTED = frozenset(
    f"{_MAJORS} JUP RAY SOL BONK JTO WIF PYTH W PENGU PUMP FARTCOIN TRUMP RENDER HNT POPCAT GIGA MOODENG ORCA"
    " DRIFT IO MNDE MSOL JITOSOL PNUT TNSR HONEY".split()
)
"""The tickers that the emulated Coinbase lists at the start, as the real one did in 2026-08.

JUP has another name there.
"""

encode_numbers = msgspec.json.Encoder(decimal_format="number").encode
"""Encodes JSON in which a `Decimal` is a number with all its digits."""


@cache
def _tokens() -> TokenTable:
    return TokenTable()


def asset_key(ticker: str) -> str:
    """Return the key of an exchange's asset on the market: a mint, or ``exchange:TICKER``."""
    if ticker in NATIVE:
        with suppress(UnknownSymbol):  # the table has no mint for some of them
            return _tokens().resolve(ticker).mint
    return f"exchange:{ticker}"


class Figures(msgspec.Struct, frozen=True):
    """The figures of one asset over the last 24 hours; prices in USD."""

    price: Decimal
    bid: Decimal
    ask: Decimal
    open: Decimal
    """The price 24 hours ago."""
    low: Decimal
    high: Decimal
    volume: Decimal
    """Base units."""
    average: Decimal
    """Weighted by volume."""
    change: Decimal
    change_percent: Decimal
    trades: int

    @classmethod
    def of(cls, token: Token, seconds: float = DAY) -> Figures:
        """Return the figures of an asset on the market over the last ``seconds``."""
        span = token.window(seconds)
        volume = span.tokens.quantize(_LOT)
        before = token.price_ago(seconds)
        # with a tiny volume, rounding it to a lot would put the average outside of low and high
        average = min(max(exact(span.usd / volume), span.low), span.high) if volume else token.price
        return cls(
            price=token.price,
            bid=exact(token.price * (1 - _HALF_SPREAD)),
            ask=exact(token.price * (1 + _HALF_SPREAD)),
            open=before,
            low=span.low,
            high=span.high,
            volume=volume,
            average=average,
            change=exact(token.price - before),
            change_percent=percent(token.price, before).quantize(_HUNDREDTH),
            trades=span.trades,
        )

    @property
    def untraded(self) -> Figures:
        """The same without trades, as Kraken sends it: everything 0 except bid and ask."""
        none = Decimal(0)
        return msgspec.structs.replace(
            self,
            price=none,
            low=none,
            high=none,
            volume=none,
            average=none,
            change=none,
            change_percent=none,
            trades=0,
        )


@dataclass(eq=False)
class ExchangeClient(Client):
    """A connection to an exchange."""

    sent_at: float = 0.0
    """Monotonic seconds of the last frame that was sent to it."""
    has_heartbeats: bool = False
    """Whether heartbeats have begun."""


AnyExchangeClient = TypeVar("AnyExchangeClient", bound=ExchangeClient)


class ExchangeServer(ProviderServer[AnyExchangeClient]):
    """An exchange on loopback.

    Args:
        clock: Time.
        market: The market it serves.
        watch: Called with the market's keys of what a client asks for.
        listed: The tickers it lists at the start.
    """

    key_parameter: ClassVar[str] = ""
    rounds_until_dropped: ClassVar[int] = 2
    pings: ClassVar[bool] = True
    subscribe_within: ClassVar[float]
    """Seconds after which a client that has subscribed nothing is closed."""
    connects: ClassVar[tuple[int, float]]
    """How many handshakes pass in how many seconds."""

    def __init__(
        self, clock: Clock, market: Market, watch: Callable[[list[str]], None], listed: frozenset[str]
    ) -> None:
        super().__init__(clock)
        self.listed = set(listed)
        """The tickers it lists; a test may change them at any time, subscriptions stay."""
        self.in_maintenance = False
        self.passed_over: set[str] = set()
        """Tickers whose subscriptions are neither granted nor refused, without a word."""
        self.silenced: set[str] = set()
        """Tickers whose trades are no longer told on the socket, although they are subscribed and traded."""
        self._market = market
        self._watch = watch
        self._tickers: dict[str, str] = {}
        self._handshake_limit = SlidingWindow(clock, *self.connects)
        market.listen(self._trade_happened)

    @property
    def rest_url(self) -> str:
        """Scheme and host of the REST API."""
        return f"http://{LOOPBACK}:{self.http_port}"

    def token(self, ticker: str) -> Token | None:
        """Return an asset as the market has it; ``None`` for what is not listed or has no price."""
        return self._market.token(asset_key(ticker)) if ticker in self.listed else None

    def figures(self, ticker: str) -> Figures | None:
        """Return the figures of an asset, listed or not; ``None`` for one without a price."""
        token = self._market.token(asset_key(ticker))
        return None if token is None else Figures.of(token)

    def watch(self, tickers: list[str]) -> None:
        """Let the market trade these from now on."""
        keys = {asset_key(ticker): ticker for ticker in tickers}
        self._tickers |= keys
        self._watch(list(keys))

    @abstractmethod
    async def maintenance(self, on: bool) -> None:
        """Begin maintenance, which ends every connection and refuses every request, or end it."""

    @abstractmethod
    def _traded(self, ticker: str, trade: Trade) -> None:
        """Publish a trade to the clients that have subscribed to it."""

    @abstractmethod
    def _has_subscribed(self, client: AnyExchangeClient) -> bool:
        """Return whether a client has a subscription."""

    @abstractmethod
    def _beats(self, client: AnyExchangeClient) -> list[Frame]:
        """Return the heartbeats that are due."""

    def _refusal(self, handshake: Handshake, key: str) -> HttpReply | None:
        if not self._handshake_limit.take():
            return HttpReply(429, self._error_body(429), {"Retry-After": "10"})
        return None

    def _opened(self, client: AnyExchangeClient) -> None:
        self._tasks.spawn(self._close_unless_subscribed(client))

    async def _close_unless_subscribed(self, client: AnyExchangeClient) -> None:
        await self.clock.sleep(self.subscribe_within)
        if client in self._clients and not self._has_subscribed(client):
            await client.connection.close(1008, "nothing subscribed")

    def _start_beating(self, client: AnyExchangeClient) -> None:
        if not client.has_heartbeats:
            client.has_heartbeats = True
            self._tasks.spawn(self._beat(client))

    async def _beat(self, client: AnyExchangeClient) -> None:
        while True:
            await self.clock.sleep(HEARTBEAT_INTERVAL)
            if client not in self._clients:
                return
            silent = Fault.STALL in self.faults or self.faults.take(Fault.STALL_HEARTBEATS)
            for frame in [] if silent else self._beats(client):
                self.tell(client, frame)

    def tell(self, client: AnyExchangeClient, frame: Frame) -> None:
        """Send a frame that is not data, such as an answer: `DATA_FAULTS` do not apply to it."""
        client.sent_at = self.clock.monotonic()
        self._send((client,), frame)

    def _publish_to(self, clients: list[AnyExchangeClient], frame: Frame) -> None:
        for client in clients:
            client.sent_at = self.clock.monotonic()
        self.publish(clients, frame)

    def _subscribing(self, act: Callable[[], None]) -> None:
        """Run ``act``, which grants a subscribe request, now, later or never, as the faults say."""
        if self.faults.take(Fault.WITHHOLD_ACK):
            return
        if terms := self.faults.take(Fault.DELAY_ACK):
            self._tasks.spawn(self._act_late(act, terms.seconds))
            return
        act()

    async def _act_late(self, act: Callable[[], None], seconds: float) -> None:
        await self._pause(seconds)
        act()

    def _trade_happened(self, trade: Trade) -> None:
        ticker = self._tickers.get(trade.mint)
        if ticker is not None and ticker not in self.silenced:
            self._traded(ticker, trade)
