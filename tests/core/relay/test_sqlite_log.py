from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import sample_events

from streamcore.events import WalletTransaction
from streamcore.providers.reports import Checkpoint
from streamcore.relay.log import KEEP, LogDamaged, LogFailed, Logged
from streamcore.relay.sqlite_log import FILE, PRUNED_AT_ONCE, RESUMED_WITHIN, TransactionLog
from streamcore.streams.checkpoints import SavedCheckpoint

NOW = 1_793_311_200.0


OPEN: list[TransactionLog] = []


@pytest.fixture(autouse=True)
def _closed_at_the_end() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


def log_in(folder: Path) -> TransactionLog:
    log = TransactionLog(folder, now=NOW)
    OPEN.append(log)
    return log


def after(log: TransactionLog, offset: int, wallets: Sequence[str], *, most: int) -> list[Logged]:
    """What follows an offset, however many bytes it has."""
    return log.after(offset, wallets, most=most, most_bytes=1 << 30)[0]


def told(number: int, wallet: str = "w", **more: object) -> WalletTransaction:
    return sample_events.transaction(f"s{number}", wallet=wallet, slot=number, ts=NOW, **more)


def test_each_transaction_has_its_offset_once_for_each_wallet(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    first = log.append([told(1), told(2), told(1)], now=NOW)
    again = log.append([told(2), told(2, "v")], now=NOW)
    logged = [*first, *again]
    assert [(one.event.signature, one.event.wallet) for one in logged] == [
        ("s1", "w"),
        ("s2", "w"),
        ("s2", "v"),
    ]
    offsets = [one.offset for one in logged]
    assert offsets == sorted(set(offsets))
    assert log.offset == offsets[-1]


def test_what_was_written_is_read_back_as_it_was(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    event = told(1, token_changes=(), counterparties=("a", "b"), counterparty=None)
    log.append([event], now=NOW)
    assert after(log, 0, ["w"], most=10) == [Logged(1, event)]


def test_only_the_wallets_asked_for_are_read_after_an_offset_and_no_more_than_asked(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.append([told(number, "wv"[number % 2]) for number in range(10)], now=NOW)
    assert [one.offset for one in after(log, 3, ["w"], most=2)] == [5, 7]
    assert after(log, 0, [], most=2) == []
    assert after(log, 0, ["stranger"], most=2) == []
    assert after(log, 10, ["w"], most=2) == []


def test_no_more_bytes_are_read_than_asked_for_but_one_transaction_always(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.append([told(number, summary="x" * 1000) for number in range(5)], now=0.0)
    found = []
    for most_bytes in (1, 2500, 9000):
        missed, is_all = log.after(0, ["w"], most=10, most_bytes=most_bytes)
        found.append((len(missed), is_all))
    assert found == [(1, False), (2, False), (5, True)]
    missed, is_all = log.after(0, ["w"], most=5, most_bytes=9000)
    assert (len(missed), is_all) == (5, False)


def test_a_log_that_is_opened_again_goes_on(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    epoch = log.epoch
    log.append([told(1)], now=NOW)
    log.close()
    again = log_in(tmp_path)
    assert (again.epoch, again.offset) == (epoch, 1)
    assert [one.event.signature for one in again.append([told(1), told(2)], now=NOW)] == ["s2"]
    assert again.offset > 1


def test_two_logs_have_two_epochs(tmp_path: Path) -> None:
    epochs = {log_in(tmp_path / name).epoch for name in "abc"}
    assert len(epochs) == 3
    assert all(len(epoch) == 8 and int(epoch, 16) >= 0 for epoch in epochs)


def test_offsets_are_never_used_again_after_pruning(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.append([told(1), told(2)], now=NOW)
    assert not log.prune(now=NOW + KEEP + 1)
    log.close()
    log = log_in(tmp_path)
    assert log.append([told(3)], now=NOW)[0].offset == 3


def test_what_is_old_or_beyond_the_most_is_pruned_in_small_steps(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.append([told(number) for number in range(PRUNED_AT_ONCE + 20)], now=NOW)
    assert log.prune(now=NOW, most=10)
    assert not log.prune(now=NOW, most=10)
    assert len(after(log, 0, ["w"], most=1000)) == 10
    assert not log.prune(now=NOW + KEEP + 1)
    assert after(log, 0, ["w"], most=1000) == []


def test_a_position_is_resumed_only_if_nothing_after_it_is_missing(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.follow("w", now=NOW)
    log.append([told(number) for number in range(1, 6)], now=NOW)
    log.follow("late", now=NOW)
    epoch = log.epoch
    assert log.reaches_back(epoch, 0, ["w"])
    assert log.reaches_back(epoch, 5, ["w", "late"])
    assert not log.reaches_back(epoch, 4, ["w", "late"])  # it was not followed then
    assert not log.reaches_back(epoch, 0, ["stranger"])
    assert not log.reaches_back("00000000", 0, ["w"])
    assert not log.reaches_back(epoch, 6, ["w"])  # of a log that was lost
    log.prune(now=NOW, most=3)
    assert log.reaches_back(epoch, 2, ["w"])
    assert not log.reaches_back(epoch, 1, ["w"])


def test_a_wallet_is_followed_on_from_its_checkpoint_after_a_restart(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    assert log.follow("w", now=NOW) is None
    saved = SavedCheckpoint(NOW, Checkpoint("s1", 1), frozenset({"old"}), 1)
    log.append([told(1), told(2)], {"w": saved}, now=NOW)
    log.close()
    log = log_in(tmp_path)
    assert log.follow("w", now=NOW + 100) == (saved, {"s1": 1, "s2": 2})
    assert log.reaches_back(log.epoch, 0, ["w"])


def test_what_may_be_missing_is_kept_until_it_has_been_told(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.follow("w", now=NOW)
    log.follow("v", now=NOW)
    saved = SavedCheckpoint(NOW, Checkpoint("", 90), unsure=(10, 90))
    log.append([told(1)], {"w": saved, "v": SavedCheckpoint(NOW, Checkpoint("", 5))}, now=NOW)
    log.close()
    again = log_in(tmp_path)
    for wallet, unsure in (("w", (10, 90)), ("v", None)):
        found = again.follow(wallet, now=NOW)
        assert found is not None
        assert found[0].unsure == unsure
    again.append([told(2)], {"w": SavedCheckpoint(NOW, Checkpoint("", 90))}, now=NOW)
    again.close()
    found = log_in(tmp_path).follow("w", now=NOW)
    assert found is not None
    assert found[0] == SavedCheckpoint(NOW, Checkpoint("", 90))


def test_a_log_of_before_there_was_a_place_for_what_may_be_missing_is_opened(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.follow("w", now=NOW)
    log._database.execute("DROP TABLE unsure")
    log.close()
    again = log_in(tmp_path)
    assert again.follow("w", now=NOW) is not None
    again.append([], {"w": SavedCheckpoint(NOW, Checkpoint("", 90), unsure=(10, 90))}, now=NOW)
    assert again.prune(now=NOW + 30 * RESUMED_WITHIN) is False
    assert again._database.execute("SELECT count(*) FROM unsure").fetchone()[0] == 0


def test_a_wallet_without_a_complete_fetch_starts_at_the_moment_it_was_watched(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.follow("w", now=NOW)
    log.append([], {"w": SavedCheckpoint(NOW - 5, None)}, now=NOW)
    log.close()
    assert log_in(tmp_path).follow("w", now=NOW + 100) == (SavedCheckpoint(NOW - 5, None), {})


def test_a_wallet_that_nobody_followed_for_a_day_begins_anew(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.follow("w", now=NOW)
    log.append([told(1)], {"w": SavedCheckpoint(NOW, Checkpoint("s1", 1))}, now=NOW)
    assert log.follow("w", now=NOW + RESUMED_WITHIN + 1) is None
    assert not log.reaches_back(log.epoch, 0, ["w"])
    log.still_followed(["w"], now=NOW + 3 * RESUMED_WITHIN)
    assert log.follow("w", now=NOW + 4 * RESUMED_WITHIN) is not None


def test_the_checkpoint_of_a_wallet_that_is_not_followed_is_not_kept(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.append([], {"stranger": SavedCheckpoint(NOW, Checkpoint("s1", 1))}, now=NOW)
    assert log.follow("stranger", now=NOW) is None


def test_a_checkpoint_that_has_not_changed_is_not_written_again(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.follow("w", now=NOW)
    saved = SavedCheckpoint(NOW, Checkpoint("s1", 1))
    log.append([], {"w": saved}, now=NOW)
    before = log.size
    log.append([], {"w": saved}, now=NOW)
    assert log.size == before


def test_nobody_else_can_read_the_log(tmp_path: Path) -> None:
    log = log_in(tmp_path / "state")
    log.append([told(1)], now=NOW)
    for path in (tmp_path / "state").iterdir():
        # in the lock there is nothing
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or path.name.startswith("relay.lock")
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_one_relay_at_a_time_uses_a_log(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    with pytest.raises(LogFailed, match="another relay uses it"):
        log_in(tmp_path)
    log.close()
    log_in(tmp_path).close()


def test_a_full_disk_writes_nothing_and_the_same_is_written_later(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.follow("w", now=NOW)
    log.append([told(0)], now=NOW)
    pages = log._database.execute("PRAGMA page_count").fetchone()[0]
    log._database.execute(f"PRAGMA max_page_count={pages}")  # as a disk that has no room for another page
    batch = [told(number, summary="x" * 900) for number in range(1, 200)]
    saved = {"w": SavedCheckpoint(NOW, Checkpoint("s9", 9))}
    with pytest.raises(LogFailed, match="full"):
        log.append(batch, saved, now=NOW)
    assert (log.offset, len(after(log, 0, ["w"], most=1000))) == (1, 1)
    log._database.execute("PRAGMA max_page_count=1000000")
    assert [one.offset for one in log.append(batch, saved, now=NOW)] == list(range(2, 201))
    log.close()
    found = log_in(tmp_path).follow("w", now=NOW)
    assert found is not None
    assert found[0] == saved["w"]


def test_a_log_of_a_newer_version_or_of_something_else_is_left_alone(tmp_path: Path) -> None:
    log_in(tmp_path).close()
    database = sqlite3.connect(tmp_path / FILE)
    database.execute("PRAGMA user_version=99")
    database.close()
    with pytest.raises(LogFailed, match="newer version"):
        log_in(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / FILE).write_bytes(b"no database" * 1000)
    with pytest.raises(LogFailed, match="cannot be used"):
        log_in(other)
    assert (other / FILE).read_bytes() == b"no database" * 1000
    with pytest.raises(LogFailed, match="cannot be used"):
        log_in(other)  # the first try has let go of it


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM about WHERE name = 'epoch'",
        "UPDATE about SET value = 'x' WHERE name = 'pruned_to'",
        "UPDATE wallets SET covered_from = 'x'",
        "UPDATE sqlite_sequence SET seq = 'x'",
    ],
)
def test_a_log_with_what_cannot_be_says_that_it_is_damaged_and_what_to_do(
    tmp_path: Path, damage: str
) -> None:
    log = log_in(tmp_path)
    log.follow("w", now=NOW)
    log.append([told(1)], now=NOW)
    log.close()
    database = sqlite3.connect(tmp_path / FILE)
    database.execute(damage)
    database.commit()
    database.close()
    with pytest.raises(LogDamaged, match=r"damaged .*: move it away, and the relay begins another"):
        log_in(tmp_path)
    (tmp_path / FILE).replace(tmp_path / "away")
    log_in(tmp_path)


def test_a_page_that_a_disk_has_lost_is_noticed_at_the_start(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.append([told(number, summary="x" * 500) for number in range(200)], now=NOW)
    log.checkpoint_file()
    log.close()
    content = bytearray((tmp_path / FILE).read_bytes())
    middle = len(content) // 8192 * 4096
    content[middle : middle + 4096] = bytes(4096)
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(LogDamaged, match="damaged"):
        log_in(tmp_path)


@pytest.mark.parametrize("damage", ["history = 5", "history = '['", "followed_until = 'x'"])
def test_a_damaged_checkpoint_is_a_sentence(tmp_path: Path, damage: str) -> None:
    log = log_in(tmp_path)
    log.follow("w", now=NOW)
    log._database.execute(f"UPDATE wallets SET {damage}")
    with pytest.raises(LogFailed):
        log.follow("w", now=NOW)


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LogFailed, match="cannot be opened"):
        log_in(tmp_path / "file" / "state")


def test_moving_into_the_main_file_loses_nothing(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.append([told(number) for number in range(100)], now=NOW)
    log.checkpoint_file()
    log.append([told(100)], now=NOW)
    assert len(after(log, 0, ["w"], most=1000)) == 101


def test_a_transaction_that_is_a_number_is_a_sentence(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.append([told(1)], now=NOW)
    log._database.execute("UPDATE transactions SET event = 7")
    with pytest.raises(LogFailed, match="cannot be read"):
        after(log, 0, ["w"], most=10)


def test_a_damaged_transaction_is_a_sentence(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.append([told(1)], now=NOW)
    log._database.execute("UPDATE transactions SET event = 'x'")
    with pytest.raises(LogFailed, match="transaction 1 is damaged"):
        after(log, 0, ["w"], most=10)
