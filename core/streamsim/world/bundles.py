"""Transactions of several parts: a transfer or a trade, with a tip, a memo, accounts opened or closed."""

from __future__ import annotations

import random
from decimal import Decimal

import msgspec

from streamsim.world.catalog import BONK, CATALOG, SOL, USDC
from streamsim.world.chain import RENT
from streamsim.world.holders import Holders, at_market, decimals_of, token_address
from streamsim.world.instructions import close_account, open_associated, transfer_sol, transfer_tokens
from streamsim.world.payments import some_tip
from streamsim.world.programs import PUMP_FUN, SYSTEM, anchor_data
from streamsim.world.trades import some_dollars, some_holding
from streamsim.world.transaction_builder import TransactionBuilder
from streamsim.world.truth import TransactionTruth, one_of

_BLOCKHASHES = "SysvarRecentB1ockHashes11111111111111111111"
_MEMOS = ("for the pizza", "invoice 1042", "🦍", "a\tb")


class _Sum(msgspec.Struct):
    """The sum of what the parts of a transaction mean for the wallet, as in `TransactionTruth`."""

    types: frozenset[str]
    sol: int = 0
    rent: int = 0
    tip: int = 0
    tokens: dict[str, int] = {}
    parties: tuple[str, ...] = ()


def bundle(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet transfer or trade along with up to four other parts, in any order; return the signature.

    Raises:
        ValueError: It has too little for it.
    """
    versions: tuple[str | int, ...] = ("legacy", 0, 1)
    builder = TransactionBuilder(
        chain,
        rng,
        wallet,
        version=rng.choice(versions),
        priority_fee=rng.choice((0, 1, 450, 90_000)),
        seconds_ago=ago,
    )
    if rng.random() < 0.2:
        _advance_nonce(chain, builder, wallet, rng)
    main = rng.choice((_send_sol, _send_tokens, _buy, _sell))
    beside = rng.sample((_tip, _memo, _open_for_another, _open_own, _close_forgotten), rng.randint(0, 4))
    total = _Sum(one_of())
    parts = [main, *beside]
    rng.shuffle(parts)
    for part in parts:
        part(chain, builder, wallet, rng, total)
    truth = TransactionTruth(
        wallet=wallet,
        types=total.types,
        sol=total.sol,
        fee=builder.fee,
        rent=total.rent,
        tip=total.tip,
        tokens=total.tokens,
        parties=total.parties,
    )
    return chain.record_truth(builder.commit(), truth)


# The main part


def _send_sol(
    chain: Holders, builder: TransactionBuilder, wallet: str, rng: random.Random, total: _Sum
) -> None:
    lamports = int(chain.balance(wallet) * rng.uniform(0.01, 0.2))
    target = chain.new_key(rng)
    transfer_sol(builder, wallet, target, lamports)
    total.types, total.parties = one_of("sent"), (target,)
    total.sol -= lamports


def _send_tokens(
    chain: Holders, builder: TransactionBuilder, wallet: str, rng: random.Random, total: _Sum
) -> None:
    units = some_dollars(chain, wallet, rng)
    target = chain.new_key(rng)
    total.rent -= open_associated(builder, wallet, target, USDC)
    source = chain.account_of(wallet, USDC)
    transfer_tokens(builder, wallet, source, token_address(target, USDC), units, checked=rng.random() < 0.5)
    total.types, total.parties = one_of("sent"), (target,)
    total.tokens[USDC] = -units


def _buy(chain: Holders, builder: TransactionBuilder, wallet: str, rng: random.Random, total: _Sum) -> None:
    lamports = int(chain.balance(wallet) * rng.uniform(0.01, 0.2))
    if lamports < 5_000_000:
        raise ValueError(f"{wallet} has too little SOL")
    mint = rng.choice([mint for mint in CATALOG if mint != SOL])
    got = at_market(chain, rng, lamports, SOL, mint)
    total.rent -= open_associated(builder, wallet, wallet, mint)
    chain.provide(chain.pool_owner, Decimal(got).scaleb(-decimals_of(mint)) + 1, mint)
    curve, target = chain.account_of(chain.pool_owner, mint), token_address(wallet, mint)
    builder.call(PUMP_FUN, [wallet, mint, curve, target], anchor_data("buy", rng))
    transfer_tokens(builder, chain.pool_owner, curve, target, got, inner=True, checked=False)
    transfer_sol(builder, wallet, chain.pool_owner, lamports, inner=True)
    total.types = one_of("bought")
    total.sol -= lamports
    total.tokens[mint] = got


def _sell(chain: Holders, builder: TransactionBuilder, wallet: str, rng: random.Random, total: _Sum) -> None:
    mint, source, held = some_holding(chain, wallet, rng)
    units = max(1, held // rng.randint(2, 20))
    lamports = at_market(chain, rng, units, mint, SOL)
    chain.provide(chain.pool_owner, Decimal(lamports).scaleb(-9) + 1)
    curve = chain.account_of(chain.pool_owner, mint)
    builder.call(PUMP_FUN, [wallet, mint, curve, source], anchor_data("sell", rng))
    transfer_tokens(builder, wallet, source, curve, units, inner=True, checked=False)
    builder.use(chain.pool_owner, writable=True)
    builder.pay(chain.pool_owner, wallet, lamports)  # without an instruction, as pump.fun does it
    total.types = one_of("sold")
    total.sol += lamports
    total.tokens[mint] = -units


# The other parts


def _tip(chain: Holders, builder: TransactionBuilder, wallet: str, rng: random.Random, total: _Sum) -> None:
    account, lamports = some_tip(chain, rng)
    transfer_sol(builder, wallet, account, lamports)
    total.tip += lamports
    total.sol -= lamports


def _memo(chain: Holders, builder: TransactionBuilder, wallet: str, rng: random.Random, total: _Sum) -> None:
    builder.memo(rng.choice(_MEMOS))


def _open_for_another(
    chain: Holders, builder: TransactionBuilder, wallet: str, rng: random.Random, total: _Sum
) -> None:
    total.rent -= open_associated(builder, wallet, chain.new_key(rng), BONK)


def _open_own(
    chain: Holders, builder: TransactionBuilder, wallet: str, rng: random.Random, total: _Sum
) -> None:
    total.rent -= open_associated(builder, wallet, wallet, rng.choice([m for m in CATALOG if m != SOL]))


def _close_forgotten(
    chain: Holders, builder: TransactionBuilder, wallet: str, rng: random.Random, total: _Sum
) -> None:
    close_account(builder, wallet, chain.account_of(wallet, chain.new_key(rng)), wallet)
    total.rent += RENT


def _advance_nonce(chain: Holders, builder: TransactionBuilder, wallet: str, rng: random.Random) -> None:
    nonce = token_address(wallet, "nonce")
    chain.lamports.setdefault(nonce, 1_447_680)
    builder.use(nonce, writable=True)
    builder.use(_BLOCKHASHES)
    info = {"nonceAccount": nonce, "nonceAuthority": wallet, "recentBlockhashesSysvar": _BLOCKHASHES}
    builder.parsed(SYSTEM, "advanceNonce", info)
