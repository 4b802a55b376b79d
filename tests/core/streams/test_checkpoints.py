from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from streamcore.providers.reports import Checkpoint
from streamcore.providers.solana_rpc.history import OVERLAP_SLOTS
from streamcore.streams.checkpoints import (
    KEPT_SLOTS,
    MOST_REMEMBERED,
    SETTLED_SLOTS,
    Checkpoints,
    SavedCheckpoint,
)


def watching(*wallets: str) -> Checkpoints:
    checkpoints = Checkpoints()
    for wallet in wallets:
        checkpoints.watch(wallet, 5.0)
    return checkpoints


def test_a_transaction_is_new_once_for_each_wallet() -> None:
    checkpoints = watching("a", "b")
    assert [
        checkpoints.record("a", "s", 1, streamed=True),
        checkpoints.record("a", "s", 1, streamed=True),
        checkpoints.record("b", "s", 1, streamed=True),
    ] == [
        True,
        False,
        True,
    ]


def test_a_wallet_nobody_watches_has_no_news() -> None:
    checkpoints = watching("a")
    assert not checkpoints.record("b", "s", 1, streamed=True)
    checkpoints.forget("a")
    assert not checkpoints.record("a", "s", 1, streamed=True)


def test_the_newest_is_so_by_slot_not_by_arrival() -> None:
    checkpoints = watching("a")
    for signature, slot in (("s2", 20), ("s3", 30), ("s1", 10)):
        checkpoints.record("a", signature, slot, streamed=True)
    assert checkpoints.newest(["a"]) == {"a": Checkpoint("s3", 30)}


def test_of_one_slot_the_last_to_come_is_the_newest() -> None:
    checkpoints = watching("a")
    for signature in ("s1", "s2"):
        checkpoints.record("a", signature, 10, streamed=True)
    assert checkpoints.newest(["a"]) == {"a": Checkpoint("s2", 10)}


def test_a_wallet_of_which_nothing_is_known_starts_at_the_moment_it_was_watched() -> None:
    (checkpoint,) = watching("a").of(["a", "stranger"]).values()
    assert (checkpoint.since, checkpoint.signature) == (5.0, "")


def test_what_the_stream_tells_verifies_nothing() -> None:
    checkpoints = watching("a")
    checkpoints.begin("a", Checkpoint("s1", 10), ["s1"])
    checkpoints.record("a", "s3", 30, streamed=True)
    assert checkpoints.of(["a"]) == {"a": Checkpoint("s1", 10)}
    assert "s3" in checkpoints.of(["a"])["a"].known


def test_a_complete_fetch_moves_the_start_to_what_was_newest_when_it_began() -> None:
    checkpoints = watching("a", "b")
    checkpoints.begin("a", Checkpoint("s1", 10), ["s1"])
    checkpoints.record("a", "s2", 20, streamed=True)
    told = checkpoints.newest(["a", "b", "stranger"])
    checkpoints.record("a", "s3", 30, streamed=True)
    checkpoints.verify({**told, "stranger": Checkpoint("x", 1)})
    assert checkpoints.of(["a"]) == {"a": Checkpoint("s2", 20)}


def test_a_fetch_under_way_moves_the_start_as_far_as_nothing_can_be_missing_any_more() -> None:
    checkpoints = watching("a")
    checkpoints.begin("a", Checkpoint("s1", 10), ["s1"])
    checkpoints.record("a", "s2", 1000, streamed=True)
    newest = checkpoints.newest(["a"])["a"]
    starts = []
    for slot in (9, 500, 400, 1000 - SETTLED_SLOTS + 1, 5000):
        checkpoints.advance("a", slot, newest)
        starts.append(checkpoints.of(["a"])["a"].slot)
    assert starts == [10, 500, 500, 1000 - SETTLED_SLOTS, 1000 - SETTLED_SLOTS]
    assert "s2" in checkpoints.of(["a"])["a"].known
    assert not checkpoints.record("a", "s2", 1000, streamed=False)


def test_a_fetch_under_way_moves_no_start_before_it_is_known_where_news_begins() -> None:
    checkpoints = watching("a")
    checkpoints.record("a", "s2", 1000, streamed=True)
    checkpoints.advance("a", 500, checkpoints.newest(["a"])["a"])
    checkpoints.advance("stranger", 500, checkpoints.newest(["a"])["a"])
    assert checkpoints.of(["a"])["a"].since == 5.0
    assert checkpoints.of(["stranger"]) == {}


