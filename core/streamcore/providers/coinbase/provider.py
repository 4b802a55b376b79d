"""Coinbase Exchange: prices of an exchange, in US dollars, without a key.

Source: docs.cdp.coinbase.com, "Exchange WebSocket" and "Exchange REST API". The newer Advanced Trade feed
has the same prices; it has a second vocabulary, and asks for a key to be reliable, so it is not used.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from urllib.parse import quote

import msgspec

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.rate_limit import TokenBucket
from streamcore.net.transport import Answer, Http
from streamcore.providers.base import Limits, Rest
from streamcore.providers.batching import batches, in_turn
from streamcore.providers.coinbase.candles import CoinbaseCandles
from streamcore.providers.coinbase.codec import PRODUCTS_PER_REQUEST, CoinbaseCodec
from streamcore.providers.coinbase.listing import RENAMED, TITLE, assumed_product, currency_names, markets
from streamcore.providers.decoding import Undecodable, json_as, number, number_if_any
from streamcore.providers.exchange import (
    DEBOUNCE,
    SILENCE,
    HttpHost,
    in_dollars,
    percent_since,
    unless_zero,
)
from streamcore.providers.exchange_provider import ExchangeProvider
from streamcore.providers.http_errors import malformed_answer, pause_after, refusal
from streamcore.providers.market_directory import MarketDirectory
from streamcore.providers.market_volumes import MarketVolumes
from streamcore.providers.markets import Market
from streamcore.providers.reports import (
    Checkpoint,
    Malformed,
    PriceReport,
    PriceRequest,
    Question,
    QuoteRequest,
    Refusal,
    Report,
)
from streamcore.text import printable

GONE = (400, 404, 410)
"""Statuses that are about the product of a request and about nothing else."""

ABOUT_A_PRODUCT = (ErrorKind.PROTOCOL, ErrorKind.SERVER)
"""Failures that may concern one product only, since each is asked for alone."""

MOST_VOLUMES = 6
"""Volumes that one search asks for: each is a request."""

RATE = 8.0
"""Requests a second; ten are allowed to an address, which others may share."""


class CoinbaseProvider(ExchangeProvider):
    """Coinbase Exchange behind the seam; topics are products such as ``SOL-USD``."""

    name = "coinbase"
    title = TITLE
    tells_gaps = True
    limits = Limits(
        topics_per_connection=None,
        debounce=DEBOUNCE,
        silence=SILENCE,
        text=f"{PRODUCTS_PER_REQUEST} pairs a message, {RATE:g} requests/s",
    )

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        self._batch_size = min(PRODUCTS_PER_REQUEST, settings.stream.max_symbol_batch)
        self.rest = CoinbaseRest(settings, http, clock)
        directory = MarketDirectory(
            self.name,
            self.rest.host.source("/products"),
            clock,
            ask=self.rest.list_markets,
            assumed=assumed_product,
            renamed=RENAMED,
        )
        volumes = MarketVolumes(self.name, self.rest, clock, most=MOST_VOLUMES)
        super().__init__(settings.coinbase.ws_url, directory, volumes)
        self.history = self.rest.candles(directory, clock)

    def codec(self) -> CoinbaseCodec:
        """Return a codec for a new connection."""
        return CoinbaseCodec(self._batch_size, self._passed_over)


class _Stats(msgspec.Struct, frozen=True):
    """``/products/{id}/stats``: figures of the last 24 hours, ``volume`` in base units."""

    open: object = None
    last: object = None
    volume: object = None
    high: object = None
    low: object = None
    message: object = None
    """An error's text, where an error comes in the place of all the others."""


class _Ticker(msgspec.Struct, frozen=True):
    """``/products/{id}/ticker``: the last trade; ``volume`` of the last 24 hours, in base units."""

    price: object = None
    bid: object = None
    ask: object = None
    volume: object = None
    trade_id: object = None


