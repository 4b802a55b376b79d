"""A tab of ``streamtui serve`` as a browser knows it, without a browser; and the process behind it."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import httpx
from browser_server import message, offered
from relay_bench import eventually
from terminal_emulator import Terminal
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed


class Login(NamedTuple):
    """What a server gives for a token."""

    cookie: str
    key: str


async def log_in(url: str, token: str) -> Login:
    """Log in as the page does."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{url}/login", content=token, headers={"Origin": url})
    assert answer.status_code == 200, answer.text
    return Login(answer.headers["Set-Cookie"].partition(";")[0], answer.text)


async def open_tab(url: str, login: Login) -> ShownTab:
    """Open a tab of 100 columns and 30 lines."""
    websocket = await connect(
        f"{url.replace('http', 'ws', 1)}/ws?width=100&height=30",
        origin=url,  # type: ignore[arg-type]
        additional_headers={"Cookie": login.cookie},
        subprotocols=offered(login.key),
        max_size=None,
        proxy=None,
    )
    return ShownTab(websocket)


class ShownTab:
    """A tab, as far as a browser knows it: what its terminal was sent."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self.bytes = 0
        self._terminal = Terminal(100, 30)
        self._left = ""
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            async for data in self.websocket:
                assert isinstance(data, bytes)
                self.bytes += len(data)
                self._left = self._terminal.feed(self._left + data.decode())

    @property
    def text(self) -> str:
        return "\n".join(self._terminal.lines)

    async def shows(self, text: str) -> None:
        try:
            await eventually(lambda: text in self.text or self.websocket.close_code)
        finally:
            assert text in self.text, (self.websocket.close_reason, self.text)

    async def press(self, keys: str) -> None:
        await self.websocket.send(message("stdin", keys))

    async def end(self) -> tuple[int | None, str | None]:
        await self._reading
        return self.websocket.close_code, self.websocket.close_reason


def processes_of_tabs(server: int | None = None) -> dict[int, list[str]]:
    """Return the arguments of the processes of tabs, by number; ``server``: whose, ``None``: our own."""
    found = {}
    children = Path(f"/proc/{server or os.getpid()}/task")
    for number in {n for task in children.iterdir() for n in (task / "children").read_text().split()}:
        with suppress(OSError):
            words = Path(f"/proc/{number}/cmdline").read_text().split("\0")
            if "streamtui" in words:
                found[int(number)] = words
    return found


def read(path: str) -> str:
    return Path(path).read_text()


def is_there(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
