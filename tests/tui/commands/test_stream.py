from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import socket
import threading
from decimal import Decimal
from types import SimpleNamespace

import pytest
from virtual_time import on_virtual_time

from streamcore.events import PriceKind, PriceUpdate, Source, State, StatusChange
from streamtui.commands.stdout import Output
from streamtui.commands.stream import print_lines

SOL = "So11111111111111111111111111111111111111112"


@pytest.fixture(autouse=True)
def signals_heard_as_before():
    """A command that was told to end hears no more signals; the tests after it do."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def price(number: int) -> PriceUpdate:
    return PriceUpdate(
        provider="birdeye",
        ts=float(number),
        demo=True,
        symbol="SOL",
        address=SOL,
        kind=PriceKind.DELTA,
        source=Source.STREAM,
        price=Decimal(number),
        change_24h=None,
        volume_24h=None,
        changed=("price",),
    )


def status() -> StatusChange:
    return StatusChange(
        provider="birdeye",
        ts=0.0,
        demo=True,
        state=State.CONNECTED,
        reason=None,
        attempt=0,
        retry_in=None,
        fallback=False,
        stale=False,
        subscriptions=1,
        latency_ms=None,
        messages_received=0,
        messages_sent=0,
        bytes_received=0,
        bytes_sent=0,
        dropped=0,
        reconnects=0,
        uptime=0.0,
    )


class FakeManager:
    """An engine that says what it is told to, then waits, or ends, or fails."""

    def __init__(self, events=(), *, ends=False, fails=None, statuses=()):
        self._events = list(events)
        self._ends = ends
        self._fails = fails
        self._statuses = list(statuses)
        self.taken = 0
        self.calls: list[object] = []
        self.waiting = asyncio.Event()

    async def __aenter__(self):
        self.calls.append("opened")
        return self

    async def __aexit__(self, *error):
        self.calls.append("closed")

    async def subscribe_prices(self, symbols):
        self.calls.append(("prices", tuple(symbols)))

    async def subscribe_wallets(self, addresses):
        self.calls.append(("wallets", tuple(addresses)))

    def statuses(self):
        return {status.provider: status for status in self._statuses}

    async def events(self):
        for event in self._events:
            self.taken += 1
            yield event
        if self._fails is not None:
            raise self._fails
        if not self._ends:
            self.waiting.set()
            await asyncio.Event().wait()


class Pipe:
    """A pipe that the lines go into."""

    def __init__(self):
        self.reading, self.writing = os.pipe()

    def everything(self) -> list[dict]:
        os.close(self.writing)
        self.writing = -1
        text = b""
        while part := os.read(self.reading, 65536):
            text += part
        assert text == b"" or text.endswith(b"\n")
        return [json.loads(line) for line in text.splitlines()]

    def stop_reading(self) -> None:
        os.close(self.reading)
        self.reading = -1


@pytest.fixture
def pipe():
    made = Pipe()
    yield made
    for end in (made.reading, made.writing):
        if end >= 0:
            os.close(end)


async def printed(manager, pipe, **kwargs) -> int:
    arguments = {"symbols": ("SOL",), "wallets": (), "descriptor": pipe.writing} | kwargs
    return await print_lines(manager, **arguments)


async def test_every_event_is_one_line_of_json_in_the_order_it_came(pipe):
    manager = FakeManager([status(), price(1), price(2)], ends=True)

    assert await printed(manager, pipe, wallets=("somebody",)) == 0

    lines = pipe.everything()
    assert [line["event"] for line in lines] == ["status", "price", "price"]
    assert [line["price"] for line in lines[1:]] == ["1", "2"]
    assert manager.calls == ["opened", ("prices", ("SOL",)), ("wallets", ("somebody",)), "closed"]


async def test_what_happens_while_a_subscription_waits_for_its_answer_is_printed_at_once(pipe):
    class Waiting(FakeManager):
        async def subscribe_prices(self, symbols):
            await asyncio.Event().wait()

    manager = Waiting([status(), price(1)])
    assert await print_lines(manager, symbols=["SOL"], wallets=[], count=1, descriptor=pipe.writing) == 0
    assert [line["event"] for line in pipe.everything()] == ["status", "price"]


async def test_what_is_not_wanted_is_not_subscribed(pipe):
    manager = FakeManager(ends=True)
    await printed(manager, pipe, symbols=(), wallets=("somebody",))
    assert manager.calls == ["opened", ("wallets", ("somebody",)), "closed"]


async def test_count_counts_prices_and_transactions_and_nothing_else(pipe):
    manager = FakeManager([status(), price(1), status(), price(2), price(3)])

    assert await printed(manager, pipe, count=2) == 0

    assert [line["event"] for line in pipe.everything()] == ["status", "price", "status", "price"]
    assert manager.calls[-1] == "closed"


@on_virtual_time
async def test_duration_ends_it(pipe):
    lines = []

    class ReadBetween(FakeManager):
        async def events(self):
            yield price(1)
            lines.append(await asyncio.to_thread(os.read, pipe.reading, 65536))  # time stands still
            await asyncio.Event().wait()

    assert await printed(ReadBetween(), pipe, duration=0.05) == 0
    assert [json.loads(line)["price"] for line in lines] == ["1"]
    assert pipe.everything() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_stop_signal_ends_it_quietly_and_what_was_taken_is_printed(pipe, number):
    manager = FakeManager([price(1), price(2)])
    work = asyncio.create_task(printed(manager, pipe))
    await manager.waiting.wait()

    os.kill(os.getpid(), number)

    assert await work == 0
    assert len(pipe.everything()) == 2
    assert manager.calls[-1] == "closed"
    assert signal.getsignal(number) is signal.SIG_IGN  # the process is about to end


async def test_a_hang_up_that_is_ignored_stays_ignored(pipe):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        manager = FakeManager([price(1)])
        work = asyncio.create_task(printed(manager, pipe))
        await manager.waiting.wait()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        os.kill(os.getpid(), signal.SIGTERM)
        assert await work == 0
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_a_reader_that_goes_away_while_nothing_happens_ends_it(pipe):
    manager = FakeManager()
    work = asyncio.create_task(printed(manager, pipe))
    await manager.waiting.wait()

    pipe.stop_reading()

    assert await work == 0
    assert manager.calls[-1] == "closed"


async def test_a_socket_whose_reader_goes_away_ends_it_too():
    ours, theirs = socket.socketpair()
    manager = FakeManager([price(1)])
    work = asyncio.create_task(print_lines(manager, symbols=("SOL",), wallets=(), descriptor=ours.fileno()))
    await manager.waiting.wait()
    theirs.close()
    assert await work == 0
    ours.close()


async def test_a_terminal_whose_window_is_closed_is_a_reader_that_is_gone():
    """`stream` ended with status 1 if it wrote a line before SIGHUP came."""
    master, terminal = pty.openpty()
    output = Output(terminal)
    os.close(master)
    try:
        with pytest.raises(BrokenPipeError, match="hung up"):
            await output.write(b"a line\n")
    finally:
        output.close()
        os.close(terminal)


async def test_a_reader_that_is_gone_before_the_first_line_ends_it(pipe):
    pipe.stop_reading()
    assert await printed(FakeManager([price(1)] * 5), pipe) == 0


async def test_a_reader_that_does_not_read_blocks_neither_the_loop_nor_the_end(pipe):
    manager = FakeManager(price(number) for number in range(100_000))
    work = asyncio.create_task(printed(manager, pipe))
    taken = -1
    while taken != manager.taken or not taken:  # until the pipe and what may wait before it are full
        taken = manager.taken
        await asyncio.sleep(0.05)
    assert taken < 5000

    os.kill(os.getpid(), signal.SIGTERM)

    assert await work == 0
    assert manager.calls[-1] == "closed"
    pipe.stop_reading()


async def test_a_file_takes_the_lines_as_well(tmp_path):
    with (tmp_path / "lines.jsonl").open("wb") as file:
        manager = FakeManager([price(1), price(2)], ends=True)
        await print_lines(manager, symbols=("SOL",), wallets=(), descriptor=file.fileno())
    assert len((tmp_path / "lines.jsonl").read_text().splitlines()) == 2


async def test_a_descriptor_that_somebody_made_non_blocking_loses_nothing(pipe):
    os.set_blocking(pipe.writing, False)
    seen: list[dict] = []

    def read_slowly():
        with os.fdopen(os.dup(pipe.reading), "rb") as lines:
            seen.extend(json.loads(line) for line in lines)

    reader = threading.Thread(target=read_slowly)
    reader.start()
    assert await printed(FakeManager([price(number) for number in range(2000)], ends=True), pipe) == 0
    os.close(pipe.writing)
    pipe.writing = -1
    await asyncio.to_thread(reader.join)
    assert [line["price"] for line in seen] == [str(number) for number in range(2000)]


async def test_a_failure_of_the_engine_comes_after_the_lines_before_it(pipe):
    manager = FakeManager([price(1)], fails=RuntimeError("broken"))
    with pytest.raises(RuntimeError, match="broken"):
        await printed(manager, pipe)
    assert len(pipe.everything()) == 1
    assert manager.calls[-1] == "closed"


async def test_a_disk_that_is_full_is_a_failure():
    descriptor = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(OSError, match="No space left"):
            await print_lines(FakeManager([price(1)]), symbols=("SOL",), wallets=(), descriptor=descriptor)
    finally:
        os.close(descriptor)


def parked(provider: str, **changes: object) -> SimpleNamespace:
    facts = {
        "provider": provider,
        "parked": True,
        "fallback": False,
        "idle": False,
        "reason": "bad key",
        "state": "x",
    }
    return SimpleNamespace(**facts | changes)


@on_virtual_time
async def test_it_has_failed_when_every_provider_refused_for_good_and_nothing_came(pipe, caplog):
    statuses = [parked("birdeye"), parked("helius", idle=True, parked=False)]
    assert await printed(FakeManager([status()], statuses=statuses), pipe, duration=0.02) == 1
    assert "birdeye served nothing: bad key" in caplog.text


@pytest.mark.parametrize(
    ("events", "statuses"),
    [
        ([price(1)], [parked("birdeye")]),
        ([], [parked("birdeye"), parked("helius", parked=False)]),
        ([], [parked("birdeye", fallback=True)]),
        ([], []),
    ],
)
@on_virtual_time
async def test_it_has_not_failed_as_long_as_something_came_or_may_still_come(pipe, events, statuses):
    assert await printed(FakeManager(events, statuses=statuses), pipe, duration=0.02) == 0
