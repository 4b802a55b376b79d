"""The ladder of ways in which a Solana provider's stream follows wallets."""

from __future__ import annotations

from enum import Enum


class Rung(Enum):
    """The way wallets are followed."""

    TRANSACTIONS = "transaction"
    LOGS = "logs"
