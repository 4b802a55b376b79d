"""From what providers of transactions report to events: who follows a wallet, and each transaction once."""

from __future__ import annotations

import msgspec
import pytest
import wire_fixtures
from manual_clock import ManualClock
from scripted_source import ScriptedSource

from streamcore import BadAddress, ErrorKind, Event, InputError, ProviderError, Source, StreamError
from streamcore.assets.tokens import TokenTable
from streamcore.events import DataKind, WalletTransaction
from streamcore.providers.reports import (
    AccountReport,
    Checkpoint,
    CheckpointReport,
    Refusal,
    Report,
    TransactionReport,
)
from streamcore.solana.accounts import AccountFacts, AccountKind
from streamcore.solana.interpretation import SolanaTransaction
from streamcore.streams.checkpoints import Checkpoints
from streamcore.tracking.wallets import WalletTracker

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
OTHER = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"


def received(signature: str, slot: int = 100) -> TransactionReport:
    message = msgspec.json.decode(wire_fixtures.helius("ws.transactionNotification.synthetic_sol_in"))
    transaction = msgspec.json.encode(message["params"]["result"]["transaction"])
    return TransactionReport(signature, slot, msgspec.json.decode(transaction, type=SolanaTransaction))


class Table:
    """A tracker, the sources it follows, and what it has published."""

    def __init__(self, *sources: ScriptedSource) -> None:
        self.seen: list[Event] = []
        self.checkpoints = Checkpoints()
        self.tracker = WalletTracker(
            sources, TokenTable(), self.checkpoints, ManualClock(), publish=self.seen.append
        )

    def report(self, source: ScriptedSource, report: Report, how: Source = Source.STREAM) -> bool:
        return self.tracker.report(source, report, how, 0.0)  # type: ignore[arg-type]

    def transactions(self) -> list[WalletTransaction]:
        return [event for event in self.seen if isinstance(event, WalletTransaction)]


def source(name: str) -> ScriptedSource:
    return ScriptedSource(name, kind=DataKind.WALLETS)


@pytest.fixture
def first() -> ScriptedSource:
    return source("first")


@pytest.fixture
def second() -> ScriptedSource:
    return source("second")


@pytest.fixture
def table(first: ScriptedSource, second: ScriptedSource) -> Table:
    return Table(first, second)


def test_a_wallet_is_followed_until_the_last_who_asked_for_it_has_gone(
    table: Table, first: ScriptedSource
) -> None:
    assert table.tracker.subscribe([f" {WALLET} ", OTHER]) == [WALLET, OTHER]
    table.tracker.subscribe([WALLET])
    table.tracker.unsubscribe([WALLET, OTHER])
    assert first.topics == (WALLET,)
    table.tracker.unsubscribe([WALLET])
    assert first.topics == ()
    assert list(table.checkpoints.wallets) == []


def test_one_bad_address_changes_nothing(table: Table, first: ScriptedSource) -> None:
    with pytest.raises(BadAddress):
        table.tracker.subscribe([WALLET, "no address"])
    assert first.wishes == []
    assert list(table.checkpoints.wallets) == []


def test_without_any_source_the_reason_is_said() -> None:
    with pytest.raises(InputError, match=r"stream\.enable_wallets is off"):
        Table().tracker.subscribe([WALLET])


def test_the_next_one_follows_while_the_first_brings_nothing(
    table: Table, first: ScriptedSource, second: ScriptedSource
) -> None:
    table.tracker.subscribe([WALLET])
    assert second.topics == ()
    first.is_well = False
    table.tracker.reroute()
    assert (first.topics, second.topics) == ((WALLET,), (WALLET,))
    first.is_well = True
    table.tracker.reroute()
    assert second.topics == ()


def test_a_transaction_is_told_once_whoever_tells_it(
    table: Table, first: ScriptedSource, second: ScriptedSource
) -> None:
    table.tracker.subscribe([WALLET])
    assert table.report(first, received("s1"))
    assert not table.report(first, received("s1"), Source.BACKFILL)
    assert not table.report(second, received("s1"), Source.POLL)
    assert table.report(second, received("s2", 101), Source.BACKFILL)
    assert [(event.provider, event.signature, event.source) for event in table.transactions()] == [
        ("first", "s1", Source.STREAM),
        ("second", "s2", Source.BACKFILL),
    ]
    assert {event.wallet for event in table.transactions()} == {WALLET}
    assert table.transactions()[0].summary.startswith("received ")


