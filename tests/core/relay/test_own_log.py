"""A log that cannot be written: what is told, and what is lost (nothing)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from manual_clock import ManualClock
from relay_bench import WALLETS, Terminal, eventually, running
from relayed_engine import RelayedEngine
from sample_events import transaction

from streamcore.events import ErrorKind, StreamError
from streamcore.providers.reports import Checkpoint
from streamcore.relay.log import LogFailed
from streamcore.relay.log_trouble import TOLD_AGAIN_AFTER, TRIED_AGAIN_AFTER
from streamcore.relay.own_log import MOST_WAITING, OwnLog
from streamcore.relay.server import Relay
from streamcore.relay.sqlite_log import TransactionLog
from streamcore.streams.checkpoints import Checkpoints, SavedCheckpoint
from streamcore.wire.messages import Want

pytestmark = pytest.mark.long


def tables(relay: Relay) -> TransactionLog:
    assert isinstance(relay.log, OwnLog)
    return relay.log.transactions


def fill_disk(log: TransactionLog) -> None:
    pages = log._database.execute("PRAGMA page_count").fetchone()[0]
    log._database.execute(f"PRAGMA max_page_count={pages}")


def make_room(log: TransactionLog) -> None:
    log._database.execute("PRAGMA max_page_count=1000000")


def saved(relay: Relay) -> SavedCheckpoint:
    found = tables(relay).follow(WALLETS[0], now=1793311200.0)
    assert found is not None
    return found[0]


def errors(terminal: Terminal) -> list[StreamError]:
    return [event for event in terminal.events if isinstance(event, StreamError)]


async def until_full(relay: Relay, engine: RelayedEngine, told: list[str]) -> None:
    fill_disk(tables(relay))
    while not relay.unready():
        told.append(engine.transaction(WALLETS[0], summary="x" * 900))
        relay.fan_out.collect()


async def test_transactions_wait_for_the_disk_prices_go_on_and_everybody_is_told_why(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL"], WALLETS[:1])
        told: list[str] = []
        await until_full(relay, engine, told)
        engine.price("SOL", "150")
        await terminal.until(lambda: terminal.mirror.prices and errors(terminal))
        (error,) = errors(terminal)
        assert (error.kind, error.retryable, error.provider) == (ErrorKind.SERVER, True, "")
        assert "the log cannot be written" in error.message
        assert "full" in error.message
        assert len(terminal.transactions()) < len(told)
        assert relay.unready()
        make_room(tables(relay))
        told.append(engine.transaction(WALLETS[0]))
        await terminal.until(lambda: len(terminal.transactions()) == len(told))
        assert terminal.transactions() == told
        assert not relay.unready()


async def test_who_comes_while_the_log_cannot_be_written_is_told_so_too(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        first = await Terminal(relay).open()
        await first.want(["SOL"], WALLETS[:1])
        await until_full(relay, engine, [])
        late, prices_alone = await Terminal(relay).open(), await Terminal(relay).open()
        await late.want(["SOL"], WALLETS[:1])
        await prices_alone.want(["SOL"], ())
        await late.until(lambda: errors(late))
        assert [error.message for error in errors(late)] == [error.message for error in errors(first)]
        await late.want(["SOL", "BTC"], WALLETS[:1])
        engine.price("SOL", "150")
        for terminal in (late, prices_alone):
            await terminal.until(lambda terminal=terminal: terminal.mirror.prices)
        assert (len(errors(late)), len(errors(prices_alone))) == (1, 0)


async def test_a_new_wallet_is_refused_while_the_log_cannot_be_written(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, _):
        terminal = await Terminal(relay).open()
        tables(relay)._database.execute("PRAGMA query_only=ON")
        wanted = await terminal.want((), WALLETS[:1])
        assert [(one.code, one.retryable) for one in wanted.refused] == [("busy", True)]
        tables(relay)._database.execute("PRAGMA query_only=OFF")
        assert not (await terminal.want((), WALLETS[:1])).refused


async def test_a_log_that_cannot_be_read_closes_who_needs_it_and_nobody_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path) as (relay, engine):
        well = await Terminal(relay).open()
        await well.want(["SOL"], WALLETS[:1])
        away = await Terminal(relay).open()
        await away.want((), WALLETS[:1])
        await away.abort()
        engine.transaction(WALLETS[0])
        await well.until(well.transactions)
        tables(relay)._database.execute("UPDATE transactions SET event = 'x'")
        back = await Terminal(relay, mirror=away.mirror).open()
        await back.send(Want(1, (), WALLETS[:1], back.mirror.since))
        assert (await back.end())[0] == 1011
        assert "cannot be read: transaction 1 is damaged" in caplog.text
        assert [reason for reason in relay.unready() if "transaction 1 is damaged" in reason]
        engine.price("SOL", "150")
        await well.until(lambda: well.mirror.prices)


async def test_what_was_not_written_when_the_relay_ends_is_fetched_at_the_next_start(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want((), WALLETS[:1])
        first = engine.transaction(WALLETS[0])
        await terminal.until(terminal.transactions)
        engine.checkpoints.verify({WALLETS[0]: Checkpoint(first, 1)})
        await eventually(lambda: saved(relay).verified is not None)
        await until_full(relay, engine, [])
        engine.checkpoints.verify(engine.checkpoints.newest(WALLETS))
    async with running(tmp_path) as (relay, engine):
        await (await Terminal(relay).open()).want((), WALLETS[:1])
        (checkpoint,) = engine.checkpoints.of(WALLETS[:1]).values()
        assert (checkpoint.signature, checkpoint.slot) == (first, 1)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Writing]:
    found = Writing(tmp_path)
    yield found
    found.log.close()


class Writing:
    """A writer of a log on a clock that a test moves."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.log = TransactionLog(folder, now=self.clock.time())
        self.checkpoints = Checkpoints()
        self.writer = OwnLog(self.log, self.checkpoints, self.clock)

    def break_log(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*arguments: object, **more: object) -> None:
            raise LogFailed("the log cannot be written: the disk is full")

        monkeypatch.setattr(self.log, "append", fail)


