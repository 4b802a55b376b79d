"""What a busy screen costs, beside a skeleton of it drawn by hand in Textual; see ``skeleton_app.py``.

The app also receives, decodes and merges what it shows, over a WebSocket from an emulator in a process of its
own; the skeleton makes up its cells. Both run at ten frames a second on a terminal of 120x40.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from running_app import Running
from screen_cost import CASES, Case, emulator, symbols, wallets

SKELETON = str(Path(__file__).with_name("skeleton_app.py"))
WARM_UP = 8.0
"""Seconds until everything is connected and shown."""
PAST = 10.0
"""Seconds more until the past of five wallets has been asked for: their source allows five requests a second.
What is compared is showing transactions, and the skeleton has its full list from the start."""
SECONDS = 10.0
"""Seconds of a measurement."""
COMPARED = (CASES[1], CASES[3])
"""The busy prices, and the wallets."""


@dataclass(frozen=True)
class Cost:
    """What a second of an app costs."""

    cpu: float
    """Percent of one core."""
    kib: float
    """To the terminal."""


def cost(arguments: Sequence[str], variables: Mapping[str, str], warm_up: float) -> Cost:
    """Return what an app costs once it is under way, after so many seconds."""
    app = Running(arguments, dict(variables))
    try:
        app.until(None, warm_up)
        cpu, written = app.cpu(), len(app.written)
        app.until(None, SECONDS)
        return Cost((app.cpu() - cpu) / SECONDS * 100, (len(app.written) - written) / SECONDS / 1024)
    finally:
        app.end()


def of_app(case: Case) -> Cost:
    """Return what the app costs."""
    arguments = ["-m", "streamtui", "--symbols", ",".join(symbols(case.symbols))]
    if case.wallets:
        arguments += ["--wallets", ",".join(wallets(case.wallets))]
    with emulator(case) as variables:
        variables = {**variables, "STREAMTUI_UI_FRAMES_PER_SECOND": str(case.frames)}
        return cost(arguments, variables, WARM_UP + (PAST if case.wallets else 0.0))


def of_skeleton(case: Case) -> Cost:
    """Return what the skeleton costs."""
    given = {
        "--symbols": case.symbols,
        "--updates": case.updates or case.symbols,
        "--transactions": case.transactions,
        "--frames": case.frames,
    }
    options = [word for name, value in given.items() for word in (name, f"{value:g}")]
    return cost([SKELETON, *options], os.environ, WARM_UP)


def rows(rounds: int) -> list[tuple[str, str, str]]:
    """Return what is compared, the ratio, and what it may be."""
    found = []
    for case in COMPARED:
        pairs = [(of_app(case), of_skeleton(case)) for _ in range(rounds)]
        ratio = statistics.median(app.cpu / skeleton.cpu for app, skeleton in pairs)
        kib = [statistics.median(cost.kib for cost in side) for side in zip(*pairs, strict=True)]
        cpu = [statistics.median(cost.cpu for cost in side) for side in zip(*pairs, strict=True)]
        figures = f"CPU {cpu[0]:.1f} to {cpu[1]:.1f} %, {kib[0]:.0f} to {kib[1]:.0f} KiB/s"
        found.append((f"{case.name}, to a hand-drawn skeleton ({figures})", f"{ratio:.2f}", "1.6"))
    return found


if __name__ == "__main__":
    for row in rows(1):
        print(*row, sep=" | ")
