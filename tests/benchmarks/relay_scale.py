"""What a relay needs for 1, 10, 50 and 300 terminals: CPU, memory and bytes, measured on the real command.

    python tests/benchmarks/relay_scale.py [--terminals 1,10,50,300] [--intervals 250,100] [--seconds 6]
    python tests/benchmarks/relay_scale.py --nats 3 [--terminals 1,300]

``streamtui relay`` runs in a process of its own over emulated providers in this one: `PRICES` prices a second
in `ROWS` rows, of which every terminal wants the same `WANTED`. Two terminals in this process read what they
are told, and what they know at the end must be the same; all others are in a further process and count it.
CPU is the processor time that the system has counted for the relay, memory its share of the machine's (PSS).
In the last row of each interval every terminal wants rows of its own choice, so that no two share a frame.
From the two largest numbers of terminals it computes what more terminals and more relays come to.

With ``--nats`` it is so many relays on a NATS server, with so many terminals each: what the one that leads,
the others (each, on average) and the server need.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any
from urllib.request import urlopen

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from nats_server import NatsServer
from processes import leading_to, surroundings
from relay_bench import Terminal
from relay_cost import machine
from screen_cost import symbols

from streamsim import Emulators

ROWS = 50
PRICES = 100.0
WANTED = 20
READING = 2
"""Terminals that read and understand what they are told."""

SETTLED = 2.0
"""Seconds from the last terminal's first frame until the measuring begins."""

COUNTING = str(Path(__file__).with_name("counting_terminals.py"))


@dataclass(frozen=True)
class Measured:
    """What a relay needed."""

    terminals: int
    interval: int
    """Milliseconds between two frames."""
    deflate: bool
    alike: bool
    """Whether all want the same rows."""
    cpu: float
    """Of one core, from 0 to 1 and more."""
    memory: float
    """MiB."""
    files: int
    """Open file descriptors."""
    bytes: float
    """To each terminal, a second."""
    frames: float
    """To each terminal, a second."""


def cpu(pid: int) -> float:
    """Return the seconds of processor time that a process has used, in all its threads."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((one / "schedstat").read_text().split()[0]) for one in threads) / 1e9


def memory(pid: int) -> float:
    """Return a process's share of the machine's memory in MiB: what several use is divided among them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def files(pid: int) -> int:
    """Return how many files a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


class Process:
    """A process of the benchmark."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    @classmethod
    async def start(cls, *arguments: object, environment: dict[str, str] | None = None) -> Process:
        pipe = asyncio.subprocess.PIPE
        command = [sys.executable, *map(str, arguments)]
        return cls(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, env=environment))

    async def line(self) -> str:
        assert self._process.stdout is not None
        line = (await self._process.stdout.readline()).decode().strip()
        assert line, "it has ended"
        return line

    async def ask(self) -> Any:
        """Write it a line, and return the JSON it answers with."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        return msgspec.json.decode(await self.line())

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def relay(
    folder: Path, emulators: Emulators, *more: str, name: str = "paid"
) -> AsyncIterator[tuple[Process, str]]:
    """Yield a relay that watches all rows, and where it listens.

    Args:
        folder: For its log.
        emulators: Its providers.
        more: Further arguments.
        name: The key by which the providers know it.
    """
    variables = leading_to(emulators) | {"STREAMTUI_RELAY_MAX_CLIENTS": "5000", "BIRDEYE_API_KEY": name}
    command = ("-m", "streamtui", "relay", "--listen", "127.0.0.1:0", "--state", folder / name, *more)
    process = await Process.start(
        *command, "--symbols", ",".join(symbols(ROWS)), environment=surroundings(folder, variables)
    )
    try:
        line = await process.line()
        yield process, line.removeprefix("serving on ws://")
    finally:
        await process.end()


class At:
    """Where a relay is, as `Terminal` wants to know it."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self.address = (host, int(port))


@asynccontextmanager
async def reading(address: str, interval: int, *, deflate: bool) -> AsyncIterator[Terminal]:
    options: dict[str, Any] = {} if deflate else {"compression": None}
    terminal = await Terminal(At(address)).open(**options)  # type: ignore[arg-type]
    try:
        await terminal.want(symbols(ROWS)[:WANTED], interval=interval)
        yield terminal
    finally:
        await terminal.close()


