"""A market of tokens whose prices move only with `Market.trade`.

For a market that moves by itself, run `streamsim.world.activity.MarketActivity` with it. Every figure is a
`Decimal` of at most fifteen digits, which a double on the wire carries unchanged, so a test may compare with
``==``.

All figures over a span of time come from `Token.window` and `Token.price_ago`, whichever provider sends them,
so no two providers contradict each other about a token.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from streamcore.clock import Clock
from streamsim.wire import exact
from streamsim.world.candles import Candle, bucket_start
from streamsim.world.catalog import FOLLOWS, SOL, Listing, listing_of
from streamsim.world.history import BAR_SECONDS, DAY, Bar, PricePath, TradeHistory

_BARS_A_DAY = int(DAY / BAR_SECONDS)
_LOOSENESS = 0.0002
"""Standard deviation of the logarithmic difference between a token and the asset it follows."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The present figures of a token, exactly as every provider sends them."""

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
    clock: Clock
    path: PricePath
    history: TradeHistory
    rng: random.Random
    traded_at: float
    """Unix seconds of the last trade."""
    trades: int = 0
    """Trades since the market opened."""
    candles: dict[str, Candle] = field(default_factory=dict)

    def window(self, seconds: float, back: float = 0.0) -> Bar:
        """Return what was traded in a span of so many seconds that ended ``back`` seconds ago."""
        now = self.clock.monotonic()
        self.history.advance(now, self.price)
        return self.history.window(now - back - seconds, now - back, now)

    def price_ago(self, seconds: float) -> Decimal:
        """Return the price so many seconds ago, USD."""
        return self.path.at(self.clock.monotonic() - seconds, self.price)

    def change(self, seconds: float) -> Decimal:
        """Return how far the price has moved in so many seconds, percent."""
        return exact((self.price / self.price_ago(seconds) - 1) * 100)

    def candle(self, chart: str, unix: float) -> Candle:
        """Return the open candle of a chart type, begun with the present price if it is new."""
        start = bucket_start(chart, unix)
        candle = self.candles.get(chart)
        if candle is None or candle.start != start:
            candle = self.candles[chart] = Candle.begun(start, self.price)
        return candle


class Market:
    """All tokens; each is created when it is first asked for.

    Args:
        clock: Time.
        seed: Equal seeds give equal markets.
    """

    def __init__(self, clock: Clock, seed: int) -> None:
        self.unpriced: set[str] = set()
        """Mints that have no price here: ``null`` in every answer."""
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
        return token

    def truth(self, mint: str) -> Truth | None:
        """Return the present figures of a token; ``None`` for one without a price."""
        token = self.token(mint)
        if token is None:
            return None
        return Truth(
            price=token.price,
            change_24h=token.change(DAY),
            volume_24h=token.window(DAY).usd,
        )

    def sol_price(self) -> Decimal:
        """Return the price of SOL, USD."""
        token = self.token(SOL)
        return token.price if token is not None else listing_of(SOL).price

    def trade(self, mint: str, *, price: Decimal | None = None, volume_usd: Decimal | None = None) -> Trade:
        """Make a trade, and pass it to every listener before returning.

        Args:
            mint: The token.
            price: USD; ``None``: a random step from the present price.
            volume_usd: How much is traded; ``None``: a plausible random amount.

        Raises:
            ValueError: The token has no price on this market (`unpriced`), or a figure is not positive.
        """
        token = self.token(mint)
        if token is None:
            raise ValueError(f"{mint} has no price on this market")
        if (price is not None and price <= 0) or (volume_usd is not None and volume_usd < 0):
            raise ValueError("a trade needs a positive price and no negative volume")
        old, now = token.price, self._clock.monotonic()
        token.history.advance(now, old)
        token.path.moving(now, old)
        token.price = exact(self._step(token) if price is None else price)
        volume = exact(self._size(token) if volume_usd is None else volume_usd)
        unix = self._clock.time()
        token.history.trade(token.price, volume, bought=token.price >= old)
        token.traded_at = unix
        token.trades += 1
        for chart, known in token.candles.items():
            start = bucket_start(chart, unix)
            candle = known if known.start == start else Candle.begun(start, old)
            token.candles[chart] = candle
            candle.add(token.price, volume / token.price)
        trade = Trade(mint, token.price, volume, token.price != old, unix)
        for listener in self._listeners:
            listener(trade)
        return trade

    def _step(self, token: Token) -> Decimal:
        leader = self._leader(token.listing)
        if leader is not None:
            follows = token.listing.price * leader.price / leader.listing.price
            return follows * Decimal(math.exp(token.rng.gauss(0.0, _LOOSENESS)))
        # the pull back to the first price keeps prices plausible in a demo of many days
        pull = -0.002 * math.log(token.price / token.listing.price)
        noise = token.rng.gauss(0.0, token.listing.volatility * 0.012)
        return token.price * Decimal(math.exp(pull + noise))

    def _size(self, token: Token) -> Decimal:
        usual = float(token.listing.volume_24h) / 60_000
        return Decimal(f"{max(0.5, usual * token.rng.lognormvariate(0.0, 1.2)):.2f}")

    def _leader(self, listing: Listing) -> Token | None:
        """Return the asset whose price a token follows, if any."""
        key = FOLLOWS.get(listing.mint)
        return None if key is None else self.token(key)

    def _opened(self, mint: str) -> Token:
        rng = random.Random(f"{self._seed}/market/{mint}")
        listing, leader = listing_of(mint), self._leader(listing_of(mint))
        ratio = Decimal(1) if leader is None else leader.price / leader.listing.price
        now, price = self._clock.monotonic(), exact(listing.price * ratio)
        count = 2 * _BARS_A_DAY + 1
        closes, bars = [price], []
        for weight in (rng.uniform(0.5, 1.5) for _ in range(count)):
            bar = self._past_bar(listing, closes[-1], weight, rng)
            if leader is None:
                step = rng.gauss(0.0, listing.volatility / _BARS_A_DAY**0.5)
                before = exact(closes[-1] * Decimal(math.exp(step)))
            else:
                then = leader.price_ago(BAR_SECONDS * len(closes)) / leader.price
                before = exact(price * then * Decimal(math.exp(rng.gauss(0.0, _LOOSENESS))))
            bar.low, bar.high = min(bar.low, before), max(bar.high, before)
            bars.append(bar)
            closes.append(before)
        bars.reverse()
        closes.reverse()
        return Token(
            listing=listing,
            price=price,
            clock=self._clock,
            path=PricePath([now - BAR_SECONDS * back for back in range(count, -1, -1)], closes),
            history=TradeHistory(bars, now, price),
            rng=rng,
            traded_at=self._clock.time() - rng.uniform(0.5, 20.0),
        )

    def _past_bar(self, listing: Listing, close: Decimal, weight: float, rng: random.Random) -> Bar:
        usual = float(listing.volume_24h) / _BARS_A_DAY * weight
        share = rng.uniform(0.42, 0.58)
        buy, sell = (Decimal(f"{usual * part:.2f}") for part in (share, 1 - share))
        trades = max(2, int(usual / 400))
        buys = max(1, int(trades * share))
        return Bar(close, close, buy, sell, buy / close, sell / close, buys, max(1, trades - buys))
