from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from kept_in_memory import KeptInMemory
from manual_clock import ManualClock
from scripted_http import Asked
from scripted_transport import ScriptedTransport

from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.endpoint import Endpoint
from streamcore.net.rate_limit import RateLimit, TokenBucket
from streamcore.net.transport import Answer, Frame
from streamcore.recording.lines import Ended, Exchange, Line, Opened, Received, Sent
from streamcore.recording.masking import Masking, ProviderUrls
from streamcore.recording.transport import CapturingTransport

ENDPOINT = Endpoint("wss://x/?key=geheim-1234", "wss://x/", secrets=("geheim-1234",))
LOST = ProviderError(ErrorKind.NETWORK, "connection to geheim-1234 lost")


class Wire:
    """A socket on which frames come as a test says, and then an error."""

    def __init__(self, *frames: Frame) -> None:
        self.coming = list(frames)
        self.sent: list[Frame] = []
        self.closed = 0
        self.broken = False

    async def receive(self) -> Frame:
        if not self.coming:
            raise LOST
        return self.coming.pop(0)

    def arrived(self) -> list[Frame]:
        frames, self.coming = self.coming, []
        return frames

    async def gather(self, seconds: float) -> bool:
        return seconds > 1

    async def send(self, frame: Frame) -> None:
        if self.broken:
            raise LOST
        self.sent.append(frame)

    async def ping(self) -> Awaitable[float]:
        pong = asyncio.get_running_loop().create_future()
        pong.set_result(0.5)
        return pong

    async def pong(self, waiter: Awaitable[float], seconds: float) -> None:
        if self.broken:
            raise LOST
        assert await waiter == 0.5

    async def close(self) -> None:
        self.closed += 1


class Dialled(ScriptedTransport):
    """A network whose WebSockets are those of a test."""

    wires: tuple[Wire, ...] = ()

    async def connect(self, endpoint: Endpoint, **named: Any) -> Wire:
        assert named["name"] == "kraken"
        if not self.wires:
            raise LOST
        first, *rest = self.wires
        self.wires = tuple(rest)
        return first


def made(
    *wires: Wire, answer: Callable[[Asked], Answer] = lambda asked: Answer(200, {}, b"{}")
) -> tuple[CapturingTransport, KeptInMemory, Dialled, ManualClock]:
    clock = ManualClock()
    kept = KeptInMemory(clock)
    network = Dialled(answer, clock.monotonic)
    network.wires = wires
    capturing = CapturingTransport(network, kept, ProviderUrls(Settings()), Masking(["geheim-1234"]), clock)
    return capturing, kept, network, clock


async def opened(capturing: CapturingTransport) -> Any:
    return await capturing.connect(
        ENDPOINT, name="kraken", refusal=lambda *_: LOST, within=1.0, max_message_bytes=1
    )


def story(lines: list[Line]) -> list[tuple[str, int, object]]:
    found: list[tuple[str, int, object]] = []
    for line in lines:
        match line:
            case Received(connection=number) | Sent(connection=number):
                found.append((type(line).__name__, number, line.frame))
            case Opened(connection=number):
                found.append(("Opened", number, None))
            case Ended(connection=number, failure=failure):
                found.append(("Ended", number, None if failure is None else failure.message))
    return found


async def test_frames_are_handed_on_as_they_are_and_kept_in_their_order_masked() -> None:
    wire = Wire("hello geheim-1234", b"\xff", "three")
    capturing, kept, _, _ = made(wire)
    socket = await opened(capturing)
    await socket.send("ask geheim-1234")
    assert await socket.receive() == "hello geheim-1234"
    assert socket.arrived() == [b"\xff", "three"]
    assert socket.arrived() == []
    assert await socket.gather(2.0) is True
    await socket.pong(await socket.ping(), 1.0)
    await socket.close()
    await socket.close()
    assert (wire.sent, wire.closed) == (["ask geheim-1234"], 2)
    assert story(kept.lines) == [
        ("Opened", 1, None),
        ("Sent", 1, "ask ***"),
        ("Received", 1, "hello ***"),
        ("Received", 1, b"\xff"),
        ("Received", 1, "three"),
        ("Ended", 1, None),
    ]


