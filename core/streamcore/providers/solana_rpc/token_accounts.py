"""The token accounts of a wallet: which there are, what they hold, and which matter least.

Where not all can be followed, money goes before what is sent to everybody: NFTs, and tokens of which next to
nothing is there. Source: solana.com/docs/rpc/http/gettokenaccountsbyowner, encoding ``jsonParsed``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from streamcore.providers.decoding import Undecodable, content, number
from streamcore.providers.solana_rpc.messages import COMMITMENT
from streamcore.providers.solana_rpc.rpc import Rpc

TOKEN_PROGRAMS = (
    "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
    "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb",
)

NEXT_TO_NOTHING = Decimal("0.001")
"""Tokens; an account that holds less of one that is not well known is not worth much."""

MOST_LOOKS = 3
"""Times the signatures of an account are asked for because of one change."""


class _TokenAmount(msgspec.Struct, frozen=True):
    amount: object = None
    decimals: object = None


class _Info(msgspec.Struct, frozen=True, rename="camel"):
    mint: str = ""
    token_amount: _TokenAmount = _TokenAmount()


class _Parsed(msgspec.Struct, frozen=True):
    info: _Info = _Info()


class _Data(msgspec.Struct, frozen=True):
    parsed: _Parsed = _Parsed()


class _Account(msgspec.Struct, frozen=True):
    data: _Data = _Data()


class _TokenAccount(msgspec.Struct, frozen=True):
    pubkey: str
    account: msgspec.Raw = msgspec.Raw(b"{}")


class _TokenAccounts(msgspec.Struct, frozen=True):
    value: list[_TokenAccount]


class Holding(msgspec.Struct, frozen=True):
    """One token account."""

    address: str
    amount: Decimal | None
    """Smallest units it holds; ``None`` where the node does not say."""
    minor: bool
    """It is an NFT's, or holds next to nothing of a token that is not well known."""


class Amounts:
    """What the accounts of wallets held when they were looked at last; says where something has happened."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Decimal | None]] = {}
        self._now: dict[str, dict[str, Decimal | None]] = {}
        self._tries: Counter[tuple[str, str]] = Counter()
        """Wallet and account to how often a change could not be explained."""

    def begin(self, wallet: str, holdings: Iterable[Holding]) -> None:
        """Take note of a first list; what it holds is no news."""
        self._known.setdefault(wallet, {holding.address: holding.amount for holding in holdings})

    def changed(self, wallet: str, holdings: Iterable[Holding], addresses: Iterable[str]) -> list[str]:
        """Return which of some accounts hold something else than when they were looked at last."""
        now = self._now[wallet] = {holding.address: holding.amount for holding in holdings}
        known = self._known.setdefault(wallet, dict(now))
        for address in known.keys() - set(addresses):
            known[address] = now.get(address)  # what is followed is told by the stream
        return [address for address in addresses if known.get(address) != now.get(address)]

    def looked_at(self, wallet: str, address: str, *, found: bool) -> None:
        """Take note that a change was looked into; one that was not explained is returned a few times more.

        The index of signatures may lag behind the amounts.
        """
        self._tries[wallet, address] += 1
        if found or self._tries[wallet, address] >= MOST_LOOKS:
            del self._tries[wallet, address]
            self._known[wallet][address] = self._now[wallet].get(address)


async def list_holdings(rpc: Rpc, wallet: str, is_well_known: Callable[[str], bool]) -> list[Holding]:
    """Return the token accounts of a wallet, those first that matter most.

    Args:
        rpc: Calls the node, twice.
        wallet: Whose.
        is_well_known: Whether a mint is money, whatever is there of it.

    Raises:
        RpcFailure: The node answered with an error about this call alone.
        ProviderError: The node refused, or could not be reached.
    """
    found: list[Holding] = []
    for program in TOKEN_PROGRAMS:
        options = {"encoding": "jsonParsed", "commitment": COMMITMENT}
        owned = await rpc.call(
            "getTokenAccountsByOwner", [wallet, {"programId": program}, options], _TokenAccounts
        )
        found += [_holding(account, is_well_known) for account in owned.value]
    return sorted(found, key=lambda holding: holding.minor)


def _holding(account: _TokenAccount, is_well_known: Callable[[str], bool]) -> Holding:
    try:
        info = content(account.account, _Account).data.parsed.info
        amount, decimals = number(info.token_amount.amount), info.token_amount.decimals
    except Undecodable:
        return Holding(account.pubkey, None, minor=False)
    if amount is None or type(decimals) is not int or not 0 <= decimals <= 30:
        return Holding(account.pubkey, amount, minor=False)
    is_nft = decimals == 0 and amount <= 1
    is_little = amount.is_finite() and amount.scaleb(-decimals) < NEXT_TO_NOTHING
    return Holding(account.pubkey, amount, minor=(is_nft or is_little) and not is_well_known(info.mint))
