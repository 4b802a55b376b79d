"""The app with a fake engine and a clock moved by hand, and functions to read its screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from fake_manager import FakeManager, status
from manual_clock import ManualClock
from sample_events import price, transaction
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input
from textual_internals import lines_of, toasts_of

from streamcore.assets.tokens import TokenTable
from streamcore.config.model import Settings
from streamcore.events import (
    DataKind,
    Event,
    PriceUpdate,
    Source,
    TokenChange,
    TransactionType,
    WalletTransaction,
)
from streamcore.token_hits import TokenHit
from streamtui.app import StreamTuiApp
from streamtui.model.price_row import key_of

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
OTHER_WALLET = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"
SIGNATURE = "5h6xBEauJ3PK6SWCZ1PGjBvj8vDdWG3KpwATGy1ARAXFSDwt8GFXM7W5Ncn16wmqokgpiKRLuS83KUxyZyv2sUYv"
_TABLE = TokenTable()


class Stage:
    """An app with its fake engine and clock."""

    def __init__(self, **settings: Any) -> None:
        self.clock = ManualClock()
        self.manager: FakeManager = FakeManager(Settings())
        self.managers: list[FakeManager] = []
        self.config_path: Path | None = settings.pop("config_path", None)
        starter = settings.pop("starter", False)
        in_browser = settings.pop("in_browser", False)
        self.breaks_at: dict[str, Exception] = settings.pop("breaks_at", {})
        """What methods of the engine raise, by their names."""
        self.names: dict[str, TokenHit] = settings.pop("names", {})
        """What mints are called at the sources."""
        self.named_wallets: dict[str, str | Exception] = settings.pop("named_wallets", {})
        """What names of wallets lead to."""
        self.app = StreamTuiApp(
            Settings(**settings),
            engine_factory=self._make,
            clock=self.clock,
            config_path=self.config_path,
            starter=starter,
            in_browser=in_browser,
        )
        self.pilot: Pilot[None] | None = None
        self.breaks_at_start: Exception | None = None

    def _make(self, settings: Settings) -> FakeManager:
        current, exchanges = self.manager.current, self.manager.exchanges
        self.manager = FakeManager(settings)
        self.manager.current, self.manager.exchanges = current, exchanges
        self.manager.breaks_at_start, self.manager.breaks_at = self.breaks_at_start, self.breaks_at
        self.manager.names, self.manager.wallets = self.names, self.named_wallets
        self.managers.append(self.manager)
        return self.manager

    async def settle(self, pilot: Pilot[None], seconds: float = 0.2) -> None:
        """Let the app handle events and input, and paint."""
        await pilot.pause()
        await self.clock.advance(seconds)
        await pilot.pause()
        for entry in self.app.screen.query(Input):
            entry.cursor_blink = False

    async def tell(self, *events: Event | Exception) -> None:
        assert self.pilot is not None
        self.manager.tell(*events)
        await self.settle(self.pilot)

    async def press(self, *keys: str) -> None:
        assert self.pilot is not None
        await self.pilot.press(*keys)
        await self.settle(self.pilot, 0.0)

    async def type(self, text: str) -> None:
        if len(text) > 15:  # long texts, such as addresses, are pasted
            self.app.screen.query_one(Input).post_message(Paste(text))
            await self.press()
            return
        names = {" ": "space", ",": "comma"}
        await self.press(*(names.get(character, character) for character in text))

    async def pass_time(self, seconds: float) -> None:
        assert self.pilot is not None
        await self.settle(self.pilot, seconds)

    def price(self, symbol: str, value: str | None, **more: Any) -> PriceUpdate:
        more.setdefault("ts", self.clock.time())
        more.setdefault("address", _TABLE.resolve(symbol).mint)
        return price(symbol, value, **more)

    def transaction(self, number: int = 1, **more: Any) -> WalletTransaction:
        fields: dict[str, Any] = {
            "ts": self.clock.time(),
            "wallet": WALLET,
            "slot": 447_200_000 + number,
            "summary": "received 1.5 SOL from 7xKX…gAsU",
            "counterparty": OTHER_WALLET,
        }
        fields |= {"signature": f"{SIGNATURE[:-3]}{number:03}"} | more
        return transaction(**fields)

    def feed_key(self, symbol: str) -> str:
        """Return the key of a token's row."""
        return key_of(self.manager.describe(symbol))

    def lines(self) -> list[str]:
        """Return what the screen on top shows, line by line."""
        return lines_of(self.app)

    def toasts(self) -> str:
        """Return the texts of the notifications on the screen."""
        return "\n".join(toasts_of(self.app))

    def text(self) -> str:
        return "\n".join(self.lines())

    def line(self, wanted: str) -> str:
        """Return the first line that contains a text."""
        return next((line for line in self.lines() if wanted in line), f"no line has {wanted!r}")


