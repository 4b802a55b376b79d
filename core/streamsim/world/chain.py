"""The emulated chain: accounts, slots, and recorded transactions.

Nothing here knows what wallets do (`streamsim.world.wallets`) or how a transaction is put together
(`streamsim.world.transaction_builder`); it keeps the books and answers questions about them.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

import base58
import msgspec

from streamcore.clock import Clock
from streamsim.world.catalog import CATALOG
from streamsim.world.programs import PROGRAMS, STANDING, SYSTEM, TOKEN, TOKEN_2022, USUAL_LAMPORTS, rent_of

RENT = 2_039_280
"""Lamports that keep a token account of 165 bytes alive."""

SLOT_SECONDS = 0.4
FIRST_SLOT = 447_210_345
"""The slot in which a simulator starts; past the one in which version 1 transactions went live."""

FIRST_SLOT_AT = 1_793_000_000
"""When that slot was, where slots are numbered by the date; Unix seconds."""

MINT_SPACE = 82
"""Bytes of a mint's account."""
MINTED = 1_000_000_000
"""Whole tokens that there are of every kind, as far as a mint's account says."""

FINAL_AFTER = 32
"""Slots until a confirmed transaction is final."""

RENT_EPOCH = 18_446_744_073_709_551_615
"""The ``rentEpoch`` of every rent-exempt account."""


class Expansion(StrEnum):
    """Which transactions of its token accounts count as transactions of a wallet; the values are Helius'."""

    NONE = "none"
    BALANCE_CHANGED = "balanceChanged"
    ALL = "all"


class TokenAccount(msgspec.Struct):
    """An account that holds one kind of token for one owner."""

    mint: str
    owner: str
    decimals: int
    amount: int = 0
    """In the smallest unit of the mint."""
    program: str = TOKEN
    """The token program it belongs to."""
    space: int = 165
    """Size in bytes; extensions of Token-2022 make it larger."""

    @property
    def rent(self) -> int:
        """Lamports that keep it alive."""
        return rent_of(self.space)


class Transaction(msgspec.Struct, frozen=True, eq=False):
    """One recorded transaction: the facts a server filters by, and the JSON it sends."""

    signature: str
    slot: int
    index: int
    """Its place in the slot."""
    block_time: int
    """Unix seconds."""
    made_at: float
    """Monotonic seconds at which it was recorded; minus infinity for history from before the start."""
    version: str | int
    """``"legacy"``, 0 or 1."""
    keys: tuple[str, ...]
    """Every account key in order, those from lookup tables last."""
    balances_before: tuple[int, ...]
    """Lamports, as many as there are keys."""
    balances_after: tuple[int, ...]
    fee: int
    """Lamports."""
    err: Any
    memo: str | None
    """As `getSignaturesForAddress` shows it: length in brackets, then the text."""
    logs: tuple[str, ...]
    accounts_changed: frozenset[str]
    """Token accounts whose balance changed or that were opened or closed."""
    owners_changed: frozenset[str]
    """Owners of token accounts whose balance changed or that were closed."""
    owners_referenced: frozenset[str]
    """Owners of all token accounts among the keys."""
    message: msgspec.Raw
    """The ``transaction`` member, with ``jsonParsed`` encoding."""
    meta: msgspec.Raw

    @property
    def order(self) -> tuple[int, int]:
        """The sort key for the order of the chain."""
        return (self.slot, self.index)


