"""Helius' shorter way to what happened: one call for a wallet and its token accounts, on paid plans."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.decoding import Undecodable
from streamcore.providers.helius.error_meanings import TITLE, meaning_of_error
from streamcore.providers.reports import Checkpoint, Malformed, Progress, Report
from streamcore.providers.solana_rpc.history import (
    MOST_PAGES,
    OVERLAP_SLOTS,
    UNSUPPORTED_VERSION,
    Pages,
    SolanaHistory,
    gap,
)
from streamcore.providers.solana_rpc.messages import transaction_options
from streamcore.providers.solana_rpc.rpc import Rpc, RpcFailure
from streamcore.providers.solana_rpc.transactions import report_listed

FULL_PAGE = 100
"""Whole transactions in one answer; the smallest limit that the documents have named."""


class _Page(msgspec.Struct, frozen=True, rename="camel"):
    """One answer of ``getTransactionsForAddress``."""

    data: list[msgspec.Raw]
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
                    meaning = meaning_of_error(error.error) if isinstance(error, RpcFailure) else error
                    if meaning.kind not in (ErrorKind.PLAN, ErrorKind.SUBSCRIPTION):
                        raise
                    self._whole_pages = False
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
