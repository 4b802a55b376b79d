"""When frames go, on virtual time: at once after a pause, then no more often than a terminal wants."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

from manual_clock import START
from relay_bench import WALLETS, Terminal, running
from sample_events import SOL
from virtual_time import VirtualClock, on_virtual_time

from streamcore.relay.limits import RelayLimits
from streamcore.wire.messages import Frame, Wanted


def now() -> float:
    return asyncio.get_running_loop().time()


def close_to(seconds: float, wanted: float) -> bool:
    """Whether a time of the wire, which has milliseconds, is the one that is wanted."""
    return abs(seconds - wanted) < 0.02


@on_virtual_time
async def test_after_a_pause_a_frame_goes_at_once_and_then_one_an_interval(tmp_path: Path) -> None:
    async with running(tmp_path, clock=VirtualClock()) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL"], interval=500)
        await asyncio.sleep(1.2)
        frames = len(terminal.of(Frame))
        began = now()
        for number in range(100):  # for a second
            engine.price("SOL", str(100 + number))
            await asyncio.sleep(0.01)
        await asyncio.sleep(1.0)
        prices = [frame for frame in terminal.of(Frame)[frames:] if frame.prices]
        sent = [frame.t / 1000 - prices[0].t / 1000 for frame in prices]
        assert len(sent) == 3
        assert close_to(sent[1], 0.5)
        assert close_to(sent[2], 1.0)
        assert terminal.price(SOL) == "199"
        assert close_to(prices[0].t / 1000, START + began)


@on_virtual_time
async def test_terminals_of_one_relay_have_paces_of_their_own(tmp_path: Path) -> None:
    async with running(tmp_path, clock=VirtualClock()) as (relay, engine):
        quick, slow = await Terminal(relay).open(), await Terminal(relay).open()
        assert (await quick.want(["SOL"], interval=100)).interval == 100
        assert (await slow.want(["SOL"], interval=900)).interval == 1000
        counts = [len(terminal.of(Frame)) for terminal in (quick, slow)]
        for number in range(500):  # for five seconds
            engine.price("SOL", str(100 + number))
            await asyncio.sleep(0.01)
        quick_count, slow_count = (
            len(terminal.of(Frame)) - count for terminal, count in zip((quick, slow), counts, strict=True)
        )
        assert 45 <= quick_count <= 52
        assert 4 <= slow_count <= 7


@on_virtual_time
async def test_a_quiet_relay_sends_an_empty_frame_every_three_seconds(tmp_path: Path) -> None:
    async with running(tmp_path, clock=VirtualClock()) as (relay, _):
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL"])
        before = len(terminal.of(Frame))
        await asyncio.sleep(31.0)
        frames = terminal.of(Frame)[before:]
        assert 9 <= len(frames) <= 12
        assert not any(frame.prices or frame.transactions for frame in frames)


@on_virtual_time
async def test_what_the_last_terminal_gave_up_is_unsubscribed_after_a_minute(tmp_path: Path) -> None:
    async with running(tmp_path, clock=VirtualClock()) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL"], WALLETS[:1])
        await terminal.close()
        await asyncio.sleep(58.0)
        assert engine.wallets
        await asyncio.sleep(4.0)
        assert not engine.wallets
        assert not engine.symbols


@on_virtual_time
async def test_a_terminal_has_five_seconds_to_say_what_it_wants(tmp_path: Path) -> None:
    async with running(tmp_path, clock=VirtualClock()) as (relay, _):
        terminal = await Terminal(relay).open()
        began = now()
        assert (await terminal.end())[0] == 4001
        assert 4.9 <= now() - began <= 5.5


@on_virtual_time
async def test_sixty_messages_a_minute_are_allowed_for_as_long_as_one_likes(tmp_path: Path) -> None:
    async with running(tmp_path, clock=VirtualClock(), limits=RelayLimits()) as (relay, _):
        terminal = await Terminal(relay).open()
        for number in range(150):
            await terminal.want(["SOL"] if number % 2 else ["BTC"])
            await asyncio.sleep(1.0)
        assert terminal.closed is None
        assert len(terminal.of(Wanted)) == 150


@on_virtual_time
async def test_a_stalled_terminal_delays_nobody_else(tmp_path: Path) -> None:
    async with running(tmp_path, clock=VirtualClock()) as (relay, engine):
        stalled, quick = await Terminal(relay).open(compression=None), await Terminal(relay).open()
        for terminal in (stalled, quick):
            await terminal.want(["SOL"], WALLETS[:1], interval=100)
        stalled.connection.transport.pause_reading()
        before = len(quick.of(Frame))
        told = []
        for number in range(500):  # for five seconds
            engine.price("SOL", str(100 + number))
            told.append(engine.transaction(WALLETS[0], summary="x" * 900, ts=START + now()))
            await asyncio.sleep(0.01)
        assert relay.fan_out.lagging == 1
        times = [frame.t for frame in quick.of(Frame)[before:]]
        assert 45 <= len(times) <= 52
        assert max(later - earlier for earlier, later in pairwise(times)) <= 120
        stalled.connection.transport.resume_reading()
        await stalled.until(lambda: len(stalled.transactions()) == len(told))
        assert stalled.transactions() == quick.transactions()[: len(told)] == told
