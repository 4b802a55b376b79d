"""Answers browsers: the pages, the login, and a WebSocket for each tab."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template
from typing import TypeAlias

import textual_serve
from aiohttp import WSCloseCode, WSMsgType, web
from textual_serve.server import Server, to_int

from streamcore import Clock
from streamcore.relay import Bucket, forwarded_address
from streamtui.web import headers
from streamtui.web.addresses import Addresses
from streamtui.web.logins import Logins, Session, TooManyAttempts
from streamtui.web.tab import NotStarted, Tab

logger = logging.getLogger(__name__)

OWN = Path(__file__).parent
THEIRS = Path(textual_serve.__file__).parent / "static"
STATIC = {
    "login.js": OWN / "static" / "login.js",
    "page.css": OWN / "static" / "page.css",
    "tab.js": OWN / "static" / "tab.js",
    "textual.js": THEIRS / "js" / "textual.js",
    "xterm.css": THEIRS / "css" / "xterm.css",
    "RobotoMono.ttf": THEIRS / "fonts" / "RobotoMono-VariableFont_wght.ttf",
}
"""Every file that is served, by the only name under which it is."""

LARGEST_MESSAGE = 64 * 1024
"""Bytes a browser may send at once: much more than anybody pastes."""
LARGEST_BODY = 4096
"""Bytes of a request."""
MESSAGES_PER_MINUTE, MESSAGES_AT_ONCE = 12_000, 2_000
"""Messages of one tab: a mouse that is moved sends a hundred a second."""
BODY_WITHIN = 5.0
"""Seconds in which a request must have been sent as a whole."""
LARGEST_TERMINAL = 500
"""Columns, and lines."""
SUBPROTOCOL = "streamtui.tab"
"""What a page of ours offers to speak, besides the key of its session: an address would be logged."""
ENDS_WITHIN = 5.0
"""Seconds that a new tab waits for the process of one whose browser is gone, as on loading a page anew."""
CLOSE_WITHIN = 1.0
"""Seconds a browser gets to answer that a WebSocket is closed."""
HEARTBEAT = 15.0
"""Seconds between pings that the browser has to answer."""

ENDED = 4000
"""Closing code for a tab whose program has ended."""
LOGGED_OUT = 4001
"""Closing code for a tab whose session has ended."""
FULL = 4002
"""Closing code for one tab too many."""


Sends: TypeAlias = Callable[[bytes], Awaitable[None]]
"""Sends a browser what its terminal is to show."""
OpensTab: TypeAlias = Callable[[Session, int, int, Sends], AbstractAsyncContextManager[Tab]]
"""Takes whose tab it is, and its size in columns and lines; the process runs while inside."""


class BrowserServer(Server):
    """Textual's server for browsers, with a login, for one origin, and with a limit."""

    def __init__(
        self,
        addresses: Addresses,
        logins: Logins,
        opened: OpensTab,
        *,
        clock: Clock,
        tabs: int,
        is_encrypted: bool,
        behind_proxy: bool,
        lifetime: float,
    ) -> None:
        """Make a server; `application` answers requests.

        Args:
            addresses: Under which browsers may come.
            logins: Who may.
            opened: Starts the process of a tab, and ends it.
            clock: Time.
            tabs: How many there may be at once.
            is_encrypted: Whether browsers come by TLS.
            behind_proxy: Whether a proxy says in ``X-Forwarded-For`` who connects.
            lifetime: Seconds that a browser keeps the cookie.
        """
        super().__init__("", title="streamtui", public_url=addresses.preferred)
        self._addresses = addresses
        self._logins = logins
        self._opened = opened
        self._clock = clock
        self._most = tabs
        self._open = 0
        self._ending = 0
        """How many of those have no browser any more, and a process that is about to end."""
        self._has_ended = asyncio.Event()
        """Set whenever one has ended."""
        self._is_encrypted = is_encrypted
        self._behind_proxy = behind_proxy
        self._lifetime = lifetime
        self._stopping = asyncio.Event()
        self.busy: set[object] = set()
        """The connections that tabs use."""
        self._websockets: set[asyncio.Task[None] | None] = set()
        """The tasks that serve tabs."""
        port = addresses.preferred.rpartition(":")[2].strip("/")
        # all ports of a host share their cookies; with "__Host-" nobody but this very host may have set it
        self._cookie = "__Host-streamtui" if is_encrypted else f"streamtui-{port}"
        self._pages = {path.stem: path.read_text(encoding="utf-8") for path in OWN.glob("pages/*.html")}

    async def application(self) -> web.Application:
        """Return what answers requests."""
        return await self._make_app()

    async def stop(self) -> None:
        """Close every tab, end its process, and open no more."""
        self._stopping.set()
        if tasks := {task for task in self._websockets if task is not None}:
            await asyncio.wait(tasks)

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._only_for_us], client_max_size=LARGEST_BODY)
        app.add_routes(
            [
                web.get("/", self.handle_index),
                web.post("/login", self.handle_login),
                web.post("/logout", self.handle_logout),
                web.get("/ws", self.handle_websocket),
                web.get("/static/{name}", self.handle_static),
            ]
        )
        app.on_response_prepare.append(headers.add)
        return app

    # Who is let in

    @web.middleware
    async def _only_for_us(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Refuse what is not meant for us, or comes from a page that is not ours."""
        if not self._addresses.is_host(request.headers.getall("Host", [])):
            return _sentence(HTTPStatus.FORBIDDEN, "This server does not answer to that name.")
        origins = request.headers.getall("Origin", [])
        needs_origin = request.method != "GET" or request.path == "/ws"
        if (origins or needs_origin) and not self._addresses.is_origin(origins):
            return _sentence(HTTPStatus.FORBIDDEN, "Other pages may not use this server.")
        site = request.headers.get("Sec-Fetch-Site", "none")
        is_page = request.headers.get("Sec-Fetch-Mode") == "navigate"
        if site not in ("none", "same-origin") and not is_page:
            return _sentence(HTTPStatus.FORBIDDEN, "Other pages may not use this server.")
        try:
            return await handler(request)
        except web.HTTPRedirection:
            raise
        except web.HTTPException as refused:  # its own page may repeat what was asked for
            return _sentence(refused.status, f"{refused.reason}.")
        except Exception:
            logger.exception("a request could not be answered")
            return _sentence(HTTPStatus.INTERNAL_SERVER_ERROR, "This could not be answered.")

    def _session(self, request: web.Request) -> Session | None:
        return self._logins.session(request.cookies.get(self._cookie))

    def _address(self, request: web.Request) -> str:
        peer = request.remote or ""
        if not self._behind_proxy:
            return peer
        return forwarded_address(request.headers.getall("X-Forwarded-For", []), peer)

    # Pages

    async def handle_index(self, request: web.Request) -> web.StreamResponse:
        """Answer with the terminal, the login, or the sentence that all tabs are in use."""
        if request.query_string:  # the page's script would take orders from there
            raise web.HTTPSeeOther("/")
        if self._session(request) is None:
            return self._page("login")
        if self._open - self._ending >= self._most:
            return self._page("full", sentence=escape(self._full_sentence()))
        response = self._page("tab")
        policy = headers.terminal_policy(request.host, is_encrypted=self._is_encrypted)
        response.headers["Content-Security-Policy"] = policy
        return response

    def _page(self, name: str, **parts: str) -> web.Response:
        return web.Response(text=Template(self._pages[name]).substitute(parts), content_type="text/html")

    def _full_sentence(self) -> str:
        tabs = "The only tab there may be is" if self._most == 1 else f"All {self._most} tabs are"
        return f"{tabs} in use. Close one that nobody needs, then try again."

    async def handle_static(self, request: web.Request) -> web.StreamResponse:
        """Answer with one of the few files there are."""
        path = STATIC.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={"Cache-Control": "no-cache"})

    # Login

    async def handle_login(self, request: web.Request) -> web.StreamResponse:
        """Give a cookie and the key that belongs to it for a token."""
        try:
            async with asyncio.timeout(BODY_WITHIN):
                token = (await request.read()).decode("utf-8", "replace").strip()
            found = self._logins.log_in(token, self._address(request))
        except TimeoutError:
            return _sentence(HTTPStatus.REQUEST_TIMEOUT, "The request did not come to its end.")
        except TooManyAttempts:
            refused = _sentence(HTTPStatus.TOO_MANY_REQUESTS, "Too many wrong tokens. Wait a minute.")
            refused.headers["Retry-After"] = "60"
            return refused
        if found is None:
            return _sentence(HTTPStatus.FORBIDDEN, "That is not a valid token.")
        response = web.Response(text=found.key)
        response.set_cookie(
            self._cookie,
            found.identifier,
            max_age=int(self._lifetime),
            path="/",
            secure=self._is_encrypted,
            httponly=True,
            samesite="Strict",
        )
        return response

    async def handle_logout(self, request: web.Request) -> web.StreamResponse:
        """End the session, and with it its tabs."""
        self._logins.log_out(request.cookies.get(self._cookie))
        response = web.Response(status=HTTPStatus.NO_CONTENT)
        response.del_cookie(
            self._cookie, path="/", secure=self._is_encrypted, httponly=True, samesite="Strict"
        )
        return response

    # Tabs

    async def handle_websocket(self, request: web.Request) -> web.StreamResponse:  # type: ignore[override]
        """Show the app as long as the tab is open, the session lasts and the process runs."""
        session = self._session(request)
        offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        if session is None or not any(session.is_key(one.strip()) for one in offered):
            return _sentence(HTTPStatus.UNAUTHORIZED, "Log in first.")
        websocket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,), timeout=CLOSE_WITHIN, heartbeat=HEARTBEAT, max_msg_size=LARGEST_MESSAGE
        )
        await websocket.prepare(request)
        task = asyncio.current_task()
        self._websockets.add(task)
        self.busy.add(request.protocol)
        try:
            code, reason = await self._show_if_there_is_room(websocket, session, *_size(request))
            await websocket.close(code=code, message=reason.encode())
        finally:
            self._websockets.discard(task)
            self.busy.discard(request.protocol)
        return websocket

    async def _show_if_there_is_room(
        self, websocket: web.WebSocketResponse, session: Session, width: int, height: int
    ) -> tuple[int, str]:
        if self._stopping.is_set():
            return WSCloseCode.GOING_AWAY, "The server has ended."
        if not await self._has_room():
            return FULL, self._full_sentence()
        self._open += 1
        try:
            return await self._show(websocket, session, width, height)
        except NotStarted as error:
            logger.error("no process can be started for a tab: %s", error)  # noqa: TRY400
            return ENDED, "No program can be started for this tab."
        finally:
            self._open -= 1
            self._has_ended.set()

    async def _has_room(self) -> bool:
        """Return whether there may be one more tab; wait for one that is about to end."""
        until = self._clock.monotonic() + ENDS_WITHIN
        while self._open >= self._most:
            left = until - self._clock.monotonic()
            if self._open - self._ending >= self._most or left <= 0:
                return False
            self._has_ended.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._has_ended.wait()
        return not self._stopping.is_set()

    async def _show(
        self, websocket: web.WebSocketResponse, session: Session, width: int, height: int
    ) -> tuple[int, str]:
        """Run a tab; return the code and the sentence with which it is to be closed."""

        async def send(data: bytes) -> None:
            with suppress(ConnectionError):  # whoever reads from it notices
                await websocket.send_bytes(data)

        is_ending = False
        try:
            async with self._opened(session, width, height, send) as tab:
                try:
                    return await self._until_over(websocket, session, tab)
                finally:
                    is_ending = True
                    self._ending += 1
        finally:
            self._ending -= is_ending

    async def _until_over(
        self, websocket: web.WebSocketResponse, session: Session, tab: Tab
    ) -> tuple[int, str]:
        reading = asyncio.create_task(self._pass_all_on(websocket, tab))
        ended = asyncio.create_task(tab.ended())
        over = asyncio.create_task(session.over.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        waiting = {reading, ended, over, stopping}
        try:
            left = max(0.0, session.ends - self._clock.monotonic())
            done, _ = await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if stopping in done:
                return WSCloseCode.GOING_AWAY, "The server has ended."
            if ended in done:
                return ENDED, ended.result()
            if reading in done:
                return reading.result()
            return LOGGED_OUT, "You are logged out."
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting)

    async def _pass_all_on(self, websocket: web.WebSocketResponse, tab: Tab) -> tuple[int, str]:
        """Pass on what the browser says until it is gone; return how to close."""
        now = self._clock.monotonic
        allowed = Bucket(MESSAGES_PER_MINUTE, MESSAGES_AT_ONCE, now())
        async for message in websocket:
            if not allowed.take(now()):
                return WSCloseCode.POLICY_VIOLATION, "The browser sends too much."
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                await _pass_on(message.data, websocket, tab)
            except ConnectionError:  # it is gone, before it had its answer
                break
            except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
                return WSCloseCode.INVALID_TEXT, "The browser sends what cannot be understood."
        return WSCloseCode.OK, ""


async def _pass_on(text: str, websocket: web.WebSocketResponse, tab: Tab) -> None:
    """Pass on one message of a browser.

    Raises:
        ValueError: It is none; also as TypeError, LookupError, OverflowError or RecursionError.
    """
    kind, *rest = json.loads(text)
    match kind:
        case "stdin":
            await tab.send_bytes(str(rest[0]).encode("utf-8", "replace"))
        case "resize":
            await tab.set_terminal_size(_cells(rest[0]["width"]), _cells(rest[0]["height"]))
        case "ping":
            await websocket.send_json(["pong", str(rest[0])])
        case "blur":
            await tab.blur()
        case "focus":
            await tab.focus()


def _size(request: web.Request) -> tuple[int, int]:
    """Return the columns and lines that a browser has room for."""
    width, height = (to_int(request.query.get(name, ""), 0) for name in ("width", "height"))
    return _cells(width) if width else 80, _cells(height) if height else 24


def _cells(number: float) -> int:
    return min(LARGEST_TERMINAL, max(1, int(number)))


def _sentence(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text)
