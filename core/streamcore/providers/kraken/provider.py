"""Kraken: prices of an exchange, in US dollars, without a key.

Source: docs.kraken.com, "Spot WebSocket v2" and "Spot REST API".
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from streamcore.assets.instruments import Instrument, Venue
from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind
from streamcore.net.endpoint import Endpoint
from streamcore.net.rate_limit import TokenBucket
from streamcore.net.transport import Http
from streamcore.providers.base import Checkpoint, Limits, Malformed, PriceReport, Question, Refusal, Report
from streamcore.providers.batching import batches
from streamcore.providers.decoding import Undecodable, content, json_as, number
from streamcore.providers.exchange import DEBOUNCE, SILENCE, HttpHost, in_dollars, pair_of
from streamcore.providers.http_errors import RATE_LIMIT_REST, refusal
from streamcore.providers.kraken.codec import MAINTENANCE_WAIT, PAIRS_PER_REQUEST, KrakenCodec
from streamcore.text import printable

TITLE = "Kraken"
RATE = 0.9
"""Requests a second; one a second is what the public endpoints bear, and two clocks are never quite equal."""

_OLD_NAMES = {"BTC": "XBT", "DOGE": "XDG"}
"""HTTP still calls these by the names that ISO 4217 would have them by."""

_OLD_SPELLING = re.compile(r"XBT|XDG|X[A-Z]{3}Z")
"""Tickers that HTTP, unlike the stream, takes for the old name of another asset: ``XETHZUSD`` is ether."""


class KrakenProvider:
    """Kraken behind the seam; topics are pairs such as ``SOL/USD``."""

    name = "kraken"
    kind = DataKind.PRICES
    venue = Venue.EXCHANGE
    limits = Limits(
        topics_per_connection=None,
        debounce=DEBOUNCE,
        silence=SILENCE,
        words=f"{PAIRS_PER_REQUEST} pairs a message, {RATE:g} requests/s",
    )

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        self._url = settings.kraken.ws_url
        self._batch_size = min(PAIRS_PER_REQUEST, settings.stream.max_symbol_batch)
        self.rest = KrakenRest(settings, http, clock)

    def topic(self, instrument: Instrument) -> str | None:
        """Return the pair with the US dollar; ``None`` for a mint that has no ticker of its own."""
        return pair_of(instrument, "/")

    def endpoint(self) -> Endpoint:
        """Return the stream's URL; there is nothing secret about it."""
        return Endpoint(url=self._url, shown_url=self._url)

    def codec(self) -> KrakenCodec:
        """Return a codec for a new connection."""
        return KrakenCodec(self._batch_size)

    def forget(self) -> None:
        """Do nothing: what was refused is remembered by whoever routes."""

    def handshake_refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        """Return what a refused upgrade means."""
        return refusal(TITLE, status, headers, key_setting=None)


class _Body(msgspec.Struct, frozen=True):
    error: object = None
    result: msgspec.Raw = msgspec.Raw(b"null")


class _Ticker(msgspec.Struct, frozen=True):
    """``c`` is the last trade: price and lot; ``v``, ``p``, ``h`` and ``l`` are of today and of 24 h.

    They are volume, average, highest and lowest price.

    ``o`` is the price at the last midnight of UTC, not that of 24 hours ago, so no change comes from here.
    """

    c: list[object]
    v: list[object] = []
    p: list[object] = []
    h: list[object] = []
    l: list[object] = []  # noqa: E741 - Kraken's word


class _UnknownPair(ProviderError):
    """At least one of the pairs does not exist."""


