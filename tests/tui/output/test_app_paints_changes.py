"""What an app writes to its terminal: the changes, and everything after somebody else wrote there."""

from __future__ import annotations

import re

import pytest
from terminal_emulator import Terminal
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import DataTable, Label
from textual_internals import lines_of

from streamtui.textual_internals import PaintsChanges

WIDTH, HEIGHT = 60, 16


class Message(ModalScreen[None]):
    """A dialog in the middle."""

    CSS = "Message { align: center middle; } Message Label { width: 20; height: 3; background: red; }"

    def compose(self) -> ComposeResult:
        yield Label("a dialog")


class Shown(PaintsChanges):
    """A table under a line of text."""

    CSS = "Label { width: 1fr; }"

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label("a line of text", id="line")
            yield DataTable()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns("Symbol", "Price")
        for number in range(40):
            table.add_row(f"S{number}", f"{number * 1.5:.2f}")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The terminal the app under test writes to."""
    terminal = Terminal(WIDTH, HEIGHT)
    monkeypatch.setattr(HeadlessDriver, "is_headless", False)
    monkeypatch.setattr(HeadlessDriver, "write", lambda driver, data: terminal.feed(data))
    return terminal


async def check(pilot: Pilot[None], terminal: Terminal) -> None:
    await pilot.pause(0.1)
    assert terminal.lines == lines_of(pilot.app)


async def test_the_terminal_shows_what_the_app_shows(terminal: Terminal) -> None:
    app = Shown()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        await check(pilot, terminal)
        app.query_one("#line", Label).update("another line of text")
        await check(pilot, terminal)
        await pilot.press("down", "down")
        await check(pilot, terminal)
        await pilot.press("pagedown")
        await check(pilot, terminal)
        app.push_screen(Message())
        await check(pilot, terminal)
        assert any("a dialog" in line for line in terminal.lines)
        app.screen.query_one(Label).update("dialog of two words")
        await check(pilot, terminal)
        app.pop_screen()
        await check(pilot, terminal)


async def test_one_character_more_writes_a_few_bytes(terminal: Terminal) -> None:
    app = Shown()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        await check(pilot, terminal)
        before = terminal.written
        app.query_one("#line", Label).update("a line of texts")
        await check(pilot, terminal)
        assert 0 < terminal.written - before < 80


async def test_painting_anew_repairs_what_another_program_has_written(terminal: Terminal) -> None:
    app = Shown()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        await check(pilot, terminal)
        terminal.feed("\x1b[1;1HBroadcast message from root\x1b[9;3Hmake: *** [all] Error 1")
        app.paint_anew()
        await check(pilot, terminal)
        assert not any(re.search("root|make", line) for line in terminal.lines)


async def test_nothing_is_painted_while_the_terminal_is_behind_and_everything_once_it_has_caught_up(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Shown()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        await check(pilot, terminal)
        monkeypatch.setattr(HeadlessDriver, "is_behind", True, raising=False)
        before = terminal.written
        app.query_one("#line", Label).update("another line of text")
        await pilot.press("down", "pagedown")
        await pilot.pause(0.1)
        assert app.terminal_is_behind
        assert terminal.written == before
        monkeypatch.setattr(HeadlessDriver, "is_behind", False)
        app.terminal_caught_up()
        await check(pilot, terminal)


async def test_after_a_change_of_size_everything_is_written(terminal: Terminal) -> None:
    app = Shown()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        await check(pilot, terminal)
        await pilot.resize_terminal(WIDTH - 20, HEIGHT)
        await pilot.pause(0.1)
        # emptied before, not after: the app may write as soon as it hears of the size
        terminal.rows = Terminal(WIDTH, HEIGHT).rows
        await pilot.resize_terminal(WIDTH, HEIGHT)
        await check(pilot, terminal)
