"""What all dialogs share: a frame with a title, the mark for invented data, and esc to leave."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget

from streamtui.format.cells import literal
from streamtui.format.content import demo_badge

Result = TypeVar("Result")


class Dialog(ModalScreen[Result]):
    """A framed box over the main screen. Subclasses say in `body` what is in it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel", show=False)]

    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012 - as Textual

    WIDTH_CLASS: ClassVar[str] = "-medium"

    shows_alerts: ClassVar[bool] = False
    """Whether it lists the alerts that fire, so that no notification about them is needed above it."""

    def __init__(self, title: str, *, demo: str, hint: str) -> None:
        """Make a dialog.

        Args:
            title: What it is about; may hold text from outside, markup in it has no effect.
            demo: What the mark for invented data says; empty for none.
            hint: The keys that work in it.
        """
        super().__init__()
        self._box = Vertical(classes=f"dialog-box {self.WIDTH_CLASS}")
        self._box.border_title = Content.assemble(literal(title), "  " if demo else "", demo_badge(demo))
        self._box.border_subtitle = Content(hint)

    def compose(self) -> ComposeResult:
        """Yield the frame and what is in it."""
        with self._box:
            yield from self.body()

    def body(self) -> ComposeResult:
        """Yield what is in the frame."""
        yield from ()

    def set_focus(
        self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False
    ) -> None:
        """Focus a widget, and scroll to it unless it is the first: a dialog begins at its top."""
        super().set_focus(widget, scroll_visible and self.focused is not None, from_app_focus)

    def commands(self) -> Iterable[SystemCommand]:
        """Yield what the palette is to offer while it is open, beside what always works."""
        yield from ()

    def pass_time(self, at: float) -> None:
        """Show the present state at Unix seconds ``at``; called after every change and once a second."""

    def action_cancel(self) -> None:
        """Leave without a result."""
        self.dismiss(None)
