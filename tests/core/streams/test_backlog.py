"""What is asked next of what waits."""

from __future__ import annotations

import pytest
from manual_clock import ManualClock

from streamcore.providers.reports import Question, SignatureSeen, TokenAccountsRequest
from streamcore.streams.backlog import BEHIND, Backlog, Pending


class Waiting:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.backlog = Backlog(self.clock)
        self._number = 0

    def add(self, question: Question, *, tries: int = 0) -> None:
        self._number += 1
        self.backlog.add(Pending(0.0, self._number, question, self.clock.monotonic(), tries))

    def take_all(self) -> list[Question]:
        return [self.backlog.take().question for _ in range(len(self.backlog))]


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


def seen(topic: str, number: int) -> SignatureSeen:
    return SignatureSeen(topic, f"{topic}{number}", number)


def test_row_12_the_topic_with_the_least_to_ask_comes_first(waiting: Waiting) -> None:
    for question in (seen("a", 1), seen("a", 2), seen("a", 3), seen("b", 1), seen("c", 1), seen("c", 2)):
        waiting.add(question)
    assert waiting.backlog.busiest == "a"
    assert waiting.take_all()[0] == seen("b", 1)


def test_what_a_codec_must_know_comes_before_everything(waiting: Waiting) -> None:
    waiting.add(seen("a", 1))
    waiting.add(TokenAccountsRequest("b"))
    assert waiting.take_all() == [TokenAccountsRequest("b"), seen("a", 1)]


async def test_row_12_order_holds_until_a_topic_is_behind_and_then_the_newest_comes_first(
    waiting: Waiting,
) -> None:
    await waiting.clock.advance(5.0)
    for number in range(3):
        waiting.add(seen("a", number))
    assert waiting.backlog.take().question == seen("a", 0)
    await waiting.clock.advance(BEHIND + 1)
    waiting.add(seen("a", 9))
    assert waiting.backlog.lag == pytest.approx(BEHIND + 1)
    assert waiting.take_all() == [seen("a", 9), seen("a", 2), seen("a", 1)]
    assert (waiting.backlog.lag, len(waiting.backlog), waiting.backlog.busiest) == (0.0, 0, "")


def test_what_is_asked_once_more_comes_before_what_is_newer(waiting: Waiting) -> None:
    for number in range(3):
        waiting.add(seen("a", number))
    first, second = waiting.backlog.take(), waiting.backlog.take()
    first.tries = second.tries = 1
    for pending in (first, second):
        waiting.backlog.add(pending)
    assert waiting.take_all() == [seen("a", 0), seen("a", 1), seen("a", 2)]


def test_row_12_what_is_dropped_is_the_oldest_of_the_busiest_topic(waiting: Waiting) -> None:
    assert waiting.backlog.drop_oldest() is None
    for question in (seen("b", 1), seen("a", 1), seen("a", 2)):
        waiting.add(question)
    dropped = waiting.backlog.drop_oldest()
    assert dropped is not None
    assert dropped.question == seen("a", 1)
    assert set(waiting.take_all()) == {seen("b", 1), seen("a", 2)}
