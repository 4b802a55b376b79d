"""The stage of one connection, closed at the end of the test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from scripted_connection import MakeStage, ScriptedConnection


@pytest.fixture
async def make_stage() -> AsyncIterator[MakeStage]:
    stages: list[ScriptedConnection] = []

    def make(**stream: float | bool) -> ScriptedConnection:
        stages.append(ScriptedConnection(**stream))
        return stages[-1]

    yield make
    for made in stages:
        await made.connection.close()


@pytest.fixture
async def stage(make_stage: MakeStage) -> ScriptedConnection:
    return make_stage()
