"""Solana transactions written by hand, and captured ones, decoded as the engine decodes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from real_transactions import decode, symbol_of

from streamcore.solana.balances import Defect, Movement, read_balances
from streamcore.solana.interpretation import Meaning, SolanaTransaction, interpret
from streamcore.solana.programs import TOKEN

FIXTURES = Path(__file__).parents[1] / "fixtures" / "helius"
NOTIFICATIONS = sorted(path.name for path in FIXTURES.glob("ws.transactionNotification.*.json"))
WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
SELLER = "Hf7pVwBoMkPNrwfiLb5Pwx3f7Mtxerk2VokB3URBX6MV"
POOL_MAKER = "39azUYFWPz3VHgKCf3VChUwbpURdCHRxjWVowf5jUJjg"
PAYER = "955dG3DUKvbRxC7exyd81t8KdKkU4MCMkiCZEEXLApxc"
FRIEND = "DFK4931fqk7pnrqdcvDWozDABepb2BeTwE5DYfiRPi4j"
ACCOUNT = "AwfswzK89xCcKs43oK4bvkWWTgBUTP8piZjULuho3nRm"
OTHER_ACCOUNT = "9NyDcAEUByTTNosYMzuWQEuUSfgXCHTNhwQmSWEf5fXq"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
JUPITER = "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4"
UNKNOWN_PROGRAM = "BCVVkWifPND9zDXrheey2TJRD9w2kW8vvtyx1FvJC25a"
RENT = 2_039_280
SOL = 1_000_000_000
FEE = 5_000


def wire(name: str) -> dict[str, Any]:
    message = json.loads((FIXTURES / name).read_text())
    transaction: dict[str, Any] = message["params"]["result"]["transaction"]
    return transaction


def fixture(name: str) -> SolanaTransaction:
    return decode(wire(f"ws.transactionNotification.{name}.json"))


def movement(transaction: SolanaTransaction, wallet: str) -> Movement:
    balances = read_balances(transaction)
    assert not isinstance(balances, Defect), balances
    return balances.measure(wallet)


def told(transaction: SolanaTransaction, wallet: str = WALLET) -> Meaning:
    return interpret(transaction, wallet, symbol_of)


def tokens(index: int, mint: str, owner: str | None, amount: int, decimals: int = 6) -> dict[str, Any]:
    balance = {
        "accountIndex": index,
        "mint": mint,
        "programId": TOKEN,
        "uiTokenAmount": {
            "amount": str(amount),
            "decimals": decimals,
            "uiAmount": None,
            "uiAmountString": "",
        },
    }
    return balance if owner is None else balance | {"owner": owner}


def parsed(program: str, kind: str, **info: Any) -> dict[str, Any]:
    return {"programId": program, "parsed": {"type": kind, "info": info}, "stackHeight": None}


def make(
    moves: dict[str, tuple[int, int]],
    *,
    before: list[dict[str, Any]] | None = None,
    after: list[dict[str, Any]] | None = None,
    instructions: list[dict[str, Any]] | None = None,
    inner: list[dict[str, Any]] | None = None,
    inner_of: int = 0,
    logs: list[str] | None = None,
    err: Any = None,
    fee: int = FEE,
    version: int | str = 0,
) -> SolanaTransaction:
    """A transaction over ``moves`` (address to lamports before and after); the first pays the fee on top."""
    keys = list(moves)
    pre = [lamports for lamports, _ in moves.values()]
    post = [lamports for _, lamports in moves.values()]
    pre[0] += fee
    return decode(
        {
            "transaction": {
                "signatures": ["signature"],
                "message": {
                    "accountKeys": [
                        {"pubkey": key, "signer": index == 0, "writable": True, "source": "transaction"}
                        for index, key in enumerate(keys)
                    ],
                    "instructions": instructions or [],
                },
            },
            "meta": {
                "err": err,
                "fee": fee,
                "preBalances": pre,
                "postBalances": post,
                "preTokenBalances": before,
                "postTokenBalances": after,
                "innerInstructions": None if inner is None else [{"index": inner_of, "instructions": inner}],
                "logMessages": logs,
            },
            "version": version,
        }
    )
