"""Transactions about accounts themselves: opening and closing them, for others too; minting and burning."""

from __future__ import annotations

import random

from streamsim.world.catalog import BONK, CATALOG, SOL
from streamsim.world.chain import RENT
from streamsim.world.holders import Holders, token_address
from streamsim.world.instructions import close_account, close_in_batch, open_associated, transfer_sol
from streamsim.world.programs import METAPLEX, TOKEN, numbered_data
from streamsim.world.transaction_builder import TransactionBuilder
from streamsim.world.truth import TransactionTruth, one_of

MOST_ONE_BY_ONE = 3
"""Accounts that are closed by an instruction each; more are closed in a batch."""


def open_own(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet open an account for a token it has not had yet, and return the signature.

    Raises:
        ValueError: It has one for every token, or cannot pay the rent.
    """
    had = chain.token_accounts
    new = [mint for mint in CATALOG if mint != SOL and token_address(wallet, mint) not in had]
    if not new:
        raise ValueError(f"{wallet} has an account for every token")
    builder = TransactionBuilder(chain, rng, wallet, version="legacy", seconds_ago=ago)
    rent = open_associated(builder, wallet, wallet, rng.choice(new), kind="create")
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("account"),
        fee=builder.fee,
        rent=-rent,
        says=("opened token account",),
    )
    return chain.record_truth(builder.commit(), truth)


def open_for_others(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet pay for accounts of a few strangers, and return the signature.

    Raises:
        ValueError: It cannot pay the rent.
    """
    builder = TransactionBuilder(chain, rng, wallet, version="legacy", seconds_ago=ago)
    count = rng.randint(1, 4)
    for _ in range(count):
        open_associated(builder, wallet, chain.new_key(rng), BONK, kind="create")
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("account"),
        fee=builder.fee,
        rent=-count * RENT,
        says=("opened",),
    )
    return chain.record_truth(builder.commit(), truth)


def close_for_another(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet close a forgotten account, the rent of which goes to a friend; return the signature."""
    held = chain.account_of(wallet, chain.new_key(rng))
    friend = chain.friend(rng)
    builder = TransactionBuilder(chain, rng, wallet, version="legacy", seconds_ago=ago)
    close_account(builder, wallet, held, friend)
    truth = TransactionTruth(
        wallet=wallet, types=one_of("account"), fee=builder.fee, says=("went to another",)
    )
    return chain.record_truth(builder.commit(), truth)


def close_several(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet close a few forgotten accounts, many in one batch, and return the signature."""
    count = rng.randint(2, 6)
    builder = TransactionBuilder(chain, rng, wallet, version="legacy", seconds_ago=ago)
    accounts = [chain.account_of(wallet, chain.new_key(rng)) for _ in range(count)]
    if count > MOST_ONE_BY_ONE:
        close_in_batch(builder, wallet, accounts, wallet)
    else:
        for account in accounts:
            close_account(builder, wallet, account, wallet)
    truth = TransactionTruth(wallet=wallet, types=one_of("account"), fee=builder.fee, rent=count * RENT)
    return chain.record_truth(builder.commit(), truth)


def burn(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet burn some of a token, and return the signature.

    Raises:
        ValueError: It has none.
    """
    # wrapped SOL cannot be burned
    burnable = CATALOG.keys() - {SOL}
    accounts = chain.token_accounts_of(wallet).items()
    key = rng.choice([key for key, held in accounts if held.amount and held.mint in burnable] or [""])
    if not key:
        raise ValueError(f"{wallet} has no token to burn")
    account = chain.token_accounts[key]
    units = max(1, account.amount // rng.randint(10, 1000))
    builder = TransactionBuilder(chain, rng, wallet, version="legacy", seconds_ago=ago)
    builder.use(key, writable=True)
    builder.use(builder.mint(account.mint), TOKEN)
    info = {"account": key, "amount": str(units), "authority": wallet, "mint": account.mint}
    builder.parsed(TOKEN, "burn", info)
    builder.issue(key, -units)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("sent"),
        fee=builder.fee,
        tokens={account.mint: -units},
        action="burn",
        says=("burned",),
    )
    return chain.record_truth(builder.commit(), truth)


def claim(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let a program mint tokens for the wallet, and return the signature."""
    key, units = chain.account_of(wallet, BONK), rng.randint(1, 10**12)
    builder = TransactionBuilder(chain, rng, wallet, version="legacy", seconds_ago=ago)
    builder.use(METAPLEX, TOKEN, builder.mint(BONK))
    builder.use(key, writable=True)
    builder.call(METAPLEX, [wallet, key, BONK], numbered_data(99, rng))
    info = {"account": key, "amount": str(units), "mint": BONK, "mintAuthority": chain.pool_owner}
    builder.inner(TOKEN, "mintTo", info)
    builder.issue(key, units)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("received"),
        fee=builder.fee,
        tokens={BONK: units},
        action="mint",
        says=("minted",),
    )
    return chain.record_truth(builder.commit(), truth)


def move_to_itself(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet send SOL to itself, and return the signature."""
    builder = TransactionBuilder(chain, rng, wallet, seconds_ago=ago)
    transfer_sol(builder, wallet, wallet, rng.randint(1_000_000, 10**9))
    truth = TransactionTruth(wallet=wallet, types=one_of("called"), fee=builder.fee, says=("to itself",))
    return chain.record_truth(builder.commit(), truth)
