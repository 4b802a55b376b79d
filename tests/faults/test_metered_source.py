"""A source of which every price is paid for: asked for what nobody else has, and sparingly."""

from __future__ import annotations

import asyncio

import pytest
from bench import SOL, Bench, bench
from public_bench import UNLISTED
from virtual_time import VirtualClock, on_virtual_time

from streamcore import PriceUpdate, State, StreamError, StreamManager
from streamsim import Fault

pytestmark = pytest.mark.long

STREAMED = ["SOL", "BTC", "ETH", "BONK", "JUP", "WIF", "PYTH", "JTO", "RAY", "W", "RENDER", "PENGU", "TRUMP"]
ALONE = ["SOL", "BONK", "JUP", "WIF", "PYTH", "JTO", "RAY", "W", "PNUT", "ORCA", "JLP", "MEW", "USDC"]


def bought(table: Bench) -> int:
    """How many prices have been paid for."""
    return sum(request.path.startswith("/defi/price") for request in table.birdeye.requests)


@on_virtual_time
async def test_row_d_a_free_key_buys_nothing_that_somebody_else_streams() -> None:
    async with bench("all", birdeye="free", patience=60.0) as table:
        await table.manager.subscribe_prices(STREAMED)
        await asyncio.sleep(60)
        assert set(table.manager.price_sources.values()) == {"kraken"}
        assert bought(table) <= 1  # the one that showed that the key is a good one
        status = table.manager.status("birdeye")
        assert (status.idle, status.standby, status.parked) == (True, True, False)
        assert "only for what no other source has" in status.limits


@on_virtual_time
async def test_row_d_when_all_others_are_lost_the_metered_one_steps_in_and_goes_again() -> None:
    async with bench("all", birdeye="free", patience=120.0) as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("kraken")
        others = ("kraken", "coinbase", "jupiter", "dexscreener")
        for name in others:
            getattr(table, name).faults.set(Fault.REFUSE_UPGRADE, status=503)
            getattr(table, name).faults.set(Fault.HTTP_STATUS, status=503)
        table.kraken.drop()
        await table.until(lambda: table.manager.price_sources[SOL] == "birdeye")
        await table.first(PriceUpdate, symbol="SOL", provider="birdeye")
        for name in others:
            getattr(table, name).faults.clear()
        await table.manager.reconnect("kraken")
        await table.connected("kraken")
        before = bought(table)
        await asyncio.sleep(60)
        assert table.manager.price_sources[SOL] == "kraken"
        assert bought(table) == before


@on_virtual_time
async def test_row_d_a_mint_that_no_stream_has_is_not_paid_for_while_it_can_be_had_for_nothing() -> None:
    async with bench("all", birdeye="free", patience=60.0) as table:
        await table.manager.subscribe_prices([UNLISTED, "JLP", "SOL"])
        await asyncio.sleep(60)
        assert {table.manager.price_sources[key] for key in table.manager.price_sources} <= {
            "kraken",
            "jupiter",
            "dexscreener",
            "birdeye",
        }
        assert table.sources("JLP")[-1] == "jupiter"
        assert bought(table) <= 3


@on_virtual_time
async def test_row_d_alone_a_free_key_gives_first_prices_at_once_and_then_spreads_its_month() -> None:
    async with bench("keyed", birdeye="free", patience=60.0) as table:
        await table.manager.subscribe_prices(ALONE)
        await table.until(lambda: {event.symbol for event in table.all(PriceUpdate)} == {*ALONE})
        first = table.birdeye.rest.plans.units_spent["free"]
        assert first <= 3 * (len(ALONE) + 2)
        await asyncio.sleep(2 * 3600)
        spent = table.birdeye.rest.plans.units_spent["free"] - first
        assert 0 < spent <= 30_000 * 2 / (20 * 24)  # the emulator's month has 20 days left
        assert "units left until" in table.manager.status("birdeye").limits


@on_virtual_time
async def test_row_d_what_is_almost_used_up_is_spread_all_the_same() -> None:
    async with bench("keyed", birdeye="free", patience=60.0) as table:
        table.birdeye.rest.plans.free_units = 60
        await table.manager.subscribe_prices(["SOL", "BONK"])
        await asyncio.sleep(2 * 3600)
        assert table.manager.status("birdeye").state is State.FALLBACK
        assert table.birdeye.rest.plans.units_spent["free"] <= 9


@pytest.mark.parametrize("chance", [1, 4, 9])
@on_virtual_time
async def test_row_e_the_second_terminal_on_a_free_key_gets_all_its_prices_too(chance: int) -> None:
    async with (
        bench("keyed", clock=VirtualClock(chance), birdeye="free") as table,
        StreamManager(table.manager.settings, clock=VirtualClock(chance + 100)) as other,
    ):
        seen: set[str] = set()

        async def note() -> None:
            async for event in other.events():
                if isinstance(event, PriceUpdate):
                    seen.add(event.symbol)

        noting = asyncio.create_task(note())
        wanted = ALONE[:6]
        for manager in (table.manager, other):
            await manager.subscribe_prices(wanted)
            await asyncio.sleep(0.7)
        await asyncio.sleep(75)
        assert seen == {*wanted}
        assert {event.symbol for event in table.all(PriceUpdate)} == {*wanted}
        noting.cancel()


@on_virtual_time
async def test_row_j_a_paid_plan_that_is_polled_has_volumes_and_changes_from_one_place() -> None:
    async with bench("keyed", patience=30.0) as table:
        table.birdeye.faults.set(Fault.REFUSE_UPGRADE, status=403)
        table.birdeye.change_differs = True
        await table.manager.subscribe_prices(["SOL", "BONK"])
        await asyncio.sleep(120)
        for symbol in ("SOL", "BONK"):
            last = table.all(PriceUpdate, symbol=symbol)[-1]
            assert last.volume_24h is not None
            assert len({event.change_24h for event in table.all(PriceUpdate, symbol=symbol)}) == 1
        volumes = [request for request in table.birdeye.requests if "volume" in request.path]
        assert len(volumes) == 1


@on_virtual_time
async def test_row_j_a_token_that_nobody_trades_has_a_volume_on_a_streaming_plan_too() -> None:
    async with bench("keyed", patience=30.0) as table:
        table.birdeye.faults.set(Fault.LEAVE_OUT)
        await table.manager.subscribe_prices(["SOL"])
        await table.until(lambda: any(event.volume_24h for event in table.all(PriceUpdate, symbol="SOL")))


@on_virtual_time
async def test_row_j_a_plan_without_volumes_is_still_a_plan_with_prices() -> None:
    async with bench("keyed", patience=30.0) as table:
        table.birdeye.rest.plans.unserved |= {"/defi/price_volume/multi", "/defi/price_volume/single"}
        await table.manager.subscribe_prices(["SOL"])
        await table.first(PriceUpdate, symbol="SOL")
        assert table.all(StreamError) == []
