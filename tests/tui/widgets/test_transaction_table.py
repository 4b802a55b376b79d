"""The table of the transactions: its rows, and following the newest."""

from __future__ import annotations

from stage import on_stage

from streamtui.model.transaction_list import CAPACITY
from streamtui.widgets.transaction_table import TransactionTable


async def test_of_a_full_list_only_the_rows_in_view_are_made_into_cells() -> None:
    async with on_stage() as stage:
        table = stage.app.screen.query_one(TransactionTable)
        made: list[str] = []
        cells_of = table.cells_of
        table.cells_of = lambda key: (made.append(key), cells_of(key))[1]  # type: ignore[method-assign]
        for number in range(CAPACITY):
            stage.app.session.transactions.add(stage.transaction(1, slot=number, signature=f"s{number}"))
        await stage.pass_time(1.0)
        assert table.row_count == CAPACITY
        assert len(made) <= 2 * table.size.height
        made.clear()
        await stage.tell(stage.transaction(1, slot=CAPACITY, signature="newest"))
        assert len(made) == 1


async def test_a_reader_who_moved_away_is_told_of_new_rows_and_sees_none_move() -> None:
    async with on_stage() as stage:
        await stage.tell(*(stage.transaction(number) for number in range(1, 60)))
        await stage.press("tab", "j")
        table = stage.app.screen.query_one(TransactionTable)
        shown = table.in_view()
        assert len(shown) > 10
        await stage.tell(stage.transaction(60), stage.transaction(61))
        assert "2 new above" in stage.line("TRANSACTIONS")
        assert table.in_view() == shown
        assert "s059" in stage.lines()[stage.lines().index(stage.line("TIME")) + 1]
        await stage.press("g")
        assert "new above" not in stage.text()
        await stage.tell(stage.transaction(62))
        assert "new above" not in stage.text()
        assert table.cursor == table.order[0] == table.in_view()[0]


async def test_newest_last_has_the_new_rows_below() -> None:
    async with on_stage() as stage:
        await stage.tell(*(stage.transaction(number) for number in range(1, 6)))
        await stage.press("tab", "o", "k")
        selected = stage.app.screen.query_one(TransactionTable).cursor
        await stage.tell(stage.transaction(6), stage.transaction(7))
        assert "2 new below" in stage.line("TRANSACTIONS")
        assert stage.app.screen.query_one(TransactionTable).cursor == selected
        await stage.press("G")
        assert "new below" not in stage.text()
        await stage.tell(stage.transaction(8))
        assert "new below" not in stage.text()


async def test_choosing_another_selection_makes_no_row_new() -> None:
    async with on_stage() as stage:
        await stage.tell(*(stage.transaction(number) for number in range(1, 9)))
        await stage.press("tab", "j", "t")
        assert "new above" not in stage.text()
        await stage.press("escape")
        assert "new above" not in stage.text()


async def test_text_from_outside_is_shown_as_it_is() -> None:
    async with on_stage() as stage:
        summary = "called Memo: [bold]x[/] [@click=app.quit]y[/] \x1b[2J\u202e"
        await stage.tell(stage.transaction(summary=summary))
        assert "[bold]x[/] [@click=app.quit]y[/] ␛[2J\\u202e" in stage.text()


async def test_what_does_not_fit_into_the_narrowest_line_ends_with_an_ellipsis() -> None:
    async with on_stage(size=(46, 24)) as stage:
        summary = "received 123,456.789 USDC from 7xKX…gAsU for nothing at all"
        await stage.tell(stage.transaction(summary=summary))
        line = stage.line("received")
        assert line.endswith("…")
        assert len(line) <= 46
