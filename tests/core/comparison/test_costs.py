from __future__ import annotations

from decimal import Decimal
from itertools import count

import msgspec
from sample_events import price

from streamcore.comparison.costs import BATCHES, Cost, compare
from streamcore.events import PriceKind, PriceUpdate
from streamcore.wire.encodings import NAMES


def market(seconds: int = 60, rate: int = 20) -> list[PriceUpdate]:
    """A made-up market of ten tokens in which each update changes the price."""
    events = []
    for number in range(seconds * rate):
        event = price(
            f"T{number % 10}",
            str(Decimal(10_000 + number * 7 % 91) / 100),
            kind=PriceKind.DELTA if number >= 10 else PriceKind.SNAPSHOT,
            changed=("price",),
        )
        events.append(msgspec.structs.replace(event, ts=1000.0 + number / rate))
    return events


def compared(events: list[PriceUpdate]) -> dict[tuple[str, float | None], Cost]:
    ticks = count()
    costs = compare(events, lambda: float(next(ticks)))
    return {(cost.way, cost.batch): cost for cost in costs}


def test_every_way_is_measured_at_every_cadence_and_the_first_is_the_yardstick() -> None:
    costs = compared(market())
    assert len(costs) == (4 + len(NAMES)) * len(BATCHES)
    first = next(iter(costs.values()))
    assert (first.way, first.batch, first.saved) == ("JSON snapshot", None, 0.0)
    assert first.messages == 1200


def test_the_wire_saves_most_and_batching_and_compression_save_more() -> None:
    costs = compared(market())
    wire = [costs["wire MessagePack", batch] for batch in BATCHES]
    assert wire[0].saved > costs["JSON delta", None].saved
    assert wire[0].saved < wire[1].saved < wire[2].saved
    assert all(cost.saved_deflated > 0.8 for cost in wire)
    assert wire[2].messages < wire[1].messages < wire[0].messages


def test_a_batch_has_one_update_of_each_token_and_nothing_is_left_over() -> None:
    events = market(seconds=1, rate=1000)
    costs = compared(events)
    assert costs["JSON snapshot", 0.1].messages == 10


def test_times_are_shared_among_the_updates() -> None:
    cost = compared(market())["JSON snapshot", None]
    assert cost.writing == cost.deflating == 1 / 1200
