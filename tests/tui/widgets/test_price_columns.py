"""The columns that the price table can have."""

from __future__ import annotations

import pytest

from streamcore import PriceColumn
from streamcore.config.screen import DEFAULT_COLUMNS
from streamtui.model.price_order import PriceSort
from streamtui.widgets.columns import place
from streamtui.widgets.price_columns import MEANINGS, SORTS, columns_of


def test_every_column_has_a_title_a_meaning_and_an_order() -> None:
    assert [column.key for column in columns_of(PriceColumn)] == [column.value for column in PriceColumn]
    assert set(MEANINGS) == set(PriceColumn)
    assert set(SORTS) == {column.value for column in PriceColumn}
    assert set(SORTS.values()) == set(PriceSort) - {PriceSort.OWN}
    assert all(len(column.title.strip()) <= column.width for column in columns_of(PriceColumn))


@pytest.mark.parametrize("columns", [DEFAULT_COLUMNS, DEFAULT_COLUMNS[::-1], tuple(PriceColumn)])
def test_where_there_is_no_room_the_last_are_left_out_and_never_the_first(columns) -> None:
    for width in range(20, 220):
        shown = [placed.column.key for placed in place(columns_of(columns), width)]
        assert shown == [column.value for column in columns[: len(shown)]]
        assert shown
