"""Birdeye: prices of Solana tokens. What it offers, what it allows, what its refusals mean over HTTP.

Source: docs.birdeye.so ("WebSocket", "Rate limiting", "Error handling").
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from streamcore.assets.instruments import Instrument
from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind
from streamcore.net.endpoint import Endpoint
from streamcore.net.rate_limit import TokenBucket
from streamcore.net.transport import Answer, Http
from streamcore.providers.base import (
    Checkpoint,
    Limits,
    Malformed,
    PriceReport,
    Provider,
    Refusal,
    Report,
    Rest,
)
from streamcore.providers.birdeye.codec import BirdeyeCodec, quota_text
from streamcore.providers.decoding import Undecodable, content, json_as, number
from streamcore.providers.http_errors import refusal
from streamcore.text import printable
from streamcore.urls import hidden_parts, shown_url

TITLE = "Birdeye"
KEY_SETTING = "BIRDEYE_API_KEY"
CLAUSES_PER_CONNECTION = 100
MINTS_PER_REQUEST = 100
DEBOUNCE = 1.0
"""Seconds; resending the subscription more often than this has been seen to be throttled."""
PAID_RATE = 7.0
"""Requests a second, and as many at once: together below the 15 a second of every paid plan."""
FREE_PERIOD = 2.1
"""Seconds a request of the free plan takes in practice: one is granted at N, the next at N + 2."""
ORIGIN = "ws://public-api.birdeye.so"
SUBPROTOCOL = "echo-protocol"


class BirdeyeProvider(Provider):
    """Birdeye behind the seam; topics are mint addresses."""

    name = "birdeye"
    title = TITLE
    kind = DataKind.PRICES

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        self._settings = settings.birdeye
        # a connection has one price subscription and that is one message, so the two limits are one
        size = min(CLAUSES_PER_CONNECTION, settings.stream.max_symbol_batch)
        self.limits = Limits(
            topics_per_connection=size,
            debounce=DEBOUNCE,
            words=f"{size} tokens a connection, {PAID_RATE:g} requests/s (free key: 1 in {FREE_PERIOD:g} s)",
        )
        self.rest = BirdeyeRest(settings, http, clock)
        # the change of ``multi_price`` and that of the statistics are different figures (seen 2025-06-24)
        self.streams_change = True

    def topic(self, instrument: Instrument) -> str | None:
        """Return the mint."""
        return instrument.mint

    def endpoint(self) -> Endpoint:
        """Return the stream's URL; the key is a query parameter, there is no other way in."""
        url, key = self._settings.ws_url, self._settings.api_key or ""
        joint = "&" if "?" in url else "?"
        return Endpoint(
            url=f"{url}{joint}x-api-key={quote(key, safe='')}",
            shown_url=shown_url(url),
            secrets=(key, *hidden_parts(url)),
            origin=ORIGIN,
            subprotocols=(SUBPROTOCOL,),
        )

    def codec(self) -> BirdeyeCodec:
        """Return a codec for a new connection."""
        self.streams_change = True
        return BirdeyeCodec(self._has_no_statistics)

    def _has_no_statistics(self) -> None:
        self.streams_change = False

    def handshake_refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        """Return what a refused upgrade means."""
        if status == 403:
            text = f"{TITLE} refused the stream for this key (HTTP 403): it takes Premium Plus or Business"
            error = ProviderError(ErrorKind.PLAN, text)
        else:
            error = meaning(status, headers, body)
        if error.parks:
            self.streams_change = False  # then HTTP has the only figure there will be
        return error


class _Envelope(msgspec.Struct, frozen=True):
    success: bool = False
    data: msgspec.Raw = msgspec.Raw(b"null")
    message: object = None


class _Quote(msgspec.Struct, frozen=True):
    """A price as REST has it; ``priceChange24h`` is percent."""

    value: object = None
    priceChange24h: object = None  # noqa: N815 - Birdeye's spelling


