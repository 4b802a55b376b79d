"""What a terminal reads that has taken nothing for a while, on virtual time: next to nothing that is old."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from relay_bench import Terminal, running
from relayed_engine import RelayedEngine
from virtual_time import VirtualClock, on_virtual_time

from streamcore.relay import Relay
from streamcore.wire.messages import Frame

SYMBOLS = tuple(f"T{number:03}" for number in range(100))
SECOND = 1000
"""Milliseconds."""


class Dated(Terminal):
    """A terminal that notes when it has read each frame."""

    def __init__(self, relay: Relay) -> None:
        super().__init__(relay)
        self.clock = VirtualClock()
        self.read_at: list[float] = []

    async def until_equal(self, engine: RelayedEngine) -> None:
        prices = {key: str(event.price) for key, event in engine.prices.items()}
        await self.until(lambda: {key: str(one.price) for key, one in self.mirror.prices.items()} == prices)

    def frames(self, begin: int = 0) -> Sequence[Frame]:
        return self.of(Frame)[begin:]

    async def _read(self) -> None:
        recv = self.connection.recv

        async def dated(**options: bool) -> object:
            data = await recv(**options)
            self.read_at.append(self.clock.time())
            return data

        self.connection.recv = dated  # type: ignore[assignment]
        await super()._read()

    def ages(self, begin: int) -> list[float]:
        """Milliseconds from when each frame was sent until it was read."""
        return [
            at * SECOND - message.t
            for at, message in zip(self.read_at, self.messages, strict=True)
            if isinstance(message, Frame)
        ][begin:]


async def market(engine: RelayedEngine, seconds: float) -> None:
    """Publish 1,000 prices a second, one row after the other."""
    for number in range(round(seconds * 1000)):
        engine.price(SYMBOLS[number % 100], f"{100 + number}.25", ts=VirtualClock().time())
        if not number % 10:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "interval", [pytest.param(100, marks=pytest.mark.long), pytest.param(250, marks=pytest.mark.long), 1000]
)
@on_virtual_time
async def test_a_terminal_that_stalled_reads_at_most_a_second_of_old_frames_and_then_only_new_ones(
    tmp_path: Path, interval: int
) -> None:
    async with running(tmp_path, clock=VirtualClock()) as (relay, engine):
        stalled, other = await Dated(relay).open(), await Dated(relay).open()
        for terminal in (stalled, other):
            await terminal.want(SYMBOLS, interval=interval)
        await market(engine, 1.2)
        begin, others_begin = len(stalled.frames()), len(other.frames())
        stalled_at = VirtualClock().time() * SECOND
        stalled.connection.transport.pause_reading()
        await market(engine, 4.0)
        assert relay.fan_out.lagging == 1
        stalled.connection.transport.resume_reading()
        await market(engine, 1.2)
        await stalled.until_equal(engine)
        ages = stalled.ages(begin)
        in_flight = [frame.t for frame, age in zip(stalled.frames(begin), ages, strict=True) if age > SECOND]
        assert len(in_flight) <= max(1, SECOND // interval)
        assert all(t - stalled_at <= SECOND for t in in_flight)
        # once it has read what was on its way, everything is new
        assert max(ages[len(in_flight) :]) <= SECOND
        assert max(other.ages(others_begin)) <= 1
        assert not relay.fan_out.lagging
