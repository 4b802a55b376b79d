"""Names and values in one widget."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.content import Content
from textual_internals import count_as_painted, lines_of, waits_for_repaint

from streamtui.widgets.fact_sheet import FactSheet, sheet

FACTS = {"price": Content("150"), "age": Content("now"), "mint": Content("abcdefghij")}


def test_one_column_or_two_and_what_is_too_long_wraps_below_itself() -> None:
    assert sheet(FACTS, 18, columns=1).plain.splitlines() == [
        "price        150",
        "age          now",
        "mint         abcde",
        "             fghij",
    ]
    assert sheet(FACTS, 50, columns=2).plain.splitlines() == [
        "price        150          age          now",
        "mint         abcdefghij   ",
    ]


class Shown(App[None]):
    def compose(self) -> ComposeResult:
        yield FactSheet(FACTS, two_columns_from=60, id="facts")


async def test_it_is_drawn_again_only_when_a_value_has_changed() -> None:
    async with Shown().run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        facts = pilot.app.query_one(FactSheet)
        assert "150" in lines_of(pilot.app)[0]
        assert "now" in lines_of(pilot.app)[0]
        count_as_painted(facts)
        facts.show(dict(FACTS))
        assert not waits_for_repaint(facts)
        facts.show({**FACTS, "price": Content("151")})
        await pilot.pause()
        assert "151" in lines_of(pilot.app)[0]
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        await pilot.pause()  # its new text has another height
        assert facts.size.height == 3, "one column"
