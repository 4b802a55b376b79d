"""What of the bus may be passed on: nothing that a terminal would refuse, or a relay could not write."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import fake_manager
import msgspec
import pytest
from sample_events import price, status, transaction, trouble

from streamcore.cluster.credible import check_statuses, check_transaction, credible
from streamcore.cluster.messages import Live
from streamcore.errors import MalformedMessage
from streamcore.events import Event, TokenChange


@pytest.mark.parametrize(
    "event",
    [
        *(price(value=text) for text in ("NaN", "sNaN", "-Infinity", "1E+999999", "1E-999", "0", "-1")),
        price(change_24h=Decimal(-101)),
        price(bid=Decimal("1" * 100)),
        price(trades_24h=2**70),
        price(trades_24h=-1),
        price(ts=1e308),
        price(provider="p" * 200),
        price("S" * 200),
        price(address="a" * 200),
        price(demo=True),
        trouble(message="m" * 5000),
        status(),
        transaction(),
    ],
)
def test_an_event_that_cannot_be_is_left_out_and_the_others_stay(event: Event) -> None:
    live, reason = credible(Live(term=3, events=[price("A"), event, trouble()], sources={}), demo=False)
    assert live == Live(term=3, events=[price("A"), trouble()], sources={})
    assert reason


def test_what_can_be_stays_as_it_is() -> None:
    events = [price(value="0.00000012583"), price(value=None, change_24h=Decimal("-100")), trouble()]
    live = Live(term=3, events=events, statuses=[fake_manager.status("kraken")])
    assert credible(live, demo=False) == (live, None)
    made_up = Live(term=3, events=[price(demo=True)])
    assert credible(made_up, demo=True) == (made_up, None)


STATUSES: list[dict[str, Any]] = [
    {"messages_received": 2**70},
    {"dropped": -1},
    {"uptime": 1e300},
    {"retry_at": float("inf")},
    {"reason": "r" * 5000},
    {"provider": "p" * 200},
]


@pytest.mark.parametrize("change", STATUSES)
def test_statuses_that_cannot_be_are_those_of_before(change: dict[str, Any]) -> None:
    one = msgspec.structs.replace(fake_manager.status("kraken"), **change)
    live, reason = credible(Live(term=3, statuses=[one], events=[price()]), demo=False)
    assert (live.statuses, live.events) == (None, [price()])
    assert reason


def test_there_are_not_hundreds_of_providers() -> None:
    with pytest.raises(MalformedMessage):
        check_statuses([fake_manager.status(f"p{number}") for number in range(101)])


@pytest.mark.parametrize(
    "change",
    [
        {"slot": 2**64},
        {"slot": -1},
        {"ts": 1e308},
        {"block_time": 2**62},
        {"summary": "s" * 5000},
        {"signature": "s" * 200},
        {"sol_change": Decimal("9" * 700)},
        {"counterparties": ("c" * 200,)},
        {"token_changes": (TokenChange(mint="m", symbol=None, amount=Decimal("1E-999")),)},
    ],
)
def test_a_transaction_that_no_terminal_would_take_cannot_be(change: dict[str, Any]) -> None:
    check_transaction(transaction(), 5)
    with pytest.raises(MalformedMessage):
        check_transaction(transaction(**change), 5)
