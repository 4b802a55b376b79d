from __future__ import annotations

import asyncio

import pytest
from fake_manager import FakeManager
from manual_clock import ManualClock
from sample_events import price, trouble

from streamcore import ErrorKind
from streamcore.assets.tokens import TokenTable
from streamcore.config.model import Settings, UiSettings
from streamtui.model.price_list import FLASH
from streamtui.model.session import Session
from streamtui.model.updates import Updates, frames_per_second


@pytest.mark.parametrize(
    ("setting", "environ", "expected"),
    [
        (None, {}, 10),
        (None, {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, 4),
        (None, {"SSH_TTY": "/dev/pts/1"}, 4),
        (20, {"SSH_TTY": "/dev/pts/1"}, 20),
    ],
)
def test_fewer_frames_are_drawn_over_ssh_unless_it_is_set(
    setting: int | None, environ: dict[str, str], expected: int
) -> None:
    assert frames_per_second(Settings(ui=UiSettings(frames_per_second=setting)), environ) == expected


async def test_nothing_is_repainted_while_changed_digits_merely_stand_out() -> None:
    clock = ManualClock()
    painted: list[float] = []

    def repaint() -> None:
        painted.append(clock.monotonic())
        session.prices.due(clock.monotonic())

    session = Session(Settings(), clock)
    updates = Updates(
        session,
        manager_factory=None,
        repaint=repaint,
        tick=lambda: None,
        notice=lambda text, bad: None,
        alarm=lambda text: None,
    )
    session.prices.add(TokenTable().resolve("SOL"))
    for value in ("150", "149"):
        session.prices.apply(price("SOL", value))
        session.prices.due(clock.monotonic())
        await clock.advance(1.0)
    frames = asyncio.create_task(updates.frames())
    session.prices.apply(price("SOL", "148"))
    session.mark_changed()
    await clock.advance(FLASH * 3)
    assert painted == [2.0], "the end of a flash waits for the next repaint"
    session.prices.apply(price("SOL", "147"))
    session.mark_changed()
    await clock.settle()
    assert painted[1:] == [clock.monotonic()]
    frames.cancel()


async def test_fault_18_what_no_source_has_is_told_without_the_name_of_a_provider() -> None:
    engine = FakeManager(Settings())
    clock = ManualClock()
    notices: list[str] = []
    session = Session(Settings(), clock)
    updates = Updates(
        session,
        manager_factory=lambda settings: engine,
        repaint=lambda: None,
        tick=lambda: None,
        notice=lambda text, bad: notices.append(text),
        alarm=lambda text: None,
    )
    running = asyncio.create_task(updates.run())
    for provider in ("kraken", ""):
        engine.tell(trouble(f"not here {provider}", provider=provider, kind=ErrorKind.SUBSCRIPTION))
    await clock.settle()
    assert notices == ["kraken: not here kraken", "not here "]
    assert [entry.provider for entry in session.health.log] == ["kraken", ""]
    running.cancel()
