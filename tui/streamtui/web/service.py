"""The server for browsers with all it needs: a relay, a folder for its tabs, and sockets."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import web

from streamcore import Clock, Settings, SystemClock
from streamcore.relay import DemoServers, listening_socket
from streamtui.web.addresses import Addresses
from streamtui.web.logins import Logins, Session
from streamtui.web.plan import WebPlan
from streamtui.web.server import BrowserServer, Sends
from streamtui.web.tab import Tab
from streamtui.web.tab_relay import TabRelay, relay_for_tabs
from streamtui.web.tab_settings import environment, file_text

IDLE_WITHIN = 15.0
"""Seconds after which a connection is closed on which nothing was asked."""
CONNECTIONS, CONNECTIONS_OF_A_TAB = 200, 2
"""How many there may be at once, and how many more for every tab."""
STOP_WITHIN = 5.0
"""Seconds that requests get to end when the server ends."""


class WebService:
    """A running server for browsers."""

    def __init__(self, address: tuple[str, int], server: BrowserServer, logins: Logins, url: str) -> None:
        self.address = address
        self.server = server
        self.logins = logins
        self.url = url
        """Where people go."""


@asynccontextmanager
async def serving_browsers(
    settings: Settings, plan: WebPlan, *, program: str, demo: DemoServers, clock: Clock | None = None
) -> AsyncIterator[WebService]:
    """Serve browsers while inside.

    Args:
        settings: What is configured.
        plan: What `streamtui.web.plan.plan` made of them.
        program: The name and version of this program.
        demo: Serves demo data where the settings ask for it.
        clock: Time.

    Raises:
        LogFailed: The relay's log cannot be opened.
        ListenFailed: The address cannot be listened on.
        SettingsError: The settings ask for a provider that cannot be used.
    """
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        socket = listening_socket(*plan.listen)
        stack.callback(socket.close)
        host, port = socket.getsockname()[:2]
        addresses = Addresses(plan.listen[0], port, is_tls=plan.tls is not None, urls=plan.urls)
        relay = await stack.enter_async_context(
            relay_for_tabs(settings, program=program, demo=demo, clock=clock)
        )
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="streamtui-web-")))
        config = _written(folder / "tab.toml", file_text(settings, relay.urls))
        logins = Logins(plan.tokens, clock, lifetime=settings.web.session)
        server = BrowserServer(
            addresses,
            logins,
            lambda session, width, height, send: _opened(relay, config, session, width, height, send),
            clock=clock,
            tabs=settings.web.tabs,
            is_encrypted=plan.is_encrypted,
            behind_proxy=plan.behind_proxy,
            lifetime=settings.web.session,
        )
        runner = web.AppRunner(
            await server.application(),
            access_log=None,
            logger=_about_requests(),
            keepalive_timeout=IDLE_WITHIN,
            shutdown_timeout=STOP_WITHIN,
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        most = CONNECTIONS + CONNECTIONS_OF_A_TAB * settings.web.tabs
        handshake = IDLE_WITHIN if plan.tls is not None else None
        listening = await asyncio.get_running_loop().create_server(
            _Door(runner, server, most).protocol,
            sock=socket,
            ssl=plan.tls,
            ssl_handshake_timeout=handshake,
        )
        stack.push_async_callback(server.stop)
        stack.callback(listening.close)
        yield WebService((host, port), server, logins, addresses.preferred)


def _about_requests() -> logging.Logger:
    """Return where aiohttp tells of requests that are none: nowhere, for any stranger could fill the log.

    What fails in answering one that is one is logged by the server itself.
    """
    logger = logging.getLogger("streamtui.web.requests")
    logger.setLevel(logging.CRITICAL)
    return logger


class _Door:
    """Takes connections up to a number; who opens many must neither use up all files nor shut others out."""

    def __init__(self, runner: web.AppRunner, server: BrowserServer, most: int) -> None:
        self._runner = runner
        self._server = server
        self._most = most

    def protocol(self) -> asyncio.BaseProtocol:
        """Return what handles one more connection; if there are too many, the oldest without a tab closes."""
        handlers = self._runner.server
        assert handlers is not None  # noqa: S101 - it was set up
        if len(handlers.connections) >= self._most:
            idle = next((one for one in handlers.connections if one not in self._server.busy), None)
            if idle is None:
                return _Closed()
            idle.force_close()
        return handlers()


class _Closed(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


@asynccontextmanager
async def _opened(
    relay: TabRelay, config: Path, session: Session, width: int, height: int, send: Sends
) -> AsyncIterator[Tab]:
    with relay.token(session.holder.scope) as token:
        tab = Tab(config, environment(token, width, height, is_far=relay.is_far), send)
        try:
            await tab.start(width, height)
            yield tab
        finally:
            await tab.stop()


def _written(path: Path, text: str) -> Path:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path
