"""What the app costs: CPU of its process and bytes to the terminal, idle and busy, and what stays in memory.

Run it with ``python tests/benchmarks/screen_cost.py``; it takes about three minutes and fails no build. The
emulator runs in a process of its own, so that the numbers are those of the app alone. The busy cases watch
100 tokens with 1,000 updates a second in all, or five wallets with 50 transactions a second. Then it prints
what one transaction more costs in lists of different lengths: the same, or something grows with the list.
``--memory`` plays a day of a busy feed in compressed time instead, and prints what the process holds every
few hours.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import base58
from emulated_terminal import Terminal
from running_app import COLUMNS, LINES

from streamcore import Colours, Source, TokenTable, TransactionType, WalletTransaction


@dataclass(frozen=True)
class Case:
    """What is watched, how much happens, and what showing it may cost."""

    name: str
    symbols: int
    updates: float = 0.0
    """Prices a second in all."""
    wallets: int = 0
    transactions: float = 0.0
    """Transactions a second in all."""
    frames: int = 10
    """A second at most."""
    cpu: float = 10.0
    """Percent of one core."""
    kib: float = 25.0
    """KiB a second to the terminal."""


LENGTHS = (100, 1000, 5000)
"""Transactions in the list when the cost of one more is measured."""
MORE = 300
"""Transactions it is measured with."""
WARM_UP = 8.0
"""Seconds before the measurement: the first frame, connecting, the first price of every token."""
CASES = (
    Case("idle: 20 symbols, 1 update/s", symbols=20, updates=1.0, cpu=1.5, kib=2.0),
    Case("busy: 100 symbols, 1,000 updates/s, 10 frames/s", symbols=100, updates=1000.0, cpu=10.0, kib=25.0),
    Case("the same with 4 frames/s", symbols=100, updates=1000.0, frames=4, cpu=7.0, kib=12.0),
    Case(
        "wallets: 5 wallets, 50 transactions/s", symbols=2, wallets=5, transactions=50.0, cpu=15.0, kib=60.0
    ),
)


def symbols(count: int) -> list[str]:
    """Return the pinned tokens, and mints nobody knows where they are not enough."""
    pinned = list(dict.fromkeys(token.mint for token in TokenTable().complete("")))
    strangers = [base58.b58encode(bytes([number + 1] * 32)).decode() for number in range(count)]
    return [*pinned, *strangers][:count]


def wallets(count: int) -> list[str]:
    """Return addresses of so many wallets."""
    return [base58.b58encode(bytes([number + 101] * 32)).decode() for number in range(count)]


async def one_more(length: int) -> tuple[float, float]:
    """Return the seconds of taking one more transaction into a list, and of showing it in its table."""
    from textual.app import App
    from textual.geometry import Region

    from streamtui.model.transaction_list import TransactionList
    from streamtui.themes import variables
    from streamtui.widgets.transaction_table import TransactionTable

    listed = TransactionList(str)
    table = TransactionTable(listed, label=str, number=lambda wallet: 0, short=str, id="transactions")

    class Shown(App[None]):
        def compose(self):
            yield table

        def get_theme_variable_defaults(self) -> dict[str, str]:
            return variables(dark=True, colours=Colours.DEFAULT)

    for number in range(length):
        listed.add(made(number))
    take = show = 0.0
    async with Shown().run_test(size=(COLUMNS, LINES)) as pilot:
        table.refresh_rows()
        await pilot.pause()
        for number in range(length, length + MORE):
            transaction = made(number)
            start = time.perf_counter()
            listed.add(transaction)
            taken = time.perf_counter()
            table.refresh_rows()
            table.render_lines(Region(0, 0, COLUMNS, LINES))
            take, show = take + taken - start, show + time.perf_counter() - taken
    return take / MORE, show / MORE


def made(number: int) -> WalletTransaction:
    """Return a transaction of that number."""
    return WalletTransaction(
        provider="helius", ts=1_793_311_200.0 + number, demo=True, wallet="w", signature=f"s{number}",
        slot=number, block_time=None, type=TransactionType.RECEIVED, summary=f"received {number} SOL",
        sol_change=Decimal(number), fee=Decimal(0), token_changes=(), counterparty=None, program=None,
        error=None, source=Source.STREAM,
    )  # fmt: skip


@contextlib.contextmanager
def emulator(case: Case):
    """Run the emulators in a process of their own; yield the variables that lead an app to them."""
    command = [
        sys.executable,
        "-m",
        "streamtui",
        "emulator",
        "--market-rate",
        str(case.updates),
        "--wallet-rate",
        str(case.transactions / case.wallets if case.wallets else 0),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = next(line for line in process.stdout if line.startswith("export "))
            yield dict(word.split("=", 1) for word in line.split()[1:])
        finally:
            process.send_signal(signal.SIGINT)


def cpu_seconds(pid: int) -> float:
    """Return the seconds of CPU a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(case: Case, seconds: float) -> tuple[float, float, str]:
    """Run the app on a terminal of its own.

    Returns:
        CPU in percent of one core, KiB a second to the terminal, and the rate of messages it showed last.
    """
    with emulator(case) as variables:
        environ = {
            **os.environ,
            **variables,
            "STREAMTUI_UI_FRAMES_PER_SECOND": str(case.frames),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }
        pid, terminal = pty.fork()
        if pid == 0:
            arguments = ["-m", "streamtui", "--symbols", ",".join(symbols(case.symbols))]
            if case.wallets:
                arguments += ["--wallets", ",".join(wallets(case.wallets))]
            os.execve(sys.executable, [sys.executable, *arguments], environ)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        os.kill(pid, signal.SIGWINCH)
        written, seen = 0, bytearray()
        start, cpu, counted = time.monotonic() + WARM_UP, 0.0, False
        while time.monotonic() < start + seconds:
            if not counted and time.monotonic() >= start:
                counted, cpu, written = True, cpu_seconds(pid), 0
            if select.select([terminal], [], [], 0.1)[0]:
                data = os.read(terminal, 65536)
                written += len(data)
                seen += data
        used = cpu_seconds(pid) - cpu
        os.write(terminal, b"q")
        end_of(pid, terminal)
    screen = Terminal(COLUMNS, LINES)
    screen.feed(seen.decode(errors="replace"))
    rates = re.findall(r"([0-9.]+)/s", "\n".join(screen.lines))
    return used / seconds * 100, written / seconds / 1024, rates[-1] if rates else "?"