@asynccontextmanager
async def counting(
    address: str, terminals: int, interval: int, *, deflate: bool, alike: bool
) -> AsyncIterator[Process]:
    rows = symbols(ROWS)[: WANTED if alike else ROWS]
    process = await Process.start(COUNTING, address, terminals, interval, int(deflate), WANTED, *rows)
    try:
        assert await process.line() == "there"
        yield process
    finally:
        await process.end()


async def move(emulators: Emulators) -> None:
    """Have every price change in turn, `PRICES` times a second in all."""
    mints = symbols(ROWS)
    began, count = time.monotonic(), 0
    while True:
        due = int((time.monotonic() - began) * PRICES)
        while count < due:
            emulators.market.trade(mints[count % ROWS])
            count += 1
        await asyncio.sleep(0.01)


async def measure(
    terminals: int, interval: int, seconds: float, *, deflate: bool, alike: bool = True
) -> Measured:
    """Return what one relay needs for so many terminals."""
    read = min(READING, terminals - 1)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        emulators = await stack.enter_async_context(Emulators(market_rate=0, wallet_rate=0))
        moving = asyncio.create_task(move(emulators))
        stack.callback(moving.cancel)
        process, address = await stack.enter_async_context(relay(folder, emulators))
        both = [
            await stack.enter_async_context(reading(address, interval, deflate=deflate)) for _ in range(read)
        ]
        crowd = await stack.enter_async_context(
            counting(address, terminals - read, interval, deflate=deflate, alike=alike)
        )
        loop = asyncio.get_running_loop()
        await asyncio.sleep(SETTLED)
        await crowd.ask()
        began, used = loop.time(), cpu(process.pid)
        await asyncio.sleep(seconds)
        passed, used = loop.time() - began, cpu(process.pid) - used
        told = await crowd.ask()
        assert not told["lost"], f"{told['lost']} terminals were closed"
        found = Measured(
            terminals,
            interval,
            deflate,
            alike,
            used / passed,
            memory(process.pid),
            files(process.pid),
            mean(told["bytes"]) / passed,
            mean(told["frames"]) / passed,
        )
        moving.cancel()
        await asyncio.sleep(2 * interval / 1000 + 0.5)
        known = [{key: one.price(key) for key in one.mirror.prices} for one in both]
        assert all(len(one) == WANTED and one == known[0] for one in known), "the two know different prices"
        return found


def share(value: float) -> str:
    return f"{value:.1%}".replace("%", " %")


def kib(value: float) -> str:
    return f"{value / 1024:.1f}"


def row(found: Measured) -> str:
    deflate = "yes" if found.deflate else "no"
    number = f"{found.terminals}" if found.alike else f"{found.terminals}, each its own rows"
    return (
        f"| {number} | {found.interval} ms | {deflate} | {share(found.cpu)} | {found.memory:.0f} MiB "
        f"| {found.files} | {found.frames:.1f} | {kib(found.bytes)} KiB/s "
        f"| {found.bytes * found.terminals / 1024:.0f} KiB/s |"
    )


async def table(terminals: list[int], intervals: list[int], seconds: float) -> list[Measured]:
    print(f"{machine()}; {PRICES:g} prices/s in {ROWS} rows, {WANTED} of them wanted; {seconds:g} s each\n")
    print("| terminals | interval | deflate | CPU of a core | memory | files | frames/s | to each | to all |")
    print("|---|---|---|---|---|---|---|---|---|")
    found = []
    for interval in intervals:
        for deflate in (True, False):
            for number in terminals:
                found.append(await measure(number, interval, seconds, deflate=deflate))
                print(row(found[-1]), flush=True)
        found.append(await measure(terminals[-1], interval, seconds, deflate=True, alike=False))
        print(row(found[-1]), flush=True)
    return found


