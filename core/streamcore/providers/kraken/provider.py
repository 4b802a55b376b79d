"""Kraken: prices of an exchange, in US dollars, without a key.

Source: docs.kraken.com, "Spot WebSocket v2" and "Spot REST API".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.rate_limit import RateLimit, TokenBucket
from streamcore.net.transport import Http
from streamcore.providers.base import Limits, Rest
from streamcore.providers.batching import batches, in_turn
from streamcore.providers.decoding import Undecodable, content, number, number_if_any
from streamcore.providers.exchange import DEBOUNCE, SILENCE, HttpHost, in_dollars, pair_of, unless_zero
from streamcore.providers.exchange_provider import ExchangeProvider
from streamcore.providers.figures import read_trades
from streamcore.providers.http_errors import malformed_answer, pause_after
from streamcore.providers.kraken.announcements import Announcements
from streamcore.providers.kraken.candles import KrakenCandles
from streamcore.providers.kraken.codec import PAIRS_PER_REQUEST, KrakenCodec
from streamcore.providers.kraken.listing import assumed_names, is_ambiguous, markets
from streamcore.providers.kraken.public_api import TITLE, BadRequest, Body, meaning, request
from streamcore.providers.market_directory import MarketDirectory
from streamcore.providers.market_volumes import MarketVolumes
from streamcore.providers.markets import Market
from streamcore.providers.reports import (
    Checkpoint,
    Malformed,
    Notice,
    PriceReport,
    Question,
    QuoteRequest,
    Refusal,
    Report,
)

RATE = 0.9
"""Requests a second. The public endpoints allow one; a little less, because two clocks never run equally."""


DAY = 1
"""Where a figure of 24 hours stands; before it comes that of today."""


class KrakenProvider(ExchangeProvider):
    """Kraken as a `Provider`; topics are pairs such as ``SOL/USD``."""

    name = "kraken"
    title = TITLE
    limits = Limits(
        topics_per_connection=None,
        debounce=DEBOUNCE,
        silence=SILENCE,
        text=f"{PAIRS_PER_REQUEST} pairs a message, {RATE:g} requests/s",
    )

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        self._batch_size = min(PAIRS_PER_REQUEST, settings.stream.max_symbol_batch)
        self._announcements = Announcements()
        self.rest = KrakenRest(settings, http, clock)
        volumes = MarketVolumes(self.name, self.rest, clock, most=PAIRS_PER_REQUEST)
        super().__init__(settings.kraken.ws_url, self.rest.directory, volumes)
        self.history = self.rest.candles(clock)

    def codec(self) -> KrakenCodec:
        """Return a codec for a new connection."""
        return KrakenCodec(self._batch_size, self._announcements, self._passed_over)


class _Ticker(msgspec.Struct, frozen=True):
    """``c`` is the last trade: price and lot; ``v``, ``p``, ``h`` and ``l`` are of today and of 24 h.

    They are volume, average, highest and lowest price; ``t`` is the number of trades, so, too. ``b`` and
    ``a`` are bid and ask, each a price and two amounts.

    ``o`` is the price at the last midnight of UTC, not that of 24 hours ago, so no change comes from here.
    """

    c: list[object]
    v: list[object] = []
    p: list[object] = []
    h: list[object] = []
    l: list[object] = []  # noqa: E741 - Kraken's word
    t: list[object] = []
    b: list[object] = []
    a: list[object] = []


class KrakenRest(Rest):
    """Prices over HTTP, many in one request; Kraken does not tell the change over 24 hours there."""

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        section = settings.kraken
        self._host = host = HttpHost(TITLE, "kraken", section.ws_url, section.rest_url)
        self._http = http
        self._rate_limit = TokenBucket(RATE, 1, clock)
        self._batch_size = min(PAIRS_PER_REQUEST, settings.stream.max_symbol_batch)
        self.directory = MarketDirectory(
            "kraken",
            host.source("/0/public/AssetPairs"),
            clock,
            ask=self.list_markets,
            assumed=lambda instrument: pair_of(instrument, "/"),
        )
        """What Kraken lists, and under which names."""

    def candles(self, clock: Clock) -> KrakenCandles:
        """Return the past of the prices; it shares what Kraken allows an address with the present ones."""
        return KrakenCandles(self._http, self._host, self.directory, self._rate_limit, clock)

    async def fetch(
        self, topics: Sequence[str], checkpoints: Mapping[str, Checkpoint]
    ) -> AsyncIterator[Report]:
        """Yield the present price and 24 h volume of each pair."""
        askable: list[str] = []
        for pair in topics:
            if self.directory.markets.find(pair) is None and is_ambiguous(pair):
                yield _not_listed(pair)
            else:
                askable.append(pair)
        async for report in in_turn(batches(askable, self._batch_size), self._fetch_together):
            yield report

    async def answer(self, question: Question) -> AsyncIterator[Report]:
        """Yield the present bid and ask of a pair."""
        if not isinstance(question, QuoteRequest):
            return
        async for report in self._fetch_together((question.topic,)):
            if isinstance(report, PriceReport):
                yield PriceReport(report.topic, bid=report.bid, ask=report.ask)

    async def _fetch_together(self, pairs: Sequence[str]) -> AsyncIterator[Report]:
        try:
            tickers, error = await self._get(pairs)
        except ProviderError as refused:
            if not isinstance(refused, BadRequest) or (len(pairs) == 1 and not refused.unknown_pair):
                raise
            if len(pairs) == 1:
                yield _not_listed(pairs[0])
                return
            async for report in self._in_halves(pairs):
                yield report
            return
        for pair in pairs:
            name = next((name for name in self._names(pair) if name in tickers), None)
            if name is None and len(pairs) == len(tickers) == 1:
                name = next(iter(tickers))  # one was asked for, so that is it whatever it is called
            if name is not None:
                for report in _quote(pair, tickers[name]):
                    yield report
            elif isinstance(error, BadRequest):
                # what is answered in part is used; the rest is what the error is about
                yield _not_listed(pair) if error.unknown_pair else Refusal(error, (pair,))
            else:
                yield Malformed(f"an answer without {pair}")
        if error is not None and not isinstance(error, BadRequest):
            yield Notice(error)

    async def _in_halves(self, pairs: Sequence[str]) -> AsyncIterator[Report]:
        """Fetch each half apart: one bad pair fails the whole call, until it stands alone."""
        middle = len(pairs) // 2
        async for report in in_turn((tuple(pairs[:middle]), tuple(pairs[middle:])), self._fetch_together):
            yield report

    def _names(self, pair: str) -> tuple[str, ...]:
        """Return what HTTP may call a pair; the first is the one to ask by."""
        market = self.directory.markets.find(pair)
        return assumed_names(pair) if market is None or not market.http_names else market.http_names

    async def _get(self, pairs: Sequence[str]) -> tuple[dict[str, msgspec.Raw], ProviderError | None]:
        """Return the tickers of an answer, and what it says went wrong with the rest of the request.

        Raises:
            ProviderError: Nothing of it was answered.
        """
        asked = ",".join(self._names(pair)[0] for pair in pairs)
        body = await self._ask("Ticker", {"pair": asked}, self._rate_limit)
        error = meaning(body.error) if body.error else None
        try:
            tickers = content(body.result, dict[str, msgspec.Raw])
        except Undecodable as reason:
            if error is not None:
                raise self._pause_after(error) from reason
            raise malformed_answer(TITLE, "a request for prices", reason) from reason
        if error is not None and not tickers:
            raise self._pause_after(error)
        return tickers, None if error is None else self._pause_after(error)

    async def _ask(self, method: str, params: Mapping[str, str], rate_limit: RateLimit | None) -> Body:
        try:
            return await request(self._http, self._host.url(f"/0/public/{method}"), params, rate_limit)
        except ProviderError as error:
            self._pause_after(error)
            raise

    async def list_markets(self) -> list[Market]:
        """Return the markets in US dollars that Kraken lists now.

        Raises:
            ProviderError: It could not be asked, or it did not say.
        """
        # once a day, and at the start: the first prices need not wait for it, but what follows them does
        self._rate_limit.count()
        body = await self._ask("AssetPairs", {}, None)
        try:
            found = markets(body.result)
        except Undecodable as error:
            raise self._pause_after(meaning(body.error)) from error
        if not found:
            raise self._pause_after(meaning(body.error))
        return found

    def _pause_after(self, error: ProviderError) -> ProviderError:
        """Pause the requests if the error is a rate limit; return it."""
        pause_after(error, self._rate_limit)
        return error


def _not_listed(pair: str) -> Refusal:
    return Refusal(ProviderError(ErrorKind.SUBSCRIPTION, f"{TITLE} does not list {pair}"), (pair,))


def _quote(pair: str, raw: msgspec.Raw) -> list[Report]:
    """Return the price of a pair, and what is wrong with the other figures."""
    try:
        ticker = content(raw, _Ticker)
        price = unless_zero(number(ticker.c[0])) if ticker.c else None
    except Undecodable as error:
        return [Malformed(f"the ticker of {pair}: {error}")]
    bad: list[str] = []

    def figure(name: str, values: list[object], position: int) -> Decimal | None:
        return number_if_any(name, values[position], bad) if len(values) > position else None

    volume, average = figure("v", ticker.v, DAY), unless_zero(figure("p", ticker.p, DAY))
    if price is None or (volume is not None and not volume):
        # nothing was traded for 24 hours: the stream calls that a price of 0, and it is no price
        return [PriceReport(pair, complete=True)]
    report = PriceReport(
        pair,
        price=price,
        volume_24h=in_dollars(volume, average),
        high_24h=unless_zero(figure("h", ticker.h, DAY)),
        low_24h=unless_zero(figure("l", ticker.l, DAY)),
        bid=unless_zero(figure("b", ticker.b, 0)),
        ask=unless_zero(figure("a", ticker.a, 0)),
        vwap_24h=average,
        trades_24h=read_trades(ticker.t[DAY], bad) if len(ticker.t) > DAY else None,
    )
    return [report, *(Malformed(f"the ticker of {pair}: {one}") for one in bad)]
