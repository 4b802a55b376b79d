"""A server for browsers on a real socket, whose tabs are scripted in the place of processes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from aiohttp import web
from websockets.asyncio.client import ClientConnection, connect

from streamcore import SystemClock
from streamcore.relay import Scope
from streamcore.relay.tokens import Tokens
from streamtui.web.addresses import Addresses
from streamtui.web.logins import Logins, Session
from streamtui.web.server import BrowserServer, Sends


class ScriptedTab:
    """Takes what a browser sends, and ends when a test says so."""

    def __init__(self, session: Session, width: int, height: int, send: Sends) -> None:
        self.session = session
        self.size = (width, height)
        self.sizes: list[tuple[int, int]] = []
        self.typed: list[str] = []
        self.send = send
        self.over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.is_stopped = asyncio.Event()

    async def ended(self) -> str:
        return await asyncio.shield(self.over)

    async def send_bytes(self, data: bytes) -> bool:
        self.typed.append(data.decode())
        return True

    async def set_terminal_size(self, width: int, height: int) -> None:
        self.sizes.append((width, height))

    async def blur(self) -> None:
        self.typed.append("<blur>")

    async def focus(self) -> None:
        self.typed.append("<focus>")


class ServedBrowsers:
    """The server, the tabs that were opened at it, and requests to it."""

    def __init__(self, **more: Any) -> None:
        self.clock = SystemClock()
        self.tokens = Tokens()
        self.token = self.tokens.add("alice", Scope.READ)
        self.tabs: list[ScriptedTab] = []
        self.refuses: Exception | None = None
        """Why no tab can be opened."""
        self.may_stop = asyncio.Event()
        """Until this is set, no tab whose browser is gone ends."""
        self.may_stop.set()
        self.port = 0
        self.cookie = self.key = ""
        self._more = more

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def opened(self, *what: Any) -> AsyncIterator[Any]:
        if self.refuses is not None:
            raise self.refuses
        tab = ScriptedTab(*what)
        self.tabs.append(tab)
        try:
            yield tab
        finally:
            await self.may_stop.wait()
            tab.is_stopped.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[ServedBrowsers]:
        more = {"tabs": 2, "is_encrypted": False, "behind_proxy": False, "lifetime": 3600.0, **self._more}
        listening = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
        self.port = listening.sockets[0].getsockname()[1]
        listening.close()
        addresses = Addresses("127.0.0.1", self.port, is_tls=False)
        self.logins = Logins(self.tokens, self.clock, lifetime=more["lifetime"])
        self.server = BrowserServer(addresses, self.logins, self.opened, clock=self.clock, **more)
        runner = web.AppRunner(await self.server.application(), access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            async with httpx.AsyncClient(base_url=self.url, trust_env=False) as self.client:
                yield self
        finally:
            self.may_stop.set()
            await self.server.stop()
            await runner.cleanup()

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request as a page of the server's own does, without a cookie."""
        headers = {"Origin": self.url, **more.pop("headers", {})}
        self.client.cookies.clear()
        return await self.client.request(method, path, headers=headers, **more)

    async def log_in(self, token: str | None = None) -> httpx.Response:
        """Log in, and keep the cookie for `headers`."""
        answer = await self.ask("POST", "/login", content=token or self.token)
        self.cookie = answer.headers.get("Set-Cookie", "").partition(";")[0]
        self.key = answer.text
        return answer

    async def websocket(
        self, *, origin: str | None = None, cookie: str | None = None, key: str | None = None
    ) -> ClientConnection:
        """Open a WebSocket as a page of the server's own does, unless another origin is given."""
        headers = {"Cookie": self.cookie if cookie is None else cookie}
        return await connect(
            f"ws://127.0.0.1:{self.port}/ws?width=100&height=30",
            subprotocols=offered(self.key if key is None else key),
            origin=self.url if origin is None else origin or None,  # type: ignore[arg-type]
            additional_headers={name: value for name, value in headers.items() if value},
            proxy=None,
        )


def offered(key: str) -> list[Any]:
    """Return the subprotocols that a page offers."""
    return ["streamtui.tab", key] if key else ["streamtui.tab"]


def message(*parts: Any) -> str:
    """Return a message as textual.js sends it."""
    return json.dumps(list(parts))
