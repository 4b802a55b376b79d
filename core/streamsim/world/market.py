"""A market of tokens that moves when told to, and knows the truth about itself.

`Market.trade` is the only thing that moves a price. Who wants a market that moves by itself runs
`streamsim.world.activity.MarketActivity` beside it. Every figure is a `Decimal` of at most fifteen
digits, so a double on the wire carries it unchanged and a test may compare with ``==``.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from streamcore.clock import Clock
from streamsim.servers.wire import exact
from streamsim.world.catalog import SOL, Listing, listing_of

BAR_SECONDS = 1800.0
"""The market remembers two days in half-hour bars."""

BARS_A_DAY = 48

CHART_SECONDS = {
    "1s": 1,
    "15s": 15,
    "30s": 30,
    "1m": 60,
    "3m": 180,
    "5m": 300,
    "15m": 900,
    "30m": 1800,
    "1H": 3600,
    "2H": 7200,
    "4H": 14400,
    "6H": 21600,
    "8H": 28800,
    "12H": 43200,
    "1D": 86400,
    "3D": 259200,
    "1W": 604800,
    "1M": 2592000,
}
"""Seconds of each chart type; ``1M`` is a calendar month and only about that long."""

_MONDAY = 345600
"""The first Monday after the Unix epoch, in seconds: where weeks are counted from."""


def bucket_start(chart: str, unix: float) -> int:
    """Return when the candle of ``chart`` that holds ``unix`` began, in Unix seconds."""
    if chart == "1M":
        day = datetime.fromtimestamp(unix, UTC)
        return int(day.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp())
    length = CHART_SECONDS[chart]
    offset = _MONDAY if chart == "1W" else 0
    return (int(unix) - offset) // length * length + offset


@dataclass(slots=True)
class Bar:
    """What was traded in half an hour, or the sum of several."""

    close: Decimal
    """USD."""
    buy_usd: Decimal = Decimal(0)
    sell_usd: Decimal = Decimal(0)
    buy_tokens: Decimal = Decimal(0)
    sell_tokens: Decimal = Decimal(0)
    buys: int = 0
    sells: int = 0

    def add(self, other: Bar) -> None:
        """Count the trades of ``other`` in."""
        self.buy_usd += other.buy_usd
        self.sell_usd += other.sell_usd
        self.buy_tokens += other.buy_tokens
        self.sell_tokens += other.sell_tokens
        self.buys += other.buys
        self.sells += other.sells


@dataclass(slots=True)
class Candle:
    """One candle of one chart type, still open."""

    start: int
    """Unix seconds."""
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = Decimal(0)
    """Whole tokens."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of a token now, exactly as every answer on the wire says it."""

    price: Decimal
    """USD."""
    change_24h: Decimal
    """Percent."""
    volume_24h: Decimal
    """USD."""


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade that has happened."""

    mint: str
    price: Decimal
    """USD."""
    volume_usd: Decimal
    moved: bool
    """Whether the price differs from the one before."""
    unix: float
    """Unix seconds."""


@dataclass(slots=True)
class Token:
    """One token on the market."""

    listing: Listing
    price: Decimal
    bars: deque[Bar]
    """Oldest first; the last one is still open."""
    bar_ends: float
    """Monotonic seconds."""
    rng: random.Random
    traded_at: float
    """Unix seconds of the last trade."""
    trades: int = 0
    """Trades since the market opened."""
    candles: dict[str, Candle] = field(default_factory=dict)

    def window(self, bars: int, back: int = 0) -> Bar:
        """Return the sum of ``bars`` half hours that ended ``back`` half hours ago."""
        end = len(self.bars) - back
        total = Bar(self.bars[end - 1].close)
        for index in range(end - bars, end):
            total.add(self.bars[index])
        return total

    def price_before(self, bars: int) -> Decimal:
        """Return the price that many half hours ago, USD."""
        return self.bars[len(self.bars) - 1 - bars].close

    def change(self, bars: int) -> Decimal:
        """Return how far the price has moved in that many half hours, percent."""
        return exact((self.price / self.price_before(bars) - 1) * 100)

    def candle(self, chart: str, unix: float) -> Candle:
        """Return the open candle of a chart type, begun with the present price if it is new."""
        start = bucket_start(chart, unix)
        candle = self.candles.get(chart)
        if candle is None or candle.start != start:
            candle = Candle(start, self.price, self.price, self.price, self.price)
            self.candles[chart] = candle
        return candle


class Market:
    """All tokens, created as they are first asked for.

    Args:
        clock: Time.
        seed: Equal seeds give equal markets.
    """

    def __init__(self, clock: Clock, seed: int) -> None:
        self.unpriced: set[str] = set()
        """Mints this market pretends not to know: no price, ``null`` in every answer."""
        self._clock = clock
        self._seed = seed
        self._tokens: dict[str, Token] = {}
        self._listeners: list[Callable[[Trade], None]] = []

    def listen(self, listener: Callable[[Trade], None]) -> None:
        """Call ``listener`` after every trade, synchronously and in the order of trades."""
        self._listeners.append(listener)

    def token(self, mint: str) -> Token | None:
        """Return a token, ``None`` for one without a price."""
        if mint in self.unpriced:
            return None
        token = self._tokens.get(mint)
        if token is None:
            token = self._tokens[mint] = self._opened(mint)
        self._roll(token)
        return token

    def truth(self, mint: str) -> Truth | None:
        """Return what is true of a token now; ``None`` for one without a price."""
        token = self.token(mint)
        if token is None:
            return None
        day = token.window(BARS_A_DAY)
        return Truth(
            price=token.price,
            change_24h=token.change(BARS_A_DAY),
            volume_24h=exact(day.buy_usd + day.sell_usd),
        )

    def sol_price(self) -> Decimal:
        """Return the price of SOL, USD."""
        token = self.token(SOL)
        return token.price if token is not None else listing_of(SOL).price

    def trade(self, mint: str, *, price: Decimal | None = None, volume_usd: Decimal | None = None) -> Trade:
        """Let one trade happen and tell every listener before returning.

        Args:
            mint: The token.
            price: USD; ``None`` takes a step of a random walk around the price the token began with.
            volume_usd: How much was traded; ``None`` picks a plausible amount.

        Raises:
            ValueError: The token has no price on this market (`unpriced`), or a figure is not positive.
        """
        token = self.token(mint)
        if token is None:
            raise ValueError(f"{mint} has no price on this market")
        if (price is not None and price <= 0) or (volume_usd is not None and volume_usd < 0):
            raise ValueError("a trade needs a positive price and no negative volume")
        old = token.price
        token.price = exact(self._step(token) if price is None else price)
        volume = exact(self._size(token) if volume_usd is None else volume_usd)
        unix = self._clock.time()
        self._count(token, volume, unix, old)
        trade = Trade(mint, token.price, volume, token.price != old, unix)
        for listener in self._listeners:
            listener(trade)
        return trade

    def _count(self, token: Token, volume: Decimal, unix: float, old: Decimal) -> None:
        tokens = volume / token.price
        bar = token.bars[-1]
        if token.price >= old:
            bar.buy_usd += volume
            bar.buy_tokens += tokens
            bar.buys += 1
        else:
            bar.sell_usd += volume
            bar.sell_tokens += tokens
            bar.sells += 1
        bar.close = token.price
        token.traded_at = unix
        token.trades += 1
        for chart, known in token.candles.items():
            start = bucket_start(chart, unix)
            if known.start != start:
                known.start, known.open, known.high, known.low = start, old, old, old
                known.volume = Decimal(0)
            known.close = token.price
            known.high = max(known.high, token.price)
            known.low = min(known.low, token.price)
            known.volume += tokens

    def _step(self, token: Token) -> Decimal:
        # The pull back to the first price keeps a demo of many days plausible.
        pull = -0.002 * math.log(token.price / token.listing.price)
        noise = token.rng.gauss(0.0, token.listing.volatility * 0.012)
        return token.price * Decimal(math.exp(pull + noise))

    def _size(self, token: Token) -> Decimal:
        usual = float(token.listing.volume_24h) / 60_000
        return Decimal(f"{max(0.5, usual * token.rng.lognormvariate(0.0, 1.2)):.2f}")

    def _roll(self, token: Token) -> None:
        late = self._clock.monotonic() - token.bar_ends
        if late < 0:
            return
        missed = int(late // BAR_SECONDS) + 1
        token.bar_ends += missed * BAR_SECONDS
        for _ in range(min(missed, token.bars.maxlen or missed)):
            token.bars.append(Bar(token.price))

    def _opened(self, mint: str) -> Token:
        rng = random.Random(f"{self._seed}/market/{mint}")
        listing = listing_of(mint)
        price = exact(listing.price)
        count = 2 * BARS_A_DAY + 1
        bars: deque[Bar] = deque(maxlen=count)
        close = price
        for weight in (rng.uniform(0.5, 1.5) for _ in range(count)):
            bars.appendleft(self._past_bar(listing, close, weight, rng))
            close = exact(close * Decimal(math.exp(rng.gauss(0.0, listing.volatility / BARS_A_DAY**0.5))))
        return Token(
            listing=listing,
            price=price,
            bars=bars,
            bar_ends=self._clock.monotonic() + BAR_SECONDS,
            rng=rng,
            traded_at=self._clock.time() - rng.uniform(0.5, 20.0),
        )

    def _past_bar(self, listing: Listing, close: Decimal, weight: float, rng: random.Random) -> Bar:
        usual = float(listing.volume_24h) / BARS_A_DAY * weight
        share = rng.uniform(0.42, 0.58)
        buy, sell = (Decimal(f"{usual * part:.2f}") for part in (share, 1 - share))
        trades = max(2, int(usual / 400))
        buys = max(1, int(trades * share))
        return Bar(close, buy, sell, buy / close, sell / close, buys, max(1, trades - buys))
