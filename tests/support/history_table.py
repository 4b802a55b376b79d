"""The past of prices from sources that a test scripts, on a clock that it moves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from manual_clock import ManualClock
from scripted_history import ScriptedHistory, instrument

from streamcore.assets.instruments import Instrument
from streamcore.candles import ChartRange
from streamcore.errors import ProviderError
from streamcore.history.asked_source import AskedSource
from streamcore.history.price_history import PriceHistory
from streamcore.history.source_order import SourceOrder
from streamcore.tasks import Tasks

SOL = instrument("SOL")
BONK = instrument("BONK")


class Table:
    def __init__(self, *sources: ScriptedHistory, live: Callable[[Instrument], str | None]) -> None:
        self.clock = ManualClock()
        self.faults: list[ProviderError] = []
        self.tasks = Tasks("test", self.clock, failed=self.faults.append)
        asked = [AskedSource(source, self.clock, demo=False) for source in sources]
        venues = {source.name: source.venue for source in sources}
        order = SourceOrder(asked, live_source=live, venues=venues)
        self.history = PriceHistory(order, self.clock, self.tasks)

    async def failure(self, what: Instrument = SOL, span: ChartRange = ChartRange.HOUR) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            await self.history.series(what, span)
        return caught.value


@asynccontextmanager
async def table(
    *sources: ScriptedHistory, live: Callable[[Instrument], str | None] = lambda _: "kraken"
) -> AsyncIterator[Table]:
    made = Table(*sources, live=live)
    try:
        yield made
    finally:
        await made.tasks.close()
        assert made.faults == []
