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
from decimal import Decimal

import msgspec

from streamcore.clock import Clock
from streamsim.wire import exact
from streamsim.world.candles import CHART_SECONDS, Candle, bucket_start, candles
from streamsim.world.catalog import FOLLOWS, SOL, listed_since, listing_of
from streamsim.world.history import DAY, MICROS, MINUTE, Bar, History, decimal_price
from streamsim.world.listings import Listing
from streamsim.world.past import REVERSION, Followed, Past
from streamsim.world.pools import Pools
from streamsim.world.spans import Divider

_LOOSENESS = 0.0002
"""Standard deviation of the logarithmic difference between a token and the asset it follows."""

_LEAST_PASSED = 0.25
"""Seconds that count as passed since the last trade at least, so that no trade leaves a price as it is."""


class Truth(msgspec.Struct, frozen=True):
    """The present figures of a token, exactly as every provider sends them."""

    price: Decimal
    """USD."""
    change_24h: Decimal
    """Percent."""
    volume_24h: Decimal
    """USD."""


class Trade(msgspec.Struct, frozen=True):
    """One trade that has happened."""

    mint: str
    price: Decimal
    """USD."""
    volume_usd: Decimal
    moved: bool
    """Whether the price differs from the one before."""
    unix: float
    """Unix seconds."""


class Token(msgspec.Struct):
    """One token on the market."""

    listing: Listing
    price: Decimal
    clock: Clock
    history: History
    rng: random.Random
    traded_at: float
    """Unix seconds of the last trade."""
    trades: int = 0
    """Trades since the market opened."""
    open_candles: dict[str, Candle] = {}
    """By chart type."""

    def now(self) -> float:
        """Return the time, Unix seconds, which never goes back here."""
        return max(self.clock.time(), self.traded_at)

    def window(self, seconds: float, back: float = 0.0) -> Bar:
        """Return what was traded in a span of so many seconds that ended ``back`` seconds ago."""
        now = self.now()
        return self.history.window(now - back - seconds, now - back if back else math.inf)

    def price_ago(self, seconds: float) -> Decimal:
        """Return the price so many seconds ago, USD."""
        return decimal_price(self.history.price_at(self.now() - seconds)) if seconds else self.price

    def change(self, seconds: float) -> Decimal:
        """Return how far the price has moved in so many seconds, percent."""
        return percent(self.price, self.price_ago(seconds))

    def candles(self, chart: str | int, start: float, end: float = math.inf) -> list[Candle]:
        """Return the candles with trades that begin from ``start`` until before ``end``, oldest first.

        Args:
            chart: Chart type, or the length of the candles in seconds.
            start: Unix seconds.
            end: The same; infinite to include the candle that is still open.
        """
        first = bucket_start(chart, start)
        if first < start:
            first = _next_bucket(chart, first)
        last = end
        if end != math.inf:
            last = bucket_start(chart, end)
            last = _next_bucket(chart, last) if last < end else last
        return candles(self.history, chart, first, last) if first < last else []

    def candle(self, chart: str, unix: float) -> Candle:
        """Return the open candle of a chart type. One of less than a minute begins with the present price."""
        start = bucket_start(chart, unix)
        candle = self.open_candles.get(chart)
        if candle is None or candle.start != start:
            known = candles(self.history, chart, start, math.inf) if CHART_SECONDS[chart] >= MINUTE else []
            candle = self.open_candles[chart] = known[-1] if known else Candle.begun(start, self.price)
        return candle


def percent(now: Decimal, then: Decimal) -> Decimal:
    """Return by how much one price differs from an earlier one, percent."""
    return exact((now / then - 1) * 100)


def _next_bucket(chart: str | int, start: int) -> int:
    length = CHART_SECONDS[chart] if isinstance(chart, str) else chart
    # a calendar month may be three days longer than the length says, but not two months
    return bucket_start(chart, start + length + (3 * DAY if chart == "1M" else 0))


class Market:
    """All tokens; each is created when it is first asked for.

    Args:
        clock: Time.
        seed: Equal seeds give equal markets.
    """

    def __init__(self, clock: Clock, seed: int) -> None:
        self.unpriced: set[str] = set()
        """Mints that have no price here: ``null`` in every answer."""
        self.listed_since: dict[str, float] = {}
        """Mints that were listed at another time than usual, Unix seconds; effective when first asked for."""
        self.clock = clock
        """Time."""
        self.pools = Pools(self._lifetime)
        """Where its tokens trade."""
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

    def _lifetime(self, mint: str) -> tuple[float, float] | None:
        token = self.token(mint)
        return None if token is None else (token.history.past.since, token.history.past.until)

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
        old, unix = token.price, token.now()
        token.price = exact(self._step(token) if price is None else price)
        volume = exact(self._size(token) if volume_usd is None else volume_usd)
        # the candles that nobody has asked for since they ended are begun again from the history
        token.open_candles = {
            chart: candle
            for chart, candle in token.open_candles.items()
            if candle.start == bucket_start(chart, unix)
        }
        token.history.trade(unix, token.price, volume, bought=token.price >= old)
        token.traded_at = unix
        token.trades += 1
        for candle in token.open_candles.values():
            candle.add(token.price, volume / token.price, volume)
        trade = Trade(mint, token.price, volume, token.price != old, unix)
        for listener in self._listeners:
            listener(trade)
        return trade

    def _step(self, token: Token) -> Decimal:
        leader = self._leader(token.listing)
        if leader is not None:
            follows = token.listing.price * leader.price / leader.listing.price
            return follows * Decimal(math.exp(token.rng.gauss(0.0, _LOOSENESS)))
        # as wild as the invented past, however often it is traded, so that a chart shows no seam
        passed = min(max(token.now() - token.traded_at, _LEAST_PASSED), DAY) / DAY
        pull = -REVERSION * passed * math.log(token.price / token.listing.price)
        noise = token.rng.gauss(0.0, token.listing.volatility * math.sqrt(passed))
        return token.price * Decimal(math.exp(pull + noise))

    def _size(self, token: Token) -> Decimal:
        usual = float(token.listing.volume_24h) / 60_000
        return Decimal(f"{max(0.5, usual * token.rng.lognormvariate(0.0, 1.2)):.2f}")

    def _leader(self, listing: Listing) -> Token | None:
        """Return the asset whose price a token follows, if any."""
        key = FOLLOWS.get(listing.mint)
        return None if key is None else self.token(key)

    def _opened(self, mint: str) -> Token:
        listing, leader = listing_of(mint), self._leader(listing_of(mint))
        now = self.clock.time()
        since = self.listed_since.get(mint, listed_since(listing, now))
        ratio = Decimal(1) if leader is None else leader.price / leader.listing.price
        price = exact(listing.price * ratio)
        lot = Decimal(1).scaleb(-min(8, max(0, 6 + price.adjusted())))
        divider = Divider(f"{self._seed}/past/{mint}")
        past: Past | Followed
        if leader is None:
            past = Past(listing, float(price), now, since, divider, float(lot * MICROS))
        else:
            volume = listing.volume_24h / leader.listing.volume_24h
            lots = volume * leader.price / price * leader.history.lot / lot
            past = Followed(
                leader.history, float(price / leader.price), float(volume), float(lots), now, since
            )
        rng = random.Random(f"{self._seed}/market/{mint}")
        return Token(
            listing=listing,
            price=price,
            clock=self.clock,
            history=History(past, price, lot, divider),
            rng=rng,
            traded_at=now - rng.uniform(0.5, 20.0),
        )
