"""Helius' shorter way to what happened: one call for a wallet and its token accounts, on paid plans."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.decoding import Undecodable
from streamcore.providers.helius.error_meanings import TITLE, meaning_of_error
from streamcore.providers.reports import Checkpoint, Malformed, Progress, Report
from streamcore.providers.solana_rpc.history import (
    HISTORY,
    MOST_PAGES,
    OVERLAP_SLOTS,
    PAGE,
    UNSUPPORTED_VERSION,
    ListedSignature,
    Pages,
    Recent,
    SolanaHistory,
    gap,
)
from streamcore.providers.solana_rpc.messages import COMMITMENT, transaction_options
from streamcore.providers.solana_rpc.rpc import Rpc, RpcFailure
from streamcore.providers.solana_rpc.transactions import report_listed

FULL_PAGE = 100
"""Whole transactions in one answer; the smallest limit that the documents have named."""


MANY_ACCOUNTS = 10
"""Accounts of a wallet from which on the shorter way is taken to where its news begins: a call of it costs a
hundred credits, one that asks about a single account ten at most."""


class _Page(msgspec.Struct, frozen=True, rename="camel"):
    """One answer of ``getTransactionsForAddress``."""

    data: list[msgspec.Raw]
    pagination_token: str | None = None


class _Signatures(msgspec.Struct, frozen=True, rename="camel"):
    """The same where only signatures were asked for."""

    data: list[ListedSignature]
    pagination_token: str | None = None


class HeliusHistory(SolanaHistory):
    """`SolanaHistory`, but by ``getTransactionsForAddress`` for as long as the key's plan allows it."""

    def __init__(
        self, rpc: Rpc, clock: Clock, *, pages: Pages | None = None, whole: Pages | None = None
    ) -> None:
        """``pages`` limits the way of `SolanaHistory`, ``whole`` the shorter one; ``None``: as is usual."""
        super().__init__(TITLE, rpc, clock, meaning_of_error, pages=pages)
        self._transaction_pages = whole or Pages(FULL_PAGE, MOST_PAGES * 10)
        self._whole_pages = True

    def forget(self) -> None:
        """Try the shorter way again, although it was refused."""
        self._whole_pages = True

    async def _back_to_news(
        self, addresses: Sequence[str], asked: Checkpoint | None
    ) -> AsyncIterator[Recent]:
        if (
            self._whole_pages
            and len(addresses) >= MANY_ACCOUNTS
            and asked is not None
            and asked.since is not None
        ):
            try:
                yield await self._before_news(addresses[0], asked, asked.since)
            except (RpcFailure, ProviderError) as error:
                self._take_refusal(error)
            else:
                return
        async for recent in super()._back_to_news(addresses, asked):
            yield recent

    async def _before_news(self, wallet: str, asked: Checkpoint, since: float) -> Recent:
        """Return what happened to a wallet and its accounts before its news begins, the newest of it."""
        options: dict[str, Any] = {
            "commitment": COMMITMENT,
            "transactionDetails": "signatures",
            "sortOrder": "desc",
            "limit": HISTORY,
            "filters": {"blockTime": {"lte": int(since)}, "tokenAccounts": "balanceChanged"},
        }
        entries: list[ListedSignature] = []
        for _ in range(self._transaction_pages.most):
            page = await self._rpc.call("getTransactionsForAddress", [wallet, options], _Signatures)
            entries += page.data
            if page.pagination_token is None or not asked.is_news(entries[-1].slot, entries[-1].block_time):
                return Recent(entries, is_whole=True, leaves_out_news=True)
            options = {**options, "limit": PAGE, "paginationToken": page.pagination_token}
        return Recent(entries, is_whole=False, leaves_out_news=True)

    def _take_refusal(self, error: RpcFailure | ProviderError) -> None:
        """Take the longer way from now on if the plan does not allow the shorter one.

        Raises:
            RpcFailure: It was no refusal of that kind.
            ProviderError: The same.
        """
        meaning = meaning_of_error(error.error) if isinstance(error, RpcFailure) else error
        if meaning.kind not in (ErrorKind.PLAN, ErrorKind.SUBSCRIPTION):
            raise error
        self._whole_pages = False

    async def _since(self, wallet: str, checkpoint: Checkpoint) -> AsyncIterator[Report]:
        if self._whole_pages:
            told_all = True
            try:
                async for report in self._pages(wallet, checkpoint):
                    told_all = told_all and not isinstance(report, Malformed)
                    yield report
            except (RpcFailure, ProviderError) as error:
                # one that cannot be read fails its whole page; told one by one, each has its signature
                told_all = False
                if not isinstance(error, RpcFailure) or error.error.code != UNSUPPORTED_VERSION:
                    self._take_refusal(error)
            if told_all:
                return
        async for report in super()._since(wallet, checkpoint):
            yield report

    async def _pages(self, wallet: str, checkpoint: Checkpoint) -> AsyncIterator[Report]:
        options: dict[str, Any] = {
            **transaction_options(),
            "transactionDetails": "full",
            "sortOrder": "asc",
            "limit": self._transaction_pages.size,
            "filters": {
                "slot": {"gte": max(checkpoint.slot - OVERLAP_SLOTS, 0)},
                "tokenAccounts": "balanceChanged",
            },
        }
        last_slot = checkpoint.slot
        told_all = True
        counted = 0
        while counted < self._transaction_pages.most:
            page = await self._rpc.call("getTransactionsForAddress", [wallet, options], _Page)
            slot_before, has_news = last_slot, False
            for entry in page.data:
                try:
                    report = report_listed(entry, wallet)
                except Undecodable as error:
                    told_all = False
                    yield Malformed(f"a transaction of {wallet}: {error}")
                    continue
                last_slot = report.slot
                if report.signature not in checkpoint.known:
                    has_news = True
                    yield report
            if told_all and page.data:
                yield Progress(wallet, last_slot - 1)  # of the last slot the next page may have more
            if page.pagination_token is None:
                return
            # only what is missing counts, or a long past that is known would hide what came after it
            counted += has_news or last_slot <= slot_before
            options = {**options, "paginationToken": page.pagination_token}
        yield gap(wallet, last_slot, None)
