"""An emulated Coinbase Exchange: its feed. The REST side is `streamsim.coinbase.rest`.

Like the real one, it sends nothing until something is subscribed, answers with the list of all subscriptions,
and sends a ticker per trade and a heartbeat per second and product. Only these two channels are emulated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec

from streamcore.clock import Clock
from streamsim.coinbase import messages
from streamsim.coinbase.messages import CHANNELS, CLOSED_CHANNELS, Progress
from streamsim.coinbase.rest import CoinbaseRest
from streamsim.servers.clients import Connection, Frame, Handshake
from streamsim.servers.exchange import COINBASE_LISTED, ExchangeClient, ExchangeServer
from streamsim.servers.faults import Fault
from streamsim.servers.http11 import LOOPBACK, HttpReply, HttpRequest
from streamsim.servers.limits import TokenBucket
from streamsim.world.market import Market, Trade

MESSAGES_PER_SECOND = 100.0


@dataclass(eq=False)
class CoinbaseClient(ExchangeClient):
    """A connection with its subscriptions."""

    channels: dict[str, dict[str, None]] = field(default_factory=lambda: {name: {} for name in CHANNELS})
    """The products of each channel, in the order they were subscribed."""
    limit: TokenBucket | None = None


class CoinbaseServer(ExchangeServer[CoinbaseClient]):
    """Coinbase Exchange on loopback.

    Args:
        clock: Time.
        market: The market it serves.
        watch: Called with the market's keys of what a client asks for.
    """

    name: ClassVar[str] = "Coinbase"
    subscribe_within: ClassVar[float] = 5.0
    connects: ClassVar[tuple[int, float]] = (20, 2.5)

    def __init__(self, clock: Clock, market: Market, watch: Callable[[list[str]], None]) -> None:
        super().__init__(clock, market, watch, COINBASE_LISTED)
        self.grants_rest_of_bad_request = True
        """Whether a request with an unknown product is granted for the others; the real one did both."""
        self.base_names = {"JUP": "JUPITER"}
        """Names it uses for assets in place of the usual tickers: its product is ``JUPITER-USD``."""
        self.delisted = {"JUP"}
        """Bases of products that were delisted: requests for them are refused."""
        self.delisted_status = 400
        """HTTP status of such a refusal; 404 was seen as well."""
        self.refusal_texts: dict[str, str] = {}
        """Products it refuses on the socket, with the reason to give: for wordings no client expects."""
        self._progress: dict[str, Progress] = {}
        self._rest = CoinbaseRest(clock, self, self._progress)

    @property
    def ws_url(self) -> str:
        """The WebSocket URL."""
        return f"ws://{LOOPBACK}:{self.ws_port}/"

    @property
    def subscriptions(self) -> frozenset[str]:
        """The products some client gets tickers of now."""
        return frozenset(product for client in self.clients for product in client.channels["ticker"])

    def product_of(self, ticker: str) -> str:
        """Return the id of an asset's product in US dollars: ``SOL-USD``."""
        return f"{self.base_names.get(ticker, ticker)}-USD"

    def ticker_of(self, product: str) -> str | None:
        """Return the ticker of a product that is listed and has a price."""
        base, _, quote = product.rpartition("-")
        ticker = next((known for known, name in self.base_names.items() if name == base), base)
        is_there = quote == "USD" and self.product_of(ticker) == product and base not in self.delisted
        return ticker if is_there and self.token(ticker) is not None else None

    def is_delisted(self, product: str) -> bool:
        """Return whether a product was listed once."""
        return product.removesuffix("-USD") in self.delisted

    async def maintenance(self, on: bool) -> None:
        """Begin maintenance: close every connection and refuse each new one; or end it."""
        self.in_maintenance = on
        if on:
            await self.close_clients(1001, "maintenance")

    # The way in

    def _refusal(self, handshake: Handshake, key: str) -> HttpReply | None:
        if self.in_maintenance:
            return HttpReply(503, self._error_body(503))
        return super()._refusal(handshake, key)

    def _error_body(self, status: int) -> bytes:
        known = {404: "NotFound", 429: "Public rate limit exceeded"}
        return msgspec.json.encode({"message": known.get(status, f"HTTP {status}")})

    def _client(self, number: int, connection: Connection, handshake: Handshake, key: str) -> CoinbaseClient:
        client = CoinbaseClient(number, connection, handshake, key)
        client.limit = TokenBucket(self.clock, MESSAGES_PER_SECOND)
        return client

    def _error_frame(self, message: str, code: int) -> str:
        return messages.error(message)

    def _has_subscribed(self, client: CoinbaseClient) -> bool:
        return any(client.channels.values())

    def _beats(self, client: CoinbaseClient) -> list[Frame]:
        now = self.clock.time()
        beats: list[Frame] = []
        for product in client.channels["heartbeat"]:
            progress = self._progress[product] = self._progress_of(product).ordered()
            beats.append(messages.heartbeat(product, progress, now))
        return beats

    # What clients say

    def _received(self, client: CoinbaseClient, message: Any) -> None:
        if client.limit is not None and not client.limit.take():
            self.tell(client, messages.error("Rate limit exceeded", "too many messages"))
            return
        kind = message.get("type") if isinstance(message, Mapping) else None
        asked = _asked(message) if kind in ("subscribe", "unsubscribe") else None
        if asked is None:
            self.tell(client, messages.error("Malformed request", f"{kind} is not a valid type"))
        elif kind == "subscribe":
            self._subscribing(lambda: self._subscribe(client, asked))
        else:
            for channel, products in asked:
                held = client.channels.get(channel, {})
                for product in products or list(held):
                    held.pop(product, None)
            self.tell(client, messages.subscriptions(client.channels))

    def _subscribe(self, client: CoinbaseClient, asked: list[tuple[str, list[str]]]) -> None:
        wrong = self._wrong(asked)
        if terms := self.faults.take(Fault.REJECT_SUBSCRIBE):
            wrong = [terms.message]
        for reason in wrong:
            self.tell(client, messages.error("Failed to subscribe", reason))
        if terms or (wrong and not self.grants_rest_of_bad_request):
            return
        new: dict[str, None] = {}
        granted = False
        for channel, products in asked:
            for product in products if channel in CHANNELS else []:
                ticker = self.ticker_of(product)
                if ticker is None or ticker in self.passed_over or product in self.refusal_texts:
                    continue
                granted = True
                if channel == "ticker" and product not in client.channels[channel]:
                    new[product] = None
                client.channels[channel][product] = None
        if not granted:
            return
        held = {product for products in client.channels.values() for product in products}
        self.watch([ticker for product in held if (ticker := self.ticker_of(product)) is not None])
        answer = messages.subscriptions(client.channels)
        early = self.faults.take(Fault.NOTIFY_BEFORE_ACK)
        if not early:
            self.tell(client, answer)
        for product in new:
            self._publish_ticker([client], product)
        if early:
            self.tell(client, answer)
        self._start_beating(client)

    def _wrong(self, asked: list[tuple[str, list[str]]]) -> list[str]:
        """Return the errors of a request, in the order they are sent.

        A delisted product gives one error per channel, an unknown one a single error.
        """
        wrong: list[str] = []
        for channel, products in asked:
            reasons = []
            if channel in CLOSED_CHANNELS:
                reasons.append(messages.NEEDS_ACCOUNT)
            elif channel not in CHANNELS:
                reasons.append(f"{channel} is not a valid channel")
            for product in products:
                if product in self.refusal_texts:
                    wrong.append(self.refusal_texts[product])
                elif self.is_delisted(product):
                    wrong.append(f"{product} is delisted")
                elif self.ticker_of(product) is None:
                    reasons.append(f"{product} is not a valid product")
            wrong += [reason for reason in reasons if reason not in wrong]
        return wrong

    # What the market says

    def _traded(self, ticker: str, trade: Trade) -> None:
        product = self.product_of(ticker)
        self._progress[product] = self._progress_of(product).traded(trade)
        clients = [client for client in self._clients if product in client.channels["ticker"]]
        if clients:
            self._publish_ticker(clients, product)

    def _publish_ticker(self, clients: list[CoinbaseClient], product: str) -> None:
        ticker = self.ticker_of(product)
        figures = None if ticker is None else self.figures(ticker)
        if figures is not None:
            self._publish_to(
                clients, messages.ticker(product, figures, self._progress_of(product), self.faults)
            )

    def _progress_of(self, product: str) -> Progress:
        return self._progress.setdefault(product, Progress(unix=self.clock.time()))

    # HTTP

    async def answer(self, request: HttpRequest) -> HttpReply:
        """Return the answer to an HTTP request."""
        return self._rest.answer(request)


def _asked(message: Mapping[str, Any]) -> list[tuple[str, list[str]]] | None:
    """Return the channels of a request, each with its products; ``None`` when it makes no sense."""
    common = message.get("product_ids", [])
    channels = message.get("channels")
    if not isinstance(channels, list) or not channels:
        return None
    asked = []
    for channel in channels:
        name, products = (channel, common) if isinstance(channel, str) else _named(channel, common)
        if not isinstance(name, str) or not isinstance(products, list):
            return None
        if not all(isinstance(product, str) for product in products):
            return None
        asked.append((name, products))
    return asked


def _named(channel: object, common: object) -> tuple[object, object]:
    if not isinstance(channel, Mapping):
        return None, None
    return channel.get("name"), channel.get("product_ids", common)
