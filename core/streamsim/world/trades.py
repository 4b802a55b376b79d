"""Less usual trades than `TransactionShapes.swap`: tiny ones, through several pools, with SOL kept wrapped.

In a tiny trade the rent that is paid or returned is larger than the amount traded, so estimating the amount
from balances goes wrong.
"""

from __future__ import annotations

import random
from decimal import Decimal

from streamsim.world.catalog import BONK, CATALOG, SOL, USDC
from streamsim.world.holders import Holders, at_market, decimals_of, raw_amount, token_address
from streamsim.world.instructions import (
    close_account,
    open_associated,
    transfer_sol,
    transfer_tokens,
    wrap_sol,
)
from streamsim.world.programs import JUPITER, PUMP_FUN, RAYDIUM, TOKEN, anchor_data, numbered_data
from streamsim.world.transaction_builder import TransactionBuilder
from streamsim.world.truth import TransactionTruth, one_of

_TRADED = (BONK, USDC, *(mint for mint in CATALOG if mint not in {SOL, USDC, BONK}))
_FROM_A_CURVE = tuple(mint for mint in CATALOG if mint.endswith("pump"))
_MIDDLE = "27G8MtK7VtTcCHkpASjSDdkWWYfoqT6ggEuKidVJidD4"


def buy_little(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet buy BONK for less SOL than the rent of the account it goes to; return the signature.

    Raises:
        ValueError: It has too little.
    """
    lamports = rng.randint(100_000, 2_000_000)
    got = at_market(chain, rng, lamports, SOL, BONK)
    wrapped = chain.new_key(rng)
    builder = TransactionBuilder(chain, rng, wallet, priority_fee=rng.randint(1, 90_000), seconds_ago=ago)
    wrap_sol(builder, wallet, wrapped, lamports)
    rent = open_associated(builder, wallet, wallet, BONK)
    _exchange(chain, builder, wallet, RAYDIUM, (wrapped, SOL, lamports), (BONK, got))
    close_account(builder, wallet, wrapped, wallet)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("bought"),
        sol=-lamports,
        fee=builder.fee,
        rent=-rent,
        tokens={BONK: got},
        program=RAYDIUM,
    )
    return chain.record_truth(builder.commit(), truth)


def sell_all(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet sell all it has of a token for a little SOL and close the account; return the signature.

    Raises:
        ValueError: It has no token.
    """
    mint, source, units = some_holding(chain, wallet, rng)
    lamports = rng.randint(100_000, 5_000_000)
    wrapped = chain.new_key(rng)
    builder = TransactionBuilder(chain, rng, wallet, priority_fee=rng.randint(1, 90_000), seconds_ago=ago)
    wrap_sol(builder, wallet, wrapped, 0)
    _exchange(chain, builder, wallet, RAYDIUM, (source, mint, units), (SOL, lamports), target=wrapped)
    close_account(builder, wallet, wrapped, wallet)
    rent = builder.opened_account(source).rent
    close_account(builder, wallet, source, wallet)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("sold"),
        sol=lamports,
        fee=builder.fee,
        rent=rent,
        tokens={mint: -units},
        program=RAYDIUM,
    )
    return chain.record_truth(builder.commit(), truth)


def sell_into_wrapped(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet sell a token for SOL that stays wrapped; return the signature.

    Raises:
        ValueError: It has no token.
    """
    mint, source, held = some_holding(chain, wallet, rng)
    units = max(1, held // rng.randint(2, 20))
    lamports = at_market(chain, rng, units, mint, SOL)
    builder = TransactionBuilder(chain, rng, wallet, priority_fee=rng.randint(1, 9000), seconds_ago=ago)
    rent = open_associated(builder, wallet, wallet, SOL)
    target = token_address(wallet, SOL)
    _exchange(chain, builder, wallet, JUPITER, (source, mint, units), (SOL, lamports), target=target)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("sold"),
        sol=lamports,
        fee=builder.fee,
        rent=-rent,
        tokens={mint: -units},
        program=JUPITER,
    )
    return chain.record_truth(builder.commit(), truth)


def swap_over_two_pools(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet swap USDC into a token by way of a third one, none of which stays; return the signature.

    Raises:
        ValueError: It has no dollars.
    """
    paid = some_dollars(chain, wallet, rng)
    take = rng.choice([mint for mint in _TRADED if mint not in {USDC, _MIDDLE}])
    between = at_market(chain, rng, paid, USDC, _MIDDLE)
    got = at_market(chain, rng, between, _MIDDLE, take)
    builder = TransactionBuilder(chain, rng, wallet, priority_fee=rng.randint(1, 9000), seconds_ago=ago)
    rent = open_associated(builder, wallet, wallet, _MIDDLE)
    rent += open_associated(builder, wallet, wallet, take)
    middle = token_address(wallet, _MIDDLE)
    source = chain.account_of(wallet, USDC)
    _exchange(chain, builder, wallet, JUPITER, (source, USDC, paid), (_MIDDLE, between))
    _exchange(chain, builder, wallet, None, (middle, _MIDDLE, between), (take, got))
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("swapped"),
        fee=builder.fee,
        rent=-rent,
        tokens={USDC: -paid, take: got},
        program=JUPITER,
    )
    return chain.record_truth(builder.commit(), truth)