class KrakenRest:
    """Prices over HTTP, many in one request; the change over 24 hours is not to be had here."""

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        section = settings.kraken
        self._host = HttpHost(TITLE, "kraken", section.ws_url, section.rest_url)
        self._http = http
        self._rate_limit = TokenBucket(RATE, 1, clock)
        self._batch_size = min(PAIRS_PER_REQUEST, settings.stream.max_symbol_batch)

    async def fetch(
        self, topics: Sequence[str], checkpoints: Mapping[str, Checkpoint]
    ) -> AsyncIterator[Report]:
        """Yield the present price and 24 h volume of each pair."""
        unknown = [pair for pair in topics if _is_ambiguous(pair)]
        for pair in unknown:
            yield _not_listed(pair)
        askable = [pair for pair in topics if pair not in unknown]
        for pairs in batches(askable, self._batch_size):
            async for report in self._together(pairs):
                yield report

    async def answer(self, question: Question) -> AsyncIterator[Report]:
        """Yield nothing: the codec asks nothing."""
        return
        yield  # what makes this a generator

    async def _together(self, pairs: Sequence[str]) -> AsyncIterator[Report]:
        try:
            tickers = await self._get(pairs)
        except _UnknownPair:
            if len(pairs) == 1:
                yield _not_listed(pairs[0])
                return
            # one unknown pair fails the whole call; halve until it stands alone
            middle = len(pairs) // 2
            for half in (pairs[:middle], pairs[middle:]):
                async for report in self._together(half):
                    yield report
            return
        for pair in pairs:
            ticker = next((tickers[name] for name in _result_names(pair) if name in tickers), None)
            yield Malformed(f"an answer without {pair}") if ticker is None else _quote(pair, ticker)

    async def _get(self, pairs: Sequence[str]) -> dict[str, msgspec.Raw]:
        answer = await self._http.request(
            "GET",
            self._host.url("/0/public/Ticker"),
            params={"pair": ",".join(_http_name(pair) for pair in pairs)},
            headers={"accept": "application/json"},
            rate_limit=self._rate_limit,
        )
        if answer.status != 200:
            raise self._rested(refusal(TITLE, answer.status, answer.headers, key_setting=None))
        try:
            body = json_as(answer.body, _Body)
            if body.error:
                raise self._rested(meaning(body.error))
            return content(body.result, dict[str, msgspec.Raw])
        except Undecodable as error:
            text = f"{TITLE} answered a request for prices with something unreadable: {error}"
            raise ProviderError(ErrorKind.PROTOCOL, text) from error

    def _rested(self, error: ProviderError) -> ProviderError:
        if error.kind is ErrorKind.RATE_LIMIT:
            self._rate_limit.pause(RATE_LIMIT_REST if error.retry_after is None else error.retry_after)
        return error


def meaning(errors: object) -> ProviderError:
    """Return what the ``error`` of an answer means; Kraken answers 200 whatever went wrong."""
    texts = [text for text in errors if isinstance(text, str)] if isinstance(errors, list) else []
    shown = printable(", ".join(texts), limit=120) or "no reason given"
    folded = shown.casefold()
    if "unknown asset pair" in folded:
        return _UnknownPair(ErrorKind.SUBSCRIPTION, f"{TITLE} does not know a pair: {shown}")
    if "too many requests" in folded or "rate limit" in folded or "throttled" in folded:
        text = f"{TITLE} asks for fewer requests: {shown}"
        return ProviderError(ErrorKind.RATE_LIMIT, text, retry_after=RATE_LIMIT_REST)
    if "eservice" in folded:
        text = f"{TITLE} has no service at the moment, perhaps maintenance: {shown}"
        return ProviderError(ErrorKind.SERVER, text, retry_after=MAINTENANCE_WAIT)
    return ProviderError(ErrorKind.PROTOCOL, f"{TITLE} refused the request: {shown}")


def _not_listed(pair: str) -> Refusal:
    return Refusal(ProviderError(ErrorKind.SUBSCRIPTION, f"{TITLE} does not list {pair}"), (pair,))


def _base(pair: str) -> str:
    return pair.partition("/")[0]


def _is_ambiguous(pair: str) -> bool:
    return _OLD_SPELLING.fullmatch(_base(pair)) is not None


def _http_name(pair: str) -> str:
    base = _base(pair)
    return f"{_OLD_NAMES.get(base, base)}USD"


def _result_names(pair: str) -> tuple[str, ...]:
    """Return what the answer may call a pair: as asked, as the stream does, or with the old prefixes."""
    base, asked = _base(pair), _http_name(pair)
    return asked, pair, f"{base}USD", f"X{asked[:-3]}ZUSD"


def _quote(pair: str, raw: msgspec.Raw) -> Report:
    try:
        ticker = content(raw, _Ticker)
        return PriceReport(
            pair,
            price=number(ticker.c[0]) if ticker.c else None,
            volume_24h=in_dollars(_second(ticker.v), _second(ticker.p)),
            high_24h=_second(ticker.h),
            low_24h=_second(ticker.l),
        )
    except Undecodable as error:
        return Malformed(f"the ticker of {pair}: {error}")


def _second(values: list[object]) -> Decimal | None:
    """Return the figure of the last 24 hours; the first one is today's."""
    return number(values[1]) if len(values) > 1 else None