@pytest.mark.parametrize("noticed_by", ["receive", "send", "pong"])
async def test_why_a_connection_ended_is_kept_once_whoever_noticed_it(noticed_by: str) -> None:
    wire = Wire()
    wire.broken = True
    capturing, kept, _, _ = made(wire)
    socket = await opened(capturing)
    arguments = {"receive": (), "send": ("x",), "pong": (await socket.ping(), 1.0)}[noticed_by]
    with pytest.raises(ProviderError, match="lost"):
        await getattr(socket, noticed_by)(*arguments)
    await socket.close()
    assert story(kept.lines) == [
        ("Opened", 1, None),
        *sent(noticed_by),
        ("Ended", 1, "connection to *** lost"),
    ]


def sent(noticed_by: str) -> list[tuple[str, int, object]]:
    return [("Sent", 1, "x")] if noticed_by == "send" else []


async def test_a_connection_that_could_not_be_opened_is_kept_and_connections_are_numbered() -> None:
    capturing, kept, _, _ = made(Wire())
    await opened(capturing)
    with pytest.raises(ProviderError, match="lost"):
        await opened(capturing)
    assert story(kept.lines) == [("Opened", 1, None), ("Ended", 2, "connection to *** lost")]


async def test_a_request_is_handed_on_whole_and_kept_without_headers_and_keys() -> None:
    capturing, kept, network, _ = made(answer=lambda asked: Answer(418, {"x": "1"}, b"geheim-1234"))
    answer = await capturing.request(
        "GET",
        "https://api.kraken.com/0/public/Ticker?api_key=geheim-1234",
        secrets=("other-5678",),
        params={"pair": "other-5678"},
        headers={"X-API-KEY": "geheim-1234"},
    )
    assert answer == Answer(418, {"x": "1"}, b"geheim-1234")
    assert network.asked[0].headers == {"X-API-KEY": "geheim-1234"}
    assert network.asked[0].params == {"pair": "other-5678"}
    (line,) = kept.lines
    assert isinstance(line, Exchange)
    assert line.answer is not None
    assert (line.provider, line.request.path, line.request.params) == (
        "kraken",
        "/0/public/Ticker",
        {"pair": "***"},
    )
    assert (line.answer.status, line.answer.headers, line.answer.text) == (418, {}, "***")


async def test_a_request_waits_for_its_turn_before_its_time_is_taken() -> None:
    capturing, kept, _, clock = made()
    limit: RateLimit = TokenBucket(1.0, 1, clock)

    async def ask() -> None:
        await capturing.request("GET", "https://api.kraken.com/x", rate_limit=limit)

    await ask()
    second = asyncio.create_task(ask())
    began = clock.monotonic()
    await clock.advance(1.0)
    await second
    first_line, second_line = kept.lines
    assert isinstance(second_line, Exchange)
    assert second_line.t - first_line.t == pytest.approx(1.0)
    assert second_line.seconds == 0.0
    assert clock.monotonic() - began == 1.0


async def test_a_request_without_an_answer_is_kept_with_its_reason_or_as_given_up() -> None:
    def fails(asked: Asked) -> Answer:
        raise LOST

    capturing, kept, _, _ = made(answer=fails)
    with pytest.raises(ProviderError):
        await capturing.request("GET", "https://api.kraken.com/x")
    (line,) = kept.lines
    assert isinstance(line, Exchange)
    assert line.failure is not None
    assert line.failure.message == "connection to *** lost"

    class Hanging(Dialled):
        async def request(self, method: str, url: str, **named: Any) -> Answer:
            await asyncio.Event().wait()
            raise AssertionError

    clock = ManualClock()
    kept = KeptInMemory(clock)
    network = Hanging(fails, clock.monotonic)
    capturing = CapturingTransport(network, kept, ProviderUrls(Settings()), Masking([]), clock)
    asking = asyncio.create_task(capturing.request("GET", "https://api.kraken.com/x"))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait({asking})
    (given_up,) = kept.lines
    assert isinstance(given_up, Exchange)
    assert (given_up.answer, given_up.failure) == (None, None)
