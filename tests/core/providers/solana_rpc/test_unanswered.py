"""One transaction that a node never shows keeps no other waiting."""

from __future__ import annotations

import pytest
from scripted_node import NodeBench, W, told

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.reports import Checkpoint, PartialFetch
from streamcore.providers.solana_rpc.unanswered import ASKED_AGAIN_AFTER

HANGS = ProviderError(ErrorKind.NETWORK, "no answer within 10 s", unanswered=True)
FROM = Checkpoint("s0", 100)


@pytest.fixture
def bench() -> NodeBench:
    bench = NodeBench()
    for number in range(4):
        bench.node.happens(f"s{number}", 100 + number, W)
    bench.node.errors["s1"] = HANGS
    return bench


async def test_what_happened_after_it_is_told_all_the_same_and_it_is_named(bench: NodeBench) -> None:
    """One getTransaction that hung, and nothing of the wallet was told any more."""
    reports = await bench.fetch(first=FROM)
    assert told(reports)[-2:] == ["s2", "s3"]
    (partial,) = [report for report in reports if isinstance(report, PartialFetch)]
    assert partial.topic == W
    assert "s1" in partial.error.message
    assert not partial.error.unanswered  # the wallet itself is answered about


async def test_it_comes_last_and_is_asked_again_after_a_while_and_told_when_it_is_there(
    bench: NodeBench,
) -> None:
    await bench.fetch(first=FROM, within=1.0)
    bench.http.asked.clear()
    again = await bench.fetch(first=FROM, within=1.0)
    assert [params[0] for params in bench.called("getTransaction")] == told(again)
    assert "s1" not in told(again)
    assert any(isinstance(report, PartialFetch) for report in again)
    await bench.clock.advance(ASKED_AGAIN_AFTER)
    del bench.node.errors["s1"]
    last = await bench.fetch(first=FROM)
    assert told(last)[-1] == "s1"
    assert not any(isinstance(report, PartialFetch) for report in last)


async def test_where_two_are_not_answered_no_more_of_the_wallet_is_asked_for(bench: NodeBench) -> None:
    bench.node.errors["s2"] = HANGS
    reports = await bench.fetch(first=FROM)
    assert [params[0] for params in bench.called("getTransaction")] == ["s0", "s1", "s2"]
    assert isinstance(reports[-1], PartialFetch)
    assert reports[-1].error.unanswered
