"""The door of a relay: answers plain HTTP requests, and decides who may open a WebSocket."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from weakref import WeakKeyDictionary

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHeader
from websockets.headers import parse_subprotocol
from websockets.http11 import Request, Response
from websockets.protocol import State

from streamcore.clock import Clock
from streamcore.loopback import is_loopback
from streamcore.relay.attempts import Attempts, forwarded_address
from streamcore.relay.limits import RelayLimits
from streamcore.relay.tokens import TokenEntry, Tokens
from streamcore.wire.encodings import available, chosen, subprotocol

PATH = "/v1"
RETRY_AFTER = 5
"""Seconds that a terminal is asked to wait when there is no room."""
_CLOSED = "starting or stopping"


class Gate:
    """Decides at the upgrade, and remembers who was let in with which token."""

    def __init__(
        self,
        tokens: Tokens,
        limits: RelayLimits,
        clock: Clock,
        *,
        behind_proxy: bool,
        unready: Callable[[], Sequence[str]],
        notes: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """Make a gate that is shut until `opened` is set.

        Args:
            tokens: Who may connect; without any, everybody who can.
            limits: How many.
            clock: Time.
            behind_proxy: A reverse proxy says in ``X-Forwarded-For`` who connects.
            unready: Returns why the relay cannot serve at present, as phrases.
            notes: Returns what its operator should know besides, as sentences.
        """
        self.tokens = tokens
        self.opened = False
        self._limits = limits
        self._clock = clock
        self._behind_proxy = behind_proxy
        self._unready = unready
        self._notes = notes
        self._admitted: WeakKeyDictionary[ServerConnection, TokenEntry | None] = WeakKeyDictionary()
        self._attempts = Attempts(limits.refused_attempts_per_minute)
        self.refused: dict[int, int] = {}
        """Refused upgrades by HTTP status, for the metrics."""

    def holder(self, connection: ServerConnection) -> TokenEntry | None:
        """Return whose token a connection was let in with; ``None``: there are no tokens."""
        return self._admitted[connection]

    def __call__(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer a request; ``None``: the WebSocket may be opened."""
        path = request.path.partition("?")[0]
        match path:
            case "/healthz":
                return _answer(HTTPStatus.OK, {"healthy": True})
            case "/readyz":
                return self._readiness(connection, request)
            case _ if path != PATH:
                return self._refuse(HTTPStatus.NOT_FOUND, f"there is only {PATH} here")
        return self._upgrade(connection, request)

    def _upgrade(self, connection: ServerConnection, request: Request) -> Response | None:
        if "?" in request.path:
            # a token there would be in the logs of every proxy
            return self._refuse(HTTPStatus.BAD_REQUEST, "no query is expected; a token goes into a header")
        if request.headers.get_all("Origin"):
            return self._refuse(HTTPStatus.FORBIDDEN, "web pages may not connect")
        now = self._clock.monotonic()
        address = self._address(connection, request)
        holder = None
        if len(self.tokens):
            if self._attempts.are_used_up(address, now):
                return self._refuse(HTTPStatus.TOO_MANY_REQUESTS, "too many refused attempts", retry_after=60)
            holder = self._holder(request)
            if holder is None:
                self._attempts.count(address, now)
                return self._refuse(
                    HTTPStatus.UNAUTHORIZED, "a valid token is needed: Authorization: Bearer …"
                )
        try:
            offers = [
                offer
                for line in request.headers.get_all("Sec-WebSocket-Protocol")
                for offer in parse_subprotocol(line)
            ]
        except InvalidHeader:
            return self._refuse(HTTPStatus.BAD_REQUEST, "the subprotocols cannot be read")
        if chosen(offers) is None:
            spoken = ", ".join(map(subprotocol, available()))
            return self._refuse(HTTPStatus.BAD_REQUEST, f"no subprotocol in common; there are: {spoken}")
        if not self.opened:
            text = "; ".join(self._unready()) or _CLOSED
            return self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, text, retry_after=RETRY_AFTER)
        open_now = sum(one.state is not State.CLOSED for one in self._admitted)
        if open_now >= self._limits.clients:
            text = f"full: {self._limits.clients} terminals are connected"
            return self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, text, retry_after=RETRY_AFTER)
        self._admitted[connection] = holder
        return None

    def _readiness(self, connection: ServerConnection, request: Request) -> Response:
        reasons = list(self._unready()) if self.opened else [_CLOSED, *self._unready()]
        body: dict[str, object] = {"ready": not reasons}
        is_local = is_loopback(_peer(connection)) and not self._behind_proxy
        if is_local or self._holder(request) is not None:  # strangers are told nothing of what runs here
            if reasons:
                body["reasons"] = reasons
            if notes := list(self._notes()):
                body["notes"] = notes
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK, body)

    def _holder(self, request: Request) -> TokenEntry | None:
        given = request.headers.get_all("Authorization")
        if len(given) != 1:
            return None
        scheme, _, token = given[0].partition(" ")
        return self.tokens.holder_of(token.strip()) if scheme.casefold() == "bearer" else None

    def _address(self, connection: ServerConnection, request: Request) -> str:
        peer = _peer(connection)
        if not self._behind_proxy:
            return peer
        return forwarded_address(request.headers.get_all("X-Forwarded-For"), peer)

    def _refuse(self, status: HTTPStatus, text: str, *, retry_after: int | None = None) -> Response:
        self.refused[status] = self.refused.get(status, 0) + 1
        return _answer(status, {"refused": text}, retry_after=retry_after)


def _peer(connection: ServerConnection) -> str:
    address = connection.remote_address
    return str(address[0]) if isinstance(address, tuple) else ""


def _answer(status: HTTPStatus, body: object, *, retry_after: int | None = None) -> Response:
    content = json.dumps(body).encode() + b"\n"
    headers = Headers(
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(content))),
            ("Cache-Control", "no-store"),
            ("Connection", "close"),
        ]
    )
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(status.value, status.phrase, headers, content)