class BirdeyeRest(Rest):
    """Prices over HTTP: a hundred at once, or on a free key one by one within its rate."""

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        self._settings = settings.birdeye
        self._http = http
        self._paid = TokenBucket(PAID_RATE, int(PAID_RATE), clock)
        self._free = TokenBucket(1 / FREE_PERIOD, 1, clock)
        self._batch_size = min(MINTS_PER_REQUEST, settings.stream.max_symbol_batch)
        self._batches_allowed = True

    async def fetch(
        self, topics: Sequence[str], checkpoints: Mapping[str, Checkpoint]
    ) -> AsyncIterator[Report]:
        """Yield the present price and 24 h change of each mint."""
        remaining = list(topics)
        while remaining and self._batches_allowed:
            batch = remaining[: self._batch_size]
            try:
                async for report in self._together(batch):
                    yield report
            except ProviderError as error:
                # the same status says "wrong key" and "not on this plan": a single price will tell which
                if error.kind not in (ErrorKind.PLAN, ErrorKind.AUTH):
                    raise
                self._batches_allowed = False
                self._free.pause(FREE_PERIOD)  # the refused call has been counted there as well
                break
            del remaining[: self._batch_size]
        for mint in remaining:
            try:
                yield await self._single(mint)
            except ProviderError as error:
                if error.parks:
                    self._batches_allowed = True  # it was not the plan: the key is good for nothing
                raise

    def forget(self) -> None:
        """Try batches again, although they were refused."""
        self._batches_allowed = True

    async def _together(self, mints: list[str]) -> AsyncIterator[Report]:
        try:
            data = await self._get("/defi/multi_price", {"list_address": ",".join(mints)}, self._paid)
        except _BadAddress as error:
            if len(mints) == 1:
                yield Refusal(error, (mints[0],))
                return
            # one address that Birdeye does not like fails the whole call; halve until it stands alone
            middle = len(mints) // 2
            for half in (mints[:middle], mints[middle:]):
                async for report in self._together(half):
                    yield report
            return
        try:
            quotes = content(data, dict[str, msgspec.Raw] | None) or {}  # type: ignore[arg-type]
        except Undecodable as error:
            text = f"{TITLE} answered a request for prices with something unreadable: {error}"
            raise ProviderError(ErrorKind.PROTOCOL, text) from error
        for mint in mints:
            yield _quote(mint, quotes.get(mint))

    async def _single(self, mint: str) -> Report:
        try:
            return _quote(mint, await self._get("/defi/price", {"address": mint}, self._free))
        except _BadAddress as error:
            return Refusal(error, (mint,))

    async def _get(self, path: str, params: dict[str, str], rate_limit: TokenBucket) -> msgspec.Raw:
        key = self._settings.api_key or ""
        answer = await self._http.request(
            "GET",
            self._settings.rest_url.rstrip("/") + path,
            params=params,
            headers={"X-API-KEY": key, "x-chain": "solana", "accept": "application/json"},
            secrets=(key,),
            rate_limit=rate_limit,
        )
        try:
            body = json_as(answer.body, _Envelope)
        except Undecodable as error:
            if answer.status == 200:
                raise ProviderError(
                    ErrorKind.PROTOCOL, f"{TITLE} answered {path} with no JSON: {error}"
                ) from error
            body = _Envelope()
        # a status of 200 does not imply success, and no success does not imply that nothing was answered
        if answer.status == 200 and (body.success or bytes(body.data) not in (b"null", b"{}")):
            return body.data
        raise _refused(answer, rate_limit)


class _BadAddress(ProviderError):
    """Birdeye does not accept one of the addresses."""


def _refused(answer: Answer, rate_limit: TokenBucket) -> ProviderError:
    error = meaning(answer.status, answer.headers, answer.body)
    if error.kind is ErrorKind.RATE_LIMIT:
        rate_limit.pause(error.retry_after or FREE_PERIOD)
    return error


def meaning(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """Return what an answer other than success means; the body counts before the status.

    Quota comes as 400, and a plan without the endpoint as 401, the status of a wrong key.
    """
    shown = printable(_message(body), limit=120)
    folded = shown.casefold()
    if "compute units" in folded or "usage limit" in folded:
        return ProviderError(ErrorKind.QUOTA, quota_text(shown))
    if "permission" in folded and status == 401:
        return ProviderError(ErrorKind.PLAN, f"this {TITLE} plan does not serve that request: {shown}")
    if status in (400, 422) and "address" in folded:
        return _BadAddress(ErrorKind.SUBSCRIPTION, f"{TITLE} does not accept this address: {shown}")
    if status in (200, 400, 422):
        return ProviderError(ErrorKind.PROTOCOL, f"{TITLE} refused the request: {shown or 'no reason given'}")
    return refusal(TITLE, status, headers, key_setting=KEY_SETTING)


def _message(body: bytes) -> str:
    try:
        message: Any = json_as(body, _Envelope).message
    except Undecodable:
        return body[:200].decode("utf-8", "replace")
    return message if isinstance(message, str) else ""


def _quote(mint: str, data: msgspec.Raw | None) -> Report:
    """Return the price of a mint; a token that Birdeye does not know has no quote, never the price zero."""
    unknown = Refusal(ProviderError(ErrorKind.SUBSCRIPTION, f"{TITLE} has no price for {mint}"), (mint,))
    if data is None:
        return unknown
    try:
        quoted = content(data, _Quote | None)  # type: ignore[arg-type]
        if quoted is None:
            return unknown
        return PriceReport(
            mint, price=number(quoted.value), change_24h=number(quoted.priceChange24h), complete=True
        )
    except Undecodable as error:
        return Malformed(f"the quote of {mint}: {error}")
