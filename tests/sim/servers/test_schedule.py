"""Faults by the clock and with events: reading a plan, and carrying it out."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from bench import SOL, bench
from virtual_time import VirtualClock, on_virtual_time

from streamcore import State
from streamsim import Emulators, Fault
from streamsim.servers.faults import Event
from streamsim.servers.schedule import BadFault, Moment, Occasion, Planned, carry_out, listing, plan

ALL = ("birdeye", "helius", "kraken", "coinbase", "solana")


@pytest.mark.parametrize(
    ("text", "planned"),
    [
        ("stall", Planned(Fault.STALL, ALL)),
        ("stall@10", Planned(Fault.STALL, ALL, 10.0)),
        ("stall@0.5+2.5", Planned(Fault.STALL, ALL, 0.5, 2.5)),
        ("birdeye:stall@10", Planned(Fault.STALL, ("birdeye",), 10.0)),
        (" Helius:Half_Open@3 ", Planned(Fault.HALF_OPEN, ("helius",), 3.0)),
        ("withhold_ack", Planned(Fault.WITHHOLD_ACK, ("helius", "kraken", "coinbase", "solana"))),
        ("null_price", Planned(Fault.NULL_PRICE, ("birdeye", "kraken", "coinbase"))),
        ("half_open", Planned(Fault.HALF_OPEN, ("birdeye", "helius"))),
        ("drop@4", Planned(Moment.DROP, ALL, 4.0)),
        ("freeze@4+60", Planned(Moment.FREEZE, ALL, 4.0, 60.0)),
        ("stall@connect", Planned(Fault.STALL, ALL, Occasion(Event.CONNECT))),
        ("drop@data*20", Planned(Moment.DROP, ALL, Occasion(Event.DATA, 20))),
        ("kraken:stall@connect*2+60", Planned(Fault.STALL, ("kraken",), Occasion(Event.CONNECT, 2), 60.0)),
        ("geckoterminal:throttle@5", Planned(Fault.THROTTLE, ("geckoterminal",), 5.0)),
        ("sns:http_status", Planned(Fault.HTTP_STATUS, ("sns",))),
        ("http_drop*3@1+request*9", Planned(Fault.HTTP_DROP, ALL, 1.0, Occasion(Event.REQUEST, 9), 3)),
    ],
)
def test_a_plan_is_read(text: str, planned: Planned) -> None:
    assert plan(text) == planned


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("explode", "there is no fault 'explode'; there are: refuse_upgrade"),
        ("nobody:stall", "there is no provider 'nobody'; there are: birdeye, helius"),
        ("birdeye:withhold_ack", "birdeye cannot have the fault withhold_ack"),
        ("geckoterminal:stall", "geckoterminal cannot have the fault stall"),
        ("drop@4+5", "drop happens once"),
        ("stall@", "expected"),
        ("stall@-1", "expected"),
        ("stall@1e3", "expected"),
        ("stall@soon", "SECONDS or one of connect, message"),
        ("stall@connect*0", "expected"),
        ("stall*0", "expected"),
        ("drop*2@connect", "drop happens once"),
        ("", "expected"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_what_can(text: str, why: str) -> None:
    with pytest.raises(BadFault, match=why.replace("[", r"\[")):
        plan(text)


def test_every_fault_is_listed_and_explained() -> None:
    lines = listing().splitlines()
    assert [line.split()[0] for line in lines] == [what.value for what in (*Fault, *Moment)]
    assert all(len(line.split()) > 2 for line in lines)


@on_virtual_time
async def test_planned_faults_begin_and_end_by_the_clock() -> None:
    async with bench(clock=VirtualClock(), proxies=True) as table:
        servers = {"birdeye": table.birdeye, "helius": table.helius}
        plans = [plan("birdeye:stall@10+5"), plan("helius:half_open@12"), plan("helius:stall_slots")]
        carrying_out = asyncio.create_task(carry_out(plans, servers, table.network, table.clock))
        await asyncio.sleep(9)
        assert Fault.STALL not in table.birdeye.faults
        assert Fault.STALL_SLOTS in table.helius.faults
        await asyncio.sleep(2)
        assert Fault.STALL in table.birdeye.faults
        assert Fault.STALL not in table.helius.faults
        await asyncio.sleep(5)
        assert Fault.STALL not in table.birdeye.faults
        assert Fault.HALF_OPEN in table.network["helius"]
        await carrying_out


@pytest.mark.parametrize("text", ["drop@5", "close@5", "error_frame@5", "freeze@5+90"])
@on_virtual_time
async def test_a_moment_happens_once(text: str) -> None:
    async with bench(clock=VirtualClock()) as table:
        await table.manager.subscribe_prices([SOL])
        await table.connected("birdeye")
        plans = [plan(f"birdeye:{text}")]
        servers = {"birdeye": table.birdeye, "helius": table.helius}
        await carry_out(plans, servers, table.network, table.clock)
        await asyncio.sleep(10)
        status = table.manager.status("birdeye")
        assert status.state is State.CONNECTED
        assert bool(status.reconnects) is ("error" not in text)


@on_virtual_time
async def test_a_fault_can_begin_and_end_with_an_event_however_long_it_takes_to_come() -> None:
    async with bench(clock=VirtualClock()) as table:
        servers = {"birdeye": table.birdeye, "helius": table.helius}
        planned = plan("birdeye:refuse_upgrade@disconnect+request*2")
        carrying_out = asyncio.create_task(carry_out([planned], servers, table.network, table.clock))
        await table.manager.subscribe_prices([SOL])
        await table.connected("birdeye")
        await asyncio.sleep(20)
        assert Fault.REFUSE_UPGRADE not in table.birdeye.faults
        asked = len(table.birdeye.requests)
        table.birdeye.drop()
        await carrying_out
        assert len(table.birdeye.requests) == asked + 2
        assert len(table.birdeye.handshakes) > 1
        await table.connected("birdeye")
        assert table.birdeye.connections == 1


@on_virtual_time
async def test_a_source_without_a_stream_has_faults_of_its_answers() -> None:
    clock = VirtualClock()
    async with (
        Emulators(clock=clock, market_rate=0, wallet_rate=0) as emulators,
        httpx.AsyncClient() as client,
    ):
        plans = [plan("geckoterminal:throttle@1+1"), plan("defillama:http_status@request*2+request")]
        servers = {"geckoterminal": emulators.geckoterminal, "defillama": emulators.defillama}
        carrying_out = asyncio.create_task(carry_out(plans, servers, {}, clock))
        pools = f"{emulators.geckoterminal.rest_url}/api/v2/networks/solana/tokens/{SOL}/pools"
        chart = f"{emulators.defillama.rest_url}/chart/solana:{SOL}"
        await asyncio.sleep(0)
        statuses = [(await client.get(chart)).status_code for _ in range(3)]
        assert statuses == [200, 503, 200]
        told = []
        for _ in range(3):
            told.append((await client.get(pools)).status_code)
            await clock.sleep(1.1)
        assert told == [200, 429, 200]
        await carrying_out
