"""One look at what is newly followed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from manual_clock import ManualClock
from scripted_rest import ScriptedRest

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, Source
from streamcore.providers.reports import AccountReport, Report
from streamcore.solana.accounts import AccountFacts, AccountKind
from streamcore.streams.account_checks import FIRST_RETRY, AccountChecks
from streamcore.tasks import Tasks


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.rest = ScriptedRest(self.clock)
        self.told: list[Report] = []
        self.wanted = {"a", "b", "c"}
        self.internal: list[ProviderError] = []
        self.checks = AccountChecks(
            self.rest,  # type: ignore[arg-type]
            self.clock,
            Tasks("bench", self.clock, failed=self.internal.append),
            gather=1.0,
            deliver=self._deliver,
            is_wanted=lambda topic: topic in self.wanted,
        )

    def _deliver(self, report: Report, source: Source, as_of: float) -> None:
        self.told.append(report)


async def test_topics_that_come_together_are_asked_about_together_and_once() -> None:
    bench = Bench()
    odd = AccountReport("a", AccountFacts(AccountKind.MINT))
    bench.rest.on_check_accounts = lambda topics: [odd]
    bench.checks.check(["a"])
    bench.checks.check(["b", "a"])
    await bench.clock.advance(5.0)
    assert bench.rest.checked == [(1.0, ("a", "b"))]
    assert bench.told == [odd]
    bench.checks.check(["a", "b", "c"])
    await bench.clock.advance(5.0)
    assert [topics for _, topics in bench.rest.checked] == [("a", "b"), ("c",)]


async def test_a_look_that_failed_is_tried_again_in_peace_and_tells_no_error() -> None:
    bench = Bench()
    answers: list[list[Report | ProviderError]] = [
        [ProviderError(ErrorKind.SERVER, "no")],
        [ProviderError(ErrorKind.RATE_LIMIT, "no", retry_after=100.0)],
        [],
    ]
    bench.rest.on_check_accounts = lambda topics: answers.pop(0)
    bench.checks.check(["a", "b"])
    await bench.clock.advance(1.0 + FIRST_RETRY)
    bench.wanted.discard("b")
    await bench.clock.advance(1000.0)
    assert [at for at, _ in bench.rest.checked] == [1.0, 1.0 + FIRST_RETRY, 101.0 + FIRST_RETRY]
    assert bench.rest.checked[-1][1] == ("a",)
    assert bench.told == bench.internal == []


async def test_the_waits_between_two_tries_double_up_to_four_minutes() -> None:
    bench = Bench()
    bench.rest.on_check_accounts = lambda topics: [ProviderError(ErrorKind.SERVER, "no")]
    bench.checks.check(["a"])
    await bench.clock.advance(1000.0)
    at = [at for at, _ in bench.rest.checked]
    assert [later - earlier for earlier, later in pairwise(at)] == [
        15.0,
        30.0,
        60.0,
        120.0,
        240.0,
        240.0,
        240.0,
    ]


async def test_what_was_refused_for_good_is_not_asked_about_with_what_comes_later() -> None:
    bench = Bench()
    bench.rest.on_check_accounts = lambda topics: [ProviderError(ErrorKind.SUBSCRIPTION, "no")]
    bench.checks.check(["a"])
    await bench.clock.advance(10.0)
    bench.checks.check(["b"])
    await bench.clock.advance(10.0)
    assert [topics for _, topics in bench.rest.checked] == [("a",), ("b",)]


@pytest.mark.parametrize("kind", [ErrorKind.AUTH, ErrorKind.SUBSCRIPTION])
async def test_what_is_refused_for_good_is_looked_at_again_when_it_is_followed_anew(kind: ErrorKind) -> None:
    bench = Bench()
    bench.rest.on_check_accounts = lambda topics: [ProviderError(kind, "no")]
    bench.checks.check(["a"])
    await bench.clock.advance(1000.0)
    assert len(bench.rest.checked) == 1
    bench.checks.check(["a"])
    await bench.clock.advance(10.0)
    assert len(bench.rest.checked) == 2
