"""What a relay costs, and how soon its terminals know: 1,000 prices a second in 100 rows.

A process of its own serves an engine that moves prices and costs next to nothing itself, another has the
terminals, which read and throw away, and this one is the terminal that looks at the clock. All are on one
machine, whose clock dates both ends. It prints two Markdown tables:

    python tests/benchmarks/relay_cost.py [--seconds 5] [--interval 100] [--terminals 1,50,300]

The second one compares what 50 terminals notice with and without five others that have stopped reading.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from relay_bench import running
from relayed_engine import RelayedEngine
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from streamcore.relay.limits import RelayLimits
from streamcore.wire.encodings import encoding, subprotocol
from streamcore.wire.messages import Frame, Want

ROWS = 100
PER_SECOND = 1000
SYMBOLS = tuple(f"T{number:03}" for number in range(ROWS))
WIRE = encoding("msgpack")

SETTLED = 1.0
"""Seconds from the last connection until the measuring begins."""

WITH_STALLED = 50, 5
"""Terminals of the second table, and how many stalled ones are added."""


# --- the process that serves -----------------------------------------------------------------------------


async def serve(seconds: float) -> None:
    """Serve, wait for a line, move prices for some seconds, and print what that took, as JSON."""
    engine = RelayedEngine()
    limits = RelayLimits(clients=2000, too_slow_after=3600.0, ping_every=3600.0)
    with tempfile.TemporaryDirectory() as folder:
        async with running(Path(folder), engine, limits=limits, served={"symbols": SYMBOLS}) as (relay, _):
            events = [engine.price(symbol, "100") for symbol in SYMBOLS]
            print(*relay.address, flush=True)
            await asyncio.to_thread(sys.stdin.readline)
            began, used, count, late = time.monotonic(), time.process_time(), 0, 0.0
            while (passed := time.monotonic() - began) < seconds:
                due = int(passed * PER_SECOND) - count
                for number in range(count, count + due):
                    moved = msgspec.structs.replace(
                        events[number % ROWS],
                        ts=time.time(),
                        price=Decimal(10_000 + number % 977).scaleb(-2),
                        volume_24h=Decimal(10**8 + number).scaleb(-2),
                    )
                    engine.hub.publish(moved)
                count += due
                late = max(late, due / PER_SECOND)
                await asyncio.sleep(0.005)
            sent = relay.fan_out.traffic
            result = {
                "cpu": (time.process_time() - used) / passed,
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "frames": sum(sent.frames.values()) / passed,
                "skipped": sent.skipped,
                "lagging": relay.fan_out.lagging,
                "late": late,
            }
            print(msgspec.json.encode(result).decode(), flush=True)


# --- the process with the terminals ----------------------------------------------------------------------


@asynccontextmanager
async def terminal(address: str, interval: int, *, deflate: bool) -> AsyncIterator[ClientConnection]:
    """Connect, want every row, and read the first frame."""
    options: dict[str, Any] = {} if deflate else {"compression": None}
    protocol = Subprotocol(subprotocol("msgpack"))
    async with connect(
        f"ws://{address}/v1", subprotocols=[protocol], proxy=None, max_size=None, close_timeout=1, **options
    ) as connection:
        await connection.send(WIRE.encode(Want(1, SYMBOLS, (), None, interval)))
        for _ in range(3):  # the hello, the answer, and the first frame
            await connection.recv()
        yield connection


async def crowd(address: str, terminals: int, interval: int, stalled: int, *, deflate: bool) -> None:
    """Connect terminals that read, and some that stop; print a line when all are there."""
    there, handshakes = asyncio.Semaphore(0), asyncio.Semaphore(20)

    async def read() -> None:
        async with AsyncExitStack() as stack:
            async with handshakes:
                connection = await stack.enter_async_context(terminal(address, interval, deflate=deflate))
            there.release()
            async for _ in connection:
                pass

    async def stop() -> None:
        async with terminal(address, interval, deflate=deflate) as connection:
            connection.transport.pause_reading()
            there.release()
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(read()) for _ in range(terminals)]
    tasks += [asyncio.create_task(stop()) for _ in range(stalled)]
    for _ in tasks:
        await there.acquire()
    print("there", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


# --- the process that measures ---------------------------------------------------------------------------


@dataclass
class Seen:
    """Milliseconds until the terminal that looks at the clock knew."""

    from_frame: list[float] = field(default_factory=list)
    """From when the frame was begun."""
    from_change: list[float] = field(default_factory=list)
    """From when the engine had the price, which then waits for the next frame."""


async def look(address: str, interval: int, seen: Seen, *, deflate: bool) -> None:
    async with terminal(address, interval, deflate=deflate) as connection:
        async for data in connection:
            now = time.time() * 1000
            message = WIRE.read_answer(data if isinstance(data, bytes) else data.encode())
            if isinstance(message, Frame) and not any(price.snapshot for price in message.prices):
                seen.from_frame.append(now - message.t)
                seen.from_change += [now - message.t - price.ms for price in message.prices]


async def start(*arguments: object) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, __file__, *map(str, arguments), stdin=pipe, stdout=pipe
    )


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


def go(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")


async def measure(
    terminals: int, interval: int, seconds: float, *, deflate: bool = True, stalled: int = 0
) -> tuple[dict[str, Any], Seen]:
    """Return what the relay says of itself, and what one of the terminals has seen."""
    server = await start("serve", seconds)
    address = (await line(server)).replace(" ", ":")
    seen = Seen()
    others = looking = None
    if terminals:
        others = await start("crowd", address, terminals - 1, interval, stalled, int(deflate))
        await line(others)
        looking = asyncio.create_task(look(address, interval, seen, deflate=deflate))
        await asyncio.sleep(SETTLED)
        seen.from_frame.clear()
        seen.from_change.clear()
    go(server)
    result: dict[str, Any] = msgspec.json.decode(await line(server))
    if looking is not None and others is not None:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        go(others)
        await others.wait()
    await server.wait()
    return result, seen


def figures(values: list[float]) -> str:
    """Return median and 99th percentile in milliseconds."""
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 2]:.0f} / {ordered[len(ordered) * 99 // 100]:.0f} ms"


def machine() -> str:
    model = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        named = [text for text in info.read_text().splitlines() if text.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} × {model}, Python {platform.python_version()}, load {load:.1f} at the start"


async def tables(terminals: list[int], interval: int, seconds: float) -> None:
    print(f"{machine()}; {PER_SECOND} prices/s in {ROWS} rows, a frame every {interval} ms\n")
    alone, _ = await measure(0, interval, seconds)
    print(
        "| terminals | deflate | of a core | more than alone | memory | frame → terminal, p50 / p99 "
        "| change → terminal |"
    )
    print("|---|---|---|---|---|---|---|")
    print(f"| none | | {alone['cpu']:.1%} | | {alone['memory']:.0f} MB | | |", flush=True)
    for number in terminals:
        for deflate in (True, False):
            found, seen = await measure(number, interval, seconds, deflate=deflate)
            print(
                f"| {number} | {'yes' if deflate else 'no'} | {found['cpu']:.1%} "
                f"| {found['cpu'] - alone['cpu']:.1%} | {found['memory']:.0f} MB "
                f"| {figures(seen.from_frame)} | {figures(seen.from_change)} |",
                flush=True,
            )
    number, stalled = WITH_STALLED
    print(f"\n| {number} terminals | frame → terminal, p50 / p99 | change → terminal | frames kept back |")
    print("|---|---|---|---|")
    for more in (0, stalled, 0, stalled):
        found, seen = await measure(number, interval, seconds, stalled=more)
        name = f"and {more} that stopped reading" if more else "alone"
        print(
            f"| {name} | {figures(seen.from_frame)} | {figures(seen.from_change)} | {found['skipped']} |",
            flush=True,
        )


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(float(sys.argv[2])))
        return
    if sys.argv[1:2] == ["crowd"]:
        terminals, interval, stalled, deflate = map(int, sys.argv[3:])
        asyncio.run(crowd(sys.argv[2], terminals, interval, stalled, deflate=bool(deflate)))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--interval", type=int, default=100)
    parser.add_argument("--terminals", default="1,50,300")
    options = parser.parse_args()
    terminals = [int(number) for number in options.terminals.split(",")]
    asyncio.run(tables(terminals, options.interval, options.seconds))


if __name__ == "__main__":
    main()