async def test_trouble_is_told_again_every_minute_and_not_with_every_try(
    bench: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        bench.break_log(patch)
        told = []
        for _ in range(int(2 * TOLD_AGAIN_AFTER)):
            told += bench.writer.write([transaction()] if not told else [])[1]
            await bench.clock.advance(TRIED_AGAIN_AFTER)
    assert len(told) == 2
    logged, _ = bench.writer.write([])
    assert [one.event.signature for one in logged] == ["s1"]
    assert bench.writer.trouble is None


async def test_what_waits_is_bounded_and_what_is_dropped_is_told_as_a_gap(
    bench: Writing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.log.follow("w", now=0.0)
    bench.checkpoints.watch("w", 0.0)
    with monkeypatch.context() as patch:
        bench.break_log(patch)
        many = [transaction(f"s{number}") for number in range(MOST_WAITING + 5)]
        told = bench.writer.write(many)[1]
        assert [one.kind for one in told] == [ErrorKind.SERVER, ErrorKind.GAP]
        assert bench.writer.waiting == MOST_WAITING
    await bench.clock.advance(2.0)
    # the dropped ones must be fetched at the next start, so no checkpoint after them may be kept
    bench.checkpoints.begin("w", Checkpoint("s9", 9), ())
    logged, _ = bench.writer.write([])
    assert logged[0].event.signature == "s5"
    bench.writer.close()
    bench.log.close()
    log = TransactionLog(tmp_path, now=0.0)
    found = log.follow("w", now=0.0)
    log.close()
    assert found is not None
    assert found[0].verified is None


def test_a_database_that_breaks_is_no_traceback(bench: Writing) -> None:
    bench.log._database.close()
    logged, told = bench.writer.write([transaction()])
    assert not logged
    assert "the log cannot be written" in told[0].message
    assert issubclass(sqlite3.ProgrammingError, sqlite3.Error)
