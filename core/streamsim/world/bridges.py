"""Transactions with the Wormhole token bridge: tokens sent to another chain, and received from one."""

from __future__ import annotations

import random

from streamsim.world.catalog import BONK, USDC
from streamsim.world.holders import Holders, token_address
from streamsim.world.instructions import create_account, open_associated, transfer_sol, transfer_tokens
from streamsim.world.programs import TOKEN, WORMHOLE, WORMHOLE_TOKEN_BRIDGE, numbered_data
from streamsim.world.trades import some_dollars
from streamsim.world.transaction_builder import TransactionBuilder
from streamsim.world.truth import TransactionTruth, one_of

MESSAGE_SPACE, CLAIM_SPACE = 228, 1
FEE_COLLECTOR = "9bFNrXNb2WTx8fMHXCheaZqkLZ3YCCaiqTftHxeintHy"
_FEE = 100


def send(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet send some of its dollars to another chain, and return the signature.

    Raises:
        ValueError: It has none.
    """
    units = some_dollars(chain, wallet, rng)
    chain.lamports.setdefault(FEE_COLLECTOR, 29_569_980)
    custody = chain.account_of(chain.pool_owner, USDC)
    source, message = chain.account_of(wallet, USDC), chain.new_key(rng)
    builder = TransactionBuilder(chain, rng, wallet, version="legacy", seconds_ago=ago)
    builder.use(message, writable=True, signer=True)
    builder.use(WORMHOLE_TOKEN_BRIDGE, WORMHOLE)
    transfer_sol(builder, wallet, FEE_COLLECTOR, _FEE)
    allowed = {"amount": str(units), "delegate": chain.pool_owner, "owner": wallet, "source": source}
    builder.use(TOKEN, chain.pool_owner)
    builder.parsed(TOKEN, "approve", allowed)
    builder.call(WORMHOLE_TOKEN_BRIDGE, [wallet, source, custody, message], numbered_data(5, rng, 60))
    transfer_tokens(builder, chain.pool_owner, source, custody, units, inner=True, checked=False)
    transfer_sol(builder, wallet, FEE_COLLECTOR, _FEE, inner=True)
    builder.inner_call(WORMHOLE, [wallet, message], numbered_data(1, rng, 40))
    rent = create_account(builder, wallet, message, WORMHOLE, MESSAGE_SPACE)
    builder.memo(rng.randbytes(16).hex())
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("sent"),
        sol=-2 * _FEE,
        fee=builder.fee,
        rent=-rent,
        tokens={USDC: -units},
        action="bridge",
        program=WORMHOLE_TOKEN_BRIDGE,
        says=("bridged",),
    )
    return chain.record_truth(builder.commit(), truth)


def redeem(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet take tokens that were sent to it from another chain, and return the signature.

    Raises:
        ValueError: It cannot pay the rent.
    """
    units = rng.randint(1, 10**9)
    builder = TransactionBuilder(chain, rng, wallet, version="legacy", seconds_ago=ago)
    builder.use(WORMHOLE_TOKEN_BRIDGE, TOKEN)
    rent = open_associated(builder, wallet, wallet, BONK)
    target = token_address(wallet, BONK)
    builder.call(WORMHOLE_TOKEN_BRIDGE, [wallet, target, BONK], numbered_data(3, rng, 0))
    rent += create_account(builder, wallet, chain.new_key(rng), WORMHOLE_TOKEN_BRIDGE, CLAIM_SPACE)
    for part in (units, 0):
        info = {"account": target, "amount": str(part), "mint": BONK, "mintAuthority": chain.pool_owner}
        builder.inner(TOKEN, "mintTo", info)
    builder.issue(target, units)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("received"),
        fee=builder.fee,
        rent=-rent,
        tokens={BONK: units},
        action="bridge",
        program=WORMHOLE_TOKEN_BRIDGE,
        says=("bridged",),
    )
    return chain.record_truth(builder.commit(), truth)
