"""A relay over real sockets for a test, and terminals that speak its wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from relayed_engine import RelayedEngine
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from streamcore.clock import Clock, SystemClock
from streamcore.events import Event, WalletTransaction
from streamcore.relay.limits import RelayLimits
from streamcore.relay.own_log import OwnLog
from streamcore.relay.requests import Served
from streamcore.relay.server import Relay
from streamcore.relay.sqlite_log import TransactionLog
from streamcore.wire.encodings import encoding, subprotocol
from streamcore.wire.messages import (
    Answer,
    Found,
    Frame,
    Hello,
    Lookup,
    Reconnect,
    Refused,
    Restart,
    Want,
    Wanted,
)
from streamcore.wire.mirror import Mirror

PATIENCE = 60.0
"""Seconds that a test waits for what must happen; far more than it ever takes."""

WALLETS = (
    "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T",
    "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU",
    "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263",
)


@asynccontextmanager
async def running(
    folder: Path,
    engine: RelayedEngine | None = None,
    *,
    limits: RelayLimits | None = None,
    clock: Clock | None = None,
    served: dict[str, Any] | None = None,
    **more: Any,
) -> AsyncIterator[tuple[Relay, RelayedEngine]]:
    """Yield a relay that listens on a free port, and its engine."""
    clock = clock or SystemClock()
    engine = engine or RelayedEngine()
    log = TransactionLog(folder, now=clock.time())
    fields: dict[str, Any] = {"relay": "streamtui test", "demo": False, "exchanges": True, "tokens": {}}
    try:
        async with Relay(
            engine,
            Served(**{**fields, **(served or {})}),
            OwnLog(log, engine.checkpoints, clock),
            clock,
            limits=limits,
            **{"listen": ("127.0.0.1", 0), **more},
        ) as relay:
            yield relay, engine
    finally:
        log.close()


class Terminal:
    """A client of a relay: it keeps a mirror and every message."""

    def __init__(self, relay: Relay, name: str = "msgpack", *, mirror: Mirror | None = None) -> None:
        self.relay = relay
        self.encoding = encoding(name)
        self.mirror = mirror or Mirror()
        self.messages: list[Answer] = []
        self.events: list[Event] = []
        self.connection: ClientConnection
        self._news = asyncio.Event()
        self._number = 0
        self.closed: tuple[int, str] | None = None

    async def open(self, **more: Any) -> Terminal:
        host, port = self.relay.address
        options: dict[str, Any] = {
            "subprotocols": [Subprotocol(subprotocol(self.encoding.name))],
            "max_size": None,
            "proxy": None,
            "close_timeout": 1,
            **more,
        }
        self.connection = await connect(f"ws://{host}:{port}/v1", **options)
        self.reading = asyncio.create_task(self._read())
        await self.until(lambda: self.of(Hello))
        return self

    async def want(
        self, symbols: Sequence[str] = (), wallets: Sequence[str] = (), *, interval: int = 100, **more: Any
    ) -> Wanted:
        """Say what is wanted, wait for the answer and the first frame, and return the answer."""
        self._number += 1
        number = self._number
        since = more.pop("since", self.mirror.since if number == 1 else None)
        await self.send(Want(number, tuple(symbols), tuple(wallets), since, interval, "test"))
        answers = (Wanted, Refused)
        await self.until(lambda: [one for one in self.of(*answers) if one.id == number])
        answer = next(one for one in self.of(*answers) if one.id == number)
        assert isinstance(answer, Wanted), answer
        place = self.messages.index(answer)
        await self.until(lambda: any(isinstance(one, Frame) for one in self.messages[place:]))
        return answer

    async def reconnect(self, provider: str | None = None) -> None:
        self._number += 1
        await self.send(Reconnect(self._number, provider))

    async def send(self, message: Want | Reconnect | Lookup) -> None:
        data = self.encoding.encode(message)
        await self.connection.send(data, text=self.encoding.is_text)

    async def close(self) -> None:
        await self.connection.close()
        await self.reading

    async def abort(self) -> None:
        """Cut the connection as a network does."""
        self.connection.transport.abort()
        await self.reading

    def of(self, *kinds: type[Any]) -> list[Any]:
        return [message for message in self.messages if isinstance(message, kinds)]

    def transactions(self) -> list[str]:
        return [event.signature for event in self.events if isinstance(event, WalletTransaction)]

    def price(self, key: str) -> str | None:
        event = self.mirror.prices.get(key)
        return None if event is None else str(event.price)

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait for something that messages bring about."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def end(self) -> tuple[int, str]:
        """Wait for the end of the connection, and return code and reason."""
        await self.until(lambda: self.closed)
        assert self.closed is not None
        return self.closed

    async def _read(self) -> None:
        try:
            while True:
                data = await self.connection.recv(decode=False)
                message = self.encoding.read_answer(data)
                assert message is not None
                match message:
                    case Hello():
                        self.mirror.hello(message)
                    case Wanted():
                        self.mirror.wanted(message)
                    case Frame():
                        self.events += self.mirror.frame(message)
                    case Refused() | Restart() | Found():
                        pass
                self.messages.append(message)
                self._news.set()
        except ConnectionClosed:
            pass
        finally:
            self.closed = (self.connection.close_code or 1006, self.connection.close_reason or "")
            self._news.set()


async def eventually(condition: Callable[[], Any]) -> None:
    """Wait for something that no message tells of."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)
