from __future__ import annotations

from streamcore.ledger import REMEMBERED, Ledger
from streamcore.providers.base import Anchor


def watching(*wallets: str) -> Ledger:
    ledger = Ledger()
    for wallet in wallets:
        ledger.watch(wallet, 5.0)
    return ledger


def test_a_transaction_is_new_once_for_each_wallet() -> None:
    ledger = watching("a", "b")
    assert [
        ledger.record("a", "s", 1, streamed=True),
        ledger.record("a", "s", 1, streamed=True),
        ledger.record("b", "s", 1, streamed=True),
    ] == [
        True,
        False,
        True,
    ]


def test_a_wallet_nobody_watches_has_no_news() -> None:
    ledger = watching("a")
    assert not ledger.record("b", "s", 1, streamed=True)
    ledger.forget("a")
    assert not ledger.record("a", "s", 1, streamed=True)


def test_the_newest_is_so_by_slot_not_by_arrival() -> None:
    ledger = watching("a")
    for signature, slot in (("s2", 20), ("s3", 30), ("s1", 10)):
        ledger.record("a", signature, slot, streamed=True)
    assert ledger.newest(["a"]) == {"a": Anchor("s3", 30)}


def test_of_one_slot_the_last_to_come_is_the_newest() -> None:
    ledger = watching("a")
    for signature in ("s1", "s2"):
        ledger.record("a", signature, 10, streamed=True)
    assert ledger.newest(["a"]) == {"a": Anchor("s2", 10)}


def test_a_wallet_of_which_nothing_is_known_starts_at_the_moment_it_was_watched() -> None:
    (anchor,) = watching("a").anchors(["a", "stranger"]).values()
    assert (anchor.since, anchor.signature) == (5.0, "")


def test_what_the_stream_tells_verifies_nothing() -> None:
    ledger = watching("a")
    ledger.begin("a", Anchor("s1", 10), ["s1"])
    ledger.record("a", "s3", 30, streamed=True)
    assert ledger.anchors(["a"]) == {"a": Anchor("s1", 10)}
    assert "s3" in ledger.anchors(["a"])["a"].known


def test_a_complete_fetch_moves_the_start_to_what_was_newest_when_it_began() -> None:
    ledger = watching("a", "b")
    ledger.begin("a", Anchor("s1", 10), ["s1"])
    ledger.record("a", "s2", 20, streamed=True)
    told = ledger.newest(["a", "b", "stranger"])
    ledger.record("a", "s3", 30, streamed=True)
    ledger.verify({**told, "stranger": Anchor("x", 1)})
    assert ledger.anchors(["a"]) == {"a": Anchor("s2", 20)}


def test_history_is_not_news_when_a_fetch_comes_across_it_again() -> None:
    ledger = watching("a")
    ledger.begin("a", Anchor("s2", 20), ("s2", "s1"))
    assert not ledger.record("a", "s1", 10, streamed=False)
    assert not ledger.record("a", "s2", 20, streamed=False)
    assert ledger.record("a", "s3", 30, streamed=False)


def test_what_the_stream_tells_is_news_although_a_late_fetch_took_it_for_history() -> None:
    ledger = watching("a")
    ledger.begin("a", Anchor("s2", 20), ("s2", "s1"))
    assert ledger.record("a", "s2", 20, streamed=True)
    assert not ledger.record("a", "s2", 20, streamed=False)


def test_the_way_a_transaction_came_does_not_make_it_new_again() -> None:
    ledger = watching("a")
    assert ledger.record("a", "s", 1, streamed=False)
    assert not ledger.record("a", "s", 1, streamed=True)


def test_a_second_beginning_changes_nothing() -> None:
    ledger = watching("a")
    ledger.begin("a", Anchor("s1", 10), ["s1"])
    ledger.begin("a", Anchor("s9", 90), ["s9"])
    assert ledger.anchors(["a"]) == {"a": Anchor("s1", 10)}
    assert ledger.record("a", "s9", 90, streamed=False)


def test_a_late_beginning_does_not_take_the_newest_back() -> None:
    ledger = watching("a")
    ledger.record("a", "s3", 30, streamed=True)
    ledger.begin("a", Anchor("s1", 10), ["s1"])
    assert ledger.newest(["a"]) == {"a": Anchor("s3", 30)}
    assert ledger.anchors(["a"]) == {"a": Anchor("s1", 10)}


def test_a_beginning_of_a_wallet_nobody_watches_any_more_is_ignored() -> None:
    ledger = watching()
    ledger.begin("a", Anchor("s", 1), ())
    assert ledger.anchors(["a"]) == {}


def test_watching_again_does_not_forget() -> None:
    ledger = watching("a")
    ledger.record("a", "s", 1, streamed=True)
    ledger.watch("a", 9.0)
    assert not ledger.record("a", "s", 1, streamed=True)


def test_forgetting_and_watching_again_starts_over() -> None:
    ledger = watching("a")
    ledger.record("a", "s", 1, streamed=True)
    ledger.forget("a")
    ledger.watch("a", 9.0)
    assert ledger.anchors(["a"])["a"].since == 9.0
    assert ledger.record("a", "s", 1, streamed=True)


def test_forgetting_a_stranger_is_no_error() -> None:
    watching().forget("a")


def test_the_wallets_come_in_the_order_they_were_added() -> None:
    ledger = watching("c", "a", "b")
    assert list(ledger.wallets) == ["c", "a", "b"]
    assert "a" in ledger.wallets


def test_only_so_many_signatures_are_remembered_and_the_newest_are_among_them() -> None:
    ledger = watching("a")
    for number in range(REMEMBERED + 1):
        ledger.record("a", str(number), number, streamed=True)
    assert not ledger.record("a", str(REMEMBERED), REMEMBERED, streamed=True)
    assert not ledger.record("a", "1", 1, streamed=True)
    assert ledger.record("a", "0", 0, streamed=True)
