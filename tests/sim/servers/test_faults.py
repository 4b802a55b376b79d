"""The switches of a provider: how long they bite, and what they begin with."""

from __future__ import annotations

import json

import httpx
import pytest
from manual_clock import ManualClock
from websockets.asyncio.client import connect

from streamsim import Emulators, Fault, Faults
from streamsim.servers.faults import Event
from streamsim.world.catalog import SOL


def test_a_fault_bites_until_it_is_cleared_or_as_often_as_was_said() -> None:
    faults = Faults()
    assert faults.take(Fault.STALL) is None
    faults.set(Fault.STALL)
    assert all(faults.take(Fault.STALL) for _ in range(5))
    faults.set(Fault.STALL, times=2)
    assert [faults.take(Fault.STALL) is not None for _ in range(3)] == [True, True, False]
    faults.set(Fault.CUT, size=5)
    faults.set(Fault.SPLIT)
    faults.clear(Fault.SPLIT)
    terms = faults.look(Fault.CUT)
    assert terms is not None
    assert terms.size == 5
    faults.clear()
    assert Fault.CUT not in faults


def test_a_fault_has_no_terms_but_its_own() -> None:
    with pytest.raises(TypeError):
        Faults().set(Fault.CUT, colour="red")


def test_something_can_wait_for_an_event_to_have_happened_so_often() -> None:
    faults, seen = Faults(), list[str]()
    faults.happened(Event.REQUEST)
    faults.on(Event.REQUEST, lambda: seen.append("first"))
    faults.on(Event.REQUEST, lambda: seen.append("third"), count=3)
    faults.on(Event.CONNECT, lambda: seen.append("connected"))
    for expected in (["first"], ["first"], ["first", "third"], ["first", "third"]):
        faults.happened(Event.REQUEST)
        assert seen == expected
    faults.happened(Event.CONNECT)
    assert seen[-1] == "connected"


def test_what_happens_with_an_event_may_wait_for_the_next_one() -> None:
    faults, seen = Faults(), list[int]()

    def again() -> None:
        seen.append(len(seen))
        faults.on(Event.DATA, again)

    again()
    for _ in range(3):
        faults.happened(Event.DATA)
    assert seen == [0, 1, 2, 3]


async def test_a_server_tells_every_event_before_it_acts_on_it() -> None:
    async with Emulators(clock=ManualClock(), market_rate=0, wallet_rate=0) as emulators:
        server, events = emulators.kraken, list[Event]()

        def follow(event: Event) -> None:
            def seen() -> None:
                events.append(event)
                follow(event)

            server.faults.on(event, seen)

        for event in Event:
            follow(event)
        server.faults.on(Event.MESSAGE, lambda: server.faults.set(Fault.REJECT_SUBSCRIBE, times=1))
        server.faults.on(Event.REQUEST, lambda: server.faults.set(Fault.HTTP_STATUS, times=1), count=2)
        async with connect(server.ws_url) as socket:
            await socket.recv()
            request = {"method": "subscribe", "params": {"channel": "ticker", "symbol": ["SOL/USD"]}}
            await socket.send(json.dumps(request))
            assert json.loads(await socket.recv())["success"] is False
            await socket.send(json.dumps(request))
            assert json.loads(await socket.recv())["success"] is True
            await socket.recv()
            emulators.market.trade(SOL)
            await socket.recv()
        await server.wait_for(lambda: not server.clients)
        async with httpx.AsyncClient(base_url=server.rest_url, trust_env=False) as client:
            statuses = [(await client.get("/0/public/SystemStatus")).status_code for _ in range(3)]
        assert statuses == [200, 503, 200]
        assert events == [
            Event.CONNECT,
            Event.MESSAGE,
            Event.MESSAGE,
            Event.DATA,
            Event.DATA,
            Event.DISCONNECT,
            *[Event.REQUEST] * 3,
        ]
