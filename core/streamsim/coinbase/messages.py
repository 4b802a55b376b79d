"""What the Coinbase Exchange feed says: subscription sets, errors, tickers, heartbeats. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from streamsim.servers.exchange import Figures, encode_numbers
from streamsim.servers.faults import Fault, Faults
from streamsim.world.market import Trade

CHANNELS = ("ticker", "heartbeat")
CLOSED_CHANNELS = frozenset({"level2", "level3", "full"})
NEEDS_ACCOUNT = "level2, level3, and full channels now require authentication."
_LOT = Decimal("1E-8")

MESSAGES_A_TRADE = 7
"""How far a trade moves a product's sequence: the orders around it are counted as well."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one product has come."""

    sequence: int = 71_719_158_645
    traded_sequence: int = 71_719_158_645
    """What the sequence was at the last trade."""
    trade: int = 596_784_415
    bought: bool = True
    size: Decimal = Decimal("0.82000000")
    """Base units of the last trade."""
    unix: float = 0.0
    """Seconds of the last trade."""

    price: Decimal = Decimal(0)
    """Of the last trade."""

    def traded(self, trade: Trade) -> Progress:
        """Return what it is after one more trade."""
        return Progress(
            sequence=self.sequence + MESSAGES_A_TRADE,
            traded_sequence=self.sequence + MESSAGES_A_TRADE,
            trade=self.trade + 1,
            bought=trade.price >= self.price,
            size=(trade.volume_usd / trade.price).quantize(_LOT),
            unix=trade.unix,
            price=trade.price,
        )

    def ordered(self) -> Progress:
        """Return what it is after an order came and went."""
        return replace(self, sequence=self.sequence + 2)


def moment(unix: float) -> str:
    """Return a point in time as Coinbase writes it: RFC 3339, microseconds, UTC."""
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def subscriptions(held: Mapping[str, Iterable[str]]) -> str:
    """Return the whole set of subscriptions, which answers every request."""
    channels = [
        {"name": name, "product_ids": list(products), "account_ids": None}
        for name, products in held.items()
        if products
    ]
    return _json({"type": "subscriptions", "channels": channels})


def error(message: str, reason: str | None = None) -> str:
    """Return an error; ``reason`` says what exactly was wrong."""
    return _json({"type": "error", "message": message} | ({} if reason is None else {"reason": reason}))


def heartbeat(product: str, progress: Progress, unix: float) -> str:
    """Return a heartbeat of one product."""
    return _json(
        {
            "type": "heartbeat",
            "sequence": progress.sequence,
            "last_trade_id": progress.trade,
            "product_id": product,
            "time": moment(unix),
        }
    )


def ticker(product: str, figures: Figures, progress: Progress, faults: Faults) -> str:
    """Return the ticker of the last trade; its figures are strings, unless a fault makes them numbers."""
    numbers: dict[str, Any] = {
        "price": figures.price,
        "open_24h": figures.open,
        "volume_24h": figures.volume,
        "low_24h": figures.low,
        "high_24h": figures.high,
        "volume_30d": figures.volume * 30,
        "best_bid": figures.bid,
        "best_bid_size": Decimal("12.50000000"),
        "best_ask": figures.ask,
        "best_ask_size": Decimal("80.10000000"),
    }
    if not faults.take(Fault.STRING_NUMBERS):
        numbers = {name: format(figure, "f") for name, figure in numbers.items()}
    if faults.take(Fault.NULL_PRICE):
        numbers = dict.fromkeys(numbers)
    frame = {
        "type": "ticker",
        "sequence": progress.traded_sequence,
        "product_id": product,
        **numbers,
        "side": "buy" if progress.bought else "sell",
        "time": moment(progress.unix),
        "trade_id": progress.trade,
        "last_size": format(progress.size, "f"),
    }
    if faults.take(Fault.EXTRA_FIELDS):
        frame |= {"venue": "CBE", "auction": {"price": None}}
    return encode_numbers(frame).decode()


def _json(frame: Mapping[str, Any]) -> str:
    return msgspec.json.encode(frame).decode()
