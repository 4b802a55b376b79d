from __future__ import annotations

from streamcore.providers.base import Checkpoint
from streamcore.streams.checkpoints import REMEMBERED, Checkpoints


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


def test_only_so_many_signatures_are_remembered_and_the_newest_are_among_them() -> None:
    checkpoints = watching("a")
    for number in range(REMEMBERED + 1):
        checkpoints.record("a", str(number), number, streamed=True)
    assert not checkpoints.record("a", str(REMEMBERED), REMEMBERED, streamed=True)
    assert not checkpoints.record("a", "1", 1, streamed=True)
    assert checkpoints.record("a", "0", 0, streamed=True)
