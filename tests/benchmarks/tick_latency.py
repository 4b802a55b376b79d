"""How long a price takes from the moment its source sends it until its digits are written to the terminal.

A simulated Kraken, the source without a key, sends a hundred prices a second, each at its own moment: twenty
tickers in turn, so that each moves every 200 ms and none waits for its window (``ui.price_throttle``, 0.1 s).
Every price is another one. The app has its default settings; what it writes to its terminal is read by an
emulated one, and a price has arrived when all of its digits stand in its row. All of it is one machine: a
network comes on top.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from emulated_terminal import Terminal
from running_app import COLUMNS, LINES, Running

from streamsim import Emulators
from streamsim.servers.exchange import KRAKEN_LISTED, asset_key
from streamtui.commands.simulate import places

SYMBOLS, RATE = 20, 100.0
"""Tickers in view, and prices a second in all."""
WARM_UP, SECONDS = 30.0, 20.0
"""The past of every ticker is there before it is measured: to invent it keeps the simulator from sending."""
PRICE = slice(10, 30)
"""The cells of a line in which the price stands; the ticker stands before them."""


@dataclass(frozen=True)
class Sent:
    """A price on its way."""

    text: str
    at: float
    """Seconds of the monotonic clock."""


class Watched:
    """The terminal of the app, and the prices it waits for."""

    def __init__(self, app: Running) -> None:
        self._running = app
        self._screen = Terminal(COLUMNS, LINES)
        self._rest = b""
        self.awaited: dict[str, list[Sent]] = defaultdict(list)
        self.latencies: list[float] = []
        """Seconds; those of prices in whose place a later one was painted count until that one was."""

    def read(self) -> None:
        """Take what the app has written."""
        data = self._rest + self._running.read()
        now = time.monotonic()
        text = data.decode(errors="ignore") if _is_whole(data) else ""
        self._rest = b"" if text else data
        if text:
            self._rest = self._screen.feed(text).encode()
        for y in self._screen.changed:
            self._see(self._screen.lines[y], now)
        self._screen.changed.clear()

    def _see(self, line: str, now: float) -> None:
        symbol, shown = line[: PRICE.start].strip(), line[PRICE].split()
        awaited = self.awaited.get(symbol)
        if awaited and shown:
            for position, sent in enumerate(awaited):
                if sent.text == shown[0]:
                    self.latencies += [now - arrived.at for arrived in awaited[: position + 1]]
                    del awaited[: position + 1]
                    return


def _is_whole(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


async def measure() -> Watched:
    """Run the app, send it prices, and return what was seen of them."""
    tickers = sorted(KRAKEN_LISTED)[:SYMBOLS]
    async with Emulators(market_rate=0.0, wallet_rate=0.0) as emulators:
        variables = {key: url for urls in places(emulators).values() for key, url in urls.items()}
        app = Running(["-m", "streamtui", "--symbols", ",".join(tickers)], variables)
        watched = Watched(app)
        loop = asyncio.get_running_loop()
        loop.add_reader(app.terminal, watched.read)
        try:
            await asyncio.sleep(WARM_UP)
            start, count = time.monotonic(), round(SECONDS * RATE)
            for number in range(count):
                await asyncio.sleep(start + number / RATE - time.monotonic())
                ticker = tickers[number % SYMBOLS]
                price = Decimal(100 * (number % SYMBOLS + 1)) + Decimal(number // SYMBOLS + 1) / 100
                watched.awaited[ticker].append(Sent(f"{price:,.2f}", time.monotonic()))
                emulators.market.trade(asset_key(ticker), price=price)
            await asyncio.sleep(1.0)
        finally:
            loop.remove_reader(app.terminal)
            app.end()
    return watched


def rows(rounds: int) -> list[tuple[str, str, str]]:
    """Return what was measured, and what it may be."""
    medians, slowest = [], []
    for _ in range(rounds):
        watched = asyncio.run(measure())
        if unseen := sum(map(len, watched.awaited.values())):
            raise RuntimeError(f"{unseen} prices were not seen, {len(watched.latencies)} were")
        percentiles = statistics.quantiles(watched.latencies, n=100)
        medians.append(percentiles[49] * 1000)
        slowest.append(percentiles[98] * 1000)
    what = f"price sent to its digits on the terminal, {RATE:g} a second over {SYMBOLS} tickers, ms"
    return [
        (f"{what}: median", f"{statistics.median(medians):.1f}", "20"),
        (f"{what}: 99th percentile", f"{statistics.median(slowest):.1f}", "50"),
    ]


if __name__ == "__main__":
    for row in rows(1):
        print(*row, sep=" | ")