class Chain:
    """Accounts, transactions and slots.

    Args:
        clock: Time; slots advance with it.
        keep: How many transactions are kept; the oldest are dropped, so that a demo can run for weeks.
    """

    def __init__(self, clock: Clock, *, keep: int = 20_000) -> None:
        self.lamports: dict[str, int] = {}
        self.token_accounts: dict[str, TokenAccount] = {}
        self._clock = clock
        self._started = clock.monotonic()
        self._first_slot = FIRST_SLOT
        self._keep = keep
        self._recorded: deque[Transaction] = deque()
        self._by_signature: dict[str, Transaction] = {}
        self._by_key: dict[str, list[Transaction]] = {}
        self._by_owner: dict[str, list[Transaction]] = {}
        self._last_index: dict[int, int] = {}
        self._listeners: list[Callable[[Transaction], None]] = []

    def listen(self, listener: Callable[[Transaction], None]) -> None:
        """Call ``listener`` for every transaction recorded live, synchronously and in order."""
        self._listeners.append(listener)

    def date_slots(self) -> None:
        """Number the slots by the date, so that those of a later run come after those of an earlier one."""
        self._first_slot = FIRST_SLOT + max(0, int((self._clock.time() - FIRST_SLOT_AT) / SLOT_SECONDS))

    def now(self) -> float:
        """Return monotonic seconds of the injected clock."""
        return self._clock.monotonic()

    @property
    def slot(self) -> int:
        """The present slot."""
        return self.slot_ago(0.0)

    def slot_ago(self, seconds: float) -> int:
        """Return the slot ``seconds`` ago."""
        return self._first_slot + int((self._clock.monotonic() - self._started - seconds) // SLOT_SECONDS)

    def block_time(self, slot: int) -> int:
        """Return when a slot was, Unix seconds."""
        return int(self._clock.time() - (self.slot - slot) * SLOT_SECONDS)

    def next_index(self, slot: int, step: int) -> int:
        """Return a free place in a slot, ``step`` places after the last one given away."""
        index = self._last_index.get(slot, 0) + step
        self._last_index[slot] = index
        return index

    def balance(self, key: str) -> int:
        """Return the lamports of an account, 0 for one that does not exist."""
        known = self.lamports.get(key)
        if known is not None:
            return known
        if key in PROGRAMS:
            return STANDING.get(key, USUAL_LAMPORTS)
        return 0

    def is_program(self, key: str) -> bool:
        """Tell whether a key is one of the programs this chain runs."""
        return key in PROGRAMS

    def record(self, transaction: Transaction) -> None:
        """Record a transaction, and pass it to every listener unless it is history."""
        self._recorded.append(transaction)
        self._by_signature[transaction.signature] = transaction
        for key in set(transaction.keys):
            insort(self._by_key.setdefault(key, []), transaction, key=_order)
        for owner in transaction.owners_referenced:
            insort(self._by_owner.setdefault(owner, []), transaction, key=_order)
        if len(self._recorded) > self._keep:
            self._forget(self._recorded.popleft())
        if transaction.made_at != float("-inf"):
            for listener in self._listeners:
                listener(transaction)

    def _forget(self, transaction: Transaction) -> None:
        del self._by_signature[transaction.signature]
        self._last_index.pop(transaction.slot, None)
        for index, names in (
            (self._by_key, set(transaction.keys)),
            (self._by_owner, transaction.owners_referenced),
        ):
            for name in names:
                index[name].remove(transaction)
                if not index[name]:
                    del index[name]

    def transaction(self, signature: str) -> Transaction | None:
        """Return a recorded transaction."""
        return self._by_signature.get(signature)

    def transactions(self, address: str, expansion: Expansion = Expansion.NONE) -> list[Transaction]:
        """Return the transactions of an address, oldest first.

        Args:
            address: A wallet, a token account or a program.
            expansion: Whether transactions count in which only a token account that the address owns took
                part.
        """
        named = self._by_key.get(address, [])
        if expansion is Expansion.NONE:
            return list(named)
        owned: Iterable[Transaction] = self._by_owner.get(address, [])
        if expansion is Expansion.BALANCE_CHANGED:
            owned = (known for known in owned if address in known.owners_changed)
        return sorted({*named, *owned}, key=_order)

    def token_accounts_of(self, owner: str) -> dict[str, TokenAccount]:
        """Return the token accounts of an owner, by address."""
        return {key: account for key, account in self.token_accounts.items() if account.owner == owner}


def _order(transaction: Transaction) -> tuple[int, int]:
    return transaction.order


def ui_amount(amount: int, decimals: int) -> dict[str, Any]:
    """Return an amount of tokens in the shape the RPC gives it."""
    whole, part = divmod(amount, 10**decimals)
    text = f"{whole}.{part:0{decimals}d}".rstrip("0").rstrip(".") if decimals else str(whole)
    return {
        "uiAmount": amount / 10**decimals,
        "decimals": decimals,
        "amount": str(amount),
        "uiAmountString": text,
    }


def account_value(chain: Chain, key: str, encoding: str | None) -> dict[str, Any]:
    """Return what the RPC says of an account.

    Args:
        chain: Where it is.
        key: Its address; one that does not exist looks closed.
        encoding: ``jsonParsed``, ``base64``, ``base58`` or ``None`` for the old bare text.
    """
    held = chain.token_accounts.get(key)
    lamports = chain.balance(key)
    mint = CATALOG.get(key)
    owner = held.program if held is not None else TOKEN if mint is not None else SYSTEM
    raw = b"" if held is None else _packed(held)
    data: Any
    if encoding == "jsonParsed" and held is not None:
        info = {
            "isNative": False,
            "mint": held.mint,
            "owner": held.owner,
            "state": "initialized",
            "tokenAmount": ui_amount(held.amount, held.decimals),
        }
        name = "spl-token-2022" if held.program == TOKEN_2022 else "spl-token"
        data = {"program": name, "parsed": {"info": info, "type": "account"}, "space": held.space}
    elif encoding == "jsonParsed" and mint is not None:
        facts = {
            "decimals": mint.decimals,
            "freezeAuthority": None,
            "isInitialized": True,
            "mintAuthority": None,
            "supply": str(MINTED * 10**mint.decimals),
        }
        data = {"program": "spl-token", "parsed": {"info": facts, "type": "mint"}, "space": MINT_SPACE}
    elif encoding in {"jsonParsed", "base64"}:
        data = [msgspec.to_builtins(raw), "base64"]
    else:
        # a node does not encode more than 128 bytes in base58: it sends this text in place of the data
        text = (
            base58.b58encode(raw).decode() if len(raw) <= 128 else "error: data too large for bs58 encoding"
        )
        data = [text, "base58"] if encoding == "base58" else text
    return {
        "lamports": lamports,
        "data": data,
        "owner": owner,
        "executable": chain.is_program(key),
        "rentEpoch": RENT_EPOCH if lamports else 0,
        "space": len(raw),
    }


def _packed(account: TokenAccount) -> bytes:
    """Return a token account in the token program's own layout."""
    return (
        base58.b58decode(account.mint)
        + base58.b58decode(account.owner)
        + account.amount.to_bytes(8, "little")
        + bytes(36)  # no delegate
        + b"\x01"  # initialized
        + bytes(12 + 8 + 36)  # not native, nothing delegated, no close authority
        + bytes(account.space - 165)  # extensions, which nothing here reads
    )
