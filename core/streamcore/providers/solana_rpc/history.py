"""Asking a Solana node over HTTP what happened to wallets: the REST side of every Solana provider.

Which accounts have new signatures is asked with ``getSignaturesForAddress``, what they were with
``getTransaction``, the oldest first. A transfer of tokens into a wallet does not name the wallet, only its
token account, so a wallet's token accounts are asked about as well.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any, NamedTuple, TypeVar

import msgspec

from streamcore.clock import Clock
from streamcore.errors import IN_AN_EXPLORER, ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.base import Rest
from streamcore.providers.reports import (
    AccountReport,
    Checkpoint,
    CheckpointReport,
    Notice,
    PartialFetch,
    Progress,
    Question,
    Report,
    SignatureSeen,
    TokenAccountsRequest,
    TransactionReport,
)
from streamcore.providers.solana_rpc.failed_transactions import FailedTransactions
from streamcore.providers.solana_rpc.messages import COMMITMENT, RpcError, transaction_options
from streamcore.providers.solana_rpc.rpc import Rpc, RpcFailure
from streamcore.providers.solana_rpc.transactions import (
    UNKNOWN_VERSION,
    report_transaction,
    unreadable_transaction,
)
from streamcore.providers.solana_rpc.turns import in_turns
from streamcore.providers.solana_rpc.unanswered import Unanswered
from streamcore.providers.solana_rpc.wallet_accounts import WalletAccounts
from streamcore.solana.accounts import account_facts

T = TypeVar("T")

PAGE = 1000
"""Signatures in one answer at most; the methods' own limit."""

MOST_PAGES = 5
"""Pages after which a gap is shown instead of being filled."""

HISTORY = 100
"""Signatures looked at when watching begins, so that none of them is taken for news later."""

OVERLAP_SLOTS = 32
"""Slots looked back beyond the checkpoint: index and stream are different machines, and either may lag."""

PATIENCE = (0.3, 0.6, 1.2, 2.4, 5.0)
"""Seconds between tries for a transaction that is listed but cannot be had yet."""

ACCOUNTS_AT_ONCE = 100
"""Addresses in one ``getMultipleAccounts``; the method's own limit."""

UNSUPPORTED_VERSION = -32015


class Pages(msgspec.Struct, frozen=True):
    """How far back a gap is filled."""

    size: int = PAGE
    """Entries in one answer."""
    most: int = MOST_PAGES
    """Answers for one account; those that tell only what is known already do not count."""


