"""Real Solana transactions, and what each means for a wallet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from streamcore.assets.tokens import TokenTable
from streamcore.solana.wire import SolanaTransaction

FOLDER = Path(__file__).parents[1] / "fixtures" / "realtx"
CASES: list[dict[str, Any]] = json.loads((FOLDER / "cases.json").read_text())
"""Each has ``id``, ``file``, ``wallet``, ``expect``, and perhaps ``would_be_better``."""

TABLE = TokenTable()


def symbol_of(mint: str) -> str | None:
    token = TABLE.by_mint(mint)
    return None if token is None else token.symbol


def wire(file: str) -> dict[str, Any]:
    """Return a transaction as ``getTransaction`` answered it."""
    transaction: dict[str, Any] = json.loads((FOLDER / file).read_text())["transaction"]
    return transaction


def decode(value: Any) -> SolanaTransaction:
    return msgspec.json.decode(json.dumps(value), type=SolanaTransaction)