@asynccontextmanager
async def on_stage(size: tuple[int, int] = (120, 40), **settings: Any) -> AsyncIterator[Stage]:
    """Run the app; by default it watches SOL, BTC and one wallet."""
    settings.setdefault("symbols", ("SOL", "BTC"))
    settings.setdefault("wallets", (WALLET,))
    stage = Stage(**settings)
    async with stage.app.run_test(size=size) as pilot:
        stage.pilot = pilot
        await stage.settle(pilot)
        yield stage


def without_keys(stage: Stage) -> None:
    """Make the engine one without keys: Kraken and a public Solana node."""
    stage.manager.exchanges = True
    stage.manager.current = {
        "kraken": status("kraken", heartbeats=True, hint="BIRDEYE_API_KEY would stream every Solana token"),
        "solana": status(
            "solana",
            kind=DataKind.WALLETS,
            subscriptions=1,
            topics=(WALLET,),
            heartbeats=True,
            hint="HELIUS_API_KEY would follow more wallets, sooner",
        ),
    }


def some_life(stage: Stage, *, demo: bool = False) -> list[Event]:
    """Return prices and transactions of many sizes and kinds."""
    events: list[Event] = [
        stage.price("SOL", "150.5", demo=demo, volume_24h=Decimal("4210000000")),
        stage.price(
            "BTC", "104231.17", demo=demo, change_24h=Decimal("-1.234"), volume_24h=Decimal("812345678")
        ),
        stage.price(
            "BONK", "0.00002153", demo=demo, change_24h=Decimal("12.5"), volume_24h=Decimal("91234567")
        ),
        stage.price("USDC", "0.99987", demo=demo, change_24h=Decimal("0.001"), volume_24h=None),
    ]
    kinds = [
        (TransactionType.RECEIVED, "received 1.5 SOL from 7xKX…gAsU", Source.STREAM),
        (TransactionType.SOLD, "sold 1,200,000 BONK for 0.17 SOL on Raydium", Source.STREAM),
        (TransactionType.SWAPPED, "swapped 171.25 USDC for 1.14 SOL on Jupiter", Source.BACKFILL),
        (TransactionType.FAILED, "failed: slippage tolerance exceeded (Jupiter)", Source.STREAM),
        (TransactionType.CALLED, "called Memo: [bold]not markup[/bold] \x1b[31m", Source.STREAM),
    ]
    for number, (kind, summary, source) in enumerate(kinds, 1):
        fee = Decimal("0.000005") if kind is TransactionType.FAILED else Decimal(0)
        made = stage.transaction(number, type=kind, summary=summary, source=source, demo=demo, fee=fee)
        events.append(msgspec.structs.replace(made, block_time=int(made.ts) - 10 + number))
    return events


def full_transaction(stage: Stage, **more: Any) -> WalletTransaction:
    """Return a transaction with everything known about it."""
    fields: dict[str, Any] = {
        "type": TransactionType.SWAPPED,
        "summary": "swapped 171.25 USDC for 1.14 SOL on Jupiter",
        "sol_change": Decimal("1.14"),
        "fee": Decimal("0.000005"),
        "token_changes": (
            TokenChange(
                mint="EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", symbol="USDC", amount=Decimal("-171.25")
            ),
            TokenChange(
                mint="DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263", symbol=None, amount=Decimal("12000")
            ),
        ),
        "program": "Jupiter",
        "rent": Decimal("-0.00203928"),
        "tip": Decimal("0.0001"),
        "block_time": int(stage.clock.time()) - 3,
    }
    return stage.transaction(7, **{**fields, **more})
