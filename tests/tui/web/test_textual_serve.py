"""What is used of textual-serve is there, and its version is bounded."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from textual_serve.app_service import AppService
from textual_serve.server import Server

from streamtui.web.server import STATIC, THEIRS, BrowserServer
from streamtui.web.tab import Tab

PROJECT = (Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8")


def test_the_version_is_bounded() -> None:
    assert PROJECT.count('"textual-serve>=1.1.3,<1.2"') == 2


@pytest.mark.parametrize("name", ["_make_app", "handle_index", "handle_websocket"])
def test_what_answers_requests_is_ours(name: str) -> None:
    assert getattr(BrowserServer, name) is not getattr(Server, name)


@pytest.mark.parametrize("name", ["start", "stop", "run", "stdin"])
def test_what_starts_and_ends_a_process_is_ours(name: str) -> None:
    assert getattr(Tab, name) is not getattr(AppService, name)
    assert "shell" not in inspect.getsource(inspect.getmodule(Tab) or Tab).replace("a shell", "")


def test_what_is_theirs_uses_nothing_but_the_pipe() -> None:
    for name in ("send_bytes", "send_meta", "set_terminal_size", "focus", "blur", "on_data"):
        source = inspect.getsource(getattr(AppService, name))
        assert "self._" not in source, name


def test_their_script_takes_the_address_from_the_page_and_tells_it_how_it_is() -> None:
    text = (THEIRS / "js" / "textual.js").read_text(encoding="utf-8")
    for used in ("sessionWebsocketUrl", "new WebSocket(", "-closed", ".textual-terminal", "window.onload"):
        assert used in text
    assert all(path.is_file() for path in STATIC.values())
