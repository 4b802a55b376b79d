"""What the path of a message costs, from the socket to the consumer, beside what others take for the same.

Run it with ``python tests/benchmarks/message_path.py``; it takes some minutes and fails no build. Every
yardstick is measured in the same run, since figures of different machines, or of different minutes on a busy
one, cannot be compared. So the programs run by turns, each beside what it is compared with, every second
round backwards; a ratio is taken within each round, and a row is the median of these, with the least and the
most.

Two of the yardsticks need not be there, and their rows are printed only where they are: picows, which the
extra ``fast`` installs, also for the rows of the engine over it, and cryptofeed 3 (``pip install
"cryptofeed>=3" uvloop``, Python 3.13 or newer, AGPL), which is no dependency of any kind: install it into an
environment of its own, beside this project.
"""

from __future__ import annotations

import argparse
import importlib.util
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import busy_screen
import one_notification
import reconnect_cost
import startup_cost
import tick_latency

HERE = Path(__file__).parent
COUNT = 100_000
"""Messages of one measurement."""
LONGEST = 120.0
"""Seconds after which a measurement has failed."""


@dataclass(frozen=True)
class Run:
    """One program at one feed."""

    label: str
    program: str = "engine"
    feed: str = "kraken"
    symbols: int = 3
    consumers: int = 1
    malformed: float = 0.0
    library: str = "websockets"
    """What carries the engine's stream."""


FEEDS = ("kraken", "coinbase", "birdeye")
BARE = {feed: Run(f"bare websockets, {feed}", "bare", feed) for feed in FEEDS}
LIMIT = {feed: Run(f"picows, {feed}", "limit", feed) for feed in FEEDS}
ENGINE = {feed: Run(f"engine, {feed}", "engine", feed) for feed in FEEDS}
FAST = {feed: Run(f"engine with streamtui[fast], {feed}", "engine", feed, library="picows") for feed in FEEDS}
CRYPTOFEED = Run("cryptofeed 3, kraken", "cryptofeed")
WITH_UVLOOP = Run("cryptofeed 3 with uvloop, kraken", "cryptofeed-uvloop")
TEN = Run("engine, ten consumers", consumers=10)
MALFORMED = Run("engine, 5 % malformed", malformed=0.05)
MANY = {count: Run(f"engine, {count:,} symbols", symbols=count) for count in (1, 10, 100, 1000)}
LIMIT_OF_MANY = {count: Run(f"picows, {count:,} symbols", "limit", symbols=count) for count in (1, 1000)}
"""The yardstick at the same frames: what the frames themselves cost more where they are of many symbols."""
KEEPING = {
    count: Run(f"picows, {count:,} symbols, the last message of each kept", "keeping", symbols=count)
    for count in (1, 1000)
}
"""The same with the least state that anything with a price list must have: what the machine's cache costs."""


@dataclass
class Measured:
    """What the rounds brought."""

    costs: dict[Run, list[float]] = field(default_factory=dict)
    heard: dict[Run, float] = field(default_factory=dict)

    def median(self, run: Run) -> float | None:
        """Return the microseconds of CPU a message; ``None`` where it was not measured."""
        costs = self.costs.get(run)
        return statistics.median(costs) if costs else None

    def against(self, run: Run, yardstick: Run) -> str:
        """Return the ratio to a yardstick, for a table: the median of the rounds, the least and the most."""
        pairs = zip(self.costs.get(run, ()), self.costs.get(yardstick, ()), strict=False)
        ratios = [ours / theirs for ours, theirs in pairs]
        if not ratios:
            return "–"
        return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def installed(package: str) -> str | None:
    """Return the version of a package, or ``None``."""
    try:
        return version(package) if importlib.util.find_spec(package) else None
    except PackageNotFoundError:
        return None


def runs() -> list[Run]:
    """Return what can be measured here, in the order of a round."""
    cryptofeed = installed("cryptofeed")
    has_three = cryptofeed is not None and int(cryptofeed.split(".")[0]) >= 3
    has_picows = installed("picows") is not None
    found = [CRYPTOFEED] if has_three else []
    for feed in FEEDS:  # what is compared stands side by side
        found += [ENGINE[feed], BARE[feed]]
        found += [LIMIT[feed], FAST[feed]] if has_picows else []
    found += [WITH_UVLOOP] if has_three and installed("uvloop") else []
    found += [TEN, MALFORMED, *MANY.values()]
    found += [*LIMIT_OF_MANY.values(), *KEEPING.values()] if has_picows else []
    return found


