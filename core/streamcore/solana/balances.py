"""What a Solana transaction moved for one wallet, computed from the balances before and after.

Balances are what the chain says; instructions are only asked where balances cannot tell. All amounts are
integers in the smallest unit: lamports for SOL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from streamcore.assets.tokens import WRAPPED_SOL
from streamcore.solana.programs import SYSTEM
from streamcore.solana.wire import Instruction, SignedMessage, SolanaTransaction, TokenBalance

SOL_DECIMALS = 9

_MAX_U64 = 2**64 - 1
_MAX_DECIMALS = 255
_CREATES = frozenset({"createAccount", "createAccountWithSeed"})
_TRANSFERS = frozenset({"transfer", "transferWithSeed"})


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """One token account in one transaction.

    The owner is ``None`` on a side where the account did not exist, or where the server does not tell it.
    """

    index: int
    mint: str
    decimals: int
    before: int = 0
    after: int = 0
    owner_before: str | None = None
    owner_after: str | None = None

    def change_for(self, owner: str) -> int:
        """Return what ``owner`` gained by this account; one that changed hands is lost and won whole."""
        gained = self.after if self.owner_after == owner else 0
        return gained - (self.before if self.owner_before == owner else 0)

    def belongs_to(self, owner: str) -> bool:
        """Whether it was or became the account of ``owner``."""
        return owner in (self.owner_before, self.owner_after)


@dataclass(frozen=True, slots=True)
class TokenMovement:
    """How much of one token, in its smallest unit, a wallet gained (positive) or lost."""

    mint: str
    amount: int
    decimals: int


@dataclass(frozen=True, slots=True)
class Movement:
    """What a transaction moved for one wallet, in lamports.

    Attributes:
        net: Change of the wallet's own balance, without the fee.
        fee: What the wallet paid as fee.
        core: What was sent or received: ``net`` without rent, with wrapped SOL.
        rent: Change of the rent locked in the wallet's token accounts, whoever paid it.
        rent_paid: The part of ``rent`` the wallet paid.
        rent_back: Rent the wallet got back from accounts it closed.
        rent_other: Rent the wallet paid for token accounts of others.
        tokens: Changes other than zero, without wrapped SOL, in the order of the accounts.
    """

    net: int
    fee: int
    core: int
    rent: int
    rent_paid: int
    rent_back: int
    rent_other: int
    tokens: tuple[TokenMovement, ...]


@dataclass(frozen=True, slots=True)
class Defect:
    """Why no number of a transaction can be trusted, as a phrase."""

    reason: str


@dataclass(frozen=True, slots=True)
class Balances:
    """The balances of one transaction, known to add up. Make one with `read_balances`.

    Attributes:
        keys: The address of every account.
        before: Lamports of each account before.
        after: Lamports of each account afterwards.
        fee: Lamports the first account paid as fee.
        accounts: The token accounts, in the order of their index.
        outer: The instructions that were signed.
        inner: The instructions programs called.
    """

    keys: tuple[str, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    fee: int
    accounts: tuple[TokenAccount, ...]
    outer: tuple[Instruction, ...]
    inner: tuple[Instruction, ...]

    def measure(self, wallet: str) -> Movement:
        """Return what the transaction moved for ``wallet``."""
        fee = self.fee if self.keys[0] == wallet else 0
        net = self._change(self.keys.index(wallet)) + fee if wallet in self.keys else 0

        own = [account for account in self.accounts if account.belongs_to(wallet)]
        rent = sum(self._change(index) for index in {account.index for account in own})
        rent -= sum(account.after - account.before for account in own if account.mint == WRAPPED_SOL)
        rent_paid = min(max(-net, 0), max(rent, 0))
        rent_back = min(max(net, 0), max(-rent, 0))
        rent_other = self._rent_for_others(wallet)

        tokens = _changes_of(wallet, own)
        wrapped = tokens.pop(WRAPPED_SOL, None)
        return Movement(
            net=net,
            fee=fee,
            core=net + rent_paid - rent_back + rent_other + (wrapped.amount if wrapped else 0),
            rent=rent,
            rent_paid=rent_paid,
            rent_back=rent_back,
            rent_other=rent_other,
            tokens=tuple(movement for movement in tokens.values() if movement.amount),
        )

    def sol_counterparty(self, wallet: str, core: int) -> str | None:
        """Return who gave or took the SOL.

        That is the other side of the largest system transfer in the right direction, signed ones before
        those programs made; else whose balance changed most the opposite way.

        Args:
            wallet: The wallet it is told for.
            core: Lamports the wallet received (positive) or sent.
        """
        own = {self.keys[account.index] for account in self.accounts if account.belongs_to(wallet)} | {wallet}
        near, far = ("destination", "source") if core > 0 else ("source", "destination")
        for instructions in (self.outer, self.inner):
            others = [
                (_lamports(instruction), other)
                for instruction in instructions
                if instruction.program_id == SYSTEM and instruction.type in _TRANSFERS
                if instruction.info.get(near) == wallet
                if isinstance(other := instruction.info.get(far), str) and other not in own
            ]
            if others:
                return max(others, key=lambda pair: pair[0])[1]
        return self._largest_opposite(own, core)

    def token_counterparty(self, wallet: str, movement: TokenMovement) -> str | None:
        """Return the owner whose balance of the same token changed most the opposite way.

        ``None`` means there is no such owner: the token was minted or burned, unless owners are not told.
        """
        accounts = [account for account in self.accounts if account.mint == movement.mint]
        owners = dict.fromkeys(
            owner for account in accounts for owner in (account.owner_before, account.owner_after) if owner
        )
        opposite = {
            owner: abs(change)
            for owner in owners
            if owner != wallet
            if (change := sum(account.change_for(owner) for account in accounts)) * movement.amount < 0
        }
        return max(opposite, key=lambda owner: opposite[owner], default=None)

    def _change(self, index: int) -> int:
        return self.after[index] - self.before[index]

    def _rent_for_others(self, wallet: str) -> int:
        rents: dict[str, int] = {}
        for account in self.accounts:
            if account.owner_after is not None and account.owner_after != wallet:
                # A new account for wrapped SOL is made with what it is to hold: only the rest is rent.
                held = account.after if account.mint == WRAPPED_SOL else 0
                rents[self.keys[account.index]] = max(self.after[account.index] - held, 0)
        return sum(
            min(_lamports(instruction), rents[new])
            for instruction in (*self.outer, *self.inner)
            if instruction.program_id == SYSTEM and instruction.type in _CREATES
            if instruction.info.get("source") == wallet
            if isinstance(new := instruction.info.get("newAccount"), str) and new in rents
        )

    def _largest_opposite(self, own: set[str], core: int) -> str | None:
        changes = {
            index: self._change(index) + (self.fee if index == 0 else 0)
            for index, key in enumerate(self.keys)
            if key not in own
        }
        opposite = {index: abs(change) for index, change in changes.items() if change * core < 0}
        if not opposite:
            return None
        largest = max(opposite, key=lambda index: opposite[index])
        # A person knows the owner, not the account that holds the owner's wrapped SOL.
        owners = (a.owner_after or a.owner_before for a in self.accounts if a.index == largest)
        return next((owner for owner in owners if owner), self.keys[largest])


def read_balances(transaction: SolanaTransaction) -> Balances | Defect:
    """Return the balances of a transaction, or why they cannot be trusted."""
    if not isinstance(transaction.transaction, SignedMessage):
        return Defect("no message" if transaction.transaction is None else "not in a JSON encoding")
    meta = transaction.meta
    if meta is None or meta.pre_balances is None or meta.post_balances is None:
        return Defect("no balances")
    keys, before, after = transaction.addresses(), meta.pre_balances, meta.post_balances
    if not 0 < len(keys) == len(before) == len(after):
        return Defect(f"{len(keys)} accounts, but {len(before)} balances before and {len(after)} after")
    if not all(0 <= lamports <= _MAX_U64 for lamports in (*before, *after, meta.fee)):
        return Defect("a balance is out of range")
    # The runtime neither makes nor burns lamports, the fee apart.
    if sum(before) - sum(after) != meta.fee:
        return Defect("balances do not add up")
    accounts = _token_accounts(meta.pre_token_balances or (), meta.post_token_balances or (), len(keys))
    if isinstance(accounts, Defect):
        return accounts
    return Balances(
        keys=tuple(keys),
        before=before,
        after=after,
        fee=meta.fee,
        accounts=accounts,
        outer=tuple(transaction.outer_instructions()),
        inner=tuple(transaction.inner_instructions()),
    )


def in_units(amount: int, decimals: int) -> Decimal:
    """Return an amount of smallest units in whole units, exactly and without trailing zeros."""
    while amount and decimals and amount % 10 == 0:
        amount //= 10
        decimals -= 1
    # Built from its digits: arithmetic would round to the precision of whoever calls.
    return Decimal(f"{amount}E-{decimals}") if amount else Decimal(0)


def _token_accounts(
    before: tuple[TokenBalance, ...], after: tuple[TokenBalance, ...], keys: int
) -> tuple[TokenAccount, ...] | Defect:
    for balance in (*before, *after):
        if not 0 <= balance.account_index < keys:
            return Defect(f"a token balance of account {balance.account_index}, but {keys} accounts")
        if not _is_amount(balance):
            return Defect("a token amount is out of range")
    # By mint too: an account that was closed and made anew for another mint counts as two.
    old = {(balance.account_index, balance.mint): balance for balance in before}
    new = {(balance.account_index, balance.mint): balance for balance in after}
    accounts = []
    for key in sorted(old.keys() | new.keys()):
        index, mint = key
        was, became = old.get(key), new.get(key)
        accounts.append(
            TokenAccount(
                index,
                mint,
                decimals=next(b.ui_token_amount.decimals for b in (became, was) if b is not None),
                before=0 if was is None else int(was.ui_token_amount.amount),
                after=0 if became is None else int(became.ui_token_amount.amount),
                owner_before=None if was is None else was.owner,
                owner_after=None if became is None else became.owner,
            )
        )
    return tuple(accounts)


def _is_amount(balance: TokenBalance) -> bool:
    amount, decimals = balance.ui_token_amount.amount, balance.ui_token_amount.decimals
    # Twenty digits hold every 64-bit amount; int() alone would also take spaces, signs and underscores.
    return len(amount) <= 20 and amount.isascii() and amount.isdigit() and 0 <= decimals <= _MAX_DECIMALS


def _changes_of(owner: str, accounts: Iterable[TokenAccount]) -> dict[str, TokenMovement]:
    changes: dict[str, TokenMovement] = {}
    for account in accounts:
        so_far = changes[account.mint].amount if account.mint in changes else 0
        amount = so_far + account.change_for(owner)
        changes[account.mint] = TokenMovement(account.mint, amount, account.decimals)
    return changes


def _lamports(instruction: Instruction) -> int:
    lamports = instruction.info.get("lamports")
    return lamports if isinstance(lamports, int) and 0 <= lamports <= _MAX_U64 else 0
