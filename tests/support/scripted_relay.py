"""A relay that says what a test tells it to, over a real WebSocket on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as HttpRequest
from websockets.http11 import Response

from streamcore.wire.encodings import encoding, subprotocol
from streamcore.wire.messages import Answer, Hello, Limits, Lookup, Request, Row, Want, Wanted

EPOCH = "0a0b0c0d"
SOL = "So11111111111111111111111111111111111111112"


def hello(**changes: Any) -> Hello:
    """A hello with nothing special in it."""
    fields: dict[str, Any] = {
        "version": 1,
        "relay": "scripted",
        "epoch": EPOCH,
        "offset": 0,
        "t": 1_000_000,
        "demo": False,
        "intervals": (100, 250, 500, 1000),
        "heartbeat": 3000,
        "limits": Limits(200, 50, 65_536, 60),
        "exchanges": True,
        "tokens": {},
        "control": False,
        "statuses": (),
    }
    return Hello(**{**fields, **changes})


def provider(name: str = "kraken", **changes: Any) -> dict[str, Any]:
    """The status of a provider that is well."""
    return {
        "provider": name,
        "kind": "prices",
        "demo": False,
        "state": "connected",
        "reason": None,
        "since": 900.0,
        "parked": False,
        "idle": False,
        "fallback": False,
        "subscriptions": 1,
        "topics": (),
        "messages_received": 1,
        "malformed": 0,
        "dropped": 0,
        "last_message_at": 999.0,
        "heartbeats": True,
        **changes,
    }


class ScriptedRelay:
    """Greets, keeps what terminals ask, answers each `Want` unless told not to, and says what it is told."""

    def __init__(self, name: str = "msgpack") -> None:
        self.encoding = encoding(name)
        self.hello = hello()
        self.answers_wants = True
        self.refusing: HTTPStatus | None = None
        """The status of every upgrade from now on; ``None``: they succeed."""
        self.upgrades: list[HttpRequest] = []
        self.asked: asyncio.Queue[Request] = asyncio.Queue()
        self.sockets: list[ServerConnection] = []
        self.wants: list[Want] = []
        self.recovered: bool | None = None
        self._server: Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self, port: int = 0) -> None:
        self._server = await serve(
            self._handle,
            "127.0.0.1",
            port,
            subprotocols=[subprotocol(self.encoding.name)],  # type: ignore[list-item]
            process_request=self._upgrade,
        )

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def say(self, *answers: Answer | bytes) -> None:
        for answer in answers:
            data = answer if isinstance(answer, bytes) else self.encoding.encode(answer)
            await self.sockets[-1].send(data.decode() if self.encoding.is_text else data)

    async def close(self, code: int, reason: str = "") -> None:
        await self.sockets[-1].close(code, reason)

    def cut(self) -> None:
        """Break the newest connection without a close frame."""
        self.sockets[-1].transport.abort()

    async def want(self) -> Want:
        request = await self.asked.get()
        assert isinstance(request, Want)
        return request

    async def full_want(self) -> Want:
        """Return the next `Want` that wants anything; it has been answered."""
        while not ((want := await self.want()).symbols or want.wallets):
            pass
        return want

    async def lookup(self) -> Lookup:
        request = await self.asked.get()
        while not isinstance(request, Lookup):
            request = await self.asked.get()
        return request

    def rows(self, want: Want) -> tuple[Row, ...]:
        """Number the symbols of a `Want` from 1; a ticker is its own symbol, and SOL alone has a mint."""
        rows = []
        for number, asked in enumerate(want.symbols, 1):
            symbol = "SOL" if asked == SOL else asked
            rows.append(Row(number, asked, symbol, SOL if symbol == "SOL" else None, asked))
        return tuple(rows)

    def _upgrade(self, socket: ServerConnection, request: HttpRequest) -> Response | None:
        self.upgrades.append(request)
        if self.refusing is None:
            return None
        return socket.respond(self.refusing, "no\n")

    async def _handle(self, socket: ServerConnection) -> None:
        self.sockets.append(socket)
        await self.say(self.hello)
        try:
            async for data in socket:
                request = self.encoding.read_request(data.encode() if isinstance(data, str) else data)
                assert request is not None
                self.asked.put_nowait(request)
                if isinstance(request, Want):
                    self.wants.append(request)
                    if self.answers_wants:
                        await self.say(
                            Wanted(
                                request.id, self.rows(request), (), 0, self.recovered, request.interval or 250
                            )
                        )
        except ConnectionClosed:
            pass


@asynccontextmanager
async def scripted_relay(name: str = "msgpack") -> AsyncIterator[ScriptedRelay]:
    """Serve one on loopback."""
    relay = ScriptedRelay(name)
    await relay.start()
    try:
        yield relay
    finally:
        await relay.stop()
