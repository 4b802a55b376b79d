from __future__ import annotations

from typing import Any

import pytest
from fake_manager import status

from streamcore import BreakerState
from streamcore.events import State
from streamtui.format.lamps import CONNECTING, DOWN, IDLE, LIVE, POLLING, STALE, Lamp, healthy, lamp


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"state": State.CONNECTED}, LIVE),
        ({"state": State.CONNECTED, "stale": True}, STALE),
        ({"state": State.CONNECTING}, CONNECTING),
        ({"state": State.CONNECTING, "attempt": 3}, CONNECTING),
        ({"state": State.CONNECTING, "fallback": True}, POLLING),
        ({"state": State.FALLBACK, "fallback": True}, POLLING),
        ({"state": State.FALLBACK, "fallback": True, "parked": True}, POLLING),
        ({"state": State.FALLBACK, "fallback": True, "breaker": BreakerState.OPEN}, DOWN),
        ({"state": State.FALLBACK, "fallback": True, "breaker": BreakerState.HALF_OPEN}, POLLING),
        ({"state": State.FAILED, "parked": True}, DOWN),
        ({"state": State.FAILED, "retry_at": 5.0}, DOWN),
        ({"state": State.DISCONNECTED}, DOWN),
        ({"state": State.DISCONNECTING}, DOWN),
        ({"state": State.DISCONNECTED, "idle": True}, IDLE),
        ({"state": State.FAILED, "cut_off": True}, STALE),
    ],
)
def test_every_state_has_its_lamp(fields: dict[str, Any], shown: Lamp) -> None:
    assert lamp(status(**fields)) == shown
    assert healthy(status(**fields)) == (shown in (LIVE, IDLE))


def test_no_two_lamps_read_the_same() -> None:
    lamps = [LIVE, POLLING, CONNECTING, STALE, DOWN, IDLE]
    assert len({str(each) for each in lamps}) == len(lamps)
    assert [str(each) for each in lamps] == [
        "● live",
        "◐ polling",
        "◌ connecting",
        "◔ stale",
        "○ down",
        "○ idle",
    ]
