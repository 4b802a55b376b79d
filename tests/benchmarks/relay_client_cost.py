"""What receiving from a relay costs one terminal: processor time of the client engine and one consumer.

A process of its own serves 1,000 prices a second in 100 rows (`relay_cost.py`); this one has the engine that
a terminal has, and reads its events. `python tests/benchmarks/relay_client_cost.py [SECONDS]`
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

from relay_cost import SYMBOLS

from streamcore import RelayClient, Settings
from streamcore.config.serving import RelaySettings, WireEncoding

WARM_UP = 3.0
CASES = (
    (20, 250, "msgpack"),
    (20, 100, "msgpack"),
    (100, 250, "msgpack"),
    (100, 100, "msgpack"),
    (20, 250, "json"),
    (20, 250, "proto"),
)
"""Rows, milliseconds between frames, and encoding."""


async def cost(url: str, rows: int, interval: int, name: str, seconds: float) -> str:
    relay = RelaySettings(url=(url,), interval=interval, encoding=WireEncoding(name))
    events = 0
    async with RelayClient(Settings(relay=relay)) as client:
        incoming = client.events()
        await client.subscribe_prices(SYMBOLS[:rows])

        async def read() -> None:
            nonlocal events
            async for _ in incoming:
                events += 1

        reading = asyncio.create_task(read())
        await asyncio.sleep(WARM_UP)
        before, used, began = events, time.process_time(), time.monotonic()
        frames = client.status("relay").messages_received
        await asyncio.sleep(seconds)
        used, passed = time.process_time() - used, time.monotonic() - began
        frames = client.status("relay").messages_received - frames
        reading.cancel()
    count = events - before
    return (
        f"{rows:4} rows, {interval:4} ms, {name:7}: {used / passed:.2%} of a core, "
        f"{frames / passed:.1f} frames/s, {count / passed:.0f} events/s, "
        f"{used / max(frames, 1) * 1e6:.0f} µs a frame, {used / max(count, 1) * 1e6:.1f} µs an event"
    )


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 15.0
    lasting = str(len(CASES) * (seconds + WARM_UP + 3) + 30)
    server = Path(__file__).with_name("relay_cost.py")
    command = [sys.executable, str(server), "serve", lasting]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        host, port = process.stdout.readline().split()[:2]
        process.stdin.write("\n")
        process.stdin.flush()
        for case in CASES:
            print(asyncio.run(cost(f"ws://{host}:{port}", *case, seconds)), flush=True)
        process.kill()


if __name__ == "__main__":
    main()
