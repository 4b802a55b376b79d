"""The way of the leader's transactions into the stream: held back while it takes none, and none lost."""

from __future__ import annotations

import asyncio

import pytest
from manual_clock import ManualClock
from sample_events import transaction
from scripted_bus import ScriptedSession

from streamcore.cluster.lease import HELD_FOR, Lease
from streamcore.cluster.link import Link
from streamcore.cluster.names import Names
from streamcore.cluster.transaction_store import MOST_HELD, TransactionStore
from streamcore.events import ErrorKind, StreamError
from streamcore.relay.log_trouble import TRIED_AGAIN_AFTER

NAMES = Names(demo=False)


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.session = ScriptedSession(self.clock)
        self.link = Link()
        self.lease = Lease(NAMES, "me", self.clock)
        self.told: list[StreamError] = []
        self.store = TransactionStore(NAMES, self.lease, self.link, self.clock, tell=self.told.append)

    async def begin(self) -> asyncio.Task[None]:
        await self.lease.acquire(self.session)  # type: ignore[arg-type]
        self.session.stored.clear()
        self.link.begin(self.session)  # type: ignore[arg-type]
        return asyncio.create_task(self.store.run())

    @property
    def ids(self) -> list[str | None]:
        return [message_id for subject, _, message_id in self.session.stored if ".tx." in subject]


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_each_has_an_id_of_signature_and_wallet(bench: Bench) -> None:
    running = await bench.begin()
    bench.store.add([transaction("a", wallet="w"), transaction("a", wallet="x")])
    await bench.clock.settle()
    assert bench.ids == ["a:w", "a:x"]
    assert [subject for subject, _, _ in bench.session.stored] == ["st.v1.tx.w", "st.v1.tx.x"]
    running.cancel()


async def test_what_the_stream_refuses_is_told_held_back_and_stored_later(bench: Bench) -> None:
    running = await bench.begin()
    bench.session.refusal = "maximum bytes exceeded"
    bench.store.add([transaction("a")])
    waiting = asyncio.create_task(bench.store.all_stored())
    await bench.clock.advance(3 * TRIED_AGAIN_AFTER)
    (error,) = bench.told
    assert "maximum bytes exceeded" in error.message
    assert "held back" in error.message
    assert not waiting.done()
    bench.session.refusal = None
    await bench.lease.renew(bench.session)  # type: ignore[arg-type]
    await bench.clock.advance(TRIED_AGAIN_AFTER)
    assert bench.ids == ["a:w"]
    await bench.clock.advance(0.1)
    assert waiting.done()
    running.cancel()


async def test_what_was_on_its_way_in_a_session_that_ended_goes_in_the_next_one(bench: Bench) -> None:
    running = await bench.begin()
    bench.session.lose()
    bench.store.add([transaction("a")])
    await bench.clock.settle()
    bench.link.end()
    bench.session = ScriptedSession(bench.clock)
    bench.link.begin(bench.session)  # type: ignore[arg-type]
    await bench.clock.settle()
    assert bench.ids == ["a:w"]
    running.cancel()


async def test_nothing_is_stored_when_the_lease_is_over(bench: Bench) -> None:
    running = await bench.begin()
    await bench.clock.advance(HELD_FOR)
    bench.store.add([transaction("a")])
    await bench.clock.settle()
    assert bench.ids == []
    assert running.done()


async def test_what_waits_for_what_was_added_does_not_wait_for_what_comes_later(bench: Bench) -> None:
    running = await bench.begin()
    bench.session.takes = 0.5
    bench.store.add([transaction("a")])
    waiting = asyncio.create_task(bench.store.all_stored())
    await bench.clock.advance(0.3)
    bench.store.add([transaction("b")])
    await bench.clock.advance(0.3)
    assert waiting.done()
    running.cancel()


async def test_of_too_many_the_oldest_are_dropped_and_it_is_said_once(bench: Bench) -> None:
    bench.store.add([transaction(f"s{number}") for number in range(MOST_HELD + 3)])
    bench.store.add([transaction("one more")])
    assert bench.store.has_lost
    (error,) = bench.told
    assert error.kind is ErrorKind.GAP


async def test_a_transaction_that_no_relay_takes_is_told_and_holds_up_no_other(bench: Bench) -> None:
    running = await bench.begin()
    parties = tuple(f"{number:044d}" for number in range(2_000))
    bench.store.add([transaction("long", wallet="w", counterparties=parties), transaction("a", wallet="w")])
    await bench.clock.settle()
    assert bench.ids == ["a:w"]
    (error,) = bench.told
    assert error.kind is ErrorKind.GAP
    assert "the transaction long of w cannot be passed on" in error.message
    assert "in a block explorer" in error.message
    await bench.store.all_stored()
    running.cancel()
