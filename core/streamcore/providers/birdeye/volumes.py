"""The volume of 24 hours over HTTP, which prices come without: asked for rarely, by whatever the plan allows.

A stream tells it with the next trade, so a token that nobody trades would have none, and neither would any
on a plan without a stream. The change over 24 hours that comes with it is not read: a row has that from one
place.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Protocol

import msgspec

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.batching import batches
from streamcore.providers.birdeye.units import VOLUME, UnitPlan, batch_cost
from streamcore.providers.decoding import Undecodable, content, number
from streamcore.providers.reports import Malformed, Notice, PriceReport, Report

MINTS_PER_REQUEST = 50
EVERY = 900.0
"""Seconds for which a volume is good enough."""
AGAIN = 60.0
"""Seconds until it is asked for again when that failed."""

TOGETHER = "/defi/price_volume/multi"
"""Business plans."""
ALONE = "/defi/price_volume/single"
"""Every plan that is paid for."""


class Get(Protocol):
    """Makes one request."""

    async def __call__(
        self, path: str, params: Mapping[str, str] | None = None, *, json: Any = None
    ) -> msgspec.Raw:
        """Return the ``data`` of the answer; ``json`` is what to post.

        Raises:
            ProviderError: It was refused, or could not be made.
        """
        ...


class _Volume(msgspec.Struct, frozen=True):
    volumeUSD: object = None  # noqa: N815 - Birdeye's spelling


class Volumes:
    """Asks for volumes, and remembers when it did and which requests the plan does not serve."""

    def __init__(self, get: Get, units: UnitPlan, clock: Clock) -> None:
        self._get = get
        self._units = units
        self._clock = clock
        self._due_at: dict[str, float] = {}
        self._refused: set[str] = set()
        """Paths that the plan does not serve."""

    def forget(self) -> None:
        """Try again what was refused."""
        self._refused.clear()
        self._due_at.clear()

    async def fetch(self, mints: Iterable[str]) -> AsyncIterator[Report]:
        """Yield the volumes that are due. What goes wrong is told, and spoils nothing else."""
        now = self._clock.monotonic()
        due = tuple(mint for mint in mints if self._due_at.get(mint, now) <= now)
        self._due_at.update(dict.fromkeys(due, now + AGAIN))
        for path, size in ((TOGETHER, MINTS_PER_REQUEST), (ALONE, 1)):
            if path in self._refused:
                continue
            try:
                for some in batches(due, size):
                    for report in await self._ask(path, some):
                        yield report
            except ProviderError as error:
                if error.kind not in (ErrorKind.PLAN, ErrorKind.AUTH):
                    yield Notice(error)
                    return
                self._refused.add(path)  # were it the key that is wrong, the prices would say so
            else:
                return

    async def _ask(self, path: str, mints: tuple[str, ...]) -> list[Report]:
        if path == ALONE:
            (mint,) = mints
            told = {mint: await self._get(path, {"address": mint, "type": "24h"})}
        else:
            question = {"list_address": ",".join(mints), "type": "24h"}
            data = await self._get(path, json=question)
            try:
                told = content(data, dict[str, msgspec.Raw] | None) or {}  # type: ignore[arg-type]
            except Undecodable as error:
                return [Malformed(f"the volumes: {error}")]
        self._units.spent(batch_cost(len(mints), VOLUME))
        return [self._read(mint, told[mint]) for mint in mints if mint in told]

    def _read(self, mint: str, data: msgspec.Raw) -> Report:
        self._due_at[mint] = self._clock.monotonic() + EVERY
        try:
            told = _Volume() if bytes(data) == b"null" else content(data, _Volume)
            return PriceReport(mint, volume_24h=number(told.volumeUSD))
        except Undecodable as error:
            return Malformed(f"the volume of {mint}: {error}")
