"""What a good engineer would write by hand in Textual to show the same cells: a yardstick.

Two tables that draw line by line and repaint only lines that changed, a title above each, two lines of status
and one of keys. There is no engine: a generator invents the text of the cells at the rate of the frames.
"""

from __future__ import annotations

import argparse
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

BACKGROUND = "#0e1116"
TEXT = Style(color="#d8dee9", bgcolor=BACKGROUND)
STRONG = TEXT + Style(bold=True)
DIM = Style(color="#9aa1ac", bgcolor=BACKGROUND)
UP, DOWN = (Style(color=color, bgcolor=BACKGROUND) for color in ("#4fc47f", "#ec6a6a"))
RISING, FALLING = (style + Style(bold=True, underline=True) for style in (UP, DOWN))
WALLETS = [Style(color=color, bgcolor=BACKGROUND) for color in ("#7aa2f7", "#e0af68", "#9ece6a", "#bb9af7")]
CURSOR = Style(bgcolor="#1d3348")
BLOCKS = "▁▂▃▄▅▆▇█"
LISTED = 5000
"""Transactions that are kept."""
PRICE_LINES = 30
"""Lines of the prices at most, as in the app at 120x40 while there are no transactions."""


@dataclass
class Price:
    """A row of the prices: what is in its cells."""

    symbol: str
    name: str
    value: float
    volume: float
    change: float = 0.0
    text: str = ""
    before: str = ""
    trend: str = ""
    samples: deque[float] = field(default_factory=lambda: deque(maxlen=18))


