"""The frames of the Coinbase Exchange feed: subscriptions, errors, tickers, heartbeats. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from streamsim.servers.exchange import Figures, encode_numbers
from streamsim.servers.faults import Fault, Faults
from streamsim.wire import rfc3339
from streamsim.world.market import Trade

CHANNELS = ("ticker", "heartbeat")
CLOSED_CHANNELS = frozenset({"level2", "level3", "full"})
NEEDS_ACCOUNT = "level2, level3, and full channels now require authentication."
_LOT = Decimal("1E-8")

MESSAGES_A_TRADE = 7
"""By how much a trade advances a product's sequence number, which also counts orders."""


class Progress(msgspec.Struct, frozen=True):
    """The sequence number and the last trade of one product."""

    sequence: int = 71_719_158_645
    traded_sequence: int = 71_719_158_645
    """The sequence number at the last trade."""
    trade: int = 596_784_415
    bought: bool = True
    size: Decimal = Decimal("0.82000000")
    """Base units of the last trade."""
    unix: float = 0.0
    """Seconds of the last trade."""

    price: Decimal = Decimal(0)
    """Of the last trade."""

    def traded(self, trade: Trade) -> Progress:
        """Return the progress after one more trade."""
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
        """Return the progress after an order was placed and cancelled."""
        return msgspec.structs.replace(self, sequence=self.sequence + 2)


def subscriptions(held: Mapping[str, Iterable[str]]) -> str:
    """Return the list of all subscriptions of a connection, the answer to every request."""
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
            "time": rfc3339(unix),
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
        "time": rfc3339(progress.unix),
        "trade_id": progress.trade,
        "last_size": format(progress.size, "f"),
    }
    if faults.take(Fault.EXTRA_FIELDS):
        frame |= {"venue": "CBE", "auction": {"price": None}}
    return encode_numbers(frame).decode()


def _json(frame: Mapping[str, Any]) -> str:
    return msgspec.json.encode(frame).decode()
