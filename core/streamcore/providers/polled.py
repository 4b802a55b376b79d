"""What the price sources without a key and without a stream share: asked in batches, within a rate.

A source that has no price for a mint says so by leaving it out. That is a refusal of the one mint, so that
whoever routes can ask elsewhere; it is never the price zero.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import ClassVar

from streamcore.assets.instruments import Instrument
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind
from streamcore.net.rate_limit import RateLimit
from streamcore.net.transport import Answer, Http
from streamcore.providers.base import Provider, Rest
from streamcore.providers.batching import batches, in_turn
from streamcore.providers.decoding import Undecodable
from streamcore.providers.http_errors import malformed_answer, pause_after, refusal
from streamcore.providers.reports import Checkpoint, Refusal, Report

ABOUT_THE_MINTS = (400, 404, 422)
"""Statuses that are about what was asked; a request names mints and nothing else."""


class PolledPrices(Rest):
    """The `streamcore.providers.base.Rest` side of such a source; topics are mint addresses."""

    title: ClassVar[str]
    """The source's name as a person writes it."""

    def __init__(self, http: Http, base_url: str, batch_size: int, rate_limit: RateLimit) -> None:
        """``base_url`` is scheme and host; ``batch_size`` the most mints in one request."""
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._batch_size = batch_size
        self._rate_limit = rate_limit

    @abstractmethod
    def _question(self, mints: Sequence[str]) -> tuple[str, dict[str, str]]:
        """Return path and query of the request for these mints."""

    @abstractmethod
    def _read(self, mints: Sequence[str], body: bytes) -> list[Report]:
        """Return what a successful answer says: one report for each mint.

        Raises:
            Undecodable: It is not what the source is documented to answer.
        """

    def _told(self, headers: Mapping[str, str]) -> None:
        """Take note of what an answer's headers say about the rate; names in lower case."""

    async def fetch(
        self, topics: Sequence[str], checkpoints: Mapping[str, Checkpoint]
    ) -> AsyncIterator[Report]:
        """Yield the present price of each mint, or a refusal of it."""
        async for report in in_turn(batches(topics, self._batch_size), self._together):
            yield report

    async def _together(self, mints: Sequence[str]) -> AsyncIterator[Report]:
        path, query = self._question(mints)
        answer = await self._http.request(
            "GET",
            self._base_url + path,
            params=query,
            headers={"accept": "application/json"},
            rate_limit=self._rate_limit,
        )
        self._told(answer.headers)
        if answer.status in ABOUT_THE_MINTS and len(mints) > 1:
            # one mint that the source does not like fails the whole request; halve until it stands alone
            middle = len(mints) // 2
            async for report in in_turn((tuple(mints[:middle]), tuple(mints[middle:])), self._together):
                yield report
            return
        if answer.status != 200:
            raise self._refused(answer)
        try:
            reports = self._read(mints, answer.body)
        except Undecodable as error:
            raise malformed_answer(self.title, "a request for prices", error) from error
        for report in reports:
            yield report

    def _refused(self, answer: Answer) -> ProviderError:
        error = refusal(self.title, answer.status, answer.headers, key_setting=None)
        if (wait := pause_after(error, self._rate_limit)) is not None:
            return ProviderError(error.kind, error.message, retry_after=wait)
        return error

    def _unknown(self, mint: str) -> Refusal:
        """Return that the source has no price for a mint."""
        error = ProviderError(ErrorKind.SUBSCRIPTION, f"{self.title} has no price for {mint}")
        return Refusal(error, topics=(mint,))


class PolledProvider(Provider):
    """Such a source behind the seam; it has no stream."""

    kind = DataKind.PRICES
    rest: PolledPrices

    def topic(self, instrument: Instrument) -> str | None:
        """Return the mint, if that token and no other is what was asked for.

        A ticker that is only wrapped on Solana is none of it: its price here is not the asset's.
        """
        return instrument.own_mint
