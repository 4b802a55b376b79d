"""An emulated Birdeye: its WebSocket. The REST side is `streamsim.birdeye.rest`.

Like the real one, it keeps one subscription per type and connection, replaces it with the next of the same
type, acknowledges nothing, and sends nothing about a token that does not trade.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

import msgpack
import msgspec

from streamcore.clock import Clock
from streamsim.birdeye import messages
from streamsim.birdeye.messages import Clause, Refused, Selection
from streamsim.birdeye.requests import error_body
from streamsim.birdeye.rest import BirdeyeRest
from streamsim.servers.clients import Client, Connection, Frame, Handshake, Profile
from streamsim.servers.faults import Fault
from streamsim.servers.http11 import LOOPBACK, HttpReply, HttpRequest
from streamsim.servers.websocket import ProviderServer
from streamsim.world.market import Market, Trade, Truth

STATS_INTERVAL = 0.5
"""The least seconds between two statistics of one token; a token that does not trade has none."""


class GenericFrames(StrEnum):
    """Whether the market is published as generic snapshot and delta frames in place of PRICE_DATA."""

    OFF = "off"
    JSON = "json"
    MSGPACK = "msgpack"


@dataclass(eq=False)
class BirdeyeClient(Client):
    """A connection with its subscriptions, one of each type."""

    clauses: dict[str, list[Clause]] = field(default_factory=dict)
    """The feeds of SUBSCRIBE_PRICE, by address."""
    stats: dict[str, int] = field(default_factory=dict)
    """The addresses of SUBSCRIBE_TOKEN_STATS, each with the number of trades in the last statistics sent."""
    selection: Selection | None = None
    generic: dict[str, Truth] = field(default_factory=dict)
    """The values of the last generic frame, by address."""


class BirdeyeServer(ProviderServer[BirdeyeClient]):
    """Birdeye on loopback.

    Args:
        clock: Time.
        market: The market it serves.
        watch: Called with the mints a client asks for.
    """

    name: ClassVar[str] = "Birdeye"
    key_parameter: ClassVar[str] = "x-api-key"
    subprotocols: ClassVar[tuple[str, ...]] = ("echo-protocol",)
    rounds_until_dropped: ClassVar[int] = 2
    pings: ClassVar[bool] = True

    def __init__(self, clock: Clock, market: Market, watch: Callable[[list[str]], None]) -> None:
        super().__init__(clock)
        self.generic = GenericFrames.OFF
        """Set before clients subscribe."""
        self.bad_key_on_socket = False
        """Whether a bad key is refused with an ERROR frame on the open socket, not with an HTTP status."""
        self.snapshot_on_subscribe = False
        """Whether a SUBSCRIBE_PRICE is answered with the present candle of each feed."""
        self._market = market
        self._watch = watch
        self.rest = BirdeyeRest(clock, market, watch)
        """Its HTTP side."""
        self._stats_wanted = asyncio.Event()
        self._stats_told: dict[str, float] = {}  # monotonic seconds of the last ones, by address
        market.listen(self._traded)

    @property
    def change_differs(self) -> bool:
        """Whether ``/defi/price`` and ``multi_price`` have another 24 h change than statistics and overview.

        The real ones did for seven of nine tokens on 2025-06-24. A test may set it.
        """
        return self.rest.change_differs

    @change_differs.setter
    def change_differs(self, apart: bool) -> None:
        self.rest.change_differs = apart

    @property
    def ws_url(self) -> str:
        """The WebSocket URL, without a key."""
        return f"ws://{LOOPBACK}:{self.ws_port}/socket/solana"

    @property
    def rest_url(self) -> str:
        """Scheme and host of the REST API."""
        return f"http://{LOOPBACK}:{self.http_port}"

    @property
    def price_subscriptions(self) -> frozenset[str]:
        """The addresses some client is subscribed to for prices."""
        return frozenset(address for client in self.clients for address in client.clauses)

    @property
    def stats_subscriptions(self) -> frozenset[str]:
        """The addresses some client is subscribed to for statistics."""
        return frozenset(address for client in self.clients for address in client.stats)

    async def start(self, port: int) -> None:
        """Listen; see `ProviderServer.start`."""
        await super().start(port)
        self._tasks.spawn(self._repeat_stats())

    # The way in

    def _refusal(self, handshake: Handshake, key: str) -> HttpReply | None:
        profile = Profile.of(key)
        if not handshake.path.startswith("/socket/"):
            return HttpReply(404, error_body(404))
        if profile is Profile.BAD and not self.bad_key_on_socket:
            return HttpReply(401, error_body(401))
        if profile is Profile.FREE:
            return HttpReply(403, error_body(403))
        return None

    def _error_body(self, status: int) -> bytes:
        return error_body(status)

    def _client(self, number: int, connection: Connection, handshake: Handshake, key: str) -> BirdeyeClient:
        return BirdeyeClient(number, connection, handshake, key)

    def _opened(self, client: BirdeyeClient) -> None:
        if client.profile is Profile.BAD:
            self._send((client,), self._error_frame("Origin or API key is invalid", 400))
            self._tasks.spawn(client.connection.close(1008))
        elif not self.faults.take(Fault.WITHHOLD_WELCOME):
            self._send((client,), '{"type":"WELCOME"}')

    def _error_frame(self, message: str, code: int) -> str:
        return msgspec.json.encode({"type": "ERROR", "data": message, "statusCode": code}).decode()

    # Frames of clients

    def _received(self, client: BirdeyeClient, message: Any) -> None:
        kind = message.get("type") if isinstance(message, Mapping) else None
        handler = _HANDLERS.get(str(kind))
        if handler is None:
            self._tell(client, messages.INVALID_QUERY)
            return
        try:
            if str(kind).startswith("SUBSCRIBE"):
                self._check_subscribe(client)
            handler(self, client, message.get("data"))
        except Refused as refusal:
            self._tell(client, str(refusal))

    def _check_subscribe(self, client: BirdeyeClient) -> None:
        if client.profile is Profile.EXHAUSTED:
            raise Refused("Compute units usage limit exceeded")
        if terms := self.faults.take(Fault.REJECT_SUBSCRIBE):
            raise Refused(terms.message)

    def _tell(self, client: BirdeyeClient, message: str) -> None:
        if message == messages.INVALID_QUERY:
            self._send((client,), '{"type":"ERROR","data":"Invalid query"}')
        else:
            self._send((client,), self._error_frame(message, 400))

    def _subscribe_price(self, client: BirdeyeClient, data: object) -> None:
        clauses = messages.read_price_query(data)
        client.clauses = {}
        client.generic = {}
        for clause in clauses:
            client.clauses.setdefault(clause.address, []).append(clause)
        for address in client.clauses:
            self._begin(client, address)
        self._watch(list(client.clauses))

    def _begin(self, client: BirdeyeClient, address: str) -> None:
        token = self._market.token(address)
        if token is None:
            return
        now = self.clock.time()
        for clause in client.clauses[address]:
            token.candle(clause.chart, now)
            if self.snapshot_on_subscribe and self.generic is GenericFrames.OFF:
                self.publish((client,), _json(messages.price_data(token, clause, now, self.faults)))
        if self.generic is not GenericFrames.OFF:
            self._publish_generic(client, address)

    def _unsubscribe_price(self, client: BirdeyeClient, data: object) -> None:
        client.clauses = {}

    def _subscribe_stats(self, client: BirdeyeClient, data: object) -> None:
        addresses, client.selection = messages.read_stats_query(data)
        client.stats = dict.fromkeys(addresses, -1)
        self._stats_wanted.set()
        self._watch(list(addresses))
        self._push_stats((client,))

    def _unsubscribe_stats(self, client: BirdeyeClient, data: object) -> None:
        named = data.get("address") if isinstance(data, Mapping) else None
        gone = named if isinstance(named, list) else [named] if named else list(client.stats)
        for address in gone:
            client.stats.pop(address, None)

    # Trades on the market

    def _traded(self, trade: Trade) -> None:
        self._publish_prices(trade)
        # the 24 h figures are sent with the price they belong to, not half a second later
        if self.clock.monotonic() - self._stats_told.get(trade.mint, -math.inf) >= STATS_INTERVAL:
            self._push_stats(
                [client for client in self._clients if trade.mint in client.stats], (trade.mint,)
            )

    def _publish_prices(self, trade: Trade) -> None:
        clients = [client for client in self._clients if trade.mint in client.clauses]
        if not clients or not trade.moved:
            return
        if self.generic is not GenericFrames.OFF:
            for client in clients:
                self._publish_generic(client, trade.mint)
            return
        token = self._market.token(trade.mint)
        if token is None:
            return
        feeds: dict[Clause, list[BirdeyeClient]] = {}
        for client in clients:
            for clause in client.clauses[trade.mint]:
                feeds.setdefault(clause, []).append(client)
        for clause, receivers in feeds.items():
            if clause.currency in {"usd", "pair"}:
                frame = messages.price_data(token, clause, trade.unix, self.faults)
                self.publish(receivers, _json(frame))

    def _publish_generic(self, client: BirdeyeClient, address: str) -> None:
        token, truth = self._market.token(address), self._market.truth(address)
        if token is None or truth is None:
            return
        before = client.generic.get(address)
        client.generic[address] = truth
        fields = {
            name: float(getattr(truth, name))
            for name in ("price", "change_24h", "volume_24h")
            if before is None or getattr(before, name) != getattr(truth, name)
        }
        frame = {
            "type": "snapshot" if before is None else "delta",
            "data": {"symbol": token.listing.symbol, **fields},
        }
        packed: Frame = msgpack.packb(frame) if self.generic is GenericFrames.MSGPACK else _json(frame)
        self.publish((client,), packed)

    async def _repeat_stats(self) -> None:
        while True:
            await self._stats_wanted.wait()
            await self.clock.sleep(STATS_INTERVAL)
            self.push_stats()
            if not self.stats_subscriptions:
                self._stats_wanted.clear()

    def push_stats(self) -> None:
        """Send the statistics of every token that has traded since the last ones, without waiting."""
        self._push_stats(self.clients)

    def _push_stats(self, clients: Iterable[BirdeyeClient], only: Sequence[str] | None = None) -> None:
        feeds: dict[tuple[str, Selection], list[BirdeyeClient]] = {}
        for client in clients:
            for address in client.stats if only is None else only:
                token = self._market.token(address)
                told = client.stats[address]
                if client.selection is not None and token is not None and token.trades != told:
                    client.stats[address] = token.trades
                    feeds.setdefault((address, client.selection), []).append(client)
        for (address, selection), receivers in feeds.items():
            token = self._market.token(address)
            if token is not None:
                self._stats_told[address] = self.clock.monotonic()
                self.publish(receivers, _json(messages.token_stats(token, selection)))

    # HTTP

    def _too_many(self) -> HttpReply:
        return HttpReply(429, self._error_body(429), {"Retry-After": "1"})

    async def answer(self, request: HttpRequest) -> HttpReply:
        """Return the answer to an HTTP request."""
        return self.rest.answer(request)


def _json(frame: dict[str, Any]) -> str:
    return msgspec.json.encode(frame).decode()


_HANDLERS: dict[str, Callable[[BirdeyeServer, BirdeyeClient, object], None]] = {
    "SUBSCRIBE_PRICE": BirdeyeServer._subscribe_price,
    "UNSUBSCRIBE_PRICE": BirdeyeServer._unsubscribe_price,
    "SUBSCRIBE_TOKEN_STATS": BirdeyeServer._subscribe_stats,
    "UNSUBSCRIBE_TOKEN_STATS": BirdeyeServer._unsubscribe_stats,
}
