"""What the owner of a wallet does on a usual day, one deed at a time."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from streamsim.world.catalog import BONK, CATALOG, SOL, USDC
from streamsim.world.chain import JUPITER, ORCA, RAYDIUM

if TYPE_CHECKING:
    from streamsim.world.wallets import Ledger

HOSTILE_MEMO = (
    "[bold red]free[/] \x1b[2Jairdrop\u202e \x07https://claim.example/?a=1\r\n[@click=app.quit]win[/]"
)
"""Markup, escape sequences and direction marks, as strangers do write into memos."""

_PROGRAMS = (JUPITER, JUPITER, JUPITER, RAYDIUM, ORCA)
_BOUGHT = (USDC, USDC, BONK, *(mint for mint in CATALOG if mint not in {SOL, USDC}))
_MEMOS = ("gm", "thanks!", "invoice 1042", "rent, october", "for the pizza", HOSTILE_MEMO)


def act(ledger: Ledger, wallet: str, rng: random.Random, ago: float) -> str:
    """Record one usual deed of a wallet and return its signature.

    Args:
        ledger: Where.
        wallet: Whose; it must be known to the ledger.
        rng: Chance.
        ago: How many seconds ago it happened; 0 is now.
    """
    (deed,) = rng.choices(_DEEDS, _WEIGHTS)
    try:
        return deed(ledger, wallet, rng, ago)
    except ValueError:
        # Broke: as good a moment as any for somebody to help out.
        return ledger.sol_in(wallet, Decimal(rng.randint(5, 25)), seconds_ago=ago)


def _get_sol(ledger: Ledger, wallet: str, rng: random.Random, ago: float) -> str:
    return ledger.sol_in(wallet, Decimal(rng.randint(50, 2500)) / 1000, seconds_ago=ago)


def _send_sol(ledger: Ledger, wallet: str, rng: random.Random, ago: float) -> str:
    sol = _part(ledger, wallet, SOL, 0.002, 0.04, rng)
    return ledger.sol_out(wallet, sol, priority_fee=rng.randint(50, 9000), seconds_ago=ago)


def _send_sol_v1(ledger: Ledger, wallet: str, rng: random.Random, ago: float) -> str:
    return ledger.sol_out_v1(wallet, _part(ledger, wallet, SOL, 0.002, 0.02, rng), seconds_ago=ago)


def _get_tokens(ledger: Ledger, wallet: str, rng: random.Random, ago: float) -> str:
    return ledger.spl_in(wallet, Decimal(rng.randint(500, 40_000)) / 100, seconds_ago=ago)


def _send_tokens(ledger: Ledger, wallet: str, rng: random.Random, ago: float) -> str:
    recipient = ledger.friend(rng) if rng.random() < 0.9 else None
    amount = _part(ledger, wallet, USDC, 0.01, 0.1, rng)
    return ledger.spl_out(wallet, amount, recipient=recipient, seconds_ago=ago)


def _buy(ledger: Ledger, wallet: str, rng: random.Random, ago: float) -> str:
    sol = _part(ledger, wallet, SOL, 0.005, 0.05, rng)
    return ledger.swap(wallet, sol, SOL, rng.choice(_BOUGHT), program=rng.choice(_PROGRAMS), seconds_ago=ago)


def _sell(ledger: Ledger, wallet: str, rng: random.Random, ago: float) -> str:
    mint = _some_token(ledger, wallet, rng)
    amount = _part(ledger, wallet, mint, 0.2, 0.6, rng)
    return ledger.swap(wallet, amount, mint, SOL, program=rng.choice(_PROGRAMS), seconds_ago=ago)


def _swap(ledger: Ledger, wallet: str, rng: random.Random, ago: float) -> str:
    mint = _some_token(ledger, wallet, rng)
    amount = _part(ledger, wallet, mint, 0.1, 0.3, rng)
    return ledger.swap(wallet, amount, mint, rng.choice(_BOUGHT), seconds_ago=ago)


def _fail(ledger: Ledger, wallet: str, rng: random.Random, ago: float) -> str:
    return ledger.failed_swap(wallet, program=rng.choice(_PROGRAMS), seconds_ago=ago)


def _tidy(ledger: Ledger, wallet: str, rng: random.Random, ago: float) -> str:
    return ledger.close_token_account(wallet, seconds_ago=ago)


def _get_memo(ledger: Ledger, wallet: str, rng: random.Random, ago: float) -> str:
    return ledger.memo(wallet, rng.choice(_MEMOS), seconds_ago=ago)


def _part(ledger: Ledger, wallet: str, mint: str, low: float, high: float, rng: random.Random) -> Decimal:
    share = Decimal(f"{rng.uniform(low, high):.4f}")
    part = (ledger.holding(wallet, mint) * share).quantize(Decimal("0.01"), rounding=ROUND_DOWN)
    if not part:
        raise ValueError(f"{wallet} holds next to nothing of {mint}")
    return part


def _some_token(ledger: Ledger, wallet: str, rng: random.Random) -> str:
    held = [account.mint for account in ledger.token_accounts_of(wallet).values() if account.amount]
    if not held:
        raise ValueError(f"{wallet} holds no token")
    return rng.choice(held)


_Deed = Callable[["Ledger", str, random.Random, float], str]

_HABITS: dict[_Deed, int] = {
    _get_sol: 18,
    _send_sol: 15,
    _send_sol_v1: 6,
    _get_tokens: 14,
    _send_tokens: 10,
    _buy: 14,
    _sell: 9,
    _swap: 5,
    _fail: 4,
    _tidy: 3,
    _get_memo: 2,
}
_DEEDS = tuple(_HABITS)
_WEIGHTS = tuple(_HABITS.values())