class CoinbaseRest(Rest):
    """Prices over HTTP, one product a request."""

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        section = settings.coinbase
        self.host = HttpHost(TITLE, "coinbase", section.ws_url, section.rest_url)
        self._http = http
        self._rate_limit = TokenBucket(RATE, int(RATE), clock)

    def candles(self, directory: MarketDirectory, clock: Clock) -> CoinbaseCandles:
        """Return the past of the prices; it shares what Coinbase allows an address with the present ones."""
        return CoinbaseCandles(self._http, self.host, directory, self._rate_limit, clock)

    async def fetch(
        self, topics: Sequence[str], checkpoints: Mapping[str, Checkpoint]
    ) -> AsyncIterator[Report]:
        """Yield the present price, 24 h change and 24 h volume of each product."""
        async for report in in_turn(batches(topics, 1), self._alone, about_topics=ABOUT_A_PRODUCT):
            yield report

    async def answer(self, question: Question) -> AsyncIterator[Report]:
        """Yield the price of a product whose trades the stream has left out, or the present bid and ask."""
        if not isinstance(question, PriceRequest | QuoteRequest):
            return
        product = question.topic
        body = await self._get(product, "ticker")
        if body is None:
            return  # gone since; the next look at all prices says so
        try:
            ticker = json_as(body, _Ticker)
            price = unless_zero(number(ticker.price))
            volume = in_dollars(number(ticker.volume), price)
            bid, ask = unless_zero(number(ticker.bid)), unless_zero(number(ticker.ask))
        except Undecodable as error:
            raise malformed_answer(TITLE, "a request for a price", error) from error
        if isinstance(question, QuoteRequest):
            yield PriceReport(product, bid=bid, ask=ask)
            return
        if isinstance(ticker.trade_id, int) and ticker.trade_id < question.trade:
            text = f"{TITLE} does not know the last trade of {product} over HTTP yet"
            raise ProviderError(ErrorKind.SERVER, text)
        yield PriceReport(product, price=price, volume_24h=volume, bid=bid, ask=ask)

    async def _alone(self, products: Sequence[str]) -> AsyncIterator[Report]:
        for product in products:
            for report in await self._product(product):
                yield report

    async def _product(self, product: str) -> list[Report]:
        """Return the price of a product, or why there is none, and what is wrong with the other figures."""
        body = await self._get(product, "stats")
        if body is None:
            text = f"{TITLE} does not list {product}"
            return [Refusal(ProviderError(ErrorKind.SUBSCRIPTION, text), (product,))]
        try:
            stats = json_as(body, _Stats)
            price = number(stats.last)
            # statistics of a product that has not traded lately may lack it
            if not price and stats.message is None:
                ticker = await self._get(product, "ticker")
                price = None if ticker is None else number(json_as(ticker, _Ticker).price)
        except Undecodable as error:
            return [Malformed(f"the statistics of {product}: {error}")]
        price = unless_zero(price)
        bad: list[str] = []
        if price is None and isinstance(stats.message, str):
            return [Malformed(f"the statistics of {product}: {printable(stats.message, limit=100)}")]
        before = number_if_any("open", stats.open, bad)
        report = PriceReport(
            product,
            price=price,
            change_24h=percent_since(price, before),
            volume_24h=in_dollars(number_if_any("volume", stats.volume, bad), price),
            high_24h=unless_zero(number_if_any("high", stats.high, bad)),
            low_24h=unless_zero(number_if_any("low", stats.low, bad)),
            complete=True,
        )
        return [report, *(Malformed(f"the statistics of {product}: {one}") for one in bad)]

    async def list_markets(self) -> list[Market]:
        """Return the markets in US dollars that Coinbase lists now.

        Raises:
            ProviderError: It could not be asked, or it did not say.
        """
        products = await self._ask("/products")
        if products.status != 200:
            raise self._rested(products)
        names: dict[str, str] = {}
        try:
            currencies = await self._ask("/currencies")
            names = currency_names(currencies.body)
        except (ProviderError, Undecodable):
            pass  # the names only help to find what is listed under another ticker
        try:
            found = markets(products.body, names)
        except Undecodable as error:
            raise malformed_answer(TITLE, "a request for its products", error) from error
        if not found:
            raise ProviderError(ErrorKind.PROTOCOL, f"{TITLE} answered with a list of no products")
        return found

    async def _ask(self, path: str) -> Answer:
        return await self._http.request(
            "GET", self.host.url(path), headers={"accept": "application/json"}, rate_limit=self._rate_limit
        )

    def _rested(self, answer: Answer) -> ProviderError:
        error = refusal(TITLE, answer.status, answer.headers, key_setting=None)
        pause_after(error, self._rate_limit)
        return error

    async def _get(self, product: str, what: str) -> bytes | None:
        """Return an answer's body; ``None``: there is no such product, or none any more.

        A product that was delisted is refused with 400 or 404 and ``Not allowed for delisted products``; the
        request names nothing but the product, so any such status is about it.
        """
        answer = await self._ask(f"/products/{quote(product, safe='')}/{what}")
        if answer.status == 200:
            return answer.body
        if answer.status in GONE:
            return None
        raise self._rested(answer)