def measure(run: Run, count: int) -> tuple[float, float]:
    """Return the microseconds of CPU a message, and the share of them that the consumer heard of."""
    requests = -(-run.symbols // 100) if run.program == "engine" else 1
    server = [
        sys.executable, str(HERE / "blaster.py"), run.feed, "--count", str(count),
        "--symbols", str(run.symbols), "--requests", str(requests), "--malformed", str(run.malformed),
    ]  # fmt: skip
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as blaster:
        try:
            assert blaster.stdout is not None
            port = blaster.stdout.readline().strip()
            client = [
                sys.executable, str(HERE / "contenders.py"), run.program, run.feed, port, str(count),
                "--symbols", str(run.symbols), "--consumers", str(run.consumers),
                "--library", run.library,
            ]  # fmt: skip
            done = subprocess.run(client, capture_output=True, text=True, timeout=LONGEST, check=False)
        finally:
            blaster.kill()
    words = done.stdout.split()
    if not words:
        raise RuntimeError(f"{run.label} did not come to its end: {done.stderr[-400:]}")
    return float(words[0]), float(words[1]) / count


def message_rows(measured: Measured) -> list[tuple[str, str, str]]:
    """Return what is compared, the ratio, and what it may be."""
    kraken = ENGINE["kraken"]
    rows = []
    for feed, engine in ENGINE.items():
        rows += [
            (f"{engine.label}, to cryptofeed 3 on Kraken", measured.against(engine, CRYPTOFEED), "0.75"),
            (f"{engine.label}, to a bare websockets loop", measured.against(engine, BARE[feed]), ""),
            (f"{engine.label}, to picows and msgspec", measured.against(engine, LIMIT[feed]), ""),
        ]
    for feed, engine in FAST.items():
        rows += [
            (f"{engine.label}, to cryptofeed 3 on Kraken", measured.against(engine, CRYPTOFEED), "0.5"),
            (f"{engine.label}, to picows and msgspec", measured.against(engine, LIMIT[feed]), "2.5"),
        ]
    return [
        *rows,
        ("ten consumers instead of one", measured.against(TEN, kraken), "1.5"),
        ("5 % malformed", measured.against(MALFORMED, kraken), "1.2"),
        *(
            (f"{count:,} symbols, to one", measured.against(MANY[count], MANY[1]), "1.2")
            for count in (10, 100, 1000)
        ),
        *(
            (f"{of[1000].label}, to one", measured.against(of[1000], of[1]), "")
            for of in (LIMIT_OF_MANY, KEEPING)
        ),
    ]


PARTS: dict[str, Callable[[int], list[tuple[str, str, str]]]] = {
    "reconnect": reconnect_cost.rows,
    "screen": busy_screen.rows,
    "ticks": tick_latency.rows,
    "start": startup_cost.rows,
}
"""The parts besides that of the messages: each takes the number of rounds and returns its rows."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=COUNT, help="messages of one measurement")
    parser.add_argument("--only", choices=("messages", *PARTS), help="one part of it")
    given = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}, {given.rounds} rounds", flush=True)
    measured = Measured()
    rows: list[tuple[str, str, str]] = []
    if given.only in (None, "messages"):
        for number in range(given.rounds):
            for run in runs()[:: -1 if number % 2 else 1]:
                cost, heard = measure(run, given.count)
                measured.costs.setdefault(run, []).append(cost)
                measured.heard[run] = heard
        print("\n| CPU of a message | µs, median | least | most | heard |\n|---|---|---|---|---|")
        for run, costs in measured.costs.items():
            figures = f"{statistics.median(costs):.1f} | {min(costs):.1f} | {max(costs):.1f}"
            print(f"| {run.label} | {figures} | {measured.heard[run]:.0%} |")
        rows += message_rows(measured)
        rows.append(one_notification.row(given.rounds))
    for name, measured_rows in PARTS.items():
        if given.only in (None, name):
            rows += measured_rows(given.rounds)
    print("\n| ratio | measured | may be |\n|---|---|---|")
    for what, ratio, bound in rows:
        print(f"| {what} | {ratio} | {bound} |")


if __name__ == "__main__":
    main()