def test_a_transaction_of_a_wallet_that_is_not_followed_is_no_news(
    table: Table, first: ScriptedSource
) -> None:
    table.tracker.subscribe([OTHER])
    assert not table.report(first, received("s1"))
    assert table.transactions() == []


def test_what_was_there_when_following_began_is_history(table: Table, first: ScriptedSource) -> None:
    table.tracker.subscribe([WALLET])
    begun = CheckpointReport(WALLET, Checkpoint("s2", 100), ("s1", "s2"))
    assert not table.report(first, begun, Source.BACKFILL)
    assert not table.report(first, received("s1"), Source.BACKFILL)
    assert table.report(first, received("s3", 101), Source.BACKFILL)


def test_a_wallet_that_is_refused_is_an_error_of_who_refused_it(table: Table, first: ScriptedSource) -> None:
    table.tracker.subscribe([WALLET])
    error = ProviderError(ErrorKind.SUBSCRIPTION, "first does not follow that wallet")
    table.report(first, Refusal(error, (WALLET,)))
    (told,) = table.seen
    assert isinstance(told, StreamError)
    assert (told.provider, told.message) == ("first", error.message)


def test_fault_16_a_source_that_is_not_needed_any_more_does_not_reroute_in_the_middle(
    first: ScriptedSource, second: ScriptedSource
) -> None:
    table = Table(first, second)
    depth = 0

    def emptied() -> None:
        nonlocal depth
        depth += 1
        assert depth == 1, "rerouting began in the middle of another"
        if not second.topics and not second.is_well:
            second.is_well = True  # as a polled stream does, and tells at once
            table.tracker.reroute()
        depth -= 1

    first.is_well = second.is_well = False
    table.tracker.subscribe([WALLET])
    second.on_topics = emptied
    first.is_well = True
    table.tracker.reroute()
    assert (first.topics, second.topics) == ((WALLET,), ())


# An address that is no wallet (issue 11, row 20)

BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
JUPITER = "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4"
ACCOUNT = "AwfswzK89xCcKs43oK4bvkWWTgBUTP8piZjULuho3nRm"


def errors(table: Table) -> list[StreamError]:
    return [event for event in table.seen if isinstance(event, StreamError)]


@pytest.mark.parametrize(("address", "what"), [(BONK, "the mint of BONK"), (JUPITER, "the program Jupiter")])
def test_row_20_a_known_mint_or_program_is_told_at_once_and_followed(
    first: ScriptedSource, address: str, what: str
) -> None:
    table = Table(first)
    table.tracker.subscribe([address])
    table.tracker.subscribe([address])
    (error,) = errors(table)
    assert (error.provider, error.kind, error.retryable) == ("", ErrorKind.SUBSCRIPTION, False)
    assert what in error.message
    assert first.topics == (address,)


def test_row_20_what_a_node_says_of_an_account_is_told_once(
    first: ScriptedSource, second: ScriptedSource
) -> None:
    table = Table(first, second)
    table.tracker.subscribe([ACCOUNT])
    facts = AccountFacts(AccountKind.TOKEN_ACCOUNT, owner=WALLET, mint=BONK)
    for one in (first, second):
        table.report(one, AccountReport(ACCOUNT, facts), Source.POLL)
    (error,) = errors(table)
    assert error.provider == "first"
    assert WALLET in error.message
    assert "BONK" in error.message
    table.report(first, AccountReport(OTHER, facts), Source.POLL)
    assert len(errors(table)) == 1, "nobody follows that one"


def test_row_20_a_token_account_is_followed_with_the_eyes_of_its_owner(first: ScriptedSource) -> None:
    table = Table(first)
    report = received("s1")
    account = next(key for key in report.transaction.addresses() if key != WALLET)
    table.tracker.subscribe([account])
    facts = AccountFacts(AccountKind.TOKEN_ACCOUNT, owner=WALLET, mint=BONK)
    table.report(first, AccountReport(account, facts), Source.POLL)
    table.report(first, report)
    (transaction,) = table.transactions()
    assert (transaction.wallet, transaction.type) == (account, "received")
