"""Names and values."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.content import Content
from textual.widgets import Label

from streamtui.widgets.fields import Fields


class Shown(App[None]):
    def compose(self) -> ComposeResult:
        yield Fields({"price": Content("150"), "age": Content("now")})


async def test_values_change_under_their_names() -> None:
    async with Shown().run_test() as pilot:
        fields = pilot.app.query_one(Fields)
        fields.show({"price": Content("151"), "age": Content("now")})
        texts = [str(label.content) for label in pilot.app.query(Label)]
        assert texts == ["price", "151", "age", "now"]


async def test_a_value_that_is_the_same_is_not_drawn_again() -> None:
    async with Shown().run_test() as pilot:
        fields = pilot.app.query_one(Fields)
        labels = [label for label in pilot.app.query(Label) if label.has_class("field-value")]
        updated: list[object] = []
        for label in labels:
            label.update = lambda content="", *, layout=True: updated.append(content)  # type: ignore[method-assign, assignment]
        fields.show({"price": Content("151"), "age": Content("now")})
        assert updated == [Content("151")]
