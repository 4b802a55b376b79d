from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from manual_clock import ManualClock

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.circuit_breaker import CircuitBreaker
from streamcore.providers.reports import Question, SignatureSeen, TokenAccountsRequest
from streamcore.streams.backlog import BEHIND
from streamcore.streams.questions import AT_ONCE, MOST_TRIES, MOST_WAITING, Questions
from streamcore.tasks import Tasks

NO = ProviderError(ErrorKind.SERVER, "no")


def seen(number: int) -> SignatureSeen:
    return SignatureSeen("wallet", f"s{number}", number)


class Bench:
    """Questions whose answers take ``takes`` seconds and are what ``reply`` says."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.internal: list[ProviderError] = []
        self.tasks = Tasks("bench", self.clock, failed=self.internal.append)
        self.breaker = CircuitBreaker(self.clock)
        self.takes = 0.0
        self.reply: Callable[[Question], ProviderError | None] = lambda question: None
        self.needed: Callable[[Question], bool] = lambda question: True
        self.asked: list[tuple[float, Question]] = []
        self.given_up: list[Question] = []
        self.told: list[tuple[float, ProviderError]] = []
        self.under_way = self.most_under_way = 0
        self.questions = Questions(
            self.tasks,
            self.clock,
            self.breaker,
            answer=self._answer,
            is_needed=lambda question: self.needed(question),
            gave_up=self.given_up.append,
            behind=lambda error: self.told.append((self.clock.monotonic(), error)),
        )

    @property
    def asked_at(self) -> list[float]:
        return [at for at, _ in self.asked]

    async def _answer(self, question: Question) -> ProviderError | None:
        self.asked.append((self.clock.monotonic(), question))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await self.clock.sleep(self.takes)
        self.under_way -= 1
        error = self.reply(question)
        if error is None:
            self.breaker.succeeded()
        else:
            self.breaker.failed(error)
        return error


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.tasks.close()
    assert bench.internal == []


async def test_a_question_is_asked_once(bench: Bench) -> None:
    bench.questions.ask(seen(1))
    await bench.clock.advance(100)
    assert bench.asked == [(0, seen(1))]


async def test_the_same_question_is_not_asked_twice_at_a_time(bench: Bench) -> None:
    bench.takes = 1.0
    for _ in range(3):
        bench.questions.ask(TokenAccountsRequest("wallet"))
    await bench.clock.advance(0.5)
    bench.questions.ask(TokenAccountsRequest("wallet"))
    await bench.clock.advance(5)
    assert bench.asked_at == [0]
    bench.questions.ask(TokenAccountsRequest("wallet"))
    await bench.clock.advance(5)
    assert len(bench.asked) == 2


async def test_only_so_many_are_asked_at_once(bench: Bench) -> None:
    bench.takes = 1.0
    for number in range(50):
        bench.questions.ask(seen(number))
    await bench.clock.advance(20)
    assert (len(bench.asked), bench.most_under_way) == (50, AT_ONCE)


async def test_what_is_not_needed_any_more_is_not_asked(bench: Bench) -> None:
    bench.takes = 1.0
    for number in range(10):
        bench.questions.ask(seen(number))
    await bench.clock.advance(0.5)
    bench.needed = lambda question: False
    await bench.clock.advance(20)
    assert len(bench.asked) == AT_ONCE


async def test_beyond_so_many_waiting_no_more_are_taken(bench: Bench) -> None:
    bench.takes = 0.01
    for number in range(MOST_WAITING + 10):
        bench.questions.ask(seen(number))
    await bench.clock.advance(100)
    assert len(bench.asked) == MOST_WAITING


async def test_one_429_with_retry_after_repeats_that_very_call_then_and_nothing_else(bench: Bench) -> None:
    """Row h of issue 11: it came 17 s late, after ten more calls."""
    denials = [ProviderError(ErrorKind.RATE_LIMIT, "slow down", retry_after=3.0)]
    bench.reply = lambda question: denials.pop() if denials else None
    bench.questions.ask(seen(1))
    await bench.clock.advance(60)
    assert [question for _, question in bench.asked] == [seen(1)] * 2
    assert bench.asked_at[1] == pytest.approx(3.0, abs=0.3)


async def test_denials_without_a_time_are_repeated_after_short_growing_waits_with_jitter(
    bench: Bench,
) -> None:
    bench.reply = lambda question: ProviderError(ErrorKind.RATE_LIMIT, "slow down")
    bench.questions.ask(TokenAccountsRequest("wallet"))
    await bench.clock.advance(25)
    assert bench.asked_at == [0, 1, 3, 7, 12, 17, 22]


@pytest.mark.parametrize(("chance", "wait"), [(0.0, 0.75), (0.5, 1.0), (0.999, 1.25)])
async def test_two_programs_with_one_key_do_not_ask_in_step(bench: Bench, chance: float, wait: float) -> None:
    bench.clock.chance = chance
    bench.reply = lambda question: ProviderError(ErrorKind.RATE_LIMIT, "slow down")
    bench.questions.ask(TokenAccountsRequest("wallet"))
    await bench.clock.advance(1.3)
    assert bench.asked_at[1] == pytest.approx(wait, abs=0.01)


async def test_a_question_about_accounts_is_asked_until_it_is_answered(bench: Bench) -> None:
    """Row f of issue 11: after one denial they were never followed on that connection."""
    bench.reply = lambda question: NO if bench.clock.monotonic() < 300 else None
    bench.questions.ask(TokenAccountsRequest("wallet"))
    await bench.clock.advance(600)
    assert bench.asked_at[-1] > 300
    assert bench.given_up == []


async def test_a_transaction_that_cannot_be_had_is_given_up_after_so_many_tries(bench: Bench) -> None:
    bench.reply = lambda question: ProviderError(ErrorKind.SUBSCRIPTION, "no")
    bench.questions.ask(seen(1))
    await bench.clock.advance(1000)
    assert len(bench.asked) == MOST_TRIES
    assert bench.given_up == [seen(1)]


async def test_a_refusal_that_no_waiting_cures_is_not_repeated(bench: Bench) -> None:
    bench.reply = lambda question: ProviderError(ErrorKind.AUTH, "no")
    bench.questions.ask(seen(1))
    await bench.clock.advance(1000)
    assert len(bench.asked) == 1


async def test_a_host_that_fails_is_asked_one_at_a_time_and_then_left_alone(bench: Bench) -> None:
    bench.takes = 0.5
    bench.reply = lambda question: NO
    for number in range(100):
        bench.questions.ask(seen(number))
    await bench.clock.advance(10)
    assert len(bench.asked) == AT_ONCE  # those under way when the first one failed
    await bench.clock.advance(10)
    assert len(bench.asked) == AT_ONCE + 1  # the trial


async def test_one_that_is_never_answered_keeps_no_other_waiting(bench: Bench) -> None:
    """One getTransaction that hung kept all others back for 30 s."""
    hangs = ProviderError(ErrorKind.NETWORK, "no answer within 10 s", unanswered=True)

    async def answer(question: Question) -> ProviderError | None:
        bench.asked.append((bench.clock.monotonic(), question))
        if question != seen(0):
            bench.breaker.succeeded()
            return None
        await bench.clock.sleep(10.0)
        bench.breaker.failed(hangs)
        return hangs

    tasks = Tasks("paper", bench.clock, failed=bench.internal.append)
    questions = Questions(
        tasks,
        bench.clock,
        bench.breaker,
        answer=answer,
        is_needed=lambda question: True,
        gave_up=bench.given_up.append,
        behind=lambda error: None,
    )
    questions.ask(seen(0))
    for number in range(1, 9):
        await bench.clock.advance(5.0)
        questions.ask(seen(number))
        await bench.clock.advance(0.1)
        assert bench.asked[-1] == (pytest.approx(bench.clock.monotonic(), abs=0.11), seen(number))
    assert [question for _, question in bench.asked].count(seen(0)) >= 3
    await tasks.close()


async def test_those_that_are_never_answered_are_asked_one_at_a_time(bench: Bench) -> None:
    bench.takes = 10.0
    bench.reply = lambda question: ProviderError(ErrorKind.NETWORK, "no answer", unanswered=True)
    for number in range(4):
        bench.questions.ask(seen(number))
    await bench.clock.advance(11)
    bench.most_under_way = 0
    bench.breaker.reset()
    bench.questions.ask_now()
    await bench.clock.advance(5)
    assert bench.under_way == 1


async def test_when_the_host_is_known_to_be_well_nothing_waits_any_longer(bench: Bench) -> None:
    bench.reply = lambda question: NO
    for number in range(10):
        bench.questions.ask(seen(number))
    await bench.clock.advance(10)
    bench.reply = lambda question: None
    bench.breaker.reset()
    bench.questions.ask_now()
    await bench.clock.advance(1)
    assert {question for at, question in bench.asked if at >= 10} == {seen(number) for number in range(10)}


async def test_a_mistake_of_our_own_is_told_and_the_next_question_is_asked() -> None:
    bench = Bench()

    def crash(question: Question) -> None:
        if question == seen(1):
            raise RuntimeError("a mistake of our own")

    bench.reply = crash
    bench.questions.ask(seen(1))
    bench.questions.ask(seen(2))
    await bench.clock.advance(1)
    bench.questions.ask(seen(3))
    await bench.clock.advance(1)
    assert [question for _, question in bench.asked] == [seen(1), seen(2), seen(3)]
    assert [error.message for error in bench.internal] == [
        "internal error (RuntimeError); the log has the details"
    ]
    await bench.tasks.close()


# More than may be asked about


def about(wallet: str, number: int) -> SignatureSeen:
    return SignatureSeen(wallet, f"{wallet}{number}", number)


async def test_row_12_a_quiet_wallet_goes_before_a_busy_one(bench: Bench) -> None:
    bench.takes = 1.0
    for number in range(100):
        bench.questions.ask(about("busy", number))
    await bench.clock.advance(2.5)
    bench.questions.ask(about("quiet", 1))
    await bench.clock.advance(1.0)
    assert about("quiet", 1) in [question for _, question in bench.asked]


async def test_row_12_a_wallet_that_is_on_time_is_told_in_order_and_one_that_is_behind_newest_first(
    bench: Bench,
) -> None:
    bench.takes = 1.0
    for number in range(100):
        bench.questions.ask(about("busy", number))
    await bench.clock.advance(9.5)
    asked = [question for _, question in bench.asked]
    assert asked == [about("busy", number) for number in range(len(asked))]
    await bench.clock.advance(2)
    bench.questions.ask(about("busy", 100))
    bench.asked.clear()
    await bench.clock.advance(1)
    assert bench.asked[0][1] == about("busy", 100)


async def test_row_12_how_far_behind_it_is_is_told_once_a_minute_and_what_was_left_out(bench: Bench) -> None:
    bench.takes = 1.0
    for number in range(MOST_WAITING + 30):
        bench.questions.ask(about("busy", number))
    assert bench.questions.waiting == MOST_WAITING
    await bench.clock.advance(12)
    ((at, error),) = bench.told
    assert at == pytest.approx(BEHIND, abs=1.0)
    assert error.kind is ErrorKind.RATE_LIMIT
    assert (
        "most of busy, the oldest for 10 s; the newest are told first, and 30 of the oldest" in error.message
    )
    assert bench.questions.lag == pytest.approx(12, abs=1)
    await bench.clock.advance(70)
    assert len(bench.told) == 2
    assert "left to the next check" not in bench.told[1][1].message


async def test_row_12_what_is_left_out_for_want_of_room_is_the_oldest_of_the_busiest(bench: Bench) -> None:
    bench.takes = 0.01
    bench.questions.ask(about("quiet", 1))
    for number in range(MOST_WAITING + 4):
        bench.questions.ask(about("busy", number))
    await bench.clock.advance(100)
    asked = {question for _, question in bench.asked}
    assert about("quiet", 1) in asked
    assert about("busy", 0) not in asked
    assert about("busy", MOST_WAITING + 3) in asked


async def test_row_f_what_a_codec_must_know_goes_before_all_transactions(bench: Bench) -> None:
    bench.takes = 1.0
    for number in range(100):
        bench.questions.ask(about("busy", number))
    bench.questions.ask(TokenAccountsRequest("other"))
    await bench.clock.advance(1.5)
    assert TokenAccountsRequest("other") in [question for _, question in bench.asked]
