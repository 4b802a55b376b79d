"""What a Solana transaction moved for one wallet, computed from the balances before and after.

The balances are certain; instructions are only used for what balances do not tell. All amounts are
integers in the smallest unit: lamports for SOL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from streamcore.assets.tokens import WRAPPED_SOL
from streamcore.solana.flows import Flows, replay
from streamcore.solana.rent import Holdings, Rent, rent_by_balances, rent_by_instructions
from streamcore.solana.tips import is_tip
from streamcore.solana.wire import Instruction, SignedMessage, SolanaTransaction, TokenBalance

SOL_DECIMALS = 9

_MAX_U64 = 2**64 - 1
_MAX_DECIMALS = 255


class TokenAccount(msgspec.Struct, frozen=True, gc=False):
    """One token account in one transaction.

    The owner is ``None`` on a side where the account did not exist, or where the server does not tell it;
    so is the program, which is the Token Program or Token-2022.
    """

    index: int
    mint: str
    decimals: int
    before: int = 0
    after: int = 0
    owner_before: str | None = None
    owner_after: str | None = None
    program_id: str | None = None

    def change_for(self, owner: str) -> int:
        """Return what ``owner`` gained by this account; one with a new owner counts with all it holds."""
        gained = self.after if self.owner_after == owner else 0
        return gained - (self.before if self.owner_before == owner else 0)

    def belongs_to(self, owner: str) -> bool:
        """Whether it was or became the account of ``owner``."""
        return owner in (self.owner_before, self.owner_after)


class TokenMovement(msgspec.Struct, frozen=True, gc=False):
    """How much of one token, in its smallest unit, a wallet gained (positive) or lost."""

    mint: str
    amount: int
    decimals: int


class Movement(msgspec.Struct, frozen=True):
    """What a transaction moved for one wallet, in lamports.

    Attributes:
        net: Change of the wallet's own balance, without the fee.
        fee: What the wallet paid as fee.
        core: SOL sent or received: ``net`` without rent, plus wrapped SOL.
        wrapped: Change of the wrapped SOL it owns.
        tip: The part of ``core`` that went to block builders, as a positive number.
        rent: What it paid for new accounts and got back from closed ones.
        account_rents: By token account of the wallet, the change of the rent in it, whoever paid that.
        tokens: Changes other than zero, without wrapped SOL, in the order of the accounts.
    """

    net: int
    fee: int
    core: int
    wrapped: int
    tip: int
    rent: Rent
    account_rents: Mapping[str, int]
    tokens: tuple[TokenMovement, ...]

    @property
    def account_rent(self) -> int:
        """Change of the rent locked in all of the wallet's token accounts."""
        return sum(self.account_rents.values())


class Defect(msgspec.Struct, frozen=True):
    """Why the numbers of a transaction cannot be trusted.

    Attributes:
        reason: As a phrase, for the summary.
    """

    reason: str