def test_history_is_not_news_when_a_fetch_comes_across_it_again() -> None:
    checkpoints = watching("a")
    checkpoints.begin("a", Checkpoint("s2", 20), ("s2", "s1"))
    assert not checkpoints.record("a", "s1", 10, streamed=False)
    assert not checkpoints.record("a", "s2", 20, streamed=False)
    assert checkpoints.record("a", "s3", 30, streamed=False)


def test_what_the_stream_tells_is_news_although_a_late_fetch_took_it_for_history() -> None:
    checkpoints = watching("a")
    checkpoints.begin("a", Checkpoint("s2", 20), ("s2", "s1"))
    assert checkpoints.record("a", "s2", 20, streamed=True)
    assert not checkpoints.record("a", "s2", 20, streamed=False)


def test_the_way_a_transaction_came_does_not_make_it_new_again() -> None:
    checkpoints = watching("a")
    assert checkpoints.record("a", "s", 1, streamed=False)
    assert not checkpoints.record("a", "s", 1, streamed=True)


def test_a_second_beginning_changes_nothing() -> None:
    checkpoints = watching("a")
    checkpoints.begin("a", Checkpoint("s1", 10), ["s1"])
    checkpoints.begin("a", Checkpoint("s9", 90), ["s9"])
    assert checkpoints.of(["a"]) == {"a": Checkpoint("s1", 10)}
    assert checkpoints.record("a", "s9", 90, streamed=False)


def test_a_late_beginning_does_not_take_the_newest_back() -> None:
    checkpoints = watching("a")
    checkpoints.record("a", "s3", 30, streamed=True)
    checkpoints.begin("a", Checkpoint("s1", 10), ["s1"])
    assert checkpoints.newest(["a"]) == {"a": Checkpoint("s3", 30)}
    assert checkpoints.of(["a"]) == {"a": Checkpoint("s1", 10)}


def test_a_beginning_of_a_wallet_nobody_watches_any_more_is_ignored() -> None:
    checkpoints = watching()
    checkpoints.begin("a", Checkpoint("s", 1), ())
    assert checkpoints.of(["a"]) == {}


def test_watching_again_does_not_forget() -> None:
    checkpoints = watching("a")
    checkpoints.record("a", "s", 1, streamed=True)
    checkpoints.watch("a", 9.0)
    assert not checkpoints.record("a", "s", 1, streamed=True)


def test_forgetting_and_watching_again_starts_over() -> None:
    checkpoints = watching("a")
    checkpoints.record("a", "s", 1, streamed=True)
    checkpoints.forget("a")
    checkpoints.watch("a", 9.0)
    assert checkpoints.of(["a"])["a"].since == 9.0
    assert checkpoints.record("a", "s", 1, streamed=True)


def test_forgetting_a_stranger_is_no_error() -> None:
    watching().forget("a")


def test_the_wallets_come_in_the_order_they_were_added() -> None:
    checkpoints = watching("c", "a", "b")
    assert list(checkpoints.wallets) == ["c", "a", "b"]
    assert "a" in checkpoints.wallets


def bytes_held(make: Callable[[], Checkpoints]) -> tuple[Checkpoints, int]:
    tracemalloc.start()
    try:
        checkpoints = make()
        return checkpoints, tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_without_a_check_only_so_many_signatures_are_remembered_and_none_is_told_twice() -> None:
    checkpoints = watching("a")
    for number in range(MOST_REMEMBERED + 5):
        assert checkpoints.record("a", str(number), number, streamed=True)
    assert MOST_REMEMBERED * 0.9 < len(checkpoints._records["a"].reported) <= MOST_REMEMBERED
    for number in (0, 4, 5, MOST_REMEMBERED + 4):
        assert not checkpoints.record("a", str(number), number, streamed=number % 2 == 0)


