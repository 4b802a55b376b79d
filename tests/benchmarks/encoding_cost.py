"""What the relay's encodings cost on four loads: bytes a second of one terminal, as the table in README.

Three engines listen to emulated sources at once: Birdeye with twenty symbols, Kraken with seventeen, and the
sources that need no key as they come; the fourth load is Kraken's played fifty times faster. Bytes are exact
up to what the emulated markets do by chance. `python tests/benchmarks/encoding_cost.py [SECONDS]`, 300 unless
given.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from streamcore import PriceUpdate, Settings, StreamManager
from streamcore.comparison import Cost, compare
from streamsim.demo import embedded

FASTER = 50
AT_KRAKEN = ["SOL", "BTC", "ETH", "BNB", "UNI", "LINK", "JUP", "BONK", "WIF", "JTO", "PYTH", "RAY", "ORCA"]
AT_KRAKEN += ["RENDER", "HNT", "POPCAT", "PENGU"]
AT_BIRDEYE = ["SOL", "BTC", "ETH", "JUP", "BONK", "WIF", "JTO", "PYTH", "RAY", "ORCA", "MSOL", "RENDER"]
AT_BIRDEYE += ["HNT", "TRUMP", "POPCAT", "PENGU", "FARTCOIN", "MEW", "W", "PUMP"]
USUAL = ["SOL", "BTC", "ETH", "BONK", "JUP", "WIF", "JTO", "PYTH", "MSOL", "MEW"]

ROWS = (
    ("JSON snapshot", None, False),
    ("JSON snapshot", None, True),
    ("JSON delta", None, False),
    ("JSON delta", None, True),
    ("MessagePack snapshot", None, False),
    ("MessagePack delta", None, False),
    ("wire JSON", 0.25, True),
    ("wire protobuf", 0.25, True),
    ("wire MessagePack", None, True),
    ("wire MessagePack", 0.1, False),
    ("wire MessagePack", 0.1, True),
    ("wire MessagePack", 0.25, True),
)
"""Way of writing, batch, and whether it is deflated."""


@dataclass(frozen=True)
class Load:
    """What is listened to."""

    name: str
    prices: str
    symbols: Sequence[str]
    rate: float


LOADS = (
    Load("mix", "public", USUAL, 4.0),
    Load("Birdeye", "birdeye", AT_BIRDEYE, 12.0),
    Load("Kraken", "kraken", AT_KRAKEN, 20.0),
)


async def listen(load: Load, seconds: float) -> list[PriceUpdate]:
    settings = Settings(demo=True, demo_rate=load.rate, prices=load.prices, symbols=tuple(load.symbols))
    events: list[PriceUpdate] = []
    async with StreamManager(settings, demo=embedded) as manager:
        incoming = manager.events()
        await manager.subscribe_prices(load.symbols)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for event in incoming:
                    if isinstance(event, PriceUpdate):
                        events.append(event)
    return events


async def listen_to_all(seconds: float) -> dict[str, list[PriceUpdate]]:
    found = await asyncio.gather(*(listen(load, seconds) for load in LOADS))
    loads = {load.name: events for load, events in zip(LOADS, found, strict=True)}
    began = loads["Kraken"][0].ts
    loads[f"Kraken, {FASTER} × faster"] = [
        msgspec.structs.replace(event, ts=began + (event.ts - began) / FASTER) for event in loads["Kraken"]
    ]
    return loads


def table(loads: Mapping[str, Sequence[PriceUpdate]]) -> str:
    costs = {name: compare(events, time.perf_counter) for name, events in loads.items()}
    heads = []
    for name, events in loads.items():
        heads.append(f"{name}, {len(events) / (events[-1].ts - events[0].ts):,.1f}/s")
    lines = ["| written as | each | " + " | ".join(heads) + " |", "|---|---|" + "---|" * len(heads)]
    lines += [f"| {_title(row)} | {_batch(row[1])} | " + _cells(row, costs.values()) for row in ROWS]
    return "\n".join(lines)


def _title(row: tuple[str, float | None, bool]) -> str:
    way, _, deflated = row
    return f"{way}, deflated" if deflated else way


def _batch(batch: float | None) -> str:
    return "update" if batch is None else f"{batch * 1000:.0f} ms"


def _cells(row: tuple[str, float | None, bool], costs: object) -> str:
    cells = []
    for found in costs:  # type: ignore[attr-defined]
        cost: Cost = next(one for one in found if (one.way, one.batch) == row[:2])
        rate, saved = (cost.deflated, cost.saved_deflated) if row[2] else (cost.plain, cost.saved)
        cells.append(f"{rate:,.0f} B/s, −{saved * 100:.1f} %")
    return " | ".join(cells) + " |"


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 300.0
    print(table(asyncio.run(listen_to_all(seconds))))


if __name__ == "__main__":
    main()
