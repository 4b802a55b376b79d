"""When a transaction that cannot be shown is given up."""

from __future__ import annotations

from streamcore.providers.solana_rpc.failed_transactions import MOST_TRIES, FailedTransactions


def test_row_3_one_that_fails_while_others_are_shown_is_given_up_after_so_many_tries() -> None:
    failed = FailedTransactions()
    assert not failed.is_hopeless("odd")
    failed.shown("other")
    assert [failed.is_hopeless("odd") for _ in range(MOST_TRIES - 1)] == [False] * (MOST_TRIES - 2) + [True]


def test_row_3_while_the_node_shows_none_no_transaction_is_given_up() -> None:
    failed = FailedTransactions()
    failed.shown("before")
    assert not any(failed.is_hopeless("odd") for _ in range(5 * MOST_TRIES))


def test_one_that_was_shown_begins_anew() -> None:
    failed = FailedTransactions()
    for _ in range(MOST_TRIES):
        failed.is_hopeless("odd")
    failed.shown("odd")
    assert not failed.is_hopeless("odd")
