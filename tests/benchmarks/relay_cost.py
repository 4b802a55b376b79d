"""What a relay costs: processor time with and without terminals, for 1,000 events a second in 100 rows.

A process of its own serves an engine that moves prices and costs next to nothing itself; this one has the
terminals, which read and throw away. `python tests/benchmarks/relay_cost.py [TERMINALS] [INTERVAL] [SECONDS]`
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from relay_bench import running
from relayed_engine import RelayedEngine
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from streamcore.relay.limits import RelayLimits
from streamcore.wire.encodings import encoding, subprotocol
from streamcore.wire.messages import Want

ROWS = 100
PER_SECOND = 1000
SYMBOLS = tuple(f"T{number:03}" for number in range(ROWS))


async def serve(seconds: float) -> None:
    engine = RelayedEngine()
    with tempfile.TemporaryDirectory() as folder:
        served = {"symbols": SYMBOLS}
        async with running(Path(folder), engine, limits=RelayLimits(clients=2000), served=served) as (
            relay,
            _,
        ):
            events = [engine.price(symbol, "100") for symbol in SYMBOLS]
            print(*relay.address, flush=True)
            await asyncio.to_thread(sys.stdin.readline)
            began, used, count, lag = time.monotonic(), time.process_time(), 0, 0.0
            publishing = 0.0
            while (passed := time.monotonic() - began) < seconds:
                due = int(passed * PER_SECOND) - count
                start = time.process_time()
                for number in range(count, count + due):
                    event = events[number % ROWS]
                    changes = {
                        "price": Decimal(10_000 + number % 977).scaleb(-2),
                        "volume_24h": Decimal(10**8 + number).scaleb(-2),
                    }
                    engine.hub.publish(type(event)(**{**_fields(event), **changes}))
                publishing += time.process_time() - start
                count += due
                lag = max(lag, due / PER_SECOND)
                await asyncio.sleep(0.005)
            used = time.process_time() - used
            sent = relay.fan_out.traffic
            print(
                f"{used / passed:.1%} of a core, {publishing / passed:.1%} of it making events; "
                f"{sum(sent.frames.values()) / passed:.0f} frames/s, "
                f"{sum(sent.payload.values()) / passed / 1000:.0f} KB/s before compression, "
                f"{sent.skipped} skipped; turns late by {lag * 1000:.0f} ms at most",
                flush=True,
            )


def _fields(event: object) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__struct_fields__}  # type: ignore[attr-defined]


async def measure(terminals: int, interval: int, seconds: float) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        "serve",
        str(seconds),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    host, port = (await process.stdout.readline()).decode().split()
    spoken = encoding("msgpack")
    want = spoken.encode(Want(1, SYMBOLS, (), None, interval))

    async def drain() -> None:
        protocol = Subprotocol(subprotocol("msgpack"))
        async with connect(f"ws://{host}:{port}/v1", subprotocols=[protocol], proxy=None) as connection:
            await connection.send(want)
            async for _ in connection:
                pass

    tasks = [asyncio.create_task(drain()) for _ in range(terminals)]
    await asyncio.sleep(1.0)
    process.stdin.write(b"\n")
    used = time.process_time()
    print(f"{terminals} terminals, {interval} ms: ", end="", flush=True)
    print((await process.stdout.readline()).decode().strip())
    used = time.process_time() - used
    if terminals:
        print(f"  reading frames: {used / seconds / terminals:.2%} of a core a terminal")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await process.wait()


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(float(sys.argv[2])))
        return
    terminals, interval, seconds = [*map(int, sys.argv[1:]), *(50, 100, 10)[len(sys.argv) - 1 :]]
    for number in (0, 1, terminals):
        asyncio.run(measure(number, interval, seconds))


if __name__ == "__main__":
    main()
