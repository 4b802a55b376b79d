"""The copy of the stream of transactions: what is in it, and when its offsets may grow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from manual_clock import ManualClock
from sample_events import price, transaction

from streamcore.cluster.copied_transactions import CopiedTransactions
from streamcore.cluster.log_copy import LogCopy, epoch_of
from streamcore.cluster.messages import WalletRecord
from streamcore.cluster.nats_session import Batch, Stored, StreamFacts
from streamcore.cluster.wallet_records import WalletRecords
from streamcore.events import WalletTransaction
from streamcore.json_lines import to_json
from streamcore.relay.log import LogFailed

CREATED = "2026-11-28T12:00:00.123456789Z"


class Bench:
    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.tables = CopiedTransactions(folder, now=0.0)
        self.records = WalletRecords()
        self.told: list[WalletTransaction] = []
        self.copy = LogCopy(self.tables, self.records, self.clock)
        self.copy.tell = self.told.append

    def read(self, *messages: tuple[int, str], is_last: bool = True) -> None:
        stored = [
            Stored("st.v1.tx.w", number, to_json(transaction(signature, slot=number)))
            for number, signature in messages
        ]
        self.copy.arrived(Batch(stored, is_last))

    @property
    def signatures(self) -> list[tuple[int, str]]:
        found, _ = self.copy.after(0, ["w"], most=99, most_bytes=1 << 20)
        return [(one.offset, one.event.signature) for one in found]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    found = Bench(tmp_path)
    yield found
    found.tables.close()


def test_it_has_the_offsets_of_the_stream_and_goes_on_where_it_ended(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert bench.copy.begin(StreamFacts(CREATED, 1, 9)) == 0
    bench.read((1, "a"), (2, "b"), is_last=False)
    assert not bench.copy.is_current
    bench.read((9, "c"))
    assert bench.copy.is_current
    bench.tables.close()
    again = Bench(tmp_path)
    assert again.copy.begin(StreamFacts(CREATED, 1, 12)) == 9
    assert again.signatures == [(1, "a"), (2, "b"), (9, "c")]
    again.tables.close()


def test_another_stream_of_that_name_begins_another_epoch(bench: Bench) -> None:
    bench.copy.begin(StreamFacts(CREATED, 1, 2))
    bench.read((1, "a"), (2, "b"))
    before = bench.copy.epoch
    other = StreamFacts("2026-11-29T00:00:00Z", 0, 0)
    assert bench.copy.begin(other) == 0
    assert bench.copy.epoch == epoch_of(other) != before
    assert bench.signatures == []
    assert not bench.copy.reaches_back(before, 2, [])


@pytest.mark.parametrize("facts", [StreamFacts(CREATED, 40, 50), StreamFacts(CREATED, 1, 1)])
def test_a_stream_that_does_not_reach_its_end_is_copied_from_its_beginning(
    bench: Bench, facts: StreamFacts
) -> None:
    bench.copy.begin(StreamFacts(CREATED, 1, 2))
    bench.read((1, "a"), (2, "b"))
    assert bench.copy.begin(facts) == facts.first - 1
    assert bench.copy.pruned_to == facts.first - 1
    assert bench.signatures == []


def test_offsets_that_the_stream_has_lost_are_no_place_to_go_on_from(bench: Bench) -> None:
    bench.copy.begin(StreamFacts(CREATED, 1, 5))
    bench.read((1, "a"), (5, "b"))
    bench.copy.begin(StreamFacts(CREATED, 1, 3))  # after a power cut
    bench.read((1, "a"))
    assert [bench.copy.reaches_back(bench.copy.epoch, offset, []) for offset in (3, 4, 5, 6)] == [
        True,
        False,
        False,
        True,
    ]


def test_a_transaction_that_comes_twice_is_there_once_however_late(bench: Bench) -> None:
    bench.copy.begin(StreamFacts(CREATED, 1, 1))
    bench.read((1, "a"))
    bench.copy.open()
    bench.read((2, "a"))
    assert bench.copy.write([]) == ([], [])
    assert bench.copy.offset == 2
    assert bench.signatures == [(1, "a")]


def test_while_terminals_are_there_it_grows_in_write_alone(bench: Bench) -> None:
    bench.copy.begin(StreamFacts(CREATED, 0, 0))
    bench.read()
    bench.copy.open()
    bench.read((1, "a"), (2, "b"))
    assert [event.signature for event in bench.told] == ["a", "b"]
    assert (bench.copy.offset, bench.copy.waiting) == (0, 2)
    logged, _ = bench.copy.write(bench.told)
    assert [(one.offset, one.event.signature) for one in logged] == [(1, "a"), (2, "b")]
    assert (bench.copy.offset, bench.copy.waiting) == (2, 0)


async def test_a_full_disk_holds_them_back_says_so_and_loses_none(bench: Bench) -> None:
    bench.copy.begin(StreamFacts(CREATED, 0, 0))
    bench.read()
    bench.copy.open()
    bench.tables._database.execute("PRAGMA query_only=ON")
    bench.read((1, "a"))
    logged, (error,) = bench.copy.write([])
    assert logged == []
    assert "held back" in error.message
    assert bench.copy.trouble is not None
    bench.tables._database.execute("PRAGMA query_only=OFF")
    assert bench.copy.write([]) == ([], [])  # not tried again at once
    await bench.clock.advance(1.0)
    logged, _ = bench.copy.write([])
    assert [one.event.signature for one in logged] == ["a"]
    assert bench.copy.trouble is None


def test_what_cannot_be_read_is_passed_over(bench: Bench) -> None:
    bench.copy.begin(StreamFacts(CREATED, 1, 2))
    bench.copy.arrived(Batch([Stored("st.v1.tx.w", 1, b"nonsense")], is_last=False))
    bench.read((2, "b"))
    assert bench.signatures == [(2, "b")]


def test_a_terminal_that_is_ahead_of_it_has_missed_nothing(bench: Bench) -> None:
    bench.copy.begin(StreamFacts(CREATED, 1, 5))
    bench.read((5, "a"))
    epoch = bench.copy.epoch
    assert not bench.copy.reaches_back(epoch, 6, ["w"])
    bench.records.take("w", WalletRecord(epoch=epoch, covered_from=4, followed_until=0.0, watched_at=0.0), 1)
    assert bench.copy.reaches_back(epoch, 6, ["w"])
    assert bench.copy.reaches_back(epoch, 4, ["w"])
    assert not bench.copy.reaches_back(epoch, 3, ["w"])


def test_what_does_not_belong_into_the_stream_is_passed_over_and_the_rest_is_read(bench: Bench) -> None:
    bench.copy.begin(StreamFacts(CREATED, 1, 9))
    stored = [
        Stored("st.v1.tx.w", 1, to_json(transaction("too much", slot=2**64))),
        Stored("st.v1.tx.w", 2, to_json(transaction("made up", demo=True))),
        Stored("st.v1.tx.x", 3, to_json(transaction("of another wallet"))),
        Stored("st.v1.tx.w", 4, to_json(transaction("too long", error="e" * 70_000))),
        Stored("st.v1.tx.w", 5, to_json(price())),
        Stored("st.v1.tx.w", 6, b"\xff"),
        Stored("st.v1.tx.w", 7, to_json(transaction("good"))),
    ]
    bench.copy.arrived(Batch(stored, is_last=True))
    assert bench.signatures == [(7, "good")]
    assert bench.copy.offset == 7


def test_a_transaction_of_a_type_that_only_a_newer_leader_knows_is_copied(bench: Bench) -> None:
    line = to_json(transaction("sig", slot=1)).replace(b'"received"', b'"stolen"')
    bench.copy.arrived(Batch([Stored("st.v1.tx.w", 1, line)], is_last=True))
    assert bench.signatures == [(1, "sig")]


def test_a_copy_that_is_damaged_is_begun_anew_and_the_old_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / "copy").write_bytes(b"no database" * 1000)
    tables = CopiedTransactions.opened(tmp_path, now=0.0, file="copy")
    assert tables.offset == 0
    tables.close()
    assert (tmp_path / "copy.damaged").read_bytes() == b"no database" * 1000


def test_a_copy_that_another_relay_uses_is_left_alone(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(LogFailed, match="another relay uses it"):
        CopiedTransactions.opened(tmp_path, now=0.0, file="relay.sqlite3")
    assert list(tmp_path.glob("*.damaged")) == []


def test_a_copy_that_cannot_be_read_any_more_is_begun_anew_in_the_next_session(bench: Bench) -> None:
    facts = StreamFacts(CREATED, 1, 2)
    bench.copy.begin(facts)
    bench.read((1, "a"), (2, "b"))
    bench.tables._database.execute("UPDATE transactions SET event = 7 WHERE offset = 1")
    with pytest.raises(LogFailed):
        bench.copy.after(0, ["w"], most=9, most_bytes=9999)
    assert "cannot be read" in (bench.copy.unreadable or "")
    assert bench.copy.begin(facts) == 0
    assert bench.copy.unreadable is None
    bench.read((1, "a"), (2, "b"))
    assert bench.signatures == [(1, "a"), (2, "b")]
