"""Examines the sources of past prices: asks each for one day of one price."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from streamcore.assets.instruments import Instrument
from streamcore.candles import ChartRange
from streamcore.checks import Check, Result
from streamcore.clock import Clock, wait_for
from streamcore.errors import ProviderError
from streamcore.history.asked_source import AskedSource

NAME = "past prices"


async def examine_history(
    sources: Sequence[AskedSource],
    instruments: Sequence[Instrument],
    clock: Clock,
    *,
    within: float,
    demo: bool,
) -> list[Check]:
    """Ask each source for the last day of a price; none of the checks is needed.

    Args:
        sources: What to examine.
        instruments: Each is asked about the first of these that it has.
        clock: Time.
        within: Seconds for each.
        demo: What they say is invented.
    """
    return [*await asyncio.gather(*(_examine(one, instruments, clock, within, demo) for one in sources))]


async def _examine(
    asked: AskedSource, instruments: Sequence[Instrument], clock: Clock, within: float, demo: bool
) -> Check:
    subject = f"{asked.name} (demo)" if demo else asked.name
    if asked.metered:
        detail = "not tried: a request takes part of the month's allowance of the key"
        return Check(subject, NAME, Result.SKIPPED, None, detail, needed=False)
    instrument = next((one for one in instruments if asked.has(one)), None)
    if instrument is None:
        return Check(subject, NAME, Result.SKIPPED, None, "it has none of what is watched", needed=False)
    began = clock.monotonic()
    result = Result.FAILED
    try:
        series = await wait_for(clock, asked.candles(instrument, ChartRange.DAY), within)
    except TimeoutError:
        detail = f"no answer within {within:g} s"
    except ProviderError as error:
        detail = error.message
    else:
        result = Result.PASSED
        kind = "prices" if series.line else "candles"
        detail = f"{len(series.candles)} {kind} of {series.market} in 24 h"
    return Check(subject, NAME, result, clock.monotonic() - began, detail, needed=False)