class Balances(msgspec.Struct, frozen=True):
    """The balances of one transaction, checked to add up. Made by `read_balances`.

    Attributes:
        keys: The address of every account.
        before: Lamports of each account before.
        after: Lamports of each account afterwards.
        fee: Lamports the first account paid as fee.
        accounts: The token accounts, in the order of their index.
        instructions: Every instruction, in the order of execution; empty if they cannot be read.
        signers: The accounts that signed.
        flows: The movements of lamports that the instructions tell.
        holdings: The same balances by address.
    """

    keys: tuple[str, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    fee: int
    accounts: tuple[TokenAccount, ...]
    instructions: tuple[Instruction, ...]
    signers: frozenset[str]
    flows: Flows
    holdings: Holdings

    def measure(self, wallet: str) -> Movement:
        """Return what the transaction moved for ``wallet``."""
        fee = self.fee if self.keys[0] == wallet else 0
        net = self.change(wallet) + fee
        own = self.accounts_of(wallet)
        account_rents = {self.keys[account.index]: self._change(account.index) for account in own}
        for account in own:
            if account.mint == WRAPPED_SOL:
                account_rents[self.keys[account.index]] -= account.after - account.before
        if self.instructions:
            rent = rent_by_instructions(wallet, self.flows, self.holdings)
        else:
            rent = rent_by_balances(net, account_rents)
        tokens = _changes_of(wallet, own)
        wrapped = tokens.pop(WRAPPED_SOL).amount if WRAPPED_SOL in tokens else 0
        return Movement(
            net=net,
            fee=fee,
            core=net - rent.net + wrapped,
            wrapped=wrapped,
            tip=sum(move.lamports for move in self.flows.transfers if is_tip(move, wallet)),
            rent=rent,
            account_rents=account_rents,
            tokens=tuple(movement for movement in tokens.values() if movement.amount),
        )

    def accounts_of(self, owner: str) -> list[TokenAccount]:
        """Return the token accounts that belong or belonged to ``owner``."""
        return [one for one in self.accounts if one.owner_before == owner or one.owner_after == owner]

    def change(self, address: str) -> int:
        """Return by how many lamports the balance of ``address`` changed, including the fee."""
        return self.holdings.after.get(address, 0) - self.holdings.before.get(address, 0)

    def owner_of(self, address: str) -> str:
        """Return who owns a token account, or ``address`` itself if it is none or its owner is not told."""
        owners = (a.owner_after or a.owner_before for a in self.accounts if self.keys[a.index] == address)
        return next((owner for owner in owners if owner), address)

    def _change(self, index: int) -> int:
        return self.after[index] - self.before[index]


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
    if min(meta.fee, min(before), min(after)) < 0 or max(meta.fee, max(before), max(after)) > _MAX_U64:
        return Defect("a balance is out of range")
    # The runtime neither makes nor burns lamports, the fee apart.
    if sum(before) - sum(after) != meta.fee:
        return Defect("balances do not add up")
    accounts = _token_accounts(meta.pre_token_balances or (), meta.post_token_balances or (), len(keys))
    if isinstance(accounts, Defect):
        return accounts
    instructions = tuple(transaction.instructions(keys))
    signers = transaction.signers()
    holdings = Holdings(
        before=dict(zip(keys, before)),  # noqa: B905 - they are of one length, see above
        after=dict(zip(keys, after)),  # noqa: B905
        wrapped={keys[account.index]: account.before for account in accounts if account.mint == WRAPPED_SOL},
        tokens=frozenset([keys[account.index] for account in accounts]),
        signers=signers,
    )
    return Balances(
        keys=tuple(keys),
        before=before,
        after=after,
        fee=meta.fee,
        accounts=accounts,
        instructions=instructions,
        signers=signers,
        flows=replay(instructions, holdings.before, holdings.after, keys[0], meta.fee, holdings.wrapped),
        holdings=holdings,
    )


def in_units(amount: int, decimals: int) -> Decimal:
    """Return an amount of smallest units in whole units, exactly and without trailing zeros."""
    while amount and decimals and amount % 10 == 0:
        amount //= 10
        decimals -= 1
    # Built from digits: decimal arithmetic would round to the precision of the caller's context.
    return Decimal(f"{amount}E-{decimals}") if amount else Decimal(0)


def _token_accounts(
    before: tuple[TokenBalance, ...], after: tuple[TokenBalance, ...], keys: int
) -> tuple[TokenAccount, ...] | Defect:
    for balances in (before, after):
        for balance in balances:
            index, told = balance.account_index, balance.ui_token_amount
            if not 0 <= index < keys:
                return Defect(f"a token balance of account {index}, but {keys} accounts")
            amount = told.amount
            # Twenty digits hold every 64-bit amount; int() alone would also take spaces, signs, underscores.
            is_amount = len(amount) <= 20 and amount.isascii() and amount.isdigit()
            if not is_amount or not 0 <= told.decimals <= _MAX_DECIMALS:
                return Defect("a token amount is out of range")
    old = {balance.account_index: balance for balance in before}
    new = {balance.account_index: balance for balance in after}
    same = [index for index in new if index in old]
    if len(old) == len(before) and len(new) == len(after) and all(old[i].mint == new[i].mint for i in same):
        return tuple([_token_account(old.get(index), new.get(index)) for index in sorted(old | new)])
    # An account that was closed and made anew for another mint counts as two.
    by_mint = {(balance.account_index, balance.mint): balance for balance in before}
    made = {(balance.account_index, balance.mint): balance for balance in after}
    return tuple([_token_account(by_mint.get(key), made.get(key)) for key in sorted(by_mint | made)])


def _token_account(was: TokenBalance | None, became: TokenBalance | None) -> TokenAccount:
    known = became or was
    assert known is not None  # noqa: S101 - there is an account because of one of them
    return TokenAccount(
        known.account_index,
        known.mint,
        known.ui_token_amount.decimals,
        0 if was is None else int(was.ui_token_amount.amount),
        0 if became is None else int(became.ui_token_amount.amount),
        None if was is None else was.owner,
        None if became is None else became.owner,
        known.program_id,
    )


def _changes_of(owner: str, accounts: Iterable[TokenAccount]) -> dict[str, TokenMovement]:
    changes: dict[str, TokenMovement] = {}
    for account in accounts:
        so_far = changes[account.mint].amount if account.mint in changes else 0
        amount = so_far + account.change_for(owner)
        changes[account.mint] = TokenMovement(account.mint, amount, account.decimals)
    return changes