def test_what_fills_a_long_gap_is_news_although_the_stream_has_told_something_later_before() -> None:
    checkpoints = watching("a")
    checkpoints.begin("a", Checkpoint("h", 1), ["h"])
    assert checkpoints.record("a", "live", 50_000, streamed=True)
    for slot in range(2, MOST_REMEMBERED + 1000):
        assert checkpoints.record("a", str(slot), slot, streamed=False)
    assert not checkpoints.record("a", "live", 50_000, streamed=False)


def test_where_more_happens_than_is_remembered_the_start_follows_and_what_may_be_missing_is_said_once() -> (
    None
):
    checkpoints = watching("a", "b")
    checkpoints.begin("a", Checkpoint("h", 7), ["h"])
    for slot in range(8, 2 * MOST_REMEMBERED):
        checkpoints.record("a", str(slot), slot, streamed=True)
    start = checkpoints.of(["a"])["a"].slot
    assert MOST_REMEMBERED * 0.9 <= 2 * MOST_REMEMBERED - start <= MOST_REMEMBERED + 1
    assert checkpoints.taken_unsure(["a", "b", "stranger"]) == {"a": (7, start)}
    assert checkpoints.taken_unsure(["a"]) == {}
    assert not checkpoints.record("a", "left out", start, streamed=False)
    assert checkpoints.record("a", "later", start + 1, streamed=False)


@pytest.mark.long
def test_what_may_be_missing_is_said_by_the_next_run_if_this_one_did_not_come_to_it() -> None:
    checkpoints = watching("a", "b")
    checkpoints.begin("a", Checkpoint("h", 7), ["h"])
    for slot in range(8, 2 * MOST_REMEMBERED):
        checkpoints.record("a", str(slot), slot, streamed=True)
    start = checkpoints.of(["a"])["a"].slot
    later = Checkpoints()
    for wallet, saved in checkpoints.saved().items():
        later.restore(wallet, saved, {})
    assert later.taken_unsure(["a", "b"]) == {"a": (7, start)}
    assert later.saved()["a"].unsure is None


def test_what_may_be_missing_is_said_too_where_no_fetch_has_found_the_beginning() -> None:
    checkpoints = watching("a")
    for slot in range(8, 2 * MOST_REMEMBERED):
        checkpoints.record("a", str(slot), slot, streamed=True)
    ((after, before),) = checkpoints.taken_unsure(["a"]).values()
    assert after == 8
    assert before > MOST_REMEMBERED * 0.9
    assert not checkpoints.record("a", "left out by the stream", before, streamed=False)


@pytest.mark.long
def test_a_hundred_busy_wallets_hold_little_and_a_poll_copies_nothing() -> None:
    """Fault 7: 158 MiB for 100 wallets of 10,000 signatures, and 130 ms for a copy of them at every poll."""
    wallets = [f"wallet {number}" for number in range(100)]

    def follow() -> Checkpoints:
        checkpoints = watching(*wallets)
        for wallet in wallets:
            checkpoints.begin(wallet, Checkpoint("s", 1), ["s"])
        for slot in range(2000):
            for wallet in wallets:
                checkpoints.record(wallet, f"{wallet} {slot}".ljust(88), slot, streamed=True)
            if slot % 300 == 0:
                checkpoints.verify(checkpoints.newest(wallets))
        return checkpoints

    checkpoints, held = bytes_held(follow)
    assert held < 25 * 2**20
    found, copied = [], 0
    tracemalloc.start()
    try:
        found.append(checkpoints.of(wallets))
        copied = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert copied < 100 * 1024
    assert "wallet 7 1999".ljust(88) in found[0]["wallet 7"].known


def test_what_no_gap_can_need_any_more_is_forgotten_and_still_not_told_twice() -> None:
    checkpoints = watching("a")
    checkpoints.begin("a", Checkpoint("h", 1), ["h"])
    for slot in range(2, 5000):
        checkpoints.record("a", str(slot), slot, streamed=True)
    checkpoints.verify(checkpoints.newest(["a"]))
    assert len(checkpoints._records["a"].reported) == KEPT_SLOTS
    for signature, slot in (("h", 1), ("7", 7), ("4999", 4999)):
        assert not checkpoints.record("a", signature, slot, streamed=False)


