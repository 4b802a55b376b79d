"""Pools of a token: what lists them, and what has their past. Their addresses are the same everywhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from streamcore.candles import Candle, ChartRange
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.history_source import ChartRateLimit
from streamcore.text import printable

LONGEST_NAME = 40
"""Characters of a pool's name; whoever made the token wrote it."""


class Pool(msgspec.Struct, frozen=True):
    """One pool in which a token is traded against another.

    Attributes:
        address: On the chain.
        name: Its two tickers and the exchange, for people.
        depth: US dollars that it really holds, as far as its figures can be believed.
        created_at: Unix seconds; ``None``: not told.
    """

    address: str
    name: str
    depth: Decimal
    created_at: float | None


class UnknownPool(ProviderError):
    """A source does not have that pool, or that token."""

    def __init__(self, title: str, what: str) -> None:
        """``title`` is the source's name for people; ``what``: a pool or a token."""
        super().__init__(ErrorKind.SUBSCRIPTION, f"{title} does not know this {what}")


class PoolLister(ABC):
    """Lists the pools of a token."""

    title: str
    """The source's name as a person writes it."""
    rate_limit: ChartRateLimit
    """What it keeps to; it is told of every failure."""

    @abstractmethod
    async def pools(self, mint: str) -> Sequence[Pool]:
        """Return pools of a token, in no order; the token may be on either side. None: there are none.

        Raises:
            ProviderError: It could not be asked, or refused; `UnknownPool`: it does not know the token.
        """


class PoolHistory(PoolLister):
    """Has the candles of pools, and lists pools itself if need be."""

    name: str
    """The name in series and settings."""
    intervals: Mapping[ChartRange, int]
    """Seconds of a candle in each range."""

    @abstractmethod
    async def candles(self, pool: str, mint: str, span: ChartRange) -> list[Candle]:
        """Return the candles of a token in a pool, in US dollars, up to now and in any order.

        Raises:
            ProviderError: It could not be asked, or refused; `UnknownPool`: it does not have the pool.
        """


def pool_name(base: str, quote: str, exchange: str) -> str:
    """Return the name of a pool: ``BONK/SOL on raydium``."""
    joined = f"{base}/{quote}" + (f" on {exchange}" if exchange else "")
    return printable(joined, limit=LONGEST_NAME)
