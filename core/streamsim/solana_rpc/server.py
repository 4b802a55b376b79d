"""An emulated public Solana node: the protocol of Helius without a key and without Helius' own methods.

It serves the same chain as the emulated Helius. No key is needed, and all clients from one IP address, here
all clients, share the limits of `streamsim.solana_rpc.limits`, which stand in the headers of every answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from streamcore.clock import Clock
from streamsim.helius import messages
from streamsim.helius.messages import RpcError
from streamsim.helius.rpc import PAID_METHODS, HeliusRpc
from streamsim.helius.server import HeliusClient, HeliusServer
from streamsim.servers.clients import Client, Frame, Handshake, Profile
from streamsim.servers.http11 import HttpReply, HttpRequest
from streamsim.servers.limits import SlidingWindow
from streamsim.solana_rpc.limits import SEPTEMBER_2026, WINDOW, NodeLimits
from streamsim.world.wallets import WalletChain

NEW_CONNECTIONS = 40
"""In `WINDOW` seconds."""
SUBSCRIPTIONS = 240
"""How many a connection may have; one more drops it without a close frame."""

_SPECIFIC = "Too many requests for a specific RPC call"
_CONTACT = ", contact your app developer or support@rpcpool.com."
_ANY = "Too many requests from your IP"
_TEXTS = {403: "Access forbidden", 404: "Not found", 429: _ANY}


def error_reply(
    status: int, message: str | None = None, *, identifier: object = None, wait: float | None = None
) -> HttpReply:
    """Return an HTTP error as the node writes it; ``wait`` is seconds for ``Retry-After``."""
    text = message or _TEXTS.get(status, "Internal error")
    body = messages.error(identifier, RpcError(status, text))
    headers = {} if wait is None else {"Retry-After": str(math.ceil(wait))}
    return HttpReply.json(body, status, **headers)


def _is_browser(headers: Mapping[str, str]) -> bool:
    # seen in 2026-09: requests from web pages are refused, whatever site they come from
    return "origin" in headers or headers.get("user-agent", "").startswith("Mozilla/")


class SolanaRpc(HeliusRpc):
    """Answers JSON-RPC requests about a chain without a key, within the public limits.

    Args:
        clock: Time.
        chain: The chain it serves.
        watch: Called with the addresses a client asks for.
    """

    def __init__(self, clock: Clock, chain: WalletChain, watch: Callable[[list[str]], None]) -> None:
        super().__init__(clock, chain, watch)
        self.blocked = False
        """Whether every request is answered with 403."""
        self.refused = 0
        """Requests answered with 429."""
        self.limits = SEPTEMBER_2026

    @property
    def limits(self) -> NodeLimits:
        """The limits that all clients share; setting them starts counting from zero."""
        return self._limits

    @limits.setter
    def limits(self, limits: NodeLimits) -> None:
        self._limits = limits
        self._window = SlidingWindow(self._clock, limits.requests, WINDOW)
        self._windows: dict[str, SlidingWindow] = {}

    def answer(self, request: HttpRequest) -> HttpReply:
        """Return the answer to one request, with the limits in its headers."""
        self._counted: str | None = None
        reply = super().answer(request)
        if self._counted is None:
            return reply
        return HttpReply(reply.status, reply.body, {**self._limit_headers(self._counted), **reply.headers})

    def _limit_headers(self, method: str) -> dict[str, str]:
        limits, window = self._limits, self._method_window(method)
        counts = {
            "method": (limits.of_method(method), window.used),
            "rps": (limits.requests, self._window.used),
            "conn": (NEW_CONNECTIONS, 1),
            "connrate": (NEW_CONNECTIONS, 1),
            "pubsub": (limits.sockets, 0),
        }
        headers = {"x-rpc-node": "sxb1", "x-ratelimit-tier": "free"}
        for name, (limit, used) in counts.items():
            headers[f"x-ratelimit-{name}-limit"] = str(limit)
            headers[f"x-ratelimit-{name}-remaining"] = str(limit - used)
        headers["x-ratelimit-endpoint-limit"] = "unlimited"
        headers["x-ratelimit-endpoint-remaining"] = "-2010"  # as seen; it has no meaning
        return headers

    def _method_window(self, method: str) -> SlidingWindow:
        window = self._windows.get(method)
        if window is None:
            window = SlidingWindow(self._clock, self._limits.of_method(method), WINDOW)
            self._windows[method] = window
        return window

    def _profile(self, request: HttpRequest) -> Profile:
        return Profile.PAID  # a public node has no plans, so nothing is refused because of one

    def _unwelcome(self, request: HttpRequest) -> HttpReply | None:
        if self.blocked or _is_browser(request.headers):
            return error_reply(403)
        return None if request.path in {"", "/"} else error_reply(404)

    def _too_often(self, request: HttpRequest, calls: list[Any]) -> HttpReply | None:
        for call in calls:
            named = call if isinstance(call, Mapping) else {}
            method = str(named.get("method"))
            self._counted = method
            window = self._method_window(method)
            passes, passes_method = self._window.take(), window.take()
            if passes and passes_method:
                continue
            self.refused += 1
            wait = self._limits.retry_after or max(self._window.opens_in, window.opens_in)
            text = _ANY if not passes else _SPECIFIC
            if self._limits.retry_after is not None:
                text += _CONTACT
            return error_reply(429, text, identifier=named.get("id"), wait=wait)
        return None

    def _method(self, name: str, profile: Profile) -> Callable[[HeliusRpc, list[Any]], Any]:
        if name in PAID_METHODS:
            raise RpcError(messages.METHOD_NOT_FOUND, "Method not found")
        return super()._method(name, profile)


class SolanaServer(HeliusServer):
    """A public node on loopback.

    Args:
        clock: Time.
        chain: The chain it serves.
        watch: Called with the addresses a client asks for.
        seed: Equal seeds give equal subscription numbers.
    """

    name: ClassVar[str] = "Solana"
    # a connection on which nothing passes in either direction for about half a minute is dropped
    rounds_until_dropped: ClassVar[int] = 1

    rpc: SolanaRpc

    def __init__(
        self, clock: Clock, chain: WalletChain, watch: Callable[[list[str]], None], seed: int
    ) -> None:
        super().__init__(clock, chain, watch, seed, SolanaRpc(clock, chain, watch))
        self._opened_lately = SlidingWindow(clock, NEW_CONNECTIONS, WINDOW)

    @property
    def blocked(self) -> bool:
        """Whether this address is blocked: 403 to every upgrade and request. A test may set it."""
        return self.rpc.blocked

    @blocked.setter
    def blocked(self, blocked: bool) -> None:
        self.rpc.blocked = blocked

    @property
    def limits(self) -> NodeLimits:
        """What one IP address may request: see `streamsim.solana_rpc.limits`. A test may set it."""
        return self.rpc.limits

    @limits.setter
    def limits(self, limits: NodeLimits) -> None:
        self.rpc.limits = limits

    @property
    def wallets(self) -> frozenset[str]:
        """The wallets and token accounts whose logs some client is subscribed to."""
        return frozenset(held.subject for held in self.subscriptions if held.kind == "logs" and held.subject)

    def _refusal(self, handshake: Handshake, key: str) -> HttpReply | None:
        if handshake.path not in {"", "/"}:
            return error_reply(404)
        if self.blocked or _is_browser(handshake.headers):
            return error_reply(403)
        if not self._opened_lately.take():
            return error_reply(429, wait=self._opened_lately.opens_in)
        return error_reply(429, wait=WINDOW) if self.connections >= self.limits.sockets else None

    def _error_body(self, status: int) -> bytes:
        return error_reply(status).body

    def _subscribe(self, client: HeliusClient, identifier: object, kind: str, params: list[Any]) -> None:
        if kind == "transaction":
            raise RpcError(messages.METHOD_NOT_FOUND, "Method not found")
        if len(client.subscriptions) >= SUBSCRIPTIONS:
            client.connection.transport.abort()
            return
        super()._subscribe(client, identifier, kind, params)

    def _send(self, clients: Iterable[Client], frame: Frame) -> None:
        listening = tuple(clients)
        for client in listening:
            client.connection.heard = True  # what the node sends keeps a connection alive, too
        super()._send(listening, frame)
