"""Jupiter: the price of any Solana token that trades, polled and without a key.

Source: the Price API V3 and the rate limits of dev.jup.ag; headers and answers captured in 2026-09.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.net.rate_limit import SlidingWindow
from streamcore.net.transport import Http
from streamcore.providers.base import Limits
from streamcore.providers.decoding import Undecodable, content, json_as, number, number_if_any
from streamcore.providers.jupiter.tokens import NAME, TITLE, JupiterTokens, rest_when_used_up
from streamcore.providers.polled import PolledPrices, PolledProvider
from streamcore.providers.reports import Malformed, PriceReport, Report

MINTS_PER_REQUEST = 50

WINDOW = 10.0
"""Seconds in which Jupiter counts, as measured; the documents have 30 requests in a minute."""
REQUESTS_PER_WINDOW = 5
"""Without a key; one bucket with all that other programs at the same address ask of it."""


class _Price(msgspec.Struct, frozen=True):
    """One entry; ``priceChange24h`` is percent. Older answers lack ``createdAt`` and ``liquidity``."""

    usdPrice: object = None  # noqa: N815 - Jupiter's spelling
    priceChange24h: object = None  # noqa: N815


class JupiterPrices(PolledPrices):
    """Fifty prices in a request; there is no volume."""

    title: ClassVar[str] = TITLE

    def _question(self, mints: Sequence[str]) -> tuple[str, dict[str, str]]:
        return "/price/v3", {"ids": ",".join(mints)}

    def _read(self, mints: Sequence[str], body: bytes) -> list[Report]:
        prices = json_as(body, dict[str, msgspec.Raw])
        if prices and prices.keys().isdisjoint(mints):
            # a gateway's error with the status of a success: it is no word about any of the mints
            raise Undecodable("something other than the prices that were asked for")
        return [report for mint in mints for report in self._price(mint, prices.get(mint))]

    def _told(self, headers: Mapping[str, str]) -> None:
        rest_when_used_up(self._rate_limit, headers)

    def _price(self, mint: str, entry: msgspec.Raw | None) -> list[Report]:
        """Return one price, or why there is none, and what is wrong with the rest.

        A token that is not priced is left out; older answers had null for it.
        """
        if entry is None:
            return [self._unknown(mint)]
        try:
            told: _Price | None = content(entry, _Price | None)  # type: ignore[arg-type]
            price = None if told is None else number(told.usdPrice)
        except Undecodable as error:
            return [Malformed(f"the price of {mint}: {error}")]
        if told is None or not price:
            return [self._unknown(mint)]
        bad: list[str] = []
        change = number_if_any("priceChange24h", told.priceChange24h, bad)
        report = PriceReport(mint, price=price, change_24h=change, complete=True)
        return [report, *(Malformed(f"the price of {mint}: {one}") for one in bad)]


class JupiterProvider(PolledProvider):
    """Jupiter behind the seam; topics are mint addresses."""

    name = NAME
    title = JupiterPrices.title
    limits = Limits(
        topics_per_connection=None,
        debounce=0.0,
        text=f"{MINTS_PER_REQUEST} mints a request, {REQUESTS_PER_WINDOW} requests in {WINDOW:g} s",
    )

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        url, rate_limit = settings.jupiter.rest_url, SlidingWindow(REQUESTS_PER_WINDOW, WINDOW, clock)
        batch_size = min(MINTS_PER_REQUEST, settings.stream.max_symbol_batch)
        self.rest = JupiterPrices(http, url, batch_size, rate_limit)
        # one bucket for both: Jupiter counts all requests of an address together
        self.directory = JupiterTokens(http, url, rate_limit, clock)
