"""Staking transactions: with a stake account of the wallet, and liquid staking at Marinade."""

from __future__ import annotations

import random
from decimal import Decimal

from streamsim.world.catalog import SOL
from streamsim.world.holders import Holders, decimals_of, raw_amount, token_address
from streamsim.world.instructions import open_associated, transfer_sol
from streamsim.world.programs import MARINADE, STAKE, SYSTEM, anchor_data, rent_of
from streamsim.world.transaction_builder import TransactionBuilder
from streamsim.world.truth import TransactionTruth, one_of

STAKE_SPACE = 200
MSOL = "mSoLzYCxHdYgdzU16g5QSh3i5K3z3KZK7ytfqcJm7So"

_VALIDATOR = "he1iusunGwqrNtafDtLdhsUQDFvo13z9sUa36PauBtk"
_CLOCK = "SysvarC1ock11111111111111111111111111111111"
_HISTORY = "SysvarStakeHistory1111111111111111111111111"
_CONFIG = "StakeConfig11111111111111111111111111111111"


def stake(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet delegate some of its SOL from a new stake account, and return the signature.

    Raises:
        ValueError: It has too little.
    """
    key = chain.new_key(rng)
    lamports = rent_of(STAKE_SPACE) + _some_sol(chain, wallet, rng)
    builder = TransactionBuilder(chain, rng, wallet, priority_fee=rng.randint(1, 9000), seconds_ago=ago)
    builder.use(key, writable=True)
    builder.use(SYSTEM, STAKE, _VALIDATOR, _CLOCK, _HISTORY, _CONFIG)
    made = {
        "base": wallet,
        "lamports": lamports,
        "newAccount": key,
        "owner": STAKE,
        "seed": "stake:0",
        "source": wallet,
        "space": STAKE_SPACE,
    }
    builder.parsed(SYSTEM, "createAccountWithSeed", made)
    authorized = {"staker": wallet, "withdrawer": wallet}
    lockup = {"custodian": SYSTEM, "epoch": 0, "unixTimestamp": 0}
    begun = {"authorized": authorized, "lockup": lockup, "rentSysvar": SYSTEM, "stakeAccount": key}
    builder.parsed(STAKE, "initialize", begun)
    delegated = {
        "clockSysvar": _CLOCK,
        "stakeAccount": key,
        "stakeAuthority": wallet,
        "stakeConfigAccount": _CONFIG,
        "stakeHistorySysvar": _HISTORY,
        "voteAccount": _VALIDATOR,
    }
    builder.parsed(STAKE, "delegate", delegated)
    builder.pay(wallet, key, lamports)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("sent"),
        sol=-lamports,  # with the rent, which is part of the stake
        fee=builder.fee,
        action="stake",
        program=STAKE,
        says=("staked",),
    )
    signature = chain.record_truth(builder.commit(), truth)
    chain.stakes.setdefault(wallet, []).append(key)
    return signature


def deactivate(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet end the delegation of its oldest stake account, and return the signature.

    Raises:
        ValueError: It has none.
    """
    key = _oldest(chain, wallet)
    builder = TransactionBuilder(chain, rng, wallet, version="legacy", seconds_ago=ago)
    builder.use(key, writable=True)
    builder.use(STAKE, _CLOCK)
    info = {"clockSysvar": _CLOCK, "stakeAccount": key, "stakeAuthority": wallet}
    builder.parsed(STAKE, "deactivate", info)
    truth = TransactionTruth(
        wallet=wallet, types=one_of("called"), fee=builder.fee, action="unstake", program=STAKE
    )
    return chain.record_truth(builder.commit(), truth)


def withdraw(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet take everything out of its oldest stake account, and return the signature.

    Raises:
        ValueError: It has none.
    """
    key = _oldest(chain, wallet)
    lamports = chain.balance(key)
    builder = TransactionBuilder(chain, rng, wallet, version="legacy", seconds_ago=ago)
    builder.use(key, writable=True)
    builder.use(STAKE, _CLOCK, _HISTORY)
    info = {
        "clockSysvar": _CLOCK,
        "destination": wallet,
        "lamports": lamports,
        "stakeAccount": key,
        "stakeHistorySysvar": _HISTORY,
        "withdrawAuthority": wallet,
    }
    builder.parsed(STAKE, "withdraw", info)
    builder.pay(key, wallet, lamports)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("received"),
        sol=lamports,
        fee=builder.fee,
        action="unstake",
        program=STAKE,
        says=("unstaked",),
    )
    signature = chain.record_truth(builder.commit(), truth)
    chain.stakes[wallet].remove(key)
    return signature


def stake_liquid(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet give SOL for Marinade's token, and return the signature.

    Raises:
        ValueError: It has too little.
    """
    lamports = _some_sol(chain, wallet, rng)
    got = max(1, int(lamports * chain.price(SOL) / chain.price(MSOL)))
    builder = TransactionBuilder(chain, rng, wallet, priority_fee=rng.randint(1, 9000), seconds_ago=ago)
    rent = open_associated(builder, wallet, wallet, MSOL)
    target = token_address(wallet, MSOL)
    builder.use(MARINADE)
    builder.call(MARINADE, [wallet, target, MSOL], anchor_data("deposit", rng, 8))
    transfer_sol(builder, wallet, chain.pool_owner, lamports, inner=True)
    minted = {"account": target, "amount": str(got), "mint": MSOL, "mintAuthority": chain.pool_owner}
    builder.inner(builder.opened_account(target).program, "mintTo", minted)
    builder.issue(target, got)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("bought"),
        sol=-lamports,
        fee=builder.fee,
        rent=-rent,
        tokens={MSOL: got},
        action="stake",
        program=MARINADE,
    )
    return chain.record_truth(builder.commit(), truth)


def _some_sol(chain: Holders, wallet: str, rng: random.Random) -> int:
    share = Decimal(rng.randint(2, 15)) / 100
    lamports = raw_amount(chain.holding(wallet) * share, decimals_of(SOL))
    if lamports < 5_000_000:
        raise ValueError(f"{wallet} has too little SOL to stake")
    return lamports


def _oldest(chain: Holders, wallet: str) -> str:
    stakes = chain.stakes.get(wallet)
    if not stakes:
        raise ValueError(f"{wallet} has no stake")
    return stakes[0]
