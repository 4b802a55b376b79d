"""The least app of Textual that has a header, a table and a footer: a yardstick for what ours costs."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Footer, Header


class BareApp(App[None]):
    """A table with nothing in it."""

    TITLE = "bare app"
    BINDINGS = [("q", "quit", "Leave")]  # noqa: RUF012 - as Textual has it

    def compose(self) -> ComposeResult:
        """Return the three widgets."""
        yield Header()
        yield DataTable()
        yield Footer()

    def on_mount(self) -> None:
        """Give the table a few columns."""
        self.query_one(DataTable).add_columns("Symbol", "Price", "Change", "Volume")


if __name__ == "__main__":
    BareApp().run()
