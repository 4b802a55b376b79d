"""Tips: lamports paid to who builds blocks or carries transactions, beside what a transaction is about."""

from __future__ import annotations

from streamcore.solana.flows import TRANSFERS, Transfer
from streamcore.solana.programs import SYSTEM

JITO_TIP_ACCOUNTS = frozenset(
    {
        "96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5",
        "HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe",
        "Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY",
        "ADaUMid9yfUytqMBgopwjb2DTLSokTSzL1zt6iGPaS49",
        "DfXygSm4jCyNCybVYYK6DwvWqjKee8pbDmJGcLWNDXjh",
        "ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt",
        "DttWaMuVvTiduZRnguLF7jNxTgiMBZ1hyAumKUiL2KRL",
        "3AVi9Tg9Uo68tJfuvoKvqKNWKkC5wPdSSdeBnizKZ6jT",
    }
)
"""The tip accounts of Jito's block engine, one of which every bundle pays. Source: docs.jito.wtf and
``getTipAccounts`` of its block engine."""

TIP_ACCOUNTS = JITO_TIP_ACCOUNTS


def is_tip(transfer: Transfer, wallet: str) -> bool:
    """Whether a transfer is a tip that ``wallet`` paid."""
    instruction = transfer.instruction
    return (
        transfer.source == wallet
        and transfer.destination in TIP_ACCOUNTS
        and instruction.program_id == SYSTEM
        and instruction.type in TRANSFERS
    )
