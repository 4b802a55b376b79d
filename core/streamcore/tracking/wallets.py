"""Transactions between the providers and the consumers: which wallets are followed, and by which provider.

The first provider follows every wallet. When neither its stream nor its polling brings anything, the next
one steps in until it does again. All of them share one set of checkpoints, which tells where the other
stopped; so nothing is missed and nothing published twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from streamcore.assets.names import names_given
from streamcore.assets.tokens import TokenTable, check_address
from streamcore.clock import Clock
from streamcore.errors import InputError, ProviderError
from streamcore.events import DataKind, ErrorKind, Event, Source, WalletTransaction
from streamcore.providers.reports import AccountReport, CheckpointReport, Refusal, Report, TransactionReport
from streamcore.solana.accounts import AccountFacts, AccountKind, in_words, known_account
from streamcore.streams.checkpoints import Checkpoints
from streamcore.streams.reporting import ReportSource
from streamcore.streams.subscriptions import References
from streamcore.tracking.tracker import Rerouting


class WalletSource(ReportSource, Protocol):
    """A provider of transactions that is being run."""

    @property
    def is_well(self) -> bool:
        """Whether it brings data, over its stream or by polling, as far as can be known."""
        ...

    def set_topics(self, topics: Sequence[str]) -> None:
        """Make these the wanted topics, all of them."""
        ...


class WalletTracker:
    """Follows wallets at the providers in use and publishes each transaction once."""

    def __init__(
        self,
        streams: Sequence[WalletSource],
        tokens: TokenTable,
        checkpoints: Checkpoints,
        clock: Clock,
        *,
        publish: Callable[[Event], None],
    ) -> None:
        """``streams``: the preferred first, all using ``checkpoints``; ``publish`` passes an event on."""
        self._streams = streams
        self._tokens = tokens
        self._checkpoints = checkpoints
        self._clock = clock
        self._publish = publish
        self._wanted = References()
        self._rerouting = Rerouting(self._reroute)
        self._accounts: dict[str, AccountFacts] = {}
        """The wanted addresses that are no wallets; an error about each has been published."""

    def subscribe(self, addresses: Iterable[str]) -> list[str]:
        """Add one reference to each wallet; return the addresses without white space.

        Raises:
            InputError: One of them is no Solana address; nothing has been changed.
        """
        wallets = self._checked(addresses)
        for wallet in wallets:
            if self._wanted.add(wallet) and (facts := known_account(wallet, self._tokens)) is not None:
                self._publish_account("", wallet, facts)
            self._checkpoints.watch(wallet, self._clock.time())
        self.reroute()
        return wallets

    def unsubscribe(self, addresses: Iterable[str]) -> None:
        """Take one reference of each wallet away.

        Raises:
            InputError: One of them is no Solana address; nothing has been changed.
        """
        for wallet in self._checked(addresses):
            if self._wanted.remove(wallet):
                self._checkpoints.forget(wallet)
                self._accounts.pop(wallet, None)
        self.reroute()

    def reroute(self) -> None:
        """Choose which provider follows the wallets. To be called when the health of one changes."""
        self._rerouting.ask()

    def _reroute(self) -> None:
        wanted = tuple(self._wanted)
        for stream in self._streams:
            stream.set_topics(wanted)
            if stream.is_well:
                wanted = ()

    def restarted(self, stream: ReportSource, topics: Sequence[str]) -> None:
        """Do nothing: a transaction is no state, so there is none to begin with."""

    def forgive(self, name: str) -> None:
        """Do nothing: a wallet that a provider has refused is not moved to another."""

    def pass_time(self) -> None:
        """Do nothing: nothing here waits for time to pass."""

    def report(self, stream: ReportSource, report: Report, source: Source, as_of: float) -> bool:
        """Publish what a transaction means for each wallet it touches; return whether it was news.

        A `CheckpointReport` sets where watching begins; a refusal is published as an error.
        """
        match report:
            case TransactionReport():
                return self._transaction(stream, report, source)
            case CheckpointReport(topic=topic, checkpoint=checkpoint, history=history):
                self._checkpoints.begin(topic, checkpoint, history)
            case AccountReport(topic=topic, facts=facts) if topic in self._wanted:
                self._publish_account(stream.name, topic, facts)
            case Refusal(error=error):
                self._publish(error.event(stream.name, self._clock.time(), demo=stream.demo))
        return False

    def _publish_account(self, provider: str, address: str, facts: AccountFacts) -> None:
        """Publish once what an address that is no wallet is. ``provider``: the one that said so, or empty."""
        if address in self._accounts:
            return
        self._accounts[address] = facts
        text = in_words(address, facts, self._symbol_of)
        error = ProviderError(ErrorKind.SUBSCRIPTION, text, retryable=False)
        demo = any(stream.demo for stream in self._streams)
        self._publish(error.event(provider, self._clock.time(), demo=demo))

    def _wallet_behind(self, wallet: str) -> str:
        """Return the wallet to interpret a transaction for: of a token account, its owner."""
        facts = self._accounts.get(wallet)
        is_part = facts is not None and facts.kind is AccountKind.TOKEN_ACCOUNT
        return facts.owner or wallet if facts is not None and is_part else wallet

    def _transaction(self, stream: ReportSource, report: TransactionReport, source: Source) -> bool:
        from streamcore.solana.interpretation import interpret, unreadable  # see `_concerned`

        news = False
        streamed = source is Source.STREAM
        for wallet in self._concerned(report):
            if not self._checkpoints.record(wallet, report.signature, report.slot, streamed=streamed):
                continue
            news = True
            meaning = (
                unreadable(report.unreadable)
                if report.unreadable
                else interpret(report.transaction, self._wallet_behind(wallet), self._symbol_of)
            )
            self._publish(
                WalletTransaction(
                    provider=stream.name,
                    ts=self._clock.time(),
                    demo=stream.demo,
                    wallet=wallet,
                    signature=report.signature,
                    slot=report.slot,
                    block_time=report.block_time,
                    type=meaning.type,
                    summary=meaning.summary,
                    sol_change=meaning.sol_change,
                    fee=meaning.fee,
                    token_changes=meaning.token_changes,
                    counterparty=meaning.counterparty,
                    program=meaning.program,
                    error=meaning.error,
                    source=source,
                    rent=meaning.rent,
                    tip=meaning.tip,
                    action=meaning.action,
                    counterparties=meaning.counterparties,
                )
            )
        return news

    def _concerned(self, report: TransactionReport) -> list[str]:
        """Return the followed wallets a transaction touches, or was asked for if it hides its accounts."""
        # only now: what reads transactions is large, and many people watch prices alone
        from streamcore.solana.interpretation import wallets_touched

        followed = self._checkpoints.wallets
        if report.transaction.addresses():
            return wallets_touched(report.transaction, followed)
        return [wallet for wallet in report.topics if wallet in followed]

    def _checked(self, addresses: Iterable[str]) -> list[str]:
        if not self._streams:
            raise InputError(str(DataKind.WALLETS), "cannot be watched: stream.enable_wallets is off")
        return [check_address(address) for address in names_given(addresses)]

    def _symbol_of(self, mint: str) -> str | None:
        token = self._tokens.by_mint(mint)
        return None if token is None else token.symbol
