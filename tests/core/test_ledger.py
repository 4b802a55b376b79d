from __future__ import annotations

from streamcore.ledger import REMEMBERED, Ledger
from streamcore.providers.base import Anchor


def watching(*wallets: str) -> Ledger:
    ledger = Ledger()
    for wallet in wallets:
        ledger.watch(wallet)
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


def test_the_anchor_is_the_newest_transaction_by_slot_not_by_arrival() -> None:
    ledger = watching("a")
    for signature, slot in (("s1", 10), ("s3", 30), ("s2", 20)):
        assert ledger.record("a", signature, slot, streamed=True)
    assert ledger.anchors(["a"]) == {"a": Anchor("s3", 30)}


def test_of_one_slot_the_last_to_come_is_the_anchor() -> None:
    ledger = watching("a")
    ledger.record("a", "s1", 10, streamed=True)
    ledger.record("a", "s2", 10, streamed=True)
    assert ledger.anchors(["a"]) == {"a": Anchor("s2", 10)}


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


def test_while_a_gap_is_open_news_starts_where_the_gap_does() -> None:
    ledger = watching("a")
    ledger.record("a", "s1", 10, streamed=True)
    ledger.open_gap(["a", "stranger"])
    ledger.record("a", "s3", 30, streamed=True)
    assert ledger.anchors(["a"]) == {"a": Anchor("s1", 10)}
    ledger.close_gap(["a", "stranger"])
    assert ledger.anchors(["a"]) == {"a": Anchor("s3", 30)}


def test_a_second_interruption_does_not_shorten_an_open_gap() -> None:
    ledger = watching("a")
    ledger.record("a", "s1", 10, streamed=True)
    ledger.open_gap(["a"])
    ledger.record("a", "s3", 30, streamed=True)
    ledger.open_gap(["a"])
    assert ledger.anchors(["a"]) == {"a": Anchor("s1", 10)}


def test_a_wallet_without_a_past_has_no_gap() -> None:
    ledger = watching("a")
    ledger.open_gap(["a"])
    ledger.record("a", "s1", 10, streamed=True)
    assert ledger.anchors(["a"]) == {"a": Anchor("s1", 10)}


def test_a_late_beginning_does_not_take_the_anchor_back() -> None:
    ledger = watching("a")
    ledger.record("a", "s3", 30, streamed=True)
    ledger.begin("a", Anchor("s2", 20), ("s2",))
    assert ledger.anchors(["a"]) == {"a": Anchor("s3", 30)}


def test_a_beginning_of_a_wallet_nobody_watches_any_more_is_ignored() -> None:
    ledger = watching()
    ledger.begin("a", Anchor("s", 1), ())
    assert ledger.anchors(["a"]) == {}


def test_only_wallets_with_an_anchor_have_one() -> None:
    ledger = watching("a", "b")
    ledger.record("b", "s", 1, streamed=True)
    assert ledger.anchors(["a", "b", "stranger"]) == {"b": Anchor("s", 1)}


def test_watching_again_does_not_forget() -> None:
    ledger = watching("a")
    ledger.record("a", "s", 1, streamed=True)
    ledger.watch("a")
    assert not ledger.record("a", "s", 1, streamed=True)


def test_forgetting_and_watching_again_starts_over() -> None:
    ledger = watching("a")
    ledger.record("a", "s", 1, streamed=True)
    ledger.forget("a")
    ledger.watch("a")
    assert ledger.anchors(["a"]) == {}
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
