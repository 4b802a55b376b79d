"""Transactions that fail: only the fee is paid; what a custom error number means depends on the program."""

from __future__ import annotations

import random

from streamsim.world.catalog import USDC
from streamsim.world.holders import Holders
from streamsim.world.programs import (
    ANCHOR_ERRORS,
    JUPITER,
    ORCA,
    RAYDIUM,
    SLIPPAGE,
    SYSTEM,
    TOKEN,
    anchor_data,
)
from streamsim.world.transaction_builder import TransactionBuilder
from streamsim.world.truth import TransactionTruth, one_of


def slippage(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let a swap of the wallet fail because the price moved too far; return the signature."""
    program = rng.choice(tuple(SLIPPAGE))
    number = rng.choice(SLIPPAGE[program])
    builder, held = _begun(chain, wallet, rng, ago)
    builder.use(program)
    builder.call(
        program,
        [TOKEN, wallet, held],
        anchor_data("swap", rng),
        failed=f"custom program error: {number:#x}",
        inside=_logged(program, number),
    )
    return _failed(chain, builder, wallet, 2, number, program, "slippage")


def slippage_inside(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let a swap fail for slippage in a pool that the router called, with the pool's error number.

    Return the signature.
    """
    program = rng.choice((ORCA, RAYDIUM))
    number = rng.choice(SLIPPAGE[program])
    builder, held = _begun(chain, wallet, rng, ago)
    builder.use(JUPITER, program)
    error = f"custom program error: {number:#x}"
    builder.call(
        JUPITER,
        [TOKEN, wallet, held, program],
        anchor_data("route", rng),
        failed=error,
        inside=(
            f"Program {program} invoke [2]",
            *_logged(program, number),
            f"Program {program} failed: {error}",
        ),
    )
    builder.inner_call(program, [TOKEN, held], anchor_data("swap", rng))
    return _failed(chain, builder, wallet, 2, number, JUPITER, "slippage")


def not_enough(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet try to send more SOL or tokens than it has; return the signature."""
    builder, held = _begun(chain, wallet, rng, ago)
    target = chain.friend(rng)
    program = rng.choice((SYSTEM, TOKEN))
    builder.use(target, writable=True)
    builder.use(program)
    if program == SYSTEM:
        info = {"destination": target, "lamports": chain.balance(wallet) * 2, "source": wallet}
        what = "SOL"
    else:
        account = chain.account_of(target, USDC)
        builder.use(account, writable=True)
        amount = str(chain.token_accounts[held].amount + 1)
        info = {"amount": amount, "authority": wallet, "destination": account, "source": held}
        what = "tokens"
    builder.parsed(program, "transfer", info, failed="custom program error: 0x1")
    return _failed(chain, builder, wallet, 2, 1, program, f"not enough {what}")


def _logged(program: str, number: int) -> tuple[str, ...]:
    if (program, number) not in ANCHOR_ERRORS:
        return ()
    name, text = ANCHOR_ERRORS[program, number]
    error = f"Error Code: {name}. Error Number: {number}. Error Message: {text}."
    return (f"Program log: AnchorError occurred. {error}",)


def _begun(chain: Holders, wallet: str, rng: random.Random, ago: float) -> tuple[TransactionBuilder, str]:
    held = chain.account_of(wallet, USDC)
    builder = TransactionBuilder(chain, rng, wallet, priority_fee=rng.randint(1, 9000), seconds_ago=ago)
    builder.use(held, writable=True)
    builder.use(TOKEN)
    return builder, held


def _failed(
    chain: Holders,
    builder: TransactionBuilder,
    wallet: str,
    position: int,
    number: int,
    program: str,
    why: str,
) -> str:
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("failed"),
        fee=builder.fee,
        program=program,
        says=(why, str(number)),
    )
    return chain.record_truth(builder.commit(err={"InstructionError": [position, {"Custom": number}]}), truth)
