"""What the emulated exchanges have in common: what they list, the figures of a ticker, heartbeats.

An exchange knows assets by ticker. One that is a token of Solana moves with that token on the market;
every other one has a key of its own there, see `asset_key`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
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
from streamsim.world.market import Market, Token, Trade

HEARTBEAT_INTERVAL = 1.0
"""Seconds."""

_LOT = Decimal("1E-8")
_HUNDREDTH = Decimal("0.01")
_HALF_SPREAD = Decimal("0.00005")
_ABROAD = "BTC ETH XRP DOGE ADA LINK LTC SUI USDT HYPE"

KRAKEN_LISTED = frozenset(
    f"{_ABROAD} EUR GBP SOL BONK JUP RAY WIF JTO PYTH W PENGU PUMP FARTCOIN TRUMP RENDER HNT POPCAT GIGA"
    " MOODENG PONKE GRASS DRIFT CLOUD ZETA SKR USELESS".split()
)
"""What the emulated Kraken lists at first."""

COINBASE_LISTED = frozenset(
    f"{_ABROAD} JUP RAY SOL BONK JTO WIF PYTH W PENGU PUMP FARTCOIN TRUMP RENDER HNT POPCAT GIGA MOODENG ORCA"
    " DRIFT IO MNDE MSOL JITOSOL PNUT TNSR HONEY".split()
)
"""What the emulated Coinbase lists at first, as the real one did in 2026-08; JUP under another name."""

encode_numbers = msgspec.json.Encoder(decimal_format="number").encode
"""JSON in which a `Decimal` is a number with all its digits."""


@cache
def _tokens() -> TokenTable:
    return TokenTable()


def asset_key(ticker: str) -> str:
    """Return by what key the market has an exchange's asset: a mint, or ``exchange:TICKER``."""
    if ticker in NATIVE:
        with suppress(UnknownSymbol):  # of some tokens nobody has pinned the mint
            return _tokens().resolve(ticker).mint
    return f"exchange:{ticker}"


@dataclass(frozen=True, slots=True)
class Figures:
    """What an exchange says of one asset, USD; the day is the last 24 hours."""

    price: Decimal
    bid: Decimal
    ask: Decimal
    open: Decimal
    """What it was 24 hours ago."""
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
        """Take the figures of an asset off the market; ``seconds`` in the place of 24 hours."""
        span = token.window(seconds)
        volume = span.tokens.quantize(_LOT)
        before = token.price_ago(seconds)
        # a few cents of trade, rounded to a lot, would otherwise give an average nobody paid
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
            change_percent=token.change(seconds).quantize(_HUNDREDTH),
            trades=span.trades,
        )

    @property
    def untraded(self) -> Figures:
        """The same where nobody has traded, as Kraken tells it: zeros in everything but the book."""
        none = Decimal(0)
        return replace(
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

    told_at: float = 0.0
    """Monotonic seconds of the last frame that was sent to it."""
    beating: bool = False
    """Heartbeats have begun."""


AnyExchangeClient = TypeVar("AnyExchangeClient", bound=ExchangeClient)


class ExchangeServer(ProviderServer[AnyExchangeClient]):
    """An exchange on loopback.

    Args:
        clock: Time.
        market: What it tells about.
        watch: Called with the market's keys of what a client asks for.
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
        """The tickers it has; may be changed at any time, what is subscribed goes on."""
        self.in_maintenance = False
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

    def attend(self, tickers: list[str]) -> None:
        """Let the market move these."""
        keys = {asset_key(ticker): ticker for ticker in tickers}
        self._tickers |= keys
        self._watch(list(keys))

    @abstractmethod
    async def maintenance(self, on: bool) -> None:
        """Begin maintenance, which ends every connection and refuses every request, or end it."""

    @abstractmethod
    def _traded(self, ticker: str, trade: Trade) -> None:
        """Tell whoever listens of a trade."""

    @abstractmethod
    def _has_subscribed(self, client: AnyExchangeClient) -> bool:
        """Whether a client has a subscription."""

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
        if not client.beating:
            client.beating = True
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
        """Send a frame that is no data: faults of data do not touch it."""
        client.told_at = self.clock.monotonic()
        self._send((client,), frame)

    def _publish_to(self, clients: list[AnyExchangeClient], frame: Frame) -> None:
        for client in clients:
            client.told_at = self.clock.monotonic()
        self.publish(clients, frame)

    def _subscribing(self, act: Callable[[], None]) -> None:
        """Act on a subscribe request, as the faults allow."""
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
        if ticker is not None:
            self._traded(ticker, trade)
