from __future__ import annotations

import asyncio

import pytest
from manual_clock import ManualClock

from streamcore.candles import CandleSeries
from streamcore.errors import InputError, ProviderError
from streamcore.events import ErrorKind
from streamcore.relay_client.lookups import AT_ONCE, MOST_UNDER_WAY, PATIENCE, Lookups, read_items
from streamcore.token_hits import TokenHit
from streamcore.wire.messages import Found, Lookup, Refused


async def test_an_answer_reaches_the_one_who_asked() -> None:
    clock = ManualClock()
    sent = []
    lookups = Lookups(clock, lambda: sent.append(lookups.requests()))
    first, second = (asyncio.create_task(lookups.ask("search", text)) for text in ("a", "b"))
    await clock.settle()
    (one,), (two,) = sent
    assert (one.text, two.text) == ("a", "b")
    lookups.found(Found(two.id, ({"n": 2},)))
    lookups.found(Found(one.id, ({"n": 1},)))
    assert (await first).items == ({"n": 1},)
    assert (await second).items == ({"n": 2},)


async def test_a_question_without_an_answer_is_given_up() -> None:
    clock = ManualClock()
    lookups = Lookups(clock, lambda: None)
    asked = asyncio.create_task(lookups.ask("trends"))
    await clock.settle()
    await clock.advance(PATIENCE + 1)
    with pytest.raises(ProviderError, match="did not answer within 30 s"):
        await asked
    assert lookups.requests() == []


async def test_a_question_that_is_cancelled_before_it_was_sent_is_not_sent() -> None:
    clock = ManualClock()
    lookups = Lookups(clock, lambda: None)
    asked = asyncio.create_task(lookups.ask("trends"))
    await clock.settle()
    asked.cancel()
    await clock.settle()
    assert lookups.requests() == []


LOST = ProviderError(ErrorKind.NETWORK, "connection lost")


async def test_a_lost_connection_fails_what_was_sent_and_the_next_one_is_asked_the_rest() -> None:
    clock = ManualClock()
    lookups = Lookups(clock, lambda: None)
    sent = asyncio.create_task(lookups.ask("trends"))
    await clock.settle()
    lookups.requests()
    unsent = asyncio.create_task(lookups.ask("search", "bonk"))
    await clock.settle()
    lookups.lost(LOST, everywhere=False)
    with pytest.raises(ProviderError, match="connection lost"):
        await sent
    (lookup,) = lookups.requests()
    lookups.found(Found(lookup.id))
    assert (await unsent).id == lookup.id


async def test_while_no_relay_can_be_reached_nothing_waits_for_one() -> None:
    clock = ManualClock()
    lookups = Lookups(clock, lambda: None)
    asked = asyncio.create_task(lookups.ask("trends"))
    await clock.settle()
    lookups.lost(LOST, everywhere=True)
    with pytest.raises(ProviderError, match="connection lost"):
        await asked
    with pytest.raises(ProviderError, match="connection lost"):
        await lookups.ask("trends")
    assert lookups.requests() == []
    lookups.reached()
    asked = asyncio.create_task(lookups.ask("trends"))
    await clock.settle()
    assert len(lookups.requests()) == 1
    asked.cancel()


async def test_a_refusal_of_something_else_is_not_taken() -> None:
    lookups = Lookups(ManualClock(), lambda: None)
    assert not lookups.refused(Refused(8, "forbidden", "no"))


async def test_a_reason_that_repeats_what_was_asked_is_told_once() -> None:
    lookups = Lookups(ManualClock(), lambda: None)
    asking = asyncio.create_task(lookups.ask("wallet", "toly.sns"))
    await asyncio.sleep(0)
    question = lookups.requests()[0]
    lookups.refused(Refused(question.id, "unknown_symbol", "'toly.sns' is not registered"))
    with pytest.raises(InputError, match=r"^'toly\.sns' is not registered$"):
        await asking


async def test_a_refusal_about_what_was_asked_is_an_input_error_that_repeats_it() -> None:
    clock = ManualClock()
    sent = []
    lookups = Lookups(clock, lambda: sent.extend(lookups.requests()))
    asked = asyncio.create_task(lookups.ask("wallet", "nobody.sns"))
    await clock.settle()
    lookups.refused(Refused(sent[0].id, "bad_request", "leads nowhere"))
    with pytest.raises(InputError, match=r"'nobody\.sns' leads nowhere"):
        await asked


