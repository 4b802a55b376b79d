"""Builds a transaction from accounts, instructions and effects, checks it, and records it on the chain.

The balances before and after are computed from the chain and the effects, so a finished transaction always
satisfies ``sum(before) - sum(after) == fee``.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

import base58
import msgspec

from streamsim.world.catalog import SOL
from streamsim.world.chain import Chain, TokenAccount, Transaction, ui_amount
from streamsim.world.programs import (
    ASSOCIATED_TOKEN,
    COMPUTE_BUDGET,
    MEMO,
    STAKE,
    SYSTEM,
    TOKEN,
    TOKEN_2022,
)

MINT_LAMPORTS = 1_461_600
"""The rent of a mint, which has 82 bytes."""

SIGNATURE_FEE = 5000
"""Lamports a transaction with one signature costs."""

_PROGRAM_NAMES = {
    SYSTEM: "system",
    TOKEN: "spl-token",
    TOKEN_2022: "spl-token",
    STAKE: "stake",
    ASSOCIATED_TOKEN: "spl-associated-token-account",
}


class _Meta(msgspec.Struct):
    writable: bool
    signer: bool
    lookup: bool


class TransactionBuilder:
    """Builds one transaction.

    Add every account with `use` (the payer, programs and the accounts of a `call` are added already), add
    instructions and effects, then call `commit` once.

    Args:
        chain: Where it will be recorded.
        rng: The random generator for signatures and blockhashes.
        payer: The account that pays the fee.
        version: ``"legacy"``, 0 or 1.
        priority_fee: Lamports on top of the signature fee.
        seconds_ago: Record it as history of so many seconds ago; 0 is now.
    """

    def __init__(
        self,
        chain: Chain,
        rng: random.Random,
        payer: str,
        *,
        version: str | int = 0,
        priority_fee: int = 0,
        seconds_ago: float = 0.0,
    ) -> None:
        self.chain = chain
        self.rng = rng
        self.payer = payer
        self._version = version
        self._priority_fee = priority_fee
        self._fee = SIGNATURE_FEE + priority_fee
        self._ago = seconds_ago
        self._metas: dict[str, _Meta] = {payer: _Meta(writable=True, signer=True, lookup=False)}
        self._lamports: Counter[str] = Counter({payer: -self._fee})
        self._tokens: Counter[str] = Counter()
        self._opened: dict[str, TokenAccount] = {}
        self._closed: set[str] = set()
        self._instructions: list[dict[str, Any]] = []
        self._inner: dict[int, list[dict[str, Any]]] = {}
        self._logs: list[str] = []
        self._memo: str | None = None
        if priority_fee and version != 1:
            # a version 1 transaction has its compute budget in the message, not in instructions
            self.use(COMPUTE_BUDGET)
            for data in ("3DdGGhkhJbjm", "Fj2Eoy"):
                self.call(COMPUTE_BUDGET, [], data)

    @property
    def fee(self) -> int:
        """Lamports the payer pays."""
        return self._fee

    def use(self, *keys: str, writable: bool = False, lookup: bool = False, signer: bool = False) -> None:
        """Add accounts; ``lookup``: from a lookup table. Adding one again can only add rights.

        Every signer beyond the payer costs another signature.
        """
        for key in keys:
            meta = self._metas.setdefault(key, _Meta(writable, signer=False, lookup=lookup))
            meta.writable |= writable
            if signer and not meta.signer:
                meta.signer = True
                self._fee += SIGNATURE_FEE
                self._lamports[self.payer] -= SIGNATURE_FEE

    def call(
        self,
        program: str,
        accounts: list[str],
        data: str,
        *,
        failed: str | None = None,
        inside: tuple[str, ...] = (),
    ) -> None:
        """Add an instruction that the RPC cannot parse.

        Args:
            program: The program it calls.
            accounts: Its accounts.
            data: In base58.
            failed: The error in its last log line, if it fails.
            inside: Log lines of the programs it calls.
        """
        self.use(program, *accounts)
        self._instructions.append(
            {"programId": program, "accounts": accounts, "data": data, "stackHeight": None}
        )
        self._log(program, failed, inside)

    def parsed(self, program: str, kind: str, info: dict[str, Any], *, failed: str | None = None) -> None:
        """Add an instruction that the RPC parses; ``failed``: the error in its last log line, if it fails."""
        self.use(program)
        self._instructions.append(_parsed(program, kind, info, None))
        self._log(program, failed)

    def _log(self, program: str, failed: str | None, inside: tuple[str, ...] = ()) -> None:
        result = f"failed: {failed}" if failed else "success"
        self._logs += [f"Program {program} invoke [1]", *inside, f"Program {program} {result}"]

    def inner(self, program: str, kind: str, info: dict[str, Any]) -> None:
        """Add an inner instruction of the last outer one."""
        self.use(program)
        self._inner.setdefault(len(self._instructions) - 1, []).append(_parsed(program, kind, info, 2))

    def inner_call(self, program: str, accounts: list[str], data: str) -> None:
        """Add an inner instruction of the last outer one that the RPC cannot parse."""
        self.use(program, *accounts)
        self._inner.setdefault(len(self._instructions) - 1, []).append(
            {"programId": program, "accounts": accounts, "data": data, "stackHeight": 2}
        )

    def memo(self, text: str) -> None:
        """Add a memo with any text."""
        self.use(MEMO)
        self._instructions.append(
            {"program": "spl-memo", "programId": MEMO, "parsed": text, "stackHeight": None}
        )
        length = len(text.encode())
        self._logs += [
            f"Program {MEMO} invoke [1]",
            f'Program log: Memo (len {length}): "{text}"',
            f"Program {MEMO} success",
        ]
        self._memo = f"[{length}] {text}"

    def mint(self, mint: str) -> str:
        """Add a mint, which exists already unless this transaction creates it, and return it."""
        self.use(mint)
        if not self._lamports[mint]:
            self.chain.lamports.setdefault(mint, MINT_LAMPORTS)
        return mint

    def opened_account(self, key: str) -> TokenAccount:
        """Return a token account, whether this transaction opens it or it exists already.

        Raises:
            KeyError: There is none.
        """
        return self._opened.get(key) or self.chain.token_accounts[key]

    def has_account(self, key: str) -> bool:
        """Return whether there is such a token account, or this transaction opens it."""
        return key in self._opened or key in self.chain.token_accounts

    def pay(self, source: str, destination: str, lamports: int) -> None:
        """Move lamports."""
        self._lamports[source] -= lamports
        self._lamports[destination] += lamports

    def move(self, source: str, destination: str, amount: int, withheld: int = 0) -> None:
        """Move tokens between two token accounts, and for wrapped SOL also the lamports.

        ``withheld`` of them are a transfer fee, which the destination's owner does not get.
        """
        self._tokens[source] -= amount
        self._tokens[destination] += amount - withheld
        if self.opened_account(source).mint == SOL:
            self.pay(source, destination, amount)

    def issue(self, account: str, amount: int) -> None:
        """Mint tokens into a token account; a negative amount burns them."""
        self._tokens[account] += amount

    def open_account(self, key: str, account: TokenAccount, payer: str) -> None:
        """Open a token account; ``payer`` pays its rent and the SOL it wraps."""
        self._opened[key] = account
        self.pay(payer, key, account.rent + (account.amount if account.mint == SOL else 0))

    def close_account(self, key: str, destination: str) -> None:
        """Close a token account; the lamports it holds at this point go to ``destination``."""
        self._closed.add(key)
        self.empty(key, destination)

    def empty(self, key: str, destination: str) -> None:
        """Move all lamports an account holds at this point to ``destination``, which ends the account."""
        self.pay(key, destination, self.chain.balance(key) + self._lamports[key])

    def commit(self, *, err: Any = None, lookup_table: str | None = None) -> Transaction:
        """Check the transaction, apply its effects and record it.

        Args:
            err: The transaction error; with one, nothing happens but the fee.
            lookup_table: The table behind accounts named with ``lookup``.

        Raises:
            ValueError: An account would hold less than nothing; nothing has changed.
        """
        if err is not None:
            self._drop_effects()
        chain = self.chain
        keys = sorted(self._metas, key=self._rank)
        before = [chain.balance(key) for key in keys]
        after = [held + self._lamports[key] for key, held in zip(keys, before, strict=True)]
        held_before = {key: chain.token_accounts[key] for key in keys if key in chain.token_accounts}
        held_after = self._held_after(held_before)
        short = [key for key, rest in zip(keys, after, strict=True) if rest < 0]
        short += [key for key, account in held_after.items() if account.amount < 0]
        if short:
            raise ValueError(f"account {short[0]} does not hold enough for this transaction")

        slot = chain.slot_ago(self._ago)
        signature = base58.b58encode(self.rng.randbytes(64)).decode()
        touched = {**held_before, **self._opened}
        changed = {
            account.owner for key, account in touched.items() if self._tokens[key] or key in self._closed
        }
        transaction = Transaction(
            signature=signature,
            slot=slot,
            index=chain.next_index(slot, self.rng.randint(1, 40)),
            block_time=chain.block_time(slot),
            made_at=-math.inf if self._ago else chain.now(),
            version=self._version,
            keys=tuple(keys),
            balances_before=tuple(before),
            balances_after=tuple(after),
            fee=self._fee,
            err=err,
            memo=self._memo,
            logs=tuple(self._logs),
            accounts_changed=frozenset(
                key for key in touched if self._tokens[key] or key in self._closed or key in self._opened
            ),
            owners_changed=frozenset(changed),
            owners_referenced=frozenset(account.owner for account in touched.values()),
            message=_raw({"signatures": [signature], "message": self._message(keys, lookup_table)}),
            meta=_raw(self._meta(err, keys, before, after, held_before, held_after)),
        )
        self._apply(dict(zip(keys, after, strict=True)), held_after)
        chain.record(transaction)
        return transaction

    def _drop_effects(self) -> None:
        self._lamports = Counter({self.payer: -self._fee})
        self._tokens.clear()
        self._opened.clear()
        self._closed.clear()

    def _apply(self, lamports: dict[str, int], held: dict[str, TokenAccount]) -> None:
        """Put the balances after the transaction on the chain."""
        chain = self.chain
        for key, balance in lamports.items():
            if self._lamports[key]:
                chain.lamports[key] = balance
        for key in self._closed:
            chain.token_accounts.pop(key, None)
            chain.lamports.pop(key, None)
        chain.token_accounts.update(held)

    def _rank(self, key: str) -> tuple[bool, bool, bool, bool]:
        # the order in every message: the payer, other signers, the rest, then the keys that are looked up,
        # and of each of these the writable ones first
        meta = self._metas[key]
        return (key != self.payer, meta.lookup, not meta.signer, not meta.writable)

    def _held_after(self, before: dict[str, TokenAccount]) -> dict[str, TokenAccount]:
        return {
            key: msgspec.structs.replace(held, amount=held.amount + self._tokens[key])
            for key, held in {**before, **self._opened}.items()
            if key not in self._closed
        }

    def _message(self, keys: list[str], lookup_table: str | None) -> dict[str, Any]:
        message: dict[str, Any] = {
            "accountKeys": [
                {
                    "pubkey": key,
                    "writable": (meta := self._metas[key]).writable,
                    "signer": meta.signer,
                    "source": "lookupTable" if meta.lookup else "transaction",
                }
                for key in keys
            ],
            "recentBlockhash": base58.b58encode(self.rng.randbytes(32)).decode(),
            "instructions": self._instructions,
        }
        if self._version == 0:
            loaded = [self._metas[key].writable for key in keys if self._metas[key].lookup]
            lookups = {
                "accountKey": lookup_table,
                "readonlyIndexes": [i for i, writable in enumerate(loaded, 1) if not writable],
                "writableIndexes": [i for i, writable in enumerate(loaded, 1) if writable],
            }
            message["addressTableLookups"] = [lookups] if lookup_table else []
        elif self._version == 1:
            message["transactionConfig"] = {
                "computeUnitLimit": 200_000,
                "heapSize": None,
                "loadedAccountsDataSizeLimit": None,
                "priorityFee": self._priority_fee,
            }
        return message

    def _meta(
        self,
        err: Any,
        keys: list[str],
        before: list[int],
        after: list[int],
        held_before: dict[str, TokenAccount],
        held_after: dict[str, TokenAccount],
    ) -> dict[str, Any]:
        return {
            "err": err,
            "status": {"Ok": None} if err is None else {"Err": err},
            "fee": self._fee,
            "preBalances": before,
            "postBalances": after,
            "innerInstructions": [
                {"index": index, "instructions": made} for index, made in self._inner.items()
            ],
            "logMessages": self._logs,
            "preTokenBalances": _token_balances(keys, held_before),
            "postTokenBalances": _token_balances(keys, held_after),
            "rewards": None,
            "computeUnitsConsumed": 150 * len(self._logs) + 300 * len(keys),
        }


def _token_balances(keys: list[str], held: dict[str, TokenAccount]) -> list[dict[str, Any]]:
    return [
        {
            "accountIndex": index,
            "mint": held[key].mint,
            "uiTokenAmount": ui_amount(held[key].amount, held[key].decimals),
            "owner": held[key].owner,
            "programId": held[key].program,
        }
        for index, key in enumerate(keys)
        if key in held
    ]


def _raw(content: dict[str, Any]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(content))


def _parsed(program: str, kind: str, info: dict[str, Any], height: int | None) -> dict[str, Any]:
    return {
        "program": _PROGRAM_NAMES[program],
        "programId": program,
        "parsed": {"info": info, "type": kind},
        "stackHeight": height,
    }
