"""The token accounts of wallets: which there are, which have moved, and what is to be told of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from streamcore.assets.tokens import TokenTable
from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.reports import Notice, Report, TokenAccounts, TransactionReport
from streamcore.providers.solana_rpc.messages import RpcError
from streamcore.providers.solana_rpc.rpc import Rpc, RpcFailure
from streamcore.providers.solana_rpc.token_accounts import Amounts, Holding, list_holdings

ACCOUNTS_FOR = 1800.0
"""Seconds for which a list of token accounts is believed; what is made meanwhile shows in transactions."""

UNLISTED_FOR = 120.0
"""Seconds after which a list that could not be had is asked for again."""

EXCLUDED = -32010
"""The node does not know whose tokens an account holds, as with the large owners of the public one."""


class _Accounts(msgspec.Struct, frozen=True):
    """A wallet and its token accounts."""

    addresses: tuple[str, ...]
    asked_at: float
    """Monotonic seconds."""
    asked_on: float
    """Unix seconds."""
    minor: frozenset[str] = frozenset()
    """Those that matter least."""


class WalletAccounts:
    """Knows the token accounts of each wallet that is followed, for as long as a list of them is believed."""

    def __init__(self, rpc: Rpc, clock: Clock, understand: Callable[[RpcError], ProviderError]) -> None:
        """``understand`` gives a node's error its meaning."""
        self._rpc = rpc
        self._clock = clock
        self._understand = understand
        self._accounts: dict[str, _Accounts] = {}
        self._amounts = Amounts()
        self._tokens = TokenTable()
        self._changed: dict[str, TokenAccounts] = {}
        """Lists of accounts that have changed since a codec was given them."""
        self._unlisted: dict[str, Notice] = {}
        """That the accounts of a wallet cannot be listed, until it has been told."""

    def __contains__(self, wallet: str) -> bool:
        """Whether anything is known of a wallet's accounts."""
        return wallet in self._accounts

    async def all_of(self, wallet: str) -> TokenAccounts:
        """Return a wallet's accounts for the codec that follows them: from then on it knows the list."""
        addresses = await self.addresses(wallet)
        self._changed.pop(wallet, None)
        return TokenAccounts(wallet, addresses, self._accounts[wallet].minor)

    async def addresses(self, wallet: str, *, not_before: float | None = None) -> tuple[str, ...]:
        """Return the wallet and its token accounts.

        ``not_before``: Unix seconds; a list from before that is not believed, for the wallet was not followed
        for a while, and nobody has seen what it opened meanwhile.
        """
        known = self._accounts.get(wallet)
        now = self._clock.monotonic()
        if (
            known is None
            or now - known.asked_at > ACCOUNTS_FOR
            or (not_before is not None and known.asked_on < not_before)
        ):
            holdings = await self._token_accounts(wallet)
            known = self._listed(wallet, holdings, known)
            if holdings is not None:
                self._amounts.begin(wallet, holdings)
        return known.addresses

    def listed(self, wallet: str) -> tuple[str, ...]:
        """Return what `addresses` returned last, with what transactions have shown since."""
        return self._accounts[wallet].addresses

    def taken_news(self, wallet: str) -> list[Report]:
        """Return what has been learnt of a wallet's accounts and not been told yet."""
        changed, notice = self._changed.pop(wallet, None), self._unlisted.pop(wallet, None)
        return [report for report in (changed, notice) if report is not None]

    def widen(self, wallet: str, report: TransactionReport) -> None:
        """Take note of accounts of a wallet that a transaction shows and that were not known."""
        known = self._accounts.get(wallet, _Accounts((wallet,), float("-inf"), float("-inf")))
        keys = report.transaction.addresses()
        owned = [
            keys[balance.account_index]
            for balance in report.transaction.token_balances()
            if balance.owner == wallet and 0 <= balance.account_index < len(keys)
        ]
        addresses = tuple(dict.fromkeys((*known.addresses, *owned)))
        if addresses != known.addresses:
            self._accounts[wallet] = replace(known, addresses=addresses)
            self._changed[wallet] = TokenAccounts(wallet, addresses, known.minor)

    async def moved(self, wallet: str, addresses: Sequence[str]) -> list[str]:
        """Return those of some accounts of a wallet whose amounts have changed since the last look."""
        holdings = await self._token_accounts(wallet)
        if holdings is None:
            return []
        self._listed(wallet, holdings, self._accounts.get(wallet))
        return list(self._amounts.changed(wallet, holdings, addresses))

    def looked_at(self, wallet: str, address: str, *, found: bool) -> None:
        """Take note that the signatures of an account have been asked for; ``found``: there was something."""
        self._amounts.looked_at(wallet, address, found=found)

    def _listed(self, wallet: str, holdings: Sequence[Holding] | None, before: _Accounts | None) -> _Accounts:
        """Take note of a list of token accounts; ``None``: there is none, and what is known stays."""
        if holdings is None:
            # the wallet itself can be followed all the same
            addresses, minor = (
                ((wallet,), frozenset[str]()) if before is None else (before.addresses, before.minor)
            )
        else:
            addresses = tuple(dict.fromkeys((wallet, *(holding.address for holding in holdings))))
            minor = frozenset(holding.address for holding in holdings if holding.minor)
        asked_at = self._clock.monotonic()
        if holdings is None:
            asked_at += UNLISTED_FOR - ACCOUNTS_FOR
        known = self._accounts[wallet] = _Accounts(addresses, asked_at, self._clock.time(), minor)
        if before is not None and before.addresses != known.addresses:
            self._changed[wallet] = TokenAccounts(wallet, known.addresses, known.minor)
        return known

    def _is_well_known(self, mint: str) -> bool:
        return self._tokens.by_mint(mint) is not None

    async def _token_accounts(self, wallet: str) -> list[Holding] | None:
        """Return the token accounts of a wallet; ``None``: the node does not list them, whoever asks."""
        try:
            return await list_holdings(self._rpc, wallet, self._is_well_known)
        except (RpcFailure, ProviderError) as failure:
            error = self._understand(failure.error) if isinstance(failure, RpcFailure) else failure
            excluded = isinstance(failure, RpcFailure) and failure.error.code == EXCLUDED
            if not excluded and error.kind not in (ErrorKind.SUBSCRIPTION, ErrorKind.PROTOCOL):
                raise
            text = f"the token accounts of {wallet} cannot be listed, so transfers of tokens into it"
            text += f" may be missed: {error.message}"
            self._unlisted[wallet] = Notice(ProviderError(ErrorKind.SUBSCRIPTION, text))
            return None
