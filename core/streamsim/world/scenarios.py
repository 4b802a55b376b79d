"""Scenarios: the transactions of a wallet on a usual day, each with the weight of how often it happens."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal

from streamsim.world import accounts, bridges, bundles, failures, nfts, orders, payments, staking, trades
from streamsim.world.catalog import BONK, CATALOG, SOL, USDC
from streamsim.world.programs import JUPITER, ORCA, RAYDIUM
from streamsim.world.shapes import HOSTILE_MEMO, TransactionShapes

_PROGRAMS = (JUPITER, JUPITER, JUPITER, RAYDIUM, ORCA)
_BOUGHT = (USDC, USDC, BONK, *(mint for mint in CATALOG if mint not in {SOL, USDC}))
_MEMOS = ("gm", "thanks!", "invoice 1042", "rent, october", "for the pizza", HOSTILE_MEMO)


def act(chain: TransactionShapes, wallet: str, rng: random.Random, ago: float) -> str:
    """Record one usual transaction of a wallet and return its signature.

    Args:
        chain: Where to record it.
        wallet: The wallet; it must be known to the chain.
        rng: The random generator to use.
        ago: How many seconds ago it happened; 0 is now.
    """
    (scenario,) = rng.choices(SCENARIOS, _WEIGHTS)
    try:
        return scenario(chain, wallet, rng, ago)
    except ValueError:
        # the wallet has too little for it: let it receive some SOL instead
        return chain.sol_in(wallet, Decimal(rng.randint(5, 25)), seconds_ago=ago)


def _get_sol(chain: TransactionShapes, wallet: str, rng: random.Random, ago: float) -> str:
    return chain.sol_in(wallet, Decimal(rng.randint(50, 2500)) / 1000, seconds_ago=ago)


def _send_sol(chain: TransactionShapes, wallet: str, rng: random.Random, ago: float) -> str:
    sol = _part(chain, wallet, SOL, 0.002, 0.04, rng)
    return chain.sol_out(wallet, sol, priority_fee=rng.randint(50, 9000), seconds_ago=ago)


def _send_sol_v1(chain: TransactionShapes, wallet: str, rng: random.Random, ago: float) -> str:
    return chain.sol_out_v1(wallet, _part(chain, wallet, SOL, 0.002, 0.02, rng), seconds_ago=ago)


def _get_tokens(chain: TransactionShapes, wallet: str, rng: random.Random, ago: float) -> str:
    return chain.spl_in(wallet, Decimal(rng.randint(500, 40_000)) / 100, seconds_ago=ago)


def _send_tokens(chain: TransactionShapes, wallet: str, rng: random.Random, ago: float) -> str:
    recipient = chain.friend(rng) if rng.random() < 0.9 else None
    amount = _part(chain, wallet, USDC, 0.01, 0.1, rng)
    return chain.spl_out(wallet, amount, recipient=recipient, seconds_ago=ago)


def _buy(chain: TransactionShapes, wallet: str, rng: random.Random, ago: float) -> str:
    sol = _part(chain, wallet, SOL, 0.005, 0.05, rng)
    return chain.swap(wallet, sol, SOL, rng.choice(_BOUGHT), program=rng.choice(_PROGRAMS), seconds_ago=ago)


def _sell(chain: TransactionShapes, wallet: str, rng: random.Random, ago: float) -> str:
    mint = _some_token(chain, wallet, rng)
    amount = _part(chain, wallet, mint, 0.2, 0.6, rng)
    return chain.swap(wallet, amount, mint, SOL, program=rng.choice(_PROGRAMS), seconds_ago=ago)


def _swap(chain: TransactionShapes, wallet: str, rng: random.Random, ago: float) -> str:
    mint = _some_token(chain, wallet, rng)
    amount = _part(chain, wallet, mint, 0.1, 0.3, rng)
    return chain.swap(wallet, amount, mint, rng.choice(_BOUGHT), seconds_ago=ago)


def _buy_with_tip(chain: TransactionShapes, wallet: str, rng: random.Random, ago: float) -> str:
    sol = _part(chain, wallet, SOL, 0.005, 0.05, rng)
    return chain.swap(
        wallet, sol, SOL, rng.choice(_BOUGHT), tip=payments.some_tip(chain, rng), seconds_ago=ago
    )


def _swap_with_tip(chain: TransactionShapes, wallet: str, rng: random.Random, ago: float) -> str:
    mint = _some_token(chain, wallet, rng)
    amount = _part(chain, wallet, mint, 0.1, 0.3, rng)
    return chain.swap(
        wallet, amount, mint, rng.choice(_BOUGHT), tip=payments.some_tip(chain, rng), seconds_ago=ago
    )


def _fail(chain: TransactionShapes, wallet: str, rng: random.Random, ago: float) -> str:
    return chain.failed_swap(wallet, program=rng.choice(_PROGRAMS), seconds_ago=ago)


def _tidy(chain: TransactionShapes, wallet: str, rng: random.Random, ago: float) -> str:
    return chain.close_token_account(wallet, seconds_ago=ago)


def _get_memo(chain: TransactionShapes, wallet: str, rng: random.Random, ago: float) -> str:
    return chain.memo(wallet, rng.choice(_MEMOS), seconds_ago=ago)


def _part(
    chain: TransactionShapes, wallet: str, mint: str, low: float, high: float, rng: random.Random
) -> Decimal:
    share = Decimal(f"{rng.uniform(low, high):.4f}")
    part = (chain.holding(wallet, mint) * share).quantize(Decimal("0.01"), rounding=ROUND_DOWN)
    if not part:
        raise ValueError(f"{wallet} holds next to nothing of {mint}")
    return part


def _some_token(chain: TransactionShapes, wallet: str, rng: random.Random) -> str:
    owned = chain.token_accounts_of(wallet).values()
    held = [account.mint for account in owned if account.amount and account.mint in CATALOG]
    if not held:
        raise ValueError(f"{wallet} holds no token")
    return rng.choice(held)


_Scenario = Callable[["TransactionShapes", str, random.Random, float], str]

_WEIGHED: dict[_Scenario, int] = {
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
    _buy_with_tip: 3,
    _swap_with_tip: 2,
    payments.pay_several: 2,
    payments.pay_tokens_to_several: 1,
    payments.tip: 1,
    payments.odd_memo: 1,
    payments.send_with_fee: 3,
    accounts.open_own: 1,
    accounts.open_for_others: 1,
    accounts.close_for_another: 1,
    accounts.close_several: 1,
    accounts.burn: 1,
    accounts.claim: 1,
    accounts.move_to_itself: 1,
    bundles.bundle: 4,
    trades.buy_little: 1,
    trades.sell_all: 1,
    trades.sell_into_wrapped: 1,
    trades.swap_over_two_pools: 1,
    trades.buy_from_curve: 2,
    trades.add_liquidity: 1,
    orders.place: 3,
    orders.fill: 2,
    orders.cancel: 1,
    staking.stake: 2,
    staking.deactivate: 1,
    staking.withdraw: 1,
    staking.stake_liquid: 2,
    nfts.mint: 1,
    nfts.buy: 2,
    nfts.sell: 1,
    nfts.list_compressed: 1,
    bridges.send: 1,
    bridges.redeem: 1,
    failures.slippage: 1,
    failures.slippage_inside: 1,
    failures.not_enough: 1,
}
SCENARIOS = tuple(_WEIGHED)
"""All scenarios: functions of chain, wallet, random generator, and how many seconds ago."""
_WEIGHTS = tuple(_WEIGHED.values())
