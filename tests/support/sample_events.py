"""Complete sample events; a test overrides the fields that it is about."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from streamcore.events import (
    ErrorKind,
    PriceKind,
    PriceUpdate,
    Source,
    State,
    StatusChange,
    StreamError,
    TokenChange,
    TransactionType,
    WalletTransaction,
)

SOL = "So11111111111111111111111111111111111111112"


def price(symbol: str = "SOL", value: str | None = "150.5", **more: Any) -> PriceUpdate:
    fields: dict[str, Any] = {
        "provider": "birdeye",
        "ts": 1793311200.123,
        "demo": False,
        "symbol": symbol,
        "address": SOL if symbol == "SOL" else f"mint of {symbol}",
        "kind": PriceKind.DELTA,
        "source": Source.STREAM,
        "price": None if value is None else Decimal(value),
        "change_24h": Decimal("3.2"),
        "volume_24h": Decimal("1000000"),
        "changed": ("price",),
    }
    return PriceUpdate(**{**fields, **more})


def transaction(signature: str = "s1", **more: Any) -> WalletTransaction:
    fields: dict[str, Any] = {
        "provider": "helius",
        "ts": 1793311201.5,
        "demo": False,
        "wallet": "w",
        "signature": signature,
        "slot": 447200001,
        "block_time": None,
        "type": TransactionType.RECEIVED,
        "summary": "received 1.5 SOL",
        "sol_change": Decimal("1.5"),
        "fee": Decimal(0),
        "token_changes": (TokenChange(mint="m", symbol="USDC", amount=Decimal("-171.25")),),
        "counterparty": None,
        "program": None,
        "error": None,
        "source": Source.STREAM,
    }
    return WalletTransaction(**{**fields, **more})


def status(**more: Any) -> StatusChange:
    fields: dict[str, Any] = {
        "provider": "helius",
        "ts": 1793311202.0,
        "demo": False,
        "state": State.FALLBACK,
        "reason": "connection lost: no close frame",
        "attempt": 2,
        "retry_in": 1.93,
        "fallback": True,
        "stale": False,
        "subscriptions": 3,
        "latency_ms": 41.2,
        "messages_received": 812,
        "messages_sent": 4,
        "bytes_received": 241222,
        "bytes_sent": 830,
        "dropped": 0,
        "reconnects": 1,
        "uptime": 0.0,
    }
    return StatusChange(**{**fields, **more})


def trouble(message: str = "Birdeye refused the API key", **more: Any) -> StreamError:
    fields: dict[str, Any] = {
        "provider": "birdeye",
        "ts": 1793311203.0,
        "demo": False,
        "kind": ErrorKind.AUTH,
        "message": message,
        "retryable": False,
    }
    return StreamError(**{**fields, **more})
