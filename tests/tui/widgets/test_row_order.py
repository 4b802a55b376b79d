"""Rows by number and by key."""

from __future__ import annotations

import pytest

from streamtui.widgets.row_order import ListedRows


def test_a_row_and_its_key_are_found_from_each_other() -> None:
    rows = ListedRows(["a", "b", "c"])
    assert [rows.row(key) for key in "abcx"] == [0, 1, 2, None]
    assert rows.key(1) == "b"
    assert rows.keys(1) == ["b", "c"]
    assert rows.keys(0, 2) == ["a", "b"]
    assert "c" in rows
    assert "x" not in rows
    assert len(rows) == 3


@pytest.mark.parametrize(
    ("others", "first"),
    [
        (["a", "b"], None),
        (["a", "c"], 1),
        (["x", "b"], 0),
        (["a", "b", "c"], 2),
        (["a"], 1),
        ([], 0),
    ],
)
def test_the_first_row_that_differs_is_known(others: list[str], first: int | None) -> None:
    assert ListedRows(["a", "b"]).first_difference(others) == first