@pytest.mark.parametrize("item", [{}, {"symbol": 1}, {"symbol": "x", "candles": "no"}])
def test_an_item_that_makes_no_sense_is_an_error(item: dict[str, object]) -> None:
    with pytest.raises(ProviderError, match="makes no sense"):
        read_items(Found(1, (item,)), CandleSeries)


def test_texts_of_an_item_cannot_act_on_a_terminal() -> None:
    item = {"symbol": "A\x1b[2J", "name": "\u202egpj", "mint": None, "provider": "jupiter", "verified": False}
    (hit,) = read_items(Found(1, (item,)), TokenHit)
    assert "\x1b" not in hit.symbol
    assert "\u202e" not in hit.name


class Sent:
    """Questions that go to a relay as soon as they may."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.lookups = Lookups(self.clock, self._send)
        self.questions: list[Lookup] = []

    def _send(self) -> None:
        self.questions += self.lookups.requests()

    async def ask_and_give_up(self, text: str) -> None:
        asking = asyncio.create_task(self.lookups.ask("history", text))
        await self.clock.settle()
        asking.cancel()
        await self.clock.settle()

    async def asked(self, text: str) -> asyncio.Task[Found]:
        asking = asyncio.create_task(self.lookups.ask("history", text))
        await self.clock.settle()
        return asking

    @property
    def texts(self) -> list[str | None]:
        return [lookup.text for lookup in self.questions]


async def test_who_gives_questions_up_one_after_the_other_meets_no_refusal() -> None:
    sent = Sent()
    first = [str(number) for number in range(MOST_UNDER_WAY)]
    for text in [*first, "given up before it was sent"]:
        await sent.ask_and_give_up(text)
    last = await sent.asked("the last")
    assert sent.texts == first
    sent.lookups.found(Found(sent.questions[3].id))
    assert sent.texts == [*first, "the last"]
    sent.lookups.found(Found(sent.questions[-1].id))
    assert (await last).id == sent.questions[-1].id


async def test_a_refusal_of_what_was_given_up_makes_room_as_well_and_so_does_silence() -> None:
    sent = Sent()
    for number in range(MOST_UNDER_WAY):
        await sent.ask_and_give_up(str(number))
    first, second = await sent.asked("first"), await sent.asked("second")
    assert sent.lookups.refused(Refused(sent.questions[0].id, "busy", "later"))
    assert sent.texts[-1] == "first"
    await sent.clock.advance(PATIENCE + 1)
    for asking in (first, second):
        with pytest.raises(ProviderError, match="did not answer"):
            await asking
    third = await sent.asked("third")
    assert sent.texts[-1] == "third"
    third.cancel()


async def test_a_lost_connection_makes_room_and_keeps_what_was_not_sent() -> None:
    sent = Sent()
    for number in range(MOST_UNDER_WAY):
        await sent.ask_and_give_up(str(number))
    waiting = await sent.asked("the next")
    sent.lookups.lost(LOST, everywhere=False)
    (lookup,) = sent.lookups.requests()  # by the next connection
    sent.lookups.found(Found(lookup.id))
    assert (await waiting).id == lookup.id


async def test_questions_leave_room_for_other_messages_of_the_minute() -> None:
    sent = Sent()
    tasks = []
    for second in range(60):
        for _ in range(2):
            tasks.append(await sent.asked(str(second)))
            for lookup in sent.questions:
                sent.lookups.found(Found(lookup.id))
        await sent.clock.advance(1.0)
    assert 44 <= len(sent.questions) - AT_ONCE <= 45
    for task in tasks:
        task.cancel()


async def test_a_question_that_waits_for_its_turn_fails_when_no_relay_can_be_reached() -> None:
    sent = Sent()
    for number in range(AT_ONCE):
        await sent.ask_and_give_up(str(number))
        sent.lookups.found(Found(sent.questions[-1].id))
    waiting = await sent.asked("too many")
    sent.lookups.lost(LOST, everywhere=True)
    await sent.clock.advance(2.0)
    with pytest.raises(ProviderError, match="connection lost"):
        await waiting
    assert "too many" not in sent.texts
