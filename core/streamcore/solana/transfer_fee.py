"""The transfer fee of some Token-2022 tokens, which is withheld in the receiver's account.

The sender gives more than the receiver gets, and no balance shows the difference.
"""

from __future__ import annotations

from streamcore.solana.balances import Balances, TokenMovement
from streamcore.solana.flows import address
from streamcore.solana.programs import TOKEN_2022

WITHDRAWS_WITHHELD = frozenset({"withdrawWithheldTokensFromMint", "withdrawWithheldTokensFromAccounts"})
"""Instructions that pay out what was withheld, so that tokens appear which no balance showed before."""

_CHANGES_SUPPLY = ("mint", "burn", "confidential")


def withheld_fee(balances: Balances, wallet: str, movement: TokenMovement) -> int:
    """Return how much of what ``wallet`` sent or received was withheld, in the token's smallest unit.

    Zero also where several wallets sent or received, since the fee cannot be told apart then.
    """
    accounts = [account for account in balances.accounts if account.mint == movement.mint]
    if not any(account.program_id == TOKEN_2022 for account in accounts):
        return 0
    own = {balances.keys[account.index] for account in accounts if account.belongs_to(wallet)}
    near = "destination" if movement.amount > 0 else "source"
    token = [instruction for instruction in balances.instructions if instruction.program_id == TOKEN_2022]
    withheld = [_fee(i.info) for i in token if i.type == "transferCheckedWithFee" and address(i, near) in own]
    if withheld:
        return sum(withheld)
    if any(word in instruction.type.lower() for instruction in token for word in _CHANGES_SUPPLY):
        return 0
    same_side = {
        owner
        for account in accounts
        for owner in (account.owner_before, account.owner_after)
        if owner is not None
        if sum(other.change_for(owner) for other in accounts) * movement.amount > 0
    }
    missing = sum(account.before - account.after for account in accounts)
    return missing if missing > 0 and same_side == {wallet} else 0


def _fee(info: object) -> int:
    fee = info.get("feeAmount") if isinstance(info, dict) else None
    amount = fee.get("amount") if isinstance(fee, dict) else None
    return int(amount) if isinstance(amount, str) and amount.isascii() and amount.isdigit() else 0
