"""What ``doctor`` says of the sources of past prices."""

from __future__ import annotations

import asyncio

from history_table import BONK, SOL
from manual_clock import ManualClock
from scripted_history import ScriptedHistory

from streamcore.assets.instruments import Instrument
from streamcore.candles import ChartRange
from streamcore.checks import Check, Result
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.history.asked_source import AskedSource
from streamcore.history.examination import examine_history


async def examined(*sources: ScriptedHistory, watched: Instrument = SOL, demo: bool = False) -> list[Check]:
    clock = ManualClock()
    asked = [AskedSource(source, clock, demo=demo) for source in sources]
    work = asyncio.ensure_future(examine_history(asked, [watched, SOL], clock, within=10.0, demo=demo))
    await clock.advance(11)
    return await work


async def test_a_source_is_asked_for_a_day_of_the_first_that_it_has() -> None:
    kraken = ScriptedHistory("kraken", lists=lambda one: one.symbol == "SOL")
    (check,) = await examined(kraken, watched=BONK)
    assert kraken.asked == [("SOL", ChartRange.DAY)]
    assert (check.subject, check.result, check.detail) == (
        "kraken",
        Result.PASSED,
        "1 candles of SOL/USD in 24 h",
    )
    assert not check.needed


async def test_a_source_that_fails_or_does_not_answer_says_so_and_the_others_go_on() -> None:
    failing, silent, well = (ScriptedHistory(name) for name in ("kraken", "coinbase", "geckoterminal"))
    failing.failure = ProviderError(ErrorKind.SERVER, "Kraken has trouble of its own (HTTP 503)")
    silent.gate.clear()
    checks = await examined(failing, silent, well, demo=True)
    assert [(check.subject, check.result, check.detail) for check in checks] == [
        ("kraken (demo)", Result.FAILED, "Kraken has trouble of its own (HTTP 503)"),
        ("coinbase (demo)", Result.FAILED, "no answer within 10 s"),
        ("geckoterminal (demo)", Result.PASSED, "1 candles of SOL/USD in 24 h"),
    ]


async def test_what_is_paid_for_by_request_or_has_nothing_of_it_is_not_asked() -> None:
    metered = ScriptedHistory("birdeye", metered=True)
    elsewhere = ScriptedHistory("defillama", lists=lambda _: False)
    checks = await examined(metered, elsewhere)
    assert [check.result for check in checks] == [Result.SKIPPED, Result.SKIPPED]
    assert metered.asked == elsewhere.asked == []