def computed(found: list[Measured], relays: int, terminals: int) -> str:
    """Return a row of what so many relays with so many terminals each come to, by what one more has cost."""
    alike = [one for one in found if one.alike and one.deflate and one.interval == found[0].interval]
    fewer, more = alike[-2:]
    difference = more.terminals - fewer.terminals
    further = terminals - more.terminals
    cpu = more.cpu + further * (more.cpu - fewer.cpu) / difference
    memory = more.memory + further * (more.memory - fewer.memory) / difference
    traffic = more.bytes * terminals * relays / 2**20
    return (
        f"| {relays} × {terminals:,} | {share(cpu)} | {memory:.0f} MiB | {share(cpu * relays)} "
        f"| {memory * relays / 1024:.1f} GiB | {traffic:.1f} MiB/s |"
    )


async def measure_together(count: int, terminals: int, interval: int, seconds: float) -> list[str]:
    """Return rows of what relays on a NATS server need, with so many terminals each."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        emulators = await stack.enter_async_context(Emulators(market_rate=0, wallet_rate=0))
        moving = asyncio.create_task(move(emulators))
        stack.callback(moving.cancel)
        server = stack.enter_context(NatsServer(folder / "nats"))
        assert server.process is not None
        relays: dict[str, Process] = {}
        crowds = []
        for number in range(count):
            name = f"paid-{number}"
            serving = relay(folder, emulators, "--nats", server.url, name=name)
            relays[name], address = await stack.enter_async_context(serving)
            while not await asyncio.to_thread(_is_ready, address):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.1)
            crowd = counting(address, terminals, interval, deflate=True, alike=True)
            crowds.append(await stack.enter_async_context(crowd))
        loop = asyncio.get_running_loop()
        await asyncio.sleep(SETTLED)
        for crowd in crowds:
            await crowd.ask()
        pids = {name: process.pid for name, process in relays.items()} | {"nats-server": server.process.pid}
        began, used = loop.time(), {name: cpu(pid) for name, pid in pids.items()}
        await asyncio.sleep(seconds)
        passed, used = loop.time() - began, {name: cpu(pid) - used[name] for name, pid in pids.items()}
        told = [await crowd.ask() for crowd in crowds]
        assert not any(one["lost"] for one in told), "terminals were closed"
        told_by = {name: mean(one["frames"]) / passed for name, one in zip(relays, told, strict=True)}
        (leader,) = {client.key for client in emulators.birdeye.clients}
        rows = []
        for role, names in {
            "leads": [leader],
            "follows, each": [name for name in relays if name != leader],
            "NATS server": ["nats-server"],
        }.items():
            needed = mean(used[name] for name in names) / passed
            holds = mean(memory(pids[name]) for name in names)
            frames = f"{mean(told_by[name] for name in names):.1f}" if names[0] in told_by else ""
            rows.append(f"| {count} × {terminals} | {role} | {share(needed)} | {holds:.0f} MiB | {frames} |")
        return rows


def _is_ready(address: str) -> bool:
    with contextlib.suppress(OSError), urlopen(f"http://{address}/readyz", timeout=2) as answer:
        return bool(answer.status == 200)
    return False


async def table_together(count: int, terminals: list[int], interval: int, seconds: float) -> None:
    print(f"{machine()}; {PRICES:g} prices/s in {ROWS} rows, {WANTED} of them wanted, every {interval} ms\n")
    print("| relays × terminals | what | CPU of a core | memory | frames/s to each |")
    print("|---|---|---|---|---|")
    for number in terminals:
        for row in await measure_together(count, number, interval, seconds):
            print(row, flush=True)


async def tables(terminals: list[int], intervals: list[int], seconds: float) -> None:
    found = await table(terminals, intervals, seconds)
    if len(terminals) > 1:
        print(
            "\n| relays × terminals, computed | CPU of each | memory of each | CPU | memory | to terminals |"
        )
        print("|---|---|---|---|---|---|")
        for relays, number in ((1, 1000), (3, 300), (30, 1000)):
            print(computed(found, relays, number))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--intervals", default="250,100")
    parser.add_argument("--terminals", default="1,10,50,300")
    parser.add_argument("--nats", type=int, default=0, help="so many relays on a NATS server")
    options = parser.parse_args()
    terminals = [int(number) for number in options.terminals.split(",")]
    intervals = [int(number) for number in options.intervals.split(",")]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if options.nats:
        asyncio.run(table_together(options.nats, terminals, intervals[0], options.seconds))
    else:
        asyncio.run(tables(terminals, intervals, options.seconds))


if __name__ == "__main__":
    main()
