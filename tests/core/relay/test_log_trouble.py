"""Why a log cannot be written: the operator is told once, terminals now and then."""

from __future__ import annotations

import pytest
from manual_clock import ManualClock

from streamcore.relay.log_trouble import TOLD_AGAIN_AFTER, LogTrouble


async def test_terminals_are_told_at_once_and_then_once_a_minute() -> None:
    clock = ManualClock()
    trouble = LogTrouble(clock)
    assert trouble.to_tell() == []
    trouble.began("the log cannot be written: the disk is full")
    (error,) = trouble.to_tell()
    assert error.message.startswith("the relay: the log cannot be written: the disk is full; ")
    await clock.advance(TOLD_AGAIN_AFTER - 1)
    assert trouble.to_tell() == []
    await clock.advance(1)
    assert len(trouble.to_tell()) == 1


def test_a_second_trouble_is_told_at_once_and_logged_again(caplog: pytest.LogCaptureFixture) -> None:
    trouble = LogTrouble(ManualClock())
    for _ in range(2):
        trouble.began("the log cannot be written")
        trouble.began("the log cannot be written")
        assert len(trouble.to_tell()) == 1
        trouble.ended()
        trouble.ended()
    assert trouble.reason is None
    assert caplog.messages == ["the log cannot be written", "the log can be written again"] * 2
