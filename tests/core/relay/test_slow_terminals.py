"""A terminal that takes nothing: it is left behind, holds up nobody, and comes back whole."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import sample_events
from relay_bench import WALLETS, Terminal, eventually, running
from relayed_engine import RelayedEngine
from virtual_time import VirtualClock, on_virtual_time

from streamcore.relay.limits import RelayLimits
from streamcore.relay.server import CLOSE_WITHIN, Relay
from streamcore.relay.terminal import LAGGING
from streamcore.wire.encodings import NAMES
from streamcore.wire.messages import Frame, Want

pytestmark = pytest.mark.long

SYMBOLS = ("SOL", "BTC", "ETH", "BONK")


async def with_a_small_window(relay: Relay, name: str = "msgpack") -> Terminal:
    """A terminal whose own kernel keeps almost nothing for it, and that takes no compression."""
    found = socket.create_connection(relay.address)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    found.setblocking(False)
    return await Terminal(relay, name).open(sock=found, compression=None)


def stall(terminal: Terminal) -> None:
    terminal.connection.transport.pause_reading()


def go_on(terminal: Terminal) -> None:
    terminal.connection.transport.resume_reading()


async def publish_until_left_behind(relay: Relay, engine: RelayedEngine, told: list[str]) -> None:
    """Publish prices and long transactions until a terminal is left behind."""
    for number in range(2000):
        for symbol in SYMBOLS:
            engine.price(symbol, f"{number + 1}.5")
        told += [engine.transaction(WALLETS[0], summary="x" * 900) for _ in range(5)]
        await asyncio.sleep(0.005)
        if relay.fan_out.lagging:
            return
    pytest.fail("nobody was left behind")


@pytest.mark.parametrize("name", NAMES)
@on_virtual_time
async def test_a_stalled_terminal_misses_frames_and_ends_with_equal_state(tmp_path: Path, name: str) -> None:
    async with running(tmp_path, clock=VirtualClock()) as (relay, engine):
        slow, quick = await with_a_small_window(relay, name), await Terminal(relay, name).open()
        for terminal in (slow, quick):
            await terminal.want(SYMBOLS, WALLETS[:1])
        told: list[str] = []
        stall(slow)
        await publish_until_left_behind(relay, engine, told)
        for number in range(20):
            told.append(engine.transaction(WALLETS[0]))
            engine.price("SOL", f"{3000 + number}.25")
            await asyncio.sleep(0.02)
        await quick.until(lambda: quick.transactions() == told)
        assert relay.fan_out.traffic.skipped
        frames = len(slow.of(Frame))
        go_on(slow)
        await slow.until(lambda: len(slow.transactions()) == len(told))
        assert slow.transactions() == told
        engine.price("BTC", "1")
        for terminal in (slow, quick):
            await terminal.until(lambda terminal=terminal: terminal.price("BTC") == "1")
        assert {key: str(one.price) for key, one in slow.mirror.prices.items()} == {
            key: str(one.price) for key, one in quick.mirror.prices.items()
        }
        assert len(slow.of(Frame)) > frames
        assert not relay.fan_out.lagging


@on_virtual_time
async def test_a_terminal_that_takes_nothing_for_too_long_is_closed_and_the_others_notice_nothing(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, clock=VirtualClock(), limits=RelayLimits(too_slow_after=1.0)) as (
        relay,
        engine,
    ):
        slow, quick = await with_a_small_window(relay), await Terminal(relay).open()
        for terminal in (slow, quick):
            await terminal.want(SYMBOLS, WALLETS[:1])
        told: list[str] = []
        stall(slow)
        await publish_until_left_behind(relay, engine, told)
        await eventually(lambda: sum(relay.terminals.values()) == 1)
        go_on(slow)
        await slow.end()
        told.append(engine.transaction(WALLETS[0]))
        await quick.until(lambda: quick.transactions() == told)
        assert quick.closed is None


@on_virtual_time
async def test_an_error_and_a_status_that_came_meanwhile_are_not_lost(tmp_path: Path) -> None:
    async with running(tmp_path, clock=VirtualClock()) as (relay, engine):
        slow = await with_a_small_window(relay)
        await slow.want(SYMBOLS, WALLETS[:1])
        stall(slow)
        await publish_until_left_behind(relay, engine, [])
        engine.say(sample_events.trouble("the host fails", provider="helius"))
        engine.set_status("helius", attempt=7)
        await asyncio.sleep(0.3)
        go_on(slow)
        await slow.until(lambda: slow.mirror.statuses["helius"].attempt == 7)
        assert "the host fails" in [getattr(event, "message", "") for event in slow.events]


@on_virtual_time
async def test_a_stalled_terminal_that_wants_something_else_misses_no_transaction(tmp_path: Path) -> None:
    async with running(tmp_path, clock=VirtualClock()) as (relay, engine):
        slow = await with_a_small_window(relay)
        await slow.want(SYMBOLS, WALLETS[:1])
        told: list[str] = []
        stall(slow)
        await publish_until_left_behind(relay, engine, told)
        wish = asyncio.create_task(slow.want(SYMBOLS[:1], WALLETS[:1]))
        await asyncio.sleep(0.2)
        told.append(engine.transaction(WALLETS[0]))
        go_on(slow)
        await wish
        await slow.until(lambda: len(slow.transactions()) == len(told))
        assert slow.transactions() == told


@on_virtual_time
async def test_what_the_kernel_keeps_for_a_terminal_is_bounded(tmp_path: Path) -> None:
    async with running(tmp_path, clock=VirtualClock()) as (relay, _):
        terminal = await Terminal(relay).open()
        (server_side,) = relay._terminals
        found = server_side.connection.transport.get_extra_info("socket")
        # the kernel doubles what it is asked for
        assert found.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * 32 * 1024
        await terminal.close()


@on_virtual_time
async def test_a_stalled_terminal_cannot_have_more_and_more_sent_to_it(tmp_path: Path) -> None:
    async with running(tmp_path, clock=VirtualClock(), limits=RelayLimits(too_slow_after=3.0)) as (
        relay,
        engine,
    ):
        slow = await with_a_small_window(relay)
        await slow.want(SYMBOLS, WALLETS[:1])
        since = slow.mirror.since
        stall(slow)
        await publish_until_left_behind(relay, engine, [])
        for _ in range(100):
            engine.transaction(WALLETS[0], summary="x" * 900)
        (server_side,) = relay._terminals
        most = 0
        for number in range(100, 115):
            await slow.send(Want(number, SYMBOLS, WALLETS[:1], since))
            await asyncio.sleep(0.02)
            most = max(most, server_side.backlog)
        assert most < 4 * LAGGING  # one frame of what was missed, and the answers
        # nor does asking keep the deadline away
        await eventually(lambda: not relay.terminals)
        go_on(slow)
        await slow.end()


@on_virtual_time
async def test_a_stalled_terminal_does_not_hold_up_the_end(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        relay, engine = await stack.enter_async_context(running(tmp_path, clock=VirtualClock()))
        slow, quick = await with_a_small_window(relay), await Terminal(relay).open()
        for terminal in (slow, quick):
            await terminal.want(SYMBOLS, WALLETS[:1])
        stall(slow)
        await publish_until_left_behind(relay, engine, [])
        async with asyncio.timeout(10 * CLOSE_WITHIN):
            await stack.aclose()
        assert (await quick.end())[0] == 1012
        go_on(slow)
        await slow.end()
