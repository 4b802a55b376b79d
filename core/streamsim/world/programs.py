"""The programs of the emulated chain, their slippage errors, and the data of their instructions.

Ids and instruction names are those of the real programs, as found in real transactions.
"""

from __future__ import annotations

import hashlib
import random

import base58

SYSTEM = "11111111111111111111111111111111"
TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"  # noqa: S105 - a program, not a secret
TOKEN_2022 = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"  # noqa: S105 - a program, not a secret
ASSOCIATED_TOKEN = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"  # noqa: S105 - a program, not a secret
COMPUTE_BUDGET = "ComputeBudget111111111111111111111111111111"
MEMO = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"
STAKE = "Stake11111111111111111111111111111111111111"
JUPITER = "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4"
JUPITER_LIMIT_V2 = "j1o2qRpjcyUwEvwtcfhEQefh773ZgjxcVRry7LDqg5X"
RAYDIUM = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"
ORCA = "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc"
PUMP_FUN = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P"
MARINADE = "MarBmsSgKXdrN1egZf5sqe1TMai9K1rChYNDJgjq7aD"
METAPLEX = "metaqbxxUerdq28cj1RbAWkYQm3ybzjb6a8bt518x1s"
TENSOR_SWAP = "TSWAPaqyCSx2KABk68Shruf4rp7CxcNi8hAsbdwmHbN"
TENSOR = "TCMPhJdwDryooaGtiocG1u3xcYbRpiJzb283XfCZsDp"
BUBBLEGUM = "BGUMAp9Gq7iTEuizy4pqaxsTyUCBK68MDfK752saRPUY"
WORMHOLE = "worm2ZoG2kUd4vFXhvjh93UUH596ayRfgQ2MgjNMTth"
WORMHOLE_TOKEN_BRIDGE = "wormDTUJ6AWPNvk59vGQbDvGJmqbDTdgWgAqcLBCgUb"  # noqa: S105

STANDING = {
    SYSTEM: 1,
    COMPUTE_BUDGET: 1,
    TOKEN: 934_087_680,
    ASSOCIATED_TOKEN: 731_913_600,
    MEMO: 521_498_880,
}
"""Lamports of programs whose balance is known."""

USUAL_LAMPORTS = 1_141_440
"""Lamports of every other program."""

PROGRAMS = frozenset(
    {
        *STANDING,
        TOKEN_2022,
        STAKE,
        JUPITER,
        JUPITER_LIMIT_V2,
        RAYDIUM,
        ORCA,
        PUMP_FUN,
        MARINADE,
        METAPLEX,
        TENSOR_SWAP,
        TENSOR,
        BUBBLEGUM,
        WORMHOLE,
        WORMHOLE_TOKEN_BRIDGE,
    }
)
"""The programs this chain runs."""

SLIPPAGE = {JUPITER: (6001,), RAYDIUM: (30,), ORCA: (6036, 6037), PUMP_FUN: (6002, 6003)}
"""The custom errors by which a program says that the price has moved too far."""

ANCHOR_ERRORS = {
    (JUPITER, 6001): ("SlippageToleranceExceeded", "Slippage tolerance exceeded"),
    (ORCA, 6036): ("AmountOutBelowMinimum", "Amount out below minimum threshold"),
    (ORCA, 6037): ("AmountInAboveMaximum", "Amount in above maximum threshold"),
    (PUMP_FUN, 6002): (
        "TooMuchSolRequired",
        "slippage: Too much SOL required to buy the given amount of tokens",
    ),
    (PUMP_FUN, 6003): ("TooLittleSolReceived", "slippage: Too little SOL received to sell the tokens"),
}
"""By program and number, the name and the text that programs made with Anchor log of an error."""

TIP_ACCOUNTS = (
    "96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5",
    "HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe",
    "Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY",
    "ADaUMid9yfUytqMBgopwjb2DTLSokTSzL1zt6iGPaS49",
    "DfXygSm4jCyNCybVYYK6DwvWqjKee8pbDmJGcLWNDXjh",
    "ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt",
    "DttWaMuVvTiduZRnguLF7jNxTgiMBZ1hyAumKUiL2KRL",
    "3AVi9Tg9Uo68tJfuvoKvqKNWKkC5wPdSSdeBnizKZ6jT",
)
"""The tip accounts of Jito."""

_LAMPORTS_A_BYTE = 6_960
_OVERHEAD = 128


def rent_of(space: int) -> int:
    """Return the lamports that keep an account of so many bytes alive."""
    return _LAMPORTS_A_BYTE * (_OVERHEAD + space)


def anchor_data(name: str, rng: random.Random, arguments: int = 16) -> str:
    """Return the data of an Anchor program's instruction: eight bytes of its name's hash, then arguments."""
    return base58.b58encode(
        hashlib.sha256(f"global:{name}".encode()).digest()[:8] + rng.randbytes(arguments)
    ).decode()


def numbered_data(number: int, rng: random.Random, arguments: int = 16) -> str:
    """Return the data of an instruction of a program that numbers them: one byte, then arguments."""
    return base58.b58encode(bytes([number]) + rng.randbytes(arguments)).decode()
