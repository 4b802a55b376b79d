"""What it takes until the program answers, beside the least that Python and Textual need for the like."""

from __future__ import annotations

import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from running_app import Running, environment
from screen_cost import Case, emulator, symbols

BARE_APP = (str(Path(__file__).with_name("bare_app.py")),)
OURS = ("-m", "streamtui")
FIRST_FRAME = {BARE_APP: b"Leave", OURS: b"TRANSACTIONS"}
"""What stands in the first frame of each."""
PRICE = re.compile(rb"[0-9]\.[0-9]{2}")
SETTLED = 30.0
"""Seconds after which an app holds what it is going to hold: the past of every price has come."""
WITHOUT_EXTRAS = Path(__file__).with_name("without_extras")
"""Modules that stand in the way of what the extra ``fast`` brings."""
SYMBOLS = 100
COMMANDS = 5
"""How often a command is run for one measurement."""


@dataclass(frozen=True)
class Taken:
    """What something took."""

    cpu: float
    """Seconds of one core."""
    wall: float
    """Seconds."""


def first_frame(arguments: tuple[str, ...]) -> Taken:
    """Return what it takes until an app's first frame."""
    extra = ("--symbols", "SOL,BTC") if arguments is OURS else ()
    start = time.monotonic()
    app = Running([*arguments, *extra], {"STREAMTUI_DEMO": "true"})
    try:
        app.until(re.compile(re.escape(FIRST_FRAME[arguments])), 60)
        return Taken(app.cpu(), time.monotonic() - start)
    finally:
        app.end()


def first_price() -> Taken:
    """Return what it takes from the first frame to the first price of the demo."""
    app = Running([*OURS, "--demo", "--symbols", "SOL,BTC"])
    try:
        app.until(re.compile(re.escape(FIRST_FRAME[OURS])), 60)
        start, cpu = time.monotonic(), app.cpu()
        app.until(PRICE, 60)
        return Taken(app.cpu() - cpu, time.monotonic() - start)
    finally:
        app.end()


def memory(arguments: Sequence[str], variables: dict[str, str] | None = None) -> float:
    """Return the MiB that an app holds after a while, as it is installed without extras."""
    path = os.pathsep.join(filter(None, (str(WITHOUT_EXTRAS), os.environ.get("PYTHONPATH", ""))))
    without = {"PYTHONPATH": path, "STREAMTUI_STREAM_TRANSPORT": "websockets"}
    app = Running(arguments, {**(variables or {}), **without})
    try:
        app.until(None, SETTLED)
        return app.mebibytes()
    finally:
        app.end()


def command(*arguments: str) -> float:
    """Return the seconds of CPU of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(COMMANDS):
        run = [sys.executable, *arguments]
        subprocess.run(run, stdout=subprocess.DEVNULL, check=True, env=environment())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / COMMANDS


def rows(rounds: int) -> list[tuple[str, str, str]]:
    """Return what is compared, the ratio, and what it may be."""
    costs: dict[str, list[float]] = {}
    watching = [*OURS, "--symbols", ",".join(symbols(SYMBOLS))]
    with emulator(Case("", SYMBOLS, updates=SYMBOLS)) as variables:
        for write_byte_code in (
            lambda: command(*OURS, "--help"),
            lambda: first_frame(BARE_APP),
            first_price,
            lambda: memory(watching, variables),  # it takes sources that the demo does without
        ):
            write_byte_code()
        for _ in range(rounds):
            for name, cost in (
                ("argparse", command("-c", "import argparse")),
                ("--version", command(*OURS, "--version")),
                ("--help", command(*OURS, "--help")),
                ("bare frame", (bare := first_frame(BARE_APP)).cpu),
                ("bare wait", bare.wall),
                ("frame", first_frame(OURS).cpu),
                ("price", (price := first_price()).cpu),
                ("price wait", price.wall),
                ("bare memory", memory(BARE_APP)),
                ("memory", memory(watching, variables)),
            ):
                costs.setdefault(name, []).append(cost)
    median = {name: statistics.median(values) for name, values in costs.items()}

    def against(name: str, yardstick: str) -> str:
        return f"{median[name] / median[yardstick]:.2f}"

    # half a second where the bare app takes 0.45 s until its first frame; the processor time of both is the
    # same on a machine that does something else as well
    bound = 0.5 / 0.45
    return [
        ("--version, to python -c 'import argparse'", against("--version", "argparse"), "2"),
        ("--help, to the same", against("--help", "argparse"), "2"),
        ("first frame, to a bare Textual app", against("frame", "bare frame"), "1.4"),
        (
            f"first demo price after it, seconds (a bare app's first frame: {median['bare wait']:.2f})",
            f"{median['price wait']:.2f}",
            f"{bound * median['bare wait']:.2f}",
        ),
        ("the same in CPU, to that of the bare app", against("price", "bare frame"), f"{bound:.2f}"),
        (f"memory with {SYMBOLS} symbols, to a bare Textual app", against("memory", "bare memory"), "1.5"),
    ]