def buy_from_curve(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet buy at pump.fun, paying by plain transfers, some of them fees; return the signature.

    Raises:
        ValueError: It has too little.
    """
    lamports = int(chain.balance(wallet) * rng.uniform(0.01, 0.1))
    if lamports < 10_000_000:
        raise ValueError(f"{wallet} has too little SOL")
    mint = rng.choice(_FROM_A_CURVE)
    fees = lamports // 100
    got = at_market(chain, rng, lamports - fees, SOL, mint)
    builder = TransactionBuilder(chain, rng, wallet, priority_fee=rng.randint(1, 90_000), seconds_ago=ago)
    rent = open_associated(builder, wallet, wallet, mint)
    target, curve = token_address(wallet, mint), chain.account_of(chain.pool_owner, mint)
    chain.provide(chain.pool_owner, Decimal(got).scaleb(-decimals_of(mint)), mint)
    builder.use(PUMP_FUN, TOKEN)
    builder.call(PUMP_FUN, [wallet, mint, curve, target], anchor_data("buy", rng))
    transfer_tokens(builder, chain.pool_owner, curve, target, got, inner=True, checked=False)
    transfer_sol(builder, wallet, chain.pool_owner, lamports - fees, inner=True)
    transfer_sol(builder, wallet, chain.friend(rng), fees, inner=True)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("bought"),
        sol=-lamports,
        fee=builder.fee,
        rent=-rent,
        tokens={mint: got},
        program=PUMP_FUN,
    )
    return chain.record_truth(builder.commit(), truth)


def add_liquidity(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet add USDC and BONK to a pool, for the pool's token; return the signature.

    Raises:
        ValueError: It has no dollars.
    """
    paid = some_dollars(chain, wallet, rng, most=10)
    bonk, shares = rng.randint(1, 10**9), rng.randint(1, 10**9)
    pool_token = token_address(chain.pool_owner, "pool token")
    chain.provide(wallet, Decimal(bonk).scaleb(-decimals_of(BONK)), BONK)
    builder = TransactionBuilder(chain, rng, wallet, priority_fee=rng.randint(1, 9000), seconds_ago=ago)
    rent = open_associated(builder, wallet, wallet, pool_token)
    target = token_address(wallet, pool_token)
    builder.use(RAYDIUM)
    builder.call(RAYDIUM, [wallet, chain.pool_owner, target], numbered_data(3, rng, 24))
    for mint, units in ((USDC, paid), (BONK, bonk)):
        pool, source = chain.account_of(chain.pool_owner, mint), chain.account_of(wallet, mint)
        transfer_tokens(builder, wallet, source, pool, units, inner=True, checked=False)
    info = {"account": target, "amount": str(shares), "mint": pool_token, "mintAuthority": chain.pool_owner}
    builder.inner(TOKEN, "mintTo", info)
    builder.issue(target, shares)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("multi"),
        fee=builder.fee,
        rent=-rent,
        tokens={USDC: -paid, BONK: -bonk, pool_token: shares},
        program=RAYDIUM,
    )
    return chain.record_truth(builder.commit(), truth)


def some_dollars(chain: Holders, wallet: str, rng: random.Random, *, most: int = 20) -> int:
    """Return some of the USDC a wallet holds, in the smallest unit; ``most``: percent at most.

    Raises:
        ValueError: It holds none.
    """
    share = Decimal(rng.randint(1, most)) / 100
    units = raw_amount(chain.holding(wallet, USDC) * share, decimals_of(USDC))
    if not units:
        raise ValueError(f"{wallet} has no USDC")
    return units


def some_holding(chain: Holders, wallet: str, rng: random.Random) -> tuple[str, str, int]:
    """Return mint, token account and amount of something the wallet holds.

    Raises:
        ValueError: It holds nothing.
    """
    accounts = chain.token_accounts_of(wallet).items()
    held = [
        (account.mint, key, account.amount)
        for key, account in accounts
        if account.amount and account.mint in CATALOG and account.mint != SOL
    ]
    if not held:
        raise ValueError(f"{wallet} has no token to sell")
    return rng.choice(held)


def _exchange(
    chain: Holders,
    builder: TransactionBuilder,
    wallet: str,
    program: str | None,
    give: tuple[str, str, int],
    take: tuple[str, int],
    *,
    target: str | None = None,
) -> None:
    """Exchange one token for another with a pool.

    Args:
        chain: The chain.
        builder: The transaction to add it to.
        wallet: Who trades.
        program: The program to call; ``None``: it becomes part of the last instruction.
        give: Token account, mint and amount of what is paid.
        take: Mint and amount of what is received.
        target: The token account that receives it; ``None``: the wallet's own for that mint.
    """
    source, given, paid = give
    taken, got = take
    for mint, units in ((given, 0), (taken, got)):
        chain.account_of(chain.pool_owner, mint)
        chain.provide(chain.pool_owner, Decimal(units).scaleb(-decimals_of(mint)) + 1, mint)
    pool_in, pool_out = (token_address(chain.pool_owner, mint) for mint in (given, taken))
    target = target or token_address(wallet, taken)
    builder.use(pool_in, pool_out, writable=True)
    if program is not None:
        builder.use(program)
        builder.call(
            program, [TOKEN, wallet, source, target, pool_in, pool_out], anchor_data("route", builder.rng)
        )
    transfer_tokens(builder, wallet, source, pool_in, paid, inner=True, checked=False)
    transfer_tokens(builder, chain.pool_owner, pool_out, target, got, inner=True, checked=False)
