"""Rent: the lamports an account must hold to exist, paid when it is made and returned when it is closed.

Computed from the instructions, never as a remainder of the balances: where a swap of 0.001 SOL closes an
account of wrapped SOL, the rent returned is larger than the trade.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import msgspec

from streamcore.assets.tokens import WRAPPED_SOL
from streamcore.solana.flows import ALLOWS_PREFUND, CREATES, TRANSFERS, Flows, address, number
from streamcore.solana.programs import ASSOCIATED_TOKEN, STAKE, TOKEN_PROGRAMS
from streamcore.solana.wire import Instruction

LAMPORTS_PER_BYTE = 6_960
"""The rent of one byte: two years at 3,480 lamports. Only used as an upper bound and as a divisor, since
it is to be cut."""

LOWER_RATES = (6_333, 5_080, 2_575, 1_322, 696)
"""The rates that follow one another once it is cut. Source: SIMD-0437."""

MOST_MADE_AT_ONCE = 10 * 1024
"""Bytes of the largest account that a program can have made by another. Source:
``MAX_PERMITTED_DATA_INCREASE`` in solana-account-info."""

ACCOUNT_OVERHEAD = 128
"""Bytes an account is charged for beyond its data. Source: ``ACCOUNT_STORAGE_OVERHEAD`` in solana-rent."""

TOKEN_ACCOUNT_SPACE = 165
"""Bytes of a token account without extensions. Source: ``Account::LEN`` in spl-token."""

_ASSOCIATES = frozenset({"create", "createIdempotent"})

_MOST_SUMMED = 10

MOST_SPACE = 10 * 1024 * 1024
"""Bytes of the largest account there can be."""


def rent_of(space: int) -> int:
    """Return the lamports that an account of ``space`` bytes must hold."""
    return LAMPORTS_PER_BYTE * (ACCOUNT_OVERHEAD + max(space, 0))


def _is_rent_of(space: int, lamports: int) -> bool:
    """Whether lamports are what an account must hold that has so many bytes of data, at any rate."""
    charged = ACCOUNT_OVERHEAD + space
    return any(lamports == rate * charged for rate in (LAMPORTS_PER_BYTE, *LOWER_RATES))


def _may_be_rent(lamports: int) -> bool:
    """Whether some account must hold just so many lamports: at a lower rate, one of usual size."""
    if lamports % LAMPORTS_PER_BYTE == 0 and lamports >= rent_of(0):
        return True
    most = ACCOUNT_OVERHEAD + MOST_MADE_AT_ONCE
    return any(lamports % rate == 0 and ACCOUNT_OVERHEAD <= lamports // rate <= most for rate in LOWER_RATES)


_LEAST = LOWER_RATES[-1] * ACCOUNT_OVERHEAD


class Rent(msgspec.Struct, frozen=True):
    """The rent one wallet paid and got back, in lamports, by the account it is for.

    Attributes:
        paid: By new account, what the wallet paid for it, whoever owns it.
        back: By closed account, what the wallet got from it.
    """

    paid: Mapping[str, int]
    back: Mapping[str, int]

    @property
    def net(self) -> int:
        """What came back beyond what was paid; negative if less did."""
        return sum(self.back.values()) - sum(self.paid.values())


class Holdings(msgspec.Struct, frozen=True):
    """What the computation of rent needs of the accounts of a transaction.

    Attributes:
        before: Lamports of each account before.
        after: Lamports of each account afterwards.
        wrapped: Of token accounts that held wrapped SOL before: how much of their lamports that was.
        tokens: Every token account.
        signers: Every account that signed.
    """

    before: Mapping[str, int]
    after: Mapping[str, int]
    wrapped: Mapping[str, int]
    tokens: frozenset[str]
    signers: frozenset[str]


def rent_by_instructions(wallet: str, flows: Flows, holdings: Holdings) -> Rent:
    """Return the rent ``wallet`` paid and got back."""
    back = _back_from_tokens(wallet, flows, holdings)
    back |= _back_from_programs(wallet, flows, holdings)
    return Rent(_paid(wallet, flows, holdings), back)


def rent_by_balances(net: int, changes: Mapping[str, int]) -> Rent:
    """Return the rent of a wallet whose transaction shows no instructions, as far as balances allow a guess.

    Args:
        net: Change of the wallet's own balance, without the fee.
        changes: By token account of the wallet, the change of its lamports without wrapped SOL.
    """
    change = sum(changes.values())
    paid, back = min(max(-net, 0), max(change, 0)), min(max(net, 0), max(-change, 0))
    account = next((account for account, lamports in changes.items() if lamports), "")
    return Rent({account: paid} if paid else {}, {account: back} if back else {})


def _paid(wallet: str, flows: Flows, holdings: Holdings) -> dict[str, int]:
    put_in: defaultdict[str, int] = defaultdict(int)
    transferred: defaultdict[str, int] = defaultdict(int)
    spaces: dict[str, int] = {}
    owners: dict[str, str | None] = {}
    associated: dict[str, str | None] = {}
    prepaid: set[str] = set()
    for instruction in flows.making:
        kind, mine = instruction.type, instruction.info.get("source") == wallet
        if instruction.program_id == ASSOCIATED_TOKEN:
            if mine and kind in _ASSOCIATES and (new := address(instruction, "account")):
                associated[new] = address(instruction, "mint")
        elif (
            kind in CREATES
            and (mine or _is_prepaid(instruction))
            and (new := address(instruction, "newAccount"))
        ):
            put_in[new] += number(instruction, "lamports") if mine else 0
            if kind == ALLOWS_PREFUND:
                prepaid.add(new)
            owners[new] = address(instruction, "owner")
            known = TOKEN_ACCOUNT_SPACE if owners[new] in TOKEN_PROGRAMS else 0
            spaces[new] = number(instruction, "space") if "space" in instruction.info else known
        elif kind in TRANSFERS and mine and (to := address(instruction, "destination")):
            transferred[to] += number(instruction, "lamports")
        elif kind in ("allocate", "allocateWithSeed") and (made := address(instruction, "account")):
            spaces[made] = number(instruction, "space")
        elif kind in ("assign", "assignWithSeed") and (made := address(instruction, "account")):
            owners[made] = address(instruction, "owner")
    paid = {}
    for account, space in spaces.items():
        if account == wallet or not holdings.after.get(account) or space > MOST_SPACE:
            continue  # an account that was made and closed again: its rent was paid and returned at once
        # An account that was created has the rent from that; one that was allocated, from transfers to it;
        # one that was created although it had lamports already, from both.
        amount = put_in[account] + (transferred[account] if account in prepaid or not put_in[account] else 0)
        if owners.get(account) == STAKE and not _is_rent_of(space, amount):
            continue  # other amounts in a new stake account are stake; a split pays exactly the rent
        paid[account] = min(amount, rent_of(space))
    for account, mint in associated.items():
        # What the program called to make it is not recorded by every node; if it is, it has been counted.
        if account not in spaces and not holdings.before.get(account):
            lamports = holdings.after.get(account, 0)
            paid[account] = min(lamports, rent_of(TOKEN_ACCOUNT_SPACE)) if mint == WRAPPED_SOL else lamports
    return {account: lamports for account, lamports in paid.items() if lamports}


def _is_prepaid(instruction: Instruction) -> bool:
    """Whether an instruction makes an account that has been paid for before, so that nobody pays now."""
    return instruction.type == ALLOWS_PREFUND and "source" not in instruction.info


def _back_from_tokens(wallet: str, flows: Flows, holdings: Holdings) -> dict[str, int]:
    closed: dict[str, str] = {}
    for move in flows.transfers:
        if move.instruction.program_id in TOKEN_PROGRAMS and move.instruction.type == "closeAccount":
            # What it held before goes where it is closed to first; it may be made anew and closed again.
            closed.setdefault(move.source, move.destination)
    back = {}
    for account, destination in closed.items():
        held = holdings.before.get(account, 0) - holdings.wrapped.get(account, 0)
        if held > 0 and destination == wallet:
            back[account] = held
    return back


def _back_from_programs(wallet: str, flows: Flows, holdings: Holdings) -> dict[str, int]:
    """Return what came from program accounts, which close without an instruction that says so.

    The wallet got the rent of a closed account if it gained at least that much without an instruction, and
    nobody else can have got it: every other account that gained as much gained exactly the sum of some other
    closed accounts.
    """
    unclaimed = flows.unexplained.get(wallet, 0)
    if unclaimed < _LEAST:
        return {}
    back = {}
    closed = {
        account: held
        for account, held in holdings.before.items()
        if not holdings.after.get(account) and _may_be_rent(held)
        if account not in holdings.tokens and account not in holdings.signers and account != wallet
        if not flows.took_from(account)
    }
    gains = {key: gain for key, gain in flows.unexplained.items() if gain > 0 and key != wallet}
    for account, held in sorted(closed.items(), key=lambda item: -item[1]):
        rest = [other for name, other in closed.items() if name != account]
        rivals = (gain for gain in gains.values() if gain >= held and gain not in _sums(rest))
        if unclaimed >= held and not any(rivals):
            back[account] = held
            unclaimed -= held
    return back


def _sums(amounts: list[int]) -> set[int]:
    """Return every sum of some of ``amounts``, zero among them; only zero if they are too many to try."""
    sums = {0}
    for amount in amounts if len(amounts) <= _MOST_SUMMED else []:
        sums |= {so_far + amount for so_far in sums}
    return sums