def test_what_a_fetch_may_look_back_at_is_remembered() -> None:
    checkpoints = watching("a")
    checkpoints.begin("a", Checkpoint("h", 1000), ["h"])
    for slot in range(1001, 3000):
        checkpoints.record("a", str(slot), slot, streamed=True)
    checkpoints.verify(checkpoints.newest(["a"]))
    (checkpoint,) = checkpoints.of(["a"]).values()
    looked_at = range(checkpoint.slot - OVERLAP_SLOTS, 3000)
    assert all(str(slot) in checkpoint.known for slot in looked_at)


def test_a_check_that_ends_late_takes_nothing_back() -> None:
    checkpoints = watching("a")
    checkpoints.begin("a", Checkpoint("s1", 10), ["s1"])
    checkpoints.verify({"a": Checkpoint("s3", 30)})
    checkpoints.verify({"a": Checkpoint("s2", 20)})
    assert checkpoints.of(["a"]) == {"a": Checkpoint("s3", 30)}


def test_what_is_recorded_while_a_fetch_runs_is_known_to_it() -> None:
    checkpoints = watching("a")
    (checkpoint,) = checkpoints.of(["a"]).values()
    checkpoints.record("a", "s", 1, streamed=True)
    assert "s" in checkpoint.known
    assert checkpoints.is_reported("a", "s")
    assert not checkpoints.is_reported("a", "t")
    assert not checkpoints.is_reported("b", "s")


def test_a_restored_wallet_goes_on_where_the_last_run_ended() -> None:
    before = watching("a")
    before.begin("a", Checkpoint("s1", 1000), ["old"])
    for number in (1001, 1002):
        before.record("a", f"s{number}", number, streamed=True)
    before.verify({"a": Checkpoint("s1001", 1001)})
    after = Checkpoints()
    after.restore("a", before.saved()["a"], {"s1002": 1002, "s1001": 1001})
    (checkpoint,) = after.of(["a"]).values()
    assert (checkpoint.signature, checkpoint.slot, checkpoint.since) == ("s1001", 1001, None)
    assert "s1002" in checkpoint.known
    assert after.newest(["a"]) == before.newest(["a"])
    assert [
        after.record("a", signature, slot, streamed=False)
        for signature, slot in (("s1002", 1002), ("old", 999), ("s1003", 1003))
    ] == [False, False, True]


@pytest.mark.parametrize(
    ("reported", "newest"),
    [({}, Checkpoint("", 1000)), ({"s1": 1000}, Checkpoint("s1", 1000)), ({"s0": 999}, Checkpoint("", 1000))],
)
def test_the_newest_of_a_restored_wallet_is_what_was_told_last_but_nothing_before_its_checkpoint(
    reported: dict[str, int], newest: Checkpoint
) -> None:
    after = Checkpoints()
    after.restore("a", SavedCheckpoint(5.0, Checkpoint("", 1000)), reported)
    assert after.newest(["a"]) == {"a": newest}


def test_a_restored_wallet_without_a_complete_fetch_starts_when_it_was_first_watched() -> None:
    after = Checkpoints()
    after.restore("a", watching("a").saved()["a"], {})
    after.watch("a", 99.0)
    (checkpoint,) = after.of(["a"]).values()
    assert checkpoint.since == 5.0


def test_restoring_a_wallet_that_is_watched_changes_nothing() -> None:
    checkpoints = watching("a")
    checkpoints.record("a", "s1", 1, streamed=True)
    checkpoints.restore("a", SavedCheckpoint(0.0, Checkpoint("s9", 9)), {})
    assert checkpoints.newest(["a"]) == {"a": Checkpoint("s1", 1)}


def test_before_the_first_complete_check_news_begins_with_what_the_stream_has_told() -> None:
    checkpoints = Checkpoints()
    checkpoints.watch("wallet", 1000.7)
    assert checkpoints.of(["wallet"])["wallet"].slot == 0
    checkpoints.record("wallet", "second", 52, streamed=True)
    checkpoints.record("wallet", "first", 51, streamed=True)
    found = checkpoints.of(["wallet"])["wallet"]
    assert (found.slot, found.since) == (51, 1000.7)
    # the chain's times are whole seconds: in the second in which watching began only the slot tells
    assert found.is_news(51, 1000)
    assert found.is_news(53, None)
    assert not found.is_news(50, 1000)
    assert found.is_news(50, 1001)
