"""An emulated Kraken: its WebSocket v2. The REST side is `streamsim.kraken.rest`.

Like the real one, it sends its status on connect, answers a request for each pair separately, begins a
subscription with a snapshot, sends whole objects as updates, and a heartbeat after each silent second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from streamcore.clock import Clock
from streamsim.kraken import messages
from streamsim.kraken.messages import Maintenance
from streamsim.kraken.rest import INTERVALS, KrakenRest
from streamsim.servers.clients import Connection, Frame, Handshake
from streamsim.servers.exchange import (
    HEARTBEAT_INTERVAL,
    KRAKEN_LISTED,
    ExchangeClient,
    ExchangeServer,
    Figures,
)
from streamsim.servers.faults import Fault
from streamsim.servers.http11 import LOOPBACK, HttpReply, HttpRequest
from streamsim.servers.limits import TokenBucket
from streamsim.world.candles import bucket_start
from streamsim.world.market import Market, Trade

MESSAGES_PER_SECOND = 10.0
"""An assumption, as Kraken publishes no figure; low enough for any plausible limit."""

SNAPSHOT_CANDLES = 12
"""Intervals in the first message about candles, as captured in 2026-09; not documented."""

_PAIR = re.compile(r"[A-Z0-9.]+/[A-Z0-9.]+")
_EARLY = 0.05
"""Seconds by which a heartbeat may come early, because the frame before it was sent a little late."""


@dataclass(eq=False)
class KrakenClient(ExchangeClient):
    """A connection with its subscriptions."""

    pairs: dict[str, str] = field(default_factory=dict)
    """Each subscribed pair, and what triggers its updates: ``trades`` or ``bbo`` (best bid and offer)."""
    candles: dict[tuple[str, int], None] = field(default_factory=dict)
    """Each pair with the length in minutes of the candles it gets of it."""
    limit: TokenBucket | None = None


class KrakenServer(ExchangeServer[KrakenClient]):
    """Kraken on loopback.

    Args:
        clock: Time.
        market: What it tells about.
        watch: Called with the market's keys of what a client asks for.
    """

    name: ClassVar[str] = "Kraken"
    subscribe_within: ClassVar[float] = 60.0
    connects: ClassVar[tuple[int, float]] = (150, 600.0)

    def __init__(self, clock: Clock, market: Market, watch: Callable[[list[str]], None]) -> None:
        super().__init__(clock, market, watch, KRAKEN_LISTED)
        self.system = "online"
        """The state in every status frame, such as ``online`` or ``maintenance``."""
        self.announced: list[Maintenance] = []
        """Maintenance announced in every status frame; see also `announce`."""
        self.emergencies: list[Maintenance] = []
        """The same, under ``emergency``."""
        self.untraded: set[str] = set()
        """Tickers shown as not traded for 24 hours: all figures are 0 except bid and ask."""
        self.answers_in_part = False
        """Whether a REST request with an unknown pair gets the data of the others along with the error."""
        self.pair_statuses: dict[str, str] = {}
        """Status in ``AssetPairs``, by ticker, such as ``cancel_only``; all others are ``online``."""
        self.rest = KrakenRest(clock, self)

    @property
    def ws_url(self) -> str:
        """The WebSocket URL."""
        return f"ws://{LOOPBACK}:{self.ws_port}/v2"

    @property
    def subscriptions(self) -> frozenset[str]:
        """The pairs some client gets tickers of now."""
        return frozenset(pair for client in self.clients for pair in client.pairs)

    def tell_status(self, system: str) -> None:
        """Change the state of the exchange, such as to ``cancel_only``, and send it to every client."""
        self.system = system
        for client in self.clients:
            self.tell(client, self._status(client))

    def announce(self, *planned: Maintenance) -> None:
        """Replace the announced maintenance, and send the status to every client."""
        self.announced = list(planned)
        self.tell_status(self.system)

    def is_untraded(self, ticker: str, figures: Figures) -> bool:
        """Return whether an asset was not traded for 24 hours, so that its figures are sent as zeros."""
        return ticker in self.untraded or not figures.trades

    def _status(self, client: KrakenClient) -> str:
        return messages.status(
            self.system, client.number, self.clock.time(), self.announced, self.emergencies
        )

    async def maintenance(self, on: bool) -> None:
        """Begin or end maintenance: it closes every connection, and each new one after its status frame."""
        self.in_maintenance = on
        self.tell_status("maintenance" if on else "online")
        if on:
            await self.close_clients(1001, "maintenance")

    # The way in

    def _refusal(self, handshake: Handshake, key: str) -> HttpReply | None:
        if handshake.path != "/v2":
            return HttpReply(404, self._error_body(404), content_type="text/html")
        return super()._refusal(handshake, key)

    def _error_body(self, status: int) -> bytes:
        return f"<html><head><title>{status}</title></head><body>cloudflare</body></html>".encode()

    def _client(self, number: int, connection: Connection, handshake: Handshake, key: str) -> KrakenClient:
        client = KrakenClient(number, connection, handshake, key)
        client.limit = TokenBucket(self.clock, MESSAGES_PER_SECOND)
        return client

    def _opened(self, client: KrakenClient) -> None:
        super()._opened(client)
        if not self.faults.take(Fault.WITHHOLD_WELCOME):
            self.tell(client, self._status(client))
        if self.in_maintenance:
            self._tasks.spawn(client.connection.close(1001, "maintenance"))

    def _error_frame(self, message: str, code: int) -> str:
        return messages.refused("subscribe", message, None, {}, self.clock.time())

    def _has_subscribed(self, client: KrakenClient) -> bool:
        return bool(client.pairs or client.candles)

    def _beats(self, client: KrakenClient) -> list[Frame]:
        quiet = self.clock.monotonic() - client.sent_at
        return [messages.HEARTBEAT] if quiet >= HEARTBEAT_INTERVAL - _EARLY else []

    # What clients say

    def _received(self, client: KrakenClient, message: Any) -> None:
        request = message if isinstance(message, Mapping) else {}
        method = request.get("method")
        if method == "ping":
            self.tell(client, messages.pong(request, self.clock.time()))
        elif method == "subscribe":
            self._subscribing(lambda: self._subscribe(client, request))
        elif method == "unsubscribe":
            self._unsubscribe(client, request)
        else:
            self._refuse(client, str(method or "subscribe"), "Malformed request", None, request)

    def _subscribe(self, client: KrakenClient, request: Mapping[str, Any]) -> None:
        asked = self._asked(client, "subscribe", request)
        if asked is None:
            return
        params: Mapping[str, Any] = request["params"]
        if params["channel"] == "ohlc":
            self._subscribe_candles(client, asked, request)
            return
        trigger = str(params.get("event_trigger", "trades"))
        with_snapshot = params.get("snapshot", True) is not False
        rejected = self.faults.take(Fault.REJECT_SUBSCRIBE)
        for pair in asked:
            if _ticker_of(pair) in self.passed_over:
                continue
            error = rejected.message if rejected else self._why_not(pair)
            if error is None and pair in client.pairs:
                error = "Already subscribed"
            if error is not None:
                self._refuse(client, "subscribe", error, pair, request)
                continue
            client.pairs[pair] = trigger
            result = {
                "channel": "ticker",
                "event_trigger": trigger,
                "snapshot": with_snapshot,
                "symbol": pair,
            }
            answer = messages.acknowledged("subscribe", result, request, self.clock.time())
            early = self.faults.take(Fault.NOTIFY_BEFORE_ACK)
            if not early:
                self.tell(client, answer)
            if with_snapshot:
                self._publish_ticker([client], pair, "snapshot")
            if early:
                self.tell(client, answer)
        if client.pairs:
            self._start_beating(client)
        self.watch([_ticker_of(pair) for pair in asked if pair in client.pairs])

    def _subscribe_candles(self, client: KrakenClient, pairs: list[str], request: Mapping[str, Any]) -> None:
        params: Mapping[str, Any] = request["params"]
        interval, with_snapshot = params.get("interval", 1), params.get("snapshot", True) is not False
        for pair in pairs:
            error = self._why_not(pair)
            if error is None and (pair, interval) in client.candles:
                error = "Already subscribed"
            if error is not None:
                self._refuse(client, "subscribe", error, pair, request)
                continue
            client.candles[pair, interval] = None
            result = {"channel": "ohlc", "interval": interval, "snapshot": with_snapshot, "symbol": pair}
            told = result | {"warnings": [messages.OHLC_WARNING]}
            self.tell(client, messages.acknowledged("subscribe", told, request, self.clock.time()))
            if with_snapshot:
                self._publish_candles([client], pair, interval, SNAPSHOT_CANDLES)
        if client.candles:
            self._start_beating(client)
        self.watch([_ticker_of(pair) for pair in pairs if self._why_not(pair) is None])

    def _unsubscribe_candles(self, client: KrakenClient, pair: str, request: Mapping[str, Any]) -> None:
        interval = request["params"].get("interval", 1)
        if (pair, interval) not in client.candles:
            self._refuse(client, "unsubscribe", "Subscription Not Found", pair, request)
            return
        del client.candles[pair, interval]
        result = {"channel": "ohlc", "interval": interval, "symbol": pair}
        self.tell(client, messages.acknowledged("unsubscribe", result, request, self.clock.time()))

    def _unsubscribe(self, client: KrakenClient, request: Mapping[str, Any]) -> None:
        for pair in self._asked(client, "unsubscribe", request) or ():
            params: Mapping[str, Any] = request["params"]
            if params["channel"] == "ohlc":
                self._unsubscribe_candles(client, pair, request)
                continue
            trigger = client.pairs.pop(pair, None)
            if trigger is None:
                self._refuse(client, "unsubscribe", "Subscription Not Found", pair, request)
                continue
            result = {"channel": "ticker", "event_trigger": trigger, "symbol": pair}
            self.tell(client, messages.acknowledged("unsubscribe", result, request, self.clock.time()))

    def _asked(self, client: KrakenClient, method: str, request: Mapping[str, Any]) -> list[str] | None:
        """Return the pairs a request is about; ``None`` when it has been refused as a whole."""
        params = request.get("params")
        if not isinstance(params, Mapping):
            self._refuse(client, method, "Subscription params must be an object", None, request)
            return None
        pairs = params.get("symbol")
        if params.get("channel") not in {"ticker", "ohlc"}:
            self._refuse(client, method, "Subscription channel not supported", None, request)
            return None
        if params["channel"] == "ohlc" and params.get("interval", 1) not in INTERVALS:
            self._refuse(client, method, "Subscription ohlc interval not supported", None, request)
            return None
        if not isinstance(pairs, list) or not pairs or not all(isinstance(pair, str) for pair in pairs):
            self._refuse(client, method, "Subscription symbol must be a list of strings", None, request)
            return None
        if client.limit is not None and not client.limit.take():
            for pair in pairs:
                self._refuse(client, method, messages.TOO_MANY, pair, request)
            return None
        return pairs

    def _why_not(self, pair: str) -> str | None:
        if not _PAIR.fullmatch(pair):
            return f"{messages.MALFORMED_PAIR} {pair}"
        if not pair.endswith("/USD") or self.token(_ticker_of(pair)) is None:
            return f"{messages.UNSUPPORTED} {pair}"
        return None

    def _refuse(
        self, client: KrakenClient, method: str, error: str, pair: str | None, request: Mapping[str, Any]
    ) -> None:
        self.tell(client, messages.refused(method, error, pair, request, self.clock.time()))

    # What the market says

    def _traded(self, ticker: str, trade: Trade) -> None:
        pair = f"{ticker}/USD"
        clients = [
            client
            for client in self._clients
            if pair in client.pairs and (trade.moved or client.pairs[pair] == "trades")
        ]
        if clients:
            self._publish_ticker(clients, pair, "update")
        watching: dict[int, list[KrakenClient]] = {}
        for client in self._clients:
            for _, interval in (each for each in client.candles if each[0] == pair):
                watching.setdefault(interval, []).append(client)
        for interval, some in watching.items():
            self._publish_candles(some, pair, interval, 1)

    def _publish_ticker(self, clients: list[KrakenClient], pair: str, kind: str) -> None:
        ticker = _ticker_of(pair)
        figures = self.figures(ticker)
        if figures is not None:
            figures = figures.untraded if self.is_untraded(ticker, figures) else figures
            self._publish_to(clients, messages.ticker(pair, figures, kind, self.clock.time(), self.faults))

    def _publish_candles(self, clients: list[KrakenClient], pair: str, interval: int, count: int) -> None:
        """Send the newest of so many intervals; one without trades has no candle, unlike in REST answers."""
        token = self.token(_ticker_of(pair))
        if token is None:
            return
        length = interval * 60
        running = bucket_start(length, token.now())
        told = token.candles(length, running - (count - 1) * length)
        kind = "update" if count == 1 else "snapshot"
        self._publish_to(clients, messages.candles(pair, told, interval, kind, self.clock.time()))

    # HTTP

    def _too_many(self) -> HttpReply:
        return self.rest.too_many()

    async def answer(self, request: HttpRequest) -> HttpReply:
        """Return the answer to an HTTP request."""
        return self.rest.answer(request)


def _ticker_of(pair: str) -> str:
    return pair.partition("/")[0]