class ListedSignature(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of ``getSignaturesForAddress``."""

    signature: str
    slot: int
    block_time: int | None = None
    transaction_index: int | None = None


class Recent(NamedTuple):
    """The newest signatures of some accounts of a wallet, back to where its news begins."""

    entries: list[ListedSignature]
    """Newest first."""
    is_whole: bool
    """They reach back to where its news begins, or to the first transaction ever."""
    leaves_out_news: bool = False
    """What is news has not been listed with them."""


class _AccountInfos(msgspec.Struct, frozen=True):
    """The answer of ``getMultipleAccounts``: an account each, ``None`` where there is none."""

    value: list[dict[str, Any] | None]


class SolanaHistory(Rest):
    """The `streamcore.providers.base.Rest` side of a Solana provider; topics are wallet addresses."""

    def __init__(
        self,
        title: str,
        rpc: Rpc,
        clock: Clock,
        understand: Callable[[RpcError], ProviderError],
        *,
        pages: Pages | None = None,
    ) -> None:
        """Make one that has asked nothing yet.

        Args:
            title: The provider's name as a person writes it.
            rpc: Calls the node.
            clock: Time.
            understand: Gives a node's error its meaning.
            pages: How far back a gap is filled; ``None``: as far as is usual.
        """
        self._signature_pages = pages or Pages()
        self._title = title
        self._rpc = rpc
        self._clock = clock
        self._understand = understand
        self._accounts = WalletAccounts(rpc, clock, understand)
        self._failed = FailedTransactions()
        self._unanswered = Unanswered(title, clock)

    async def fetch(
        self, topics: Sequence[str], checkpoints: Mapping[str, Checkpoint]
    ) -> AsyncIterator[Report]:
        """Yield what happened to each wallet since its checkpoint, oldest first, or where its news begins.

        The wallets take turns, one report each, so that one with much to tell does not keep the others from
        theirs; one that the node cannot tell about is left for a later time.
        """
        pasts = {wallet: self._past(wallet, checkpoints.get(wallet)) for wallet in topics}
        async for report in in_turns(pasts, self._meaning):
            yield report

    def _meaning(self, failure: Exception) -> ProviderError | None:
        if isinstance(failure, RpcFailure):
            return self._understand(failure.error)
        return failure if isinstance(failure, ProviderError) else None

    async def _past(self, wallet: str, checkpoint: Checkpoint | None) -> AsyncGenerator[Report, None]:
        if checkpoint is None or checkpoint.since is not None:
            since = None if checkpoint is None else checkpoint.since
            addresses = await self._accounts.addresses(wallet, not_before=since)
            found: list[Recent] = []
            async for recent in self._back_to_news(addresses, checkpoint):
                found.append(recent)
                if len(found) < len(addresses):  # it may have hundreds: now it is another wallet's turn
                    yield Progress(wallet, 0)
            beginning, has_news = _beginning(wallet, checkpoint, found)
            yield beginning
            for report in self._accounts.taken_news(wallet):
                yield report
            if not has_news:
                return
            if checkpoint is not None and beginning.checkpoint.slot and not beginning.checkpoint.signature:
                yield gap(wallet, checkpoint.slot, beginning.checkpoint.slot)
            checkpoint = replace(beginning.checkpoint, known=frozenset(beginning.history))
        async for report in self._since(wallet, checkpoint):
            yield report
            if isinstance(report, TransactionReport) and wallet in self._accounts:
                self._accounts.widen(wallet, report)
        for report in self._accounts.taken_news(wallet):
            yield report

    async def answer(self, question: Question) -> AsyncIterator[Report]:
        """Yield the transaction that was hinted at, and the wallet's accounts when it made new ones."""
        try:
            if isinstance(question, TokenAccountsRequest):
                yield await self._accounts.all_of(question.topic)
                for news in self._accounts.taken_news(question.topic):
                    yield news
                return
            if not isinstance(question, SignatureSeen):
                return
            entry = ListedSignature(question.signature, question.slot)
            report = await self._transaction(question.topic, entry)
            yield report
            if isinstance(report, TransactionReport):
                self._accounts.widen(question.topic, report)
            for news in self._accounts.taken_news(question.topic):
                yield news
        except RpcFailure as failure:
            raise self._understand(failure.error) from failure

    async def check_accounts(self, topics: Sequence[str]) -> AsyncIterator[Report]:
        """Yield what each address is that is no wallet; one call for a hundred of them.

        Of an address without an account nothing is known: it may be a wallet that never had anything.
        """
        options = {"encoding": "jsonParsed", "commitment": COMMITMENT}
        for start in range(0, len(topics), ACCOUNTS_AT_ONCE):
            some = list(topics[start : start + ACCOUNTS_AT_ONCE])
            try:
                found = await self._rpc.call("getMultipleAccounts", [some, options], _AccountInfos)
            except RpcFailure as failure:
                raise self._understand(failure.error) from failure
            for address, account in zip(some, found.value, strict=False):
                facts = None if account is None else account_facts(account)
                if facts is not None:
                    yield AccountReport(address, facts)

    async def fetch_unfollowed(
        self, unfollowed: Mapping[str, Sequence[str]], checkpoints: Mapping[str, Checkpoint]
    ) -> AsyncIterator[Report]:
        """Yield what happened to accounts of wallets whose amounts have changed since the last look.

        Two calls tell that for all accounts of a wallet, where their signatures would take one call each.
        """
        pasts = {
            wallet: self._look(wallet, addresses, checkpoints[wallet])
            for wallet, addresses in unfollowed.items()
            if wallet in checkpoints
        }
        async for report in in_turns(pasts, self._meaning):
            yield report

    async def _look(
        self, wallet: str, addresses: Sequence[str], checkpoint: Checkpoint
    ) -> AsyncGenerator[Report, None]:
        for address in await self._accounts.moved(wallet, addresses):
            if checkpoint.since is None:
                entries, _ = await self._newer(address, checkpoint)
            else:  # where its news begins is not known yet, and may take minutes for so many accounts
                recent = await self._signatures(address, {"limit": HISTORY})
                entries = [one for one in recent if checkpoint.is_news(one.slot, one.block_time)]
            news = [entry for entry in reversed(entries) if entry.signature not in checkpoint.known]
            for entry in news:
                yield await self._transaction(wallet, entry)
            self._accounts.looked_at(wallet, address, found=bool(news))
        for report in self._accounts.taken_news(wallet):
            yield report

    async def _back_to_news(
        self, addresses: Sequence[str], asked: Checkpoint | None
    ) -> AsyncIterator[Recent]:
        """Yield what happened lately to a wallet, the first address, and its accounts; one request each."""
        for address in addresses:
            yield await self._back_to_history(address, asked)

    async def _back_to_history(self, address: str, asked: Checkpoint | None) -> Recent:
        """Return the newest signatures of an account.

        Where all are news it looks further back: without an old one, what happened before watching began
        would be told as news.
        """
        entries = page = await self._signatures(address, {"limit": HISTORY})
        size, wanted = self._signature_pages.size, HISTORY
        for _ in range(self._signature_pages.most):
            if asked is None or len(page) < wanted or not asked.is_news(page[-1].slot, page[-1].block_time):
                return Recent(entries, is_whole=True)
            wanted = size
            page = await self._signatures(address, {"limit": size, "before": page[-1].signature})
            entries = entries + page
        return Recent(entries, is_whole=len(page) < wanted)

    async def _since(self, wallet: str, checkpoint: Checkpoint) -> AsyncIterator[Report]:
        found: dict[str, tuple[tuple[int, int], ListedSignature]] = {}
        addresses = await self._accounts.addresses(wallet)
        whole_to = inf
        for address in addresses:
            entries, complete = await self._newer(address, checkpoint)
            if not complete:
                whole_to = checkpoint.slot
                yield gap(wallet, checkpoint.slot, entries[-1].slot)
            for position, entry in enumerate(reversed(entries)):
                index = position if entry.transaction_index is None else entry.transaction_index
                found[entry.signature] = ((entry.slot, index), entry)
        in_order = [entry for _, entry in sorted(found.values(), key=lambda item: item[0])]
        missing = [entry for entry in in_order if entry.signature not in checkpoint.known]
        for entry in missing:
            if entry.signature in self._unanswered:
                whole_to = min(whole_to, entry.slot - 1)
                break
        told_to = checkpoint.slot
        has_told = False
        has_waited = False
        # one that is not answered keeps no other waiting: it comes last
        for entry in sorted(missing, key=lambda entry: entry.signature in self._unanswered):
            if self._accounts.listed(wallet) != addresses:
                whole_to = min(whole_to, told_to)  # an account has shown up that has not been asked about
            if has_told and told_to < entry.slot - 1 <= whole_to:
                told_to = entry.slot - 1
                yield Progress(wallet, told_to)
            if entry.signature in checkpoint.known:
                continue  # the stream has told it meanwhile
            if self._unanswered.rests(entry.signature):
                yield self._unanswered.left_out(wallet, entry.signature)
                continue
            try:
                report = await self._transaction(wallet, entry)
            except ProviderError as error:
                if not error.unanswered:
                    raise
                self._unanswered.add(entry.signature)
                whole_to = min(whole_to, entry.slot - 1)
                if has_waited:
                    raise  # it is not about one transaction
                has_waited = True
                yield self._unanswered.left_out(wallet, entry.signature)
                continue
            self._unanswered.discard(entry.signature)
            has_told = True
            yield report
            if isinstance(report, PartialFetch):
                return  # what comes after it waits for the next time, or the checkpoint would pass it
        if in_order and in_order[-1].slot <= whole_to and self._accounts.listed(wallet) == addresses:
            yield Progress(wallet, in_order[-1].slot)

    async def _newer(self, address: str, checkpoint: Checkpoint) -> tuple[list[ListedSignature], bool]:
        """Return the signatures of an account since the checkpoint, newest first, and whether these are all.

        The cut is by slot, not by ``until``: the checkpoint's signature need not be one of this account.
        """
        entries: list[ListedSignature] = []
        oldest = checkpoint.slot - OVERLAP_SLOTS
        size = self._signature_pages.size
        options: dict[str, Any] = {"limit": size}
        counted = 0
        while counted < self._signature_pages.most:
            page = await self._signatures(address, options)
            entries += [entry for entry in page if entry.slot >= oldest]
            if len(page) < size or page[-1].slot < oldest:
                return entries, True
            counted += any(entry.signature not in checkpoint.known for entry in page)
            options = {"limit": size, "before": page[-1].signature}
        return entries, False

    async def _transaction(self, wallet: str, entry: ListedSignature) -> Report:
        for wait in (*PATIENCE, None):
            try:
                answer = await self._rpc.call(
                    "getTransaction", [entry.signature, transaction_options()], msgspec.Raw
                )
            except RpcFailure as failure:
                # no later try would read it, and what comes after it must not wait for it
                reason = UNKNOWN_VERSION
                if failure.error.code != UNSUPPORTED_VERSION:
                    if not self._failed.is_hopeless(entry.signature):
                        raise
                    reason = f"{self._title} cannot show it"
                return unreadable_transaction(
                    entry.signature, entry.slot, (wallet,), reason, entry.block_time
                )
            if bytes(answer) != b"null":
                self._failed.shown(entry.signature)
                break
            if wait is None:
                text = f"{self._title} lists a transaction of {wallet} but cannot show it yet"
                return PartialFetch(wallet, ProviderError(ErrorKind.SERVER, text))
            await self._clock.sleep(wait)
        return report_transaction(answer, entry.signature, entry.slot, (wallet,), entry.block_time)

    async def _signatures(self, address: str, options: dict[str, Any]) -> list[ListedSignature]:
        return await self._rpc.call(
            "getSignaturesForAddress", [address, {**options, "commitment": COMMITMENT}], list[ListedSignature]
        )


def _beginning(
    wallet: str, asked: Checkpoint | None, found: Sequence[Recent]
) -> tuple[CheckpointReport, bool]:
    """Return where a wallet's news begins, and whether there may be some already."""
    entries = [entry for recent in found for entry in recent.entries]
    cut_at = max((recent.entries[-1].slot for recent in found if not recent.is_whole), default=0)
    old = [entry for entry in entries if asked is None or not asked.is_news(entry.slot, entry.block_time)]
    newest = max(old, key=lambda entry: entry.slot, default=None)
    # without an old one news begins with the first transaction ever, or where it was too much to list
    checkpoint = Checkpoint("", cut_at) if newest is None else Checkpoint(newest.signature, newest.slot)
    # older ones are never looked at again
    recent = tuple(entry.signature for entry in old if entry.slot >= checkpoint.slot - OVERLAP_SLOTS)
    has_news = len(old) < len(entries) or any(one.leaves_out_news for one in found)
    return CheckpointReport(wallet, checkpoint, recent), has_news


def gap(wallet: str, after: int, before: int | None) -> Notice:
    """Return the news that what happened between two slots could not be recovered; ``None``: until now."""
    where = f"after slot {after}" if before is None else f"between slots {after} and {before}"
    text = (
        f"too much happened to {wallet} to recover it all: transactions {where} are missing; {IN_AN_EXPLORER}"
    )
    return Notice(ProviderError(ErrorKind.GAP, text, retryable=False))
