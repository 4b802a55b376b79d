from __future__ import annotations

import asyncio
from typing import Any

from scripted_bus import ScriptedSession

from streamcore.cluster.link import Link


async def test_whoever_waits_gets_the_next_session_and_not_one_that_has_ended() -> None:
    link = Link()
    first: Any = ScriptedSession()
    second: Any = ScriptedSession()
    waiting = asyncio.create_task(link.session())
    await asyncio.sleep(0)
    assert link.present is None
    link.begin(first)
    assert await waiting is first
    first.lose()
    waiting = asyncio.create_task(link.session())
    await asyncio.sleep(0)
    assert not waiting.done()
    link.end()
    link.begin(second)
    assert await waiting is second
