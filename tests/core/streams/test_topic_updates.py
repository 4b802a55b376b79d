"""When the codec of a stream is told what is wanted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from manual_clock import ManualClock

from streamcore.providers.reports import TokenAccounts
from streamcore.streams.topic_updates import TopicUpdates

DEBOUNCE = 1.0


class NotingCodec:
    """A fake codec that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def opened(self) -> None:
        self.told.append("opened")

    def rested(self) -> None:
        self.told.append("rested")

    def set_topics(self, topics: tuple[str, ...]) -> None:
        self.told.append(" ".join(("want", *topics)))

    def resolved(self, related: TokenAccounts) -> None:
        self.told.append(f"{related.topic}: {' '.join(related.addresses)}")


class Bench:
    """The topics of one connection, and the codec of its stream."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.updates = TopicUpdates(DEBOUNCE, self.clock)
        self.codec: Any = NotingCodec()
        self.flushed_at: list[float] = []

    def open(self) -> asyncio.Task[None]:
        self.codec = NotingCodec()
        self.updates.begin(self.codec)
        return asyncio.ensure_future(self.updates.send(self.codec, self._flush))

    async def _flush(self) -> None:
        self.flushed_at.append(self.clock.monotonic())


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_changes_within_the_debounce_are_told_together(bench: Bench) -> None:
    bench.updates.set_topics(("a",))
    sending = bench.open()
    await bench.clock.settle()
    for topics in (("a", "b"), ("a", "b", "c")):
        bench.updates.set_topics(topics)
        await bench.clock.advance(DEBOUNCE / 4)
    assert bench.codec.told == ["opened", "want a"]
    await bench.clock.advance(10 * DEBOUNCE)
    assert bench.codec.told == ["opened", "want a", "want a b c"]
    assert bench.flushed_at == [DEBOUNCE]
    sending.cancel()


async def test_while_the_provider_wants_no_frames_nothing_is_told(bench: Bench) -> None:
    bench.updates.set_topics(("a",))
    sending = bench.open()
    bench.updates.keep_silent(30.0)
    bench.updates.set_topics(("a", "b"))
    await bench.clock.advance(29.0)
    assert bench.flushed_at == []
    bench.updates.keep_silent(30.0)  # denied again meanwhile
    await bench.clock.advance(29.5)
    assert bench.flushed_at == []
    await bench.clock.advance(1.0)
    assert bench.codec.told == ["opened", "want a", "rested", "want a b"]
    assert bench.flushed_at == [59.0]
    sending.cancel()


async def test_a_new_codec_is_told_at_once_what_was_found_out_for_the_last_one(bench: Bench) -> None:
    bench.updates.set_topics(("a", "b"))
    bench.updates.resolve(TokenAccounts("a", ("one",)))
    bench.updates.resolve(TokenAccounts("b", ("two",)))
    bench.updates.set_topics(("a",))
    sending = bench.open()
    await bench.clock.advance(10.0)
    assert bench.codec.told == ["opened", "want a", "a: one"]
    sending.cancel()


async def test_an_answer_is_passed_on_once(bench: Bench) -> None:
    bench.updates.set_topics(("a",))
    sending = bench.open()
    bench.updates.resolve(TokenAccounts("a", ("one",)))
    await bench.clock.advance(DEBOUNCE)
    bench.updates.set_topics(("a", "b"))
    await bench.clock.advance(DEBOUNCE)
    assert bench.codec.told == ["opened", "want a", "a: one", "want a", "want a b"]
    sending.cancel()


async def test_it_ends_when_nothing_is_wanted_any_more(bench: Bench) -> None:
    bench.updates.set_topics(("a",))
    sending = bench.open()
    bench.updates.set_topics(())
    await bench.clock.advance(DEBOUNCE)
    await sending
    assert bench.flushed_at == []


async def test_one_can_wait_until_something_is_wanted(bench: Bench) -> None:
    waiting = asyncio.ensure_future(bench.updates.wanted())
    await bench.clock.settle()
    assert not waiting.done()
    bench.updates.set_topics(("a",))
    await bench.clock.settle()
    assert waiting.done()


def test_the_same_topics_are_no_change(bench: Bench) -> None:
    assert bench.updates.set_topics(("a",))
    assert not bench.updates.set_topics(("a",))