class Table(ScrollView):
    """A title line and rows below it."""

    titles: tuple[tuple[str, int], ...] = ()

    def on_mount(self) -> None:
        """Tell how many lines there are."""
        self.virtual_size = Size(0, self.row_count + 1)

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def segments(self, row: int) -> list[Segment]:
        """Return the cells of a row."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        width = self.size.width
        if y == 0:
            line = Strip([Segment(" "), *(Segment(f"{title:<{size}}", DIM) for title, size in self.titles)])
        else:
            row = y - 1 + int(self.scroll_y)
            line = Strip(self.segments(row) if row < self.row_count else [])
        return line.adjust_cell_length(width, TEXT)


class Prices(Table):
    """The prices."""

    titles = (("SYMBOL", 11), ("PRICE $", 18), ("24 H", 13), ("VOLUME", 9), ("AGE", 11), ("TREND", 22))

    def __init__(self, count: int) -> None:
        super().__init__()
        chance = random.Random(1)
        self.rows = [
            Price(f"TKN{at}", f"Token number {at}", chance.uniform(0.1, 90_000), chance.uniform(1e5, 9e9))
            for at in range(count)
        ]

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def take(self, changes: list[tuple[int, float]]) -> None:
        """Take new prices, and repaint the rows that are in view."""
        top, lines = int(self.scroll_y), self.size.height - 1
        for at, factor in changes:
            row = self.rows[at]
            row.value *= factor
            row.volume += row.value
            row.change += (factor - 1) * 100
            row.before, row.text = row.text, f"{row.value:>15,.4f}"
            if top <= at < top + lines:
                self.refresh(Region(0, at - top + 1, self.size.width, 1))

    def sample(self) -> None:
        """Draw the trends anew."""
        for row in self.rows:
            row.samples.append(row.value)
            low, high = min(row.samples), max(row.samples)
            span = (high - low) or 1.0
            row.trend = "".join(BLOCKS[int((value - low) / span * 7)] for value in row.samples)
        self.refresh()

    def segments(self, row: int) -> list[Segment]:
        """Return the cells of a price."""
        price = self.rows[row]
        same = 0
        for one, other in zip(price.text, price.before, strict=False):
            if one != other:
                break
            same += 1
        rising = price.change >= 0
        arrow = "▲" if rising else "▼"
        flash = RISING if price.text >= price.before else FALLING
        return [
            Segment(f" {price.symbol:<11}", STRONG),
            Segment(price.text[:same], STRONG),
            Segment(price.text[same:], flash),
            Segment(f"{arrow} {price.change:+.2f} %".rjust(16), UP if rising else DOWN),
            Segment(f"{price.volume / 1e6:.1f}M".rjust(9), TEXT),
            Segment(f"{'now':>11}  {price.trend:>20}  {price.name:<22}{'birdeye':<12}", DIM),
        ]


class Transactions(Table):
    """The transactions, newest first."""

    titles = (("TIME", 10), ("WALLET", 13), ("TRANSACTION", 80), ("SIGNATURE", 9))

    def __init__(self, full: bool) -> None:
        super().__init__()
        self.rows: deque[tuple[str, int, str, str]] = deque(maxlen=LISTED)
        for transaction in transactions(LISTED if full else 0):
            self.rows.appendleft(transaction)

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def take(self, new: Iterator[tuple[str, int, str, str]]) -> None:
        """Put transactions on top, and repaint."""
        for transaction in new:
            self.rows.appendleft(transaction)
        self.refresh()

    def segments(self, row: int) -> list[Segment]:
        """Return the cells of a transaction."""
        time, wallet, summary, signature = self.rows[row]
        mark = UP if summary.startswith("received") else DOWN
        cells = [
            Segment(f" {time:<10}", DIM),
            Segment(f"wallet {wallet:<6}", WALLETS[wallet % len(WALLETS)]),
            Segment("+ " if mark is UP else "- ", mark),
            Segment(f"{summary:<78}", TEXT),
            Segment(signature, DIM),
        ]
        if row == 0:
            cells = [Segment(text, style + CURSOR if style else CURSOR) for text, style, _ in cells]
        return cells


def transactions(count: int) -> Iterator[tuple[str, int, str, str]]:
    """Yield invented transactions."""
    for number in range(count):
        verb = random.choice(["received", "sent", "swapped"])
        amount = random.uniform(0.01, 9000)
        yield (
            f"08:{number // 60 % 60:02}:{number % 60:02}",
            random.randrange(5),
            f"{verb} {amount:,.4f} SOL for {amount * 170:,.2f} USDC on Jupiter, fee {amount / 1e6:.9f}",
            f"{random.randrange(10**4):04}…{random.randrange(10**4):04}",
        )


class SkeletonApp(App[None]):
    """The screen, fed by its generator."""

    CSS = f"""
    Screen {{ background: {BACKGROUND}; }}
    Static {{ height: 1; background: #1a222c; }}
    Table {{ height: 1fr; background: {BACKGROUND}; scrollbar-size-vertical: 1; overflow-x: hidden; }}
    """

    def __init__(self, symbols: int, updates: float, transactions: float, frames: int) -> None:
        super().__init__()
        self._updates, self._transactions, self._frames = updates, transactions, frames
        self._top, self._status = Static("skeleton", id="top"), Static("● live", id="status")
        self._prices, self._listed = Prices(symbols), Transactions(transactions > 0)
        self._prices.styles.height = min(symbols + 1, PRICE_LINES)
        self._ticks = 0

    def compose(self) -> ComposeResult:
        """Return the parts, from the top."""
        yield self._top
        yield Static("PRICES")
        yield self._prices
        yield Static("TRANSACTIONS")
        yield self._listed
        yield self._status
        yield Static("s subscribe  w wallets  d remove  a alerts  / filter  q quit")

    def on_mount(self) -> None:
        """Start the generator."""
        self.set_interval(1 / self._frames, self._frame)
        self.set_interval(1.0, self._tick)

    def _frame(self) -> None:
        count = len(self._prices.rows)
        changed = random.sample(range(count), min(count, round(self._updates / self._frames)))
        self._prices.take([(at, random.uniform(0.9995, 1.0005)) for at in changed])
        if self._transactions:
            self._listed.take(transactions(round(self._transactions / self._frames)))

    def _tick(self) -> None:
        self._ticks += 1
        self._top.update(f"skeleton   last data 08:15:{self._ticks % 60:02}")
        self._status.update(f"● live   {self._updates:.0f}/s   {random.randrange(4, 9)} ms")
        if self._ticks % 6 == 0:
            self._prices.sample()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbols", type=int, default=100)
    parser.add_argument("--updates", type=float, default=1000.0, help="prices a second in all")
    parser.add_argument("--transactions", type=float, default=0.0, help="a second in all")
    parser.add_argument("--frames", type=int, default=10, help="a second")
    given = parser.parse_args()
    SkeletonApp(given.symbols, given.updates, given.transactions, given.frames).run()


if __name__ == "__main__":
    main()