def end_of(pid: int, terminal: int) -> None:
    """Read what an app writes while it leaves, and end it if it does not."""
    deadline = time.monotonic() + 5
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if select.select([terminal], [], [], 0.05)[0]:
            with contextlib.suppress(OSError):
                os.read(terminal, 65536)
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
    os.close(terminal)


def memory(hours: int) -> None:
    """Play hours of a busy feed against the state behind the screen, and print what the process holds."""
    import random

    from streamcore import PriceKind, PriceUpdate
    from streamtui.model.alerts import AlertBook, AlertSettings
    from streamtui.model.price_list import PriceList
    from streamtui.model.transaction_list import TransactionList

    table, chance = TokenTable(), random.Random(1)
    tokens = [table.resolve(symbol) for symbol in symbols(100)]
    prices, transactions = PriceList(throttle=0.1, ttl=30.0), TransactionList(str)
    for token in tokens:
        prices.add(token)
    rules = [AlertSettings(symbol=token.mint, change=Decimal(5), minutes=60.0) for token in tokens]
    alerts = AlertBook(rules, lambda wallet: wallet)
    alerts.bind(str)
    for second in range(hours * 3600):
        at = 1_793_311_200.0 + second
        for token in chance.sample(tokens, 20):
            price = Decimal(chance.randrange(1_000_000, 2_000_000)).scaleb(-4)
            update = PriceUpdate(
                provider="birdeye", ts=at, demo=True, symbol=token.symbol, address=token.mint,
                kind=PriceKind.DELTA, source=Source.STREAM, price=price, change_24h=price,
                volume_24h=price, changed=("price",),
            )  # fmt: skip
            for row in prices.apply(update):
                alerts.price(row.key, update)
        transactions.add(made(second))
        prices.due(float(second))
        transactions.update()
        if second % 3 == 0:
            prices.sample(at)
        if second % (3600 * max(1, hours // 8)) == 0:
            print_held(second)
    print_held(hours * 3600)


def print_held(second: int) -> None:
    """Print what the process holds after so many seconds of the feed."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    held = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    print(f"{second // 3600:>3} h  {held:6.1f} MiB", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each case is measured")
    parser.add_argument(
        "--memory", type=int, metavar="HOURS", help="play so many hours of a busy feed instead"
    )
    given = parser.parse_args()
    if given.memory:
        memory(given.memory)
        return
    print("| load at 120x40 | CPU | budget | to the terminal | budget | messages |")
    print("|---|---|---|---|---|---|")
    for case in CASES:
        cpu, written, rate_seen = measure(case, given.seconds)
        print(
            f"| {case.name} | {cpu:.1f} % | {case.cpu:g} % | {written:.1f} KiB/s "
            f"| {case.kib:g} KiB/s | {rate_seen}/s |",
            flush=True,
        )
    print("\n| transactions in the list | taking one more | showing it |\n|---|---|---|")
    for length in LENGTHS:
        take, show = asyncio.run(one_more(length))
        print(f"| {length:,} | {take * 1000:.3f} ms | {show * 1000:.3f} ms |", flush=True)


if __name__ == "__main__":
    main()
