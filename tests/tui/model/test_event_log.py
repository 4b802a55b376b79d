from __future__ import annotations

import logging

import msgspec
import pytest
from sample_events import trouble
from stage import on_stage

from streamtui.model.event_log import log_failure


def test_a_failure_is_a_warning_that_names_the_provider(caplog: pytest.LogCaptureFixture) -> None:
    log_failure(msgspec.structs.replace(trouble(), provider="birdeye", message="no answer\x1b[2J"))
    log_failure(msgspec.structs.replace(trouble(), provider="", message="no source in use has X"))
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("birdeye: no answer")
    assert "\x1b" not in first
    assert second == "no source in use has X"


async def test_the_app_logs_what_goes_wrong_with_a_provider(caplog: pytest.LogCaptureFixture) -> None:
    async with on_stage() as stage:
        await stage.tell(trouble())
    assert trouble().message in caplog.text
