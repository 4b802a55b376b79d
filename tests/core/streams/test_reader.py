from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

import pytest
from manual_clock import ManualClock

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Frame
from streamcore.providers.reports import Alive, PriceReport, Report
from streamcore.streams.reader import BUSY, GATHER, PLENTY, WINDOW, Coalescing, Reader

ENDED = ProviderError(ErrorKind.NETWORK, "connection lost: no close frame")


class PaperSocket:
    """Hands over heaps of frames that came together; at the end of them the connection is lost."""

    def __init__(self, clock: ManualClock, *heaps: Sequence[Frame]) -> None:
        self._clock = clock
        self.heaps = [list(heap) for heap in heaps]
        self.here: list[Frame] = []
        self.gathered: list[float] = []

    async def receive(self) -> Frame:
        await asyncio.sleep(0)
        if not self.heaps:
            raise ENDED
        self.here = self.heaps.pop(0)
        return self.here.pop(0)

    def arrived(self) -> list[Frame]:
        here, self.here = self.here, []
        return here

    async def gather(self, seconds: float) -> bool:
        self.gathered.append(seconds)
        await self._clock.sleep(seconds)
        return True


class PaperCodec:
    """Words of its own: ``SOL 1`` is a price, ``ask`` wants an answer, ``crash`` fails."""

    def __init__(self) -> None:
        self._outgoing: list[Frame] = []

    def received(self, frame: Frame) -> list[Report]:
        match str(frame).split():
            case ["crash"]:
                raise RuntimeError("a mistake of our own")
            case ["ask"]:
                self._outgoing.append("answer")
                return [Alive()]
            case [topic, value]:
                return [PriceReport(topic, price=Decimal(value))]
            case _:
                return []

    def received_together(self, frames: Sequence[Frame], reports: list[Report]) -> None:
        for frame in frames:
            reports += self.received(frame)

    def frames_to_send(self) -> list[Frame]:
        frames, self._outgoing = self._outgoing, []
        return frames


class Scene:
    """A reader and what it does, in order."""

    def __init__(self, *heaps: Sequence[Frame]) -> None:
        self.clock = ManualClock()
        self.socket = PaperSocket(self.clock, *heaps)
        self.seen: list[object] = []
        self.reader = Reader(
            self.socket,  # type: ignore[arg-type]
            PaperCodec(),  # type: ignore[arg-type]
            self.clock,
            count=lambda frames: self.seen.append(f"{len(frames)} frames"),
            handle=self._handle,
            send=self._send,
        )

    def _handle(self, reports: Sequence[Report]) -> None:
        self.seen.append([f"{r.topic} {r.price}" if isinstance(r, PriceReport) else "alive" for r in reports])

    async def _send(self, frames: Sequence[Frame]) -> None:
        self.seen.append(f"sent {frames[0]!s}")

    async def to_the_end(self) -> list[object]:
        with pytest.raises(ProviderError):
            await self.reader.run()
        return self.seen


def delayed(scene: Scene) -> Callable[[], Awaitable[Frame]]:
    """Return what receives the first heap only when the rate can be judged, and the others at once."""
    receive, first = scene.socket.receive, len(scene.socket.heaps)

    async def later() -> Frame:
        if len(scene.socket.heaps) == first:
            await scene.clock.sleep(WINDOW)
        return await receive()

    return later


def turn(scene: Scene) -> Callable[[float], Awaitable[None]]:
    """Return a sleep that takes note of itself."""

    async def sleep(seconds: float) -> None:
        assert seconds == 0
        scene.seen.append("turn")
        await asyncio.sleep(0)

    return sleep


async def test_what_came_together_is_handed_on_together() -> None:
    scene = Scene(["SOL 1", "BTC 2", "nothing", "ETH 3"], ["SOL 4"])
    assert await scene.to_the_end() == ["4 frames", ["SOL 1", "BTC 2", "ETH 3"], "1 frames", ["SOL 4"]]


async def test_prices_of_one_topic_that_came_together_are_handed_on_together_and_in_order() -> None:
    scene = Scene(["SOL 1", "BTC 2", "SOL 3", "BTC 4"])
    assert await scene.to_the_end() == ["4 frames", ["SOL 1", "BTC 2", "SOL 3", "BTC 4"]]


async def test_in_a_long_heap_everybody_else_gets_a_turn_now_and_then() -> None:
    scene = Scene([f"SOL {number}" for number in range(PLENTY + 2)])
    scene.clock.sleep = turn(scene)  # type: ignore[method-assign]
    seen = await scene.to_the_end()
    assert seen[0] == f"{PLENTY + 2} frames"
    assert [one if one == "turn" else len(one) for one in seen[1:]] == [PLENTY, "turn", 2]  # type: ignore[arg-type]


async def test_what_came_together_is_handed_on_before_an_answer_to_it_is_sent() -> None:
    scene = Scene(["SOL 1", "ask", "BTC 2"], ["SOL 3"])
    seen = await scene.to_the_end()
    assert seen == ["3 frames", ["SOL 1", "alive", "BTC 2"], "sent answer", "1 frames", ["SOL 3"]]


async def test_what_was_said_before_a_mistake_of_our_own_is_handed_on() -> None:
    scene = Scene(["SOL 1", "crash", "BTC 2"])
    with pytest.raises(RuntimeError):
        await scene.reader.run()
    assert scene.seen == ["3 frames", ["SOL 1"]]


async def test_at_a_high_rate_messages_are_left_to_gather() -> None:
    scene = Scene([f"{number} 1" for number in range(50)], ["SOL 2"])
    scene.socket.receive = delayed(scene)  # type: ignore[method-assign]
    work = asyncio.create_task(scene.reader.run())
    await scene.clock.advance(WINDOW)
    assert scene.socket.gathered == [GATHER]
    assert scene.seen[0] == "50 frames"
    assert len(scene.seen) == 2
    await scene.clock.advance(GATHER)
    assert scene.seen[-1] == ["SOL 2"]
    await scene.clock.advance(GATHER)
    with pytest.raises(ProviderError):
        await work


def test_only_a_rate_that_lasts_makes_messages_gather() -> None:
    coalescing = Coalescing(0.0)
    step = 0.5 / BUSY
    pauses = [coalescing.taken(1, step * number) for number in range(1, round(2 * WINDOW / step))]
    judged = round(WINDOW / step)
    assert set(pauses[: judged - 2]) == {0.0}
    assert set(pauses[judged + 1 :]) == {GATHER}


def test_a_low_rate_delays_nothing() -> None:
    coalescing = Coalescing(0.0)
    assert {coalescing.taken(1, number * 1.1 / BUSY) for number in range(1, 1000)} == {0.0}


def test_after_a_quiet_spell_nothing_is_delayed() -> None:
    coalescing = Coalescing(0.0)
    coalescing.taken(1000, WINDOW)
    assert coalescing.taken(30, WINDOW + GATHER) == GATHER
    assert coalescing.taken(1, 10.0) == 0.0
    assert coalescing.taken(30, 10.0 + GATHER) == 0.0


def test_a_flood_is_not_throttled() -> None:
    coalescing = Coalescing(0.0)
    coalescing.taken(1000, WINDOW)
    assert coalescing.taken(PLENTY, WINDOW + GATHER) == 0.0
