"""Birdeye over HTTP: prices and volumes, what they cost, what its refusals mean.

Source: docs.birdeye.so ("Rate limiting", "Error handling").
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import msgspec

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.rate_limit import RateLimit, TokenBucket
from streamcore.net.transport import Answer, Http
from streamcore.providers.base import Rest
from streamcore.providers.birdeye.candles import BirdeyeCandles
from streamcore.providers.birdeye.codec import quota_text
from streamcore.providers.birdeye.units import PRICE, UnitPlan, batch_cost
from streamcore.providers.birdeye.volumes import Volumes
from streamcore.providers.decoding import Undecodable, content, json_as, number, number_if_any
from streamcore.providers.history_source import ChartRateLimit
from streamcore.providers.http_errors import malformed_answer, refusal, retry_after
from streamcore.providers.reports import Checkpoint, Malformed, Notice, PriceReport, Refusal, Report
from streamcore.text import printable

TITLE = "Birdeye"
KEY_SETTING = "BIRDEYE_API_KEY"
MINTS_PER_REQUEST = 100
PAID_RATE = 7.0
"""Requests a second, and as many at once: together below the 15 a second of every paid plan."""
FREE_PERIOD = 2.1
"""Seconds a request of the free plan takes in practice: one is granted at N, the next at N + 2."""
MOST_TRIES = 6
"""Denials of one price in a row after which the others that want the key are left to it for a while."""
SHORT_DENIAL = 5.0
"""Seconds that a denial may ask for to be waited out on the spot."""
UNITS_KNOWN_FOR = 3600.0
"""Seconds for which it is believed how many units are left; what other programs spend is not seen here."""


class _Envelope(msgspec.Struct, frozen=True):
    success: bool = False
    data: msgspec.Raw = msgspec.Raw(b"null")
    message: object = None


class _Quote(msgspec.Struct, frozen=True):
    """A price as REST has it; ``priceChange24h`` is percent."""

    value: object = None
    priceChange24h: object = None  # noqa: N815 - Birdeye's spelling


class _Credits(msgspec.Struct, frozen=True):
    """``/utils/v1/credits``: ``end_time`` is when the units return, Unix seconds."""

    end_time: float
    remaining: dict[str, object]


class BirdeyeRest(Rest):
    """Prices over HTTP: a hundred at once, or on a free key one by one within its rate.

    A key whose plan has no stream is metered: the first price of a token is asked for at once, and further
    ones as the month's units allow, those first that have waited longest.
    """

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        self._settings = settings.birdeye
        self._http = http
        self._clock = clock
        self._paid = TokenBucket(PAID_RATE, int(PAID_RATE), clock)
        self._free = TokenBucket(1 / FREE_PERIOD, 1, clock)
        self._batch_size = min(MINTS_PER_REQUEST, settings.stream.max_symbol_batch)
        self._batches_allowed = True
        self._batches_served = False
        """A batch has been answered, so the plan is one that is paid for."""
        self._answered_at: dict[str, float] = {}
        """Mint to when it was answered last."""
        self._units_asked_at = float("-inf")
        self.units = UnitPlan(clock)
        self._volumes = Volumes(self._get_paid, self.units, clock)
        self.metered = False
        """The plan has no stream, so that every price is paid for."""

    def candles(self) -> BirdeyeCandles:
        """Return the past of the prices; it shares what the key's plan allows with the present ones."""
        return BirdeyeCandles(
            TITLE,
            self._get,
            ChartRateLimit(TITLE, self._clock, _PlanLimit(lambda: self._bucket)),
            is_paid=lambda: self._batches_served,
            spent=self.units.spent,
        )

    async def fetch(
        self, topics: Sequence[str], checkpoints: Mapping[str, Checkpoint]
    ) -> AsyncIterator[Report]:
        """Yield the present price and 24 h change of each mint, and now and then the volume."""
        mints = self._due(topics)
        priced: list[str] = []
        async for report in self._prices(mints):
            if isinstance(report, PriceReport):
                priced.append(report.topic)
            yield report
        if self._batches_served:
            async for report in self._volumes.fetch(priced):
                yield report
        if self.metered and mints:
            await self._ask_units()

    def wanted_anew(self, topics: Sequence[str]) -> None:
        """Let the next price of these mints be asked for at once."""
        for mint in topics:
            self._answered_at.pop(mint, None)

    def forget(self) -> None:
        """Try everything again at once, although it was refused or has to last."""
        self._batches_allowed = True
        self._batches_served = False
        self.metered = False
        self._answered_at.clear()
        self.units.forget()
        self._volumes.forget()
        self._units_asked_at = float("-inf")

    @property
    def words(self) -> str:
        """What a metered key is kept to, for a person to read."""
        count = max(len(self._answered_at), 1) if self._batches_allowed else 1
        return self.units.words(batch_cost(count, PRICE))

    def _due(self, topics: Sequence[str]) -> list[str]:
        """Return the mints to ask about now, those first that were answered longest ago."""
        self._answered_at = {mint: at for mint, at in self._answered_at.items() if self.is_wanted(mint)}
        mints = sorted(topics, key=lambda mint: self._answered_at.get(mint, float("-inf")))
        if not self.metered:
            return mints
        new = [mint for mint in mints if mint not in self._answered_at]
        if new or not self.units.is_due:
            return new
        return mints if self._batches_allowed else mints[:1]

    async def _prices(self, mints: Sequence[str]) -> AsyncIterator[Report]:
        remaining = list(mints)
        while remaining and self._batches_allowed:
            batch = remaining[: self._batch_size]
            try:
                async for report in self._together(batch):
                    yield report
            except ProviderError as error:
                if self._is_short_denial(error) and not self._batches_served:
                    # what is denied to a free key says nothing about its plan; single prices keep to its pace
                    yield Notice(error)
                    self._wait_in_turn(error, 1)
                    break
                # the same status says "wrong key" and "not on this plan": a single price will tell which
                if error.kind not in (ErrorKind.PLAN, ErrorKind.AUTH):
                    raise
                self._batches_allowed = self._batches_served = False
                self._free.pause(FREE_PERIOD)  # the refused call has been counted there as well
                break
            self._batches_served = True
            self._has_answered(batch)
            del remaining[: self._batch_size]
        for mint in remaining:
            if not self.is_wanted(mint):
                continue  # another source has it meanwhile
            try:
                async for report in self._single_in_turn(mint):
                    yield report
            except ProviderError as error:
                if error.parks:
                    self._batches_allowed = True  # it was not the plan: the key is good for nothing
                raise
            self.metered = self.metered or not self._batches_allowed
            self._has_answered((mint,))

    def _has_answered(self, mints: Sequence[str]) -> None:
        self._answered_at.update(dict.fromkeys(mints, self._clock.monotonic()))
        self.units.spent(batch_cost(len(mints), PRICE))

    async def _single_in_turn(self, mint: str) -> AsyncIterator[Report]:
        """Ask for one price until it is this program's turn: the key may be in use by another one as well.

        Yields what is told of it, in the end the price.

        Raises:
            ProviderError: It was refused, or its turn did not come for long.
        """
        for tries in range(1, MOST_TRIES + 1):
            try:
                for report in await self._single(mint):
                    yield report
            except ProviderError as error:
                if tries == MOST_TRIES or not self._is_short_denial(error):
                    raise
                yield Notice(error)
                self._wait_in_turn(error, tries)
            else:
                return

    def _is_short_denial(self, error: ProviderError) -> bool:
        return error.kind is ErrorKind.RATE_LIMIT and (error.retry_after or 0.0) <= SHORT_DENIAL

    def _wait_in_turn(self, error: ProviderError, tries: int) -> None:
        # chance keeps two programs from asking in step, where always the same one is denied
        self._free.pause((error.retry_after or FREE_PERIOD) + self._clock.random() * FREE_PERIOD * tries)

    async def _ask_units(self) -> None:
        """Ask how many units are left, if that is not known any more; without an answer nothing changes."""
        now = self._clock.monotonic()
        if now - self._units_asked_at < UNITS_KNOWN_FOR:
            return
        self._units_asked_at = now
        try:
            told = content(await self._get("/utils/v1/credits", {}, self._bucket), _Credits)
        except (ProviderError, Undecodable):
            return
        left, until = told.remaining.get("api"), told.end_time
        if isinstance(left, int | float) and until > self._clock.time():
            self.units.told(left, until)

    @property
    def _bucket(self) -> TokenBucket:
        return self._paid if self._batches_allowed else self._free

    async def _get_paid(
        self, path: str, params: Mapping[str, str] | None = None, *, json: Any = None
    ) -> msgspec.Raw:
        return await self._get(path, params or {}, self._paid, json=json)

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
            raise malformed_answer(TITLE, "a request for prices", error) from error
        for mint in mints:
            for report in _quote(mint, quotes.get(mint)):
                yield report

    async def _single(self, mint: str) -> list[Report]:
        try:
            return _quote(mint, await self._get("/defi/price", {"address": mint}, self._free))
        except _BadAddress as error:
            return [Refusal(error, (mint,))]

    async def _get(
        self, path: str, params: Mapping[str, str], rate_limit: RateLimit, *, json: Any = None
    ) -> msgspec.Raw:
        key = self._settings.api_key or ""
        answer = await self._http.request(
            "GET" if json is None else "POST",
            self._settings.rest_url.rstrip("/") + path,
            params=params,
            headers={"X-API-KEY": key, "x-chain": "solana", "accept": "application/json"},
            secrets=(key,),
            rate_limit=rate_limit,
            json=json,
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


class _PlanLimit:
    """The rate limit of the plan that the key turns out to have."""

    def __init__(self, present: Callable[[], RateLimit]) -> None:
        self._present = present

    async def take(self) -> None:
        await self._present().take()

    def pause(self, seconds: float) -> None:
        self._present().pause(seconds)


class _BadAddress(ProviderError):
    """Birdeye does not accept one of the addresses."""


def _refused(answer: Answer, rate_limit: RateLimit) -> ProviderError:
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
    if status < 500 and ("too many requests" in folded or "rate limit" in folded):
        text = f"{TITLE} asks for fewer requests: {shown}"
        return ProviderError(ErrorKind.RATE_LIMIT, text, retry_after=retry_after(headers))
    if status in (200, 400, 422):
        return ProviderError(ErrorKind.PROTOCOL, f"{TITLE} refused the request: {shown or 'no reason given'}")
    return refusal(TITLE, status, headers, key_setting=KEY_SETTING)


def _message(body: bytes) -> str:
    try:
        message: Any = json_as(body, _Envelope).message
    except Undecodable:
        return body[:200].decode("utf-8", "replace")
    return message if isinstance(message, str) else ""


def _quote(mint: str, data: msgspec.Raw | None) -> list[Report]:
    """Return the price of a mint, or why there is none, and what is wrong with the rest.

    A token that Birdeye does not know has no quote, never the price zero.
    """
    unknown = Refusal(ProviderError(ErrorKind.SUBSCRIPTION, f"{TITLE} has no price for {mint}"), (mint,))
    if data is None:
        return [unknown]
    try:
        quoted: _Quote | None = content(data, _Quote | None)  # type: ignore[arg-type]
        price = None if quoted is None else number(quoted.value)
    except Undecodable as error:
        return [Malformed(f"the quote of {mint}: {error}")]
    if quoted is None:
        return [unknown]
    bad: list[str] = []
    change = number_if_any("priceChange24h", quoted.priceChange24h, bad)
    report = PriceReport(mint, price=price, change_24h=change, complete=True)
    return [report, *(Malformed(f"the quote of {mint}: {one}") for one in bad)]
