"""All emulated providers together: their ports, their closing, and a demo that is alive by itself."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import httpx
import pytest
from cancelled_start import cancelled_at_every_step
from emulated import still, subscriber
from free_port import free_port
from manual_clock import ManualClock
from virtual_time import VirtualClock, on_virtual_time
from websockets.asyncio.client import connect

from streamsim import Emulators, Fault
from streamsim.world.catalog import SOL
from streamsim.world.chain import FIRST_SLOT_AT


async def test_the_servers_listen_on_loopback_only_and_on_the_ports_asked_for() -> None:
    port = free_port(neighbours=1)
    async with Emulators(birdeye_port=port, market_rate=0, wallet_rate=0) as emulators:
        assert emulators.birdeye.ws_url == f"ws://127.0.0.1:{port}/socket/solana"
        assert emulators.birdeye.rest_url == f"http://127.0.0.1:{port + 1}"


async def test_a_port_in_use_is_named_in_one_sentence_and_nothing_stays_open() -> None:
    async with still() as emulators:
        taken = emulators.helius.ws_port
        second = Emulators(helius_port=taken)
        with pytest.raises(
            OSError, match=rf"the emulated Helius cannot listen on 127\.0\.0\.1, port {taken}: "
        ) as refused:
            async with second:
                pass
        assert refused.value.errno
        with pytest.raises(ConnectionRefusedError):
            await connect(f"{second.birdeye.ws_url}?x-api-key=k")


@on_virtual_time
async def test_closing_is_quick_whatever_the_clients_are_doing() -> None:
    clock = VirtualClock()
    emulators = Emulators(clock=clock)
    async with emulators, httpx.AsyncClient() as client:
        half_open = await asyncio.open_connection("127.0.0.1", emulators.birdeye.ws_port)
        silent = await asyncio.open_connection("127.0.0.1", emulators.birdeye.http_port)
        await client.get(
            f"{emulators.birdeye.rest_url}/defi/price", params={"address": SOL}, headers={"X-API-KEY": "k"}
        )
        emulators.birdeye.faults.set(Fault.HTTP_SLOW, seconds=60)
        slow = asyncio.ensure_future(client.get(f"{emulators.birdeye.rest_url}/defi/price"))
        connection = await connect(f"{emulators.helius.ws_url}?api-key=k")
        frozen = await connect(f"{emulators.birdeye.ws_url}?x-api-key=k")
        emulators.birdeye.freeze()
        await emulators.birdeye.wait_for(lambda: len(emulators.birdeye.requests) == 2)
        began = clock.monotonic()
        await emulators.__aexit__(None, None, None)
        assert clock.monotonic() - began < 0.8
        for peer in (connection, frozen):
            await peer.wait_closed()
            assert peer.close_code == 1001
        await asyncio.gather(slow, return_exceptions=True)
        for _, writer in (half_open, silent):
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


@pytest.mark.long
async def test_who_is_cancelled_at_any_moment_of_the_start_leaves_nothing_open() -> None:
    """A relay that ended in the very moment it began to lead the demo left sockets that nobody closed."""
    assert await cancelled_at_every_step(lambda: Emulators(market_rate=0, wallet_rate=0)) > 10


@on_virtual_time
async def test_the_demo_is_alive_without_anybody_driving_it() -> None:
    clock = VirtualClock()
    async with Emulators(clock=clock) as emulators, subscriber(emulators) as connection:
        began = clock.monotonic()
        await connection.recv()
        assert clock.monotonic() - began < 1.0


async def test_a_run_that_wants_transactions_of_its_own_has_them_in_slots_after_those_of_an_earlier_run() -> (
    None
):
    wallet = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
    clock = ManualClock()
    clock.wall_offset = FIRST_SLOT_AT + 1000 - clock.time()
    earlier = Emulators(clock=clock, chain_seed=1)
    first = earlier.chain.transaction(earlier.chain.sol_in(wallet))
    await clock.advance(60)
    later = Emulators(clock=clock, chain_seed=2)
    second = later.chain.transaction(later.chain.sol_in(wallet))
    assert first is not None
    assert second is not None
    assert first.signature != second.signature
    assert second.slot == first.slot + 150
