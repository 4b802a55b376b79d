"""The lease: at most one leads, and whoever cannot write it stops before another can have it."""

from __future__ import annotations

import asyncio

import pytest
from manual_clock import ManualClock
from scripted_bus import ScriptedSession

from streamcore.cluster.lease import HELD_FOR, LASTS, Lease
from streamcore.cluster.names import Names

SUBJECT = "$KV.st_lease.leader"


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.session = ScriptedSession(self.clock)
        self.lease = self.another()

    def another(self) -> Lease:
        return Lease(Names(demo=False), "me", self.clock)

    async def acquire(self, lease: Lease | None = None) -> bool:
        return await (lease or self.lease).acquire(self.session)  # type: ignore[arg-type]

    async def renew(self) -> bool:
        return await self.lease.renew(self.session)  # type: ignore[arg-type]


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_one_gets_it_and_no_other(bench: Bench) -> None:
    other = bench.another()
    assert await bench.acquire()
    assert not await bench.acquire(other)
    assert (bench.lease.is_held, other.is_held) == (True, False)


async def test_the_terms_of_later_leaders_are_greater(bench: Bench) -> None:
    await bench.acquire()
    first = bench.lease.term
    await bench.renew()
    assert bench.lease.term == first
    bench.session.newest.clear()  # it has gone by itself
    other = bench.another()
    await bench.acquire(other)
    assert other.term is not None
    assert first is not None
    assert other.term > first


async def test_it_ends_for_its_holder_before_it_can_be_anybody_elses(bench: Bench) -> None:
    await bench.acquire()
    await bench.clock.advance(HELD_FOR - 0.01)
    assert bench.lease.is_held
    await bench.clock.advance(0.01)
    assert not bench.lease.is_held
    assert HELD_FOR <= LASTS - 1


async def test_it_counts_from_before_the_write_not_from_its_answer(bench: Bench) -> None:
    bench.session.takes = 1.5
    acquiring = asyncio.create_task(bench.acquire())
    await bench.clock.advance(1.5)
    assert await acquiring
    assert bench.lease.left == pytest.approx(HELD_FOR - 1.5)


async def test_a_write_that_fails_does_not_prolong_it(bench: Bench) -> None:
    await bench.acquire()
    bench.session.refusal = "there was no answer within 2 s"
    await bench.clock.advance(1.5)
    assert not await bench.renew()
    assert bench.lease.left == pytest.approx(HELD_FOR - 1.5)


async def test_a_write_that_is_refused_ends_it_at_once(bench: Bench) -> None:
    await bench.acquire()
    bench.session.newest[SUBJECT] = 4711  # somebody else's
    assert not await bench.renew()
    assert not bench.lease.is_held


async def test_a_write_that_succeeded_without_an_answer_does_not_end_it(bench: Bench) -> None:
    await bench.acquire()
    await bench.clock.advance(1.5)
    bench.session.takes = 60.0
    renewing = asyncio.create_task(bench.renew())
    await bench.clock.advance(0.5)
    renewing.cancel()  # the session has ended, and the answer was lost with it
    bench.session.takes = 0.0
    assert bench.lease.left == pytest.approx(HELD_FOR - 2.0)
    assert await bench.renew()
    assert bench.lease.left == HELD_FOR
    assert await bench.renew()


async def test_a_computer_that_was_asleep_does_not_lead_any_more(bench: Bench) -> None:
    await bench.acquire()
    bench.clock.wall_offset = 30.0  # the monotonic clock stood still
    assert not bench.lease.is_held


async def test_one_that_is_abandoned_is_not_kept(bench: Bench) -> None:
    await bench.acquire()
    bench.lease.abandon()
    assert not bench.lease.is_held
    assert SUBJECT in bench.session.newest


async def test_a_write_that_was_on_its_way_when_it_was_abandoned_does_not_bring_it_back(
    bench: Bench,
) -> None:
    await bench.acquire()
    bench.session.takes = 0.5
    renewing = asyncio.create_task(bench.renew())
    await bench.clock.advance(0.2)
    bench.lease.abandon()
    await bench.clock.advance(0.5)
    assert not await renewing
    assert not bench.lease.is_held
    assert SUBJECT not in bench.session.newest  # so that another has it at once


async def test_giving_it_up_lets_another_have_it_and_takes_nobody_elses(bench: Bench) -> None:
    other = bench.another()
    await bench.acquire()
    await bench.lease.release(bench.session)  # type: ignore[arg-type]
    assert not bench.lease.is_held
    assert await bench.acquire(other)
    await bench.lease.release(bench.session)  # type: ignore[arg-type]
    assert SUBJECT in bench.session.newest
