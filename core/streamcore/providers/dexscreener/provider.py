"""DexScreener: the price of a Solana token in the pool that holds most of it, polled and without a key.

Price, change, volume and trades all come from that one pool, so that they belong together. The volume is
therefore less than the whole token's; a sum over the pools of an answer would be no better, since an answer
names just each token's main pool. Source: docs.dexscreener.com, "API Reference".
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

import msgspec

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.net.rate_limit import TokenBucket
from streamcore.net.transport import Http
from streamcore.providers.base import Limits
from streamcore.providers.decoding import Undecodable, content, json_as, number, number_if_any
from streamcore.providers.dexscreener.tokens import CHAIN, NAME, TITLE, DexScreenerTokens
from streamcore.providers.figures import read_trades
from streamcore.providers.polled import PolledPrices, PolledProvider
from streamcore.providers.reports import Malformed, PriceReport, Report

MINTS_PER_REQUEST = 30

WINDOW = 60.0
"""Seconds in which DexScreener counts."""
REQUESTS_PER_WINDOW = 300
BURST = 10
RATE = 4.0
"""Requests a second; with the burst, no window of a minute ever holds more than 250."""


class _Token(msgspec.Struct, frozen=True):
    address: str = ""


class _OverTime(msgspec.Struct, frozen=True):
    """A figure over several spans, any of which may be missing."""

    h24: object = None


class _Trades(msgspec.Struct, frozen=True):
    buys: object = None
    sells: object = None


class _TradesOverTime(msgspec.Struct, frozen=True):
    h24: _Trades | None = None


class _Liquidity(msgspec.Struct, frozen=True):
    usd: object = None


class _Pair(msgspec.Struct, frozen=True, rename="camel"):
    """One pool. ``price_usd`` is the price of its base token, ``price_change`` percent, ``volume`` USD."""

    chain_id: str = ""
    base_token: _Token = _Token()
    price_usd: object = None
    price_change: _OverTime | None = None
    volume: _OverTime | None = None
    txns: _TradesOverTime | None = None
    liquidity: _Liquidity | None = None


class _Wrapped(msgspec.Struct, frozen=True):
    """The answer of the older route, ``/latest/dex/tokens``."""

    pairs: list[msgspec.Raw] | None


class DexScreenerPrices(PolledPrices):
    """Thirty prices in a request, with change and volume of the chosen pool."""

    title: ClassVar[str] = TITLE

    def _question(self, mints: Sequence[str]) -> tuple[str, dict[str, str]]:
        return f"/tokens/v1/{CHAIN}/{','.join(mints)}", {}

    def _read(self, mints: Sequence[str], body: bytes) -> list[Report]:
        answered = json_as(body, list[msgspec.Raw] | _Wrapped)  # type: ignore[arg-type]
        entries = (answered.pairs or []) if isinstance(answered, _Wrapped) else answered
        best: dict[str, tuple[Decimal, PriceReport]] = {}
        reports: list[Report] = []
        for entry in entries:
            try:
                pair = content(entry, _Pair)
                if pair.chain_id != CHAIN:
                    continue
                bad: list[str] = []
                report = _price(pair, bad)
                reports += [Malformed(f"a pool: {one}") for one in bad]
                depth = _depth(pair)
            except Undecodable as error:
                reports.append(Malformed(f"a pool: {error}"))
                continue
            if report is not None and (report.topic not in best or best[report.topic][0] < depth):
                best[report.topic] = depth, report
        found = (best[mint][1] if mint in best else self._unknown(mint) for mint in mints)
        return [*reports, *found]


def _price(pair: _Pair, bad: list[str]) -> PriceReport | None:
    """Return the price of a pool's base token; ``None`` if it has none in USD.

    To ``bad`` is added what is wrong with its other figures.
    """
    price = number(pair.price_usd)
    if not price:
        return None
    return PriceReport(
        pair.base_token.address,
        price=price,
        change_24h=number_if_any("priceChange", _of_a_day(pair.price_change), bad),
        volume_24h=number_if_any("volume", _of_a_day(pair.volume), bad),
        complete=True,
        trades_24h=_trades(pair.txns),
    )


def _of_a_day(over_time: _OverTime | None) -> object:
    return None if over_time is None else over_time.h24


def _trades(over_time: _TradesOverTime | None) -> int | None:
    """Return how often was bought and sold; ``None`` unless both are told and can be."""
    day = None if over_time is None else over_time.h24
    if day is None:
        return None
    counted = [read_trades(count, []) for count in (day.buys, day.sells)]
    known = [count for count in counted if count is not None]
    return sum(known) if len(known) == len(counted) else None


def _depth(pair: _Pair) -> Decimal:
    """Return what the pool holds, USD; one that does not say is the shallowest."""
    usd = None if pair.liquidity is None else number(pair.liquidity.usd)
    return Decimal(-1) if usd is None else usd


class DexScreenerProvider(PolledProvider):
    """DexScreener behind the seam; topics are mint addresses."""

    name = NAME
    title = DexScreenerPrices.title
    limits = Limits(
        topics_per_connection=None,
        debounce=0.0,
        text=f"{MINTS_PER_REQUEST} mints a request, {REQUESTS_PER_WINDOW} requests/min",
    )

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        url, rate_limit = settings.dexscreener.rest_url, TokenBucket(RATE, BURST, clock)
        batch_size = min(MINTS_PER_REQUEST, settings.stream.max_symbol_batch)
        self.rest = DexScreenerPrices(http, url, batch_size, rate_limit)
        self.directory = DexScreenerTokens(http, url, rate_limit)
