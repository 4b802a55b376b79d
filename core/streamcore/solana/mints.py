"""Recognises an NFT that a wallet has minted itself, and what it pays for that, which is no price."""

from __future__ import annotations

from streamcore.solana.balances import Balances, Movement
from streamcore.solana.flows import address
from streamcore.solana.parties import DUST, token_parties
from streamcore.solana.programs import METAPLEX, SYSTEM


def is_minted(balances: Balances, wallet: str, movement: Movement, sol: int) -> bool:
    """Whether a wallet made the token it got, for rent and fees alone.

    Nobody had it before, and no more SOL left the wallet than what Metaplex takes for the metadata of a
    token: 0.01 SOL, paid on top of the rent into the account of the metadata.

    Args:
        balances: The balances of the transaction.
        wallet: The wallet.
        movement: What the transaction moved for it.
        sol: Lamports gained or lost as a side of the trade, without rent and tips.
    """
    if len(movement.tokens) != 1 or movement.tokens[0].amount < 0 or sol > 0:
        return False
    fee = metadata_fee(balances, wallet, movement)
    return -sol <= fee + DUST and not token_parties(balances, wallet, movement.tokens[0])


def metadata_fee(balances: Balances, wallet: str, movement: Movement) -> int:
    """Return the lamports a wallet paid Metaplex for the metadata of tokens, on top of the rent."""
    metadata = {
        address(instruction, "account")
        for instruction in balances.instructions
        if instruction.program_id == SYSTEM and instruction.type == "assign"
        if address(instruction, "owner") == METAPLEX
    }
    paid = sum(
        move.lamports
        for move in balances.flows.transfers
        if move.source == wallet and move.destination in metadata
    )
    return paid - sum(movement.rent.paid.get(account or "", 0) for account in metadata)
