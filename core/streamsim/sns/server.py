"""An emulated proxy of the Solana Name Service: names of wallets without an RPC node.

Its second version, as its README of 2026-08 has it: names end in ``.sns``, ``.sol`` is no longer looked up.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, ClassVar
from urllib.parse import unquote

import base58
import msgspec

from streamcore.clock import Clock
from streamsim.servers.http11 import LOOPBACK, HttpReply, HttpRequest
from streamsim.servers.limits import SlidingWindow
from streamsim.servers.provider import HttpServer
from streamsim.wire import is_address
from streamsim.world.names import NAMES

REQUESTS, WINDOW = 100, 10.0
"""Requests allowed in a window of seconds; an assumption, as nothing is published."""

_NAME = re.compile(r"(?P<label>[^./\s]+(?:\.[^./\s]+)?)\.(?P<suffix>[a-z]+)")
_ERRORS = {
    400: "Invalid input",
    404: "Domain not found",
    409: "SRS and SNS resolution mismatch",
    422: "Record is malformed",
    429: "Too many requests",
    502: "RPC unavailable",
}


class SnsServer(HttpServer):
    """The proxy on loopback.

    Args:
        clock: Time.
    """

    name: ClassVar[str] = "SNS"

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.names = dict(NAMES)
        """Names without suffix to their owners. A test may change them at any time, as owners do."""
        self.resolves_sol = False
        """Whether ``.sol`` is looked up in the same registry, as it was until 2026-10."""
        self.mismatched: set[str] = set()
        """Names of which the two registries have different owners."""
        self.malformed: set[str] = set()
        """Names whose record cannot be read."""
        self.lost: set[str] = set()
        """Names that their owners show but no longer have."""
        self.rpc_is_down = False
        """Whether the node behind it answers."""
        self._limit = SlidingWindow(clock, REQUESTS, WINDOW)

    @property
    def rest_url(self) -> str:
        """Scheme and host of the API."""
        return f"http://{LOOPBACK}:{self.http_port}"

    def limit_to(self, requests: int, seconds: float) -> None:
        """Change the rate limit, and start counting from zero."""
        self._limit = SlidingWindow(self.clock, requests, seconds)

    def _error_body(self, status: int) -> bytes:
        return msgspec.json.encode({"s": "error", "result": _ERRORS.get(status, "Internal error")})

    async def answer(self, request: HttpRequest) -> HttpReply:
        """Return the answer to an HTTP request."""
        if not self._limit.take():
            return self._error(429)
        match request.method, [unquote(part) for part in request.path.strip("/").split("/")]:
            case "GET", ["resolve", domain]:
                return self._resolved(domain, safe=False)
            case "GET", ["safe-resolve", domain]:
                return self._resolved(domain, safe=True)
            case "GET", ["primary-domain", owner]:
                return self._primary(owner)
            case _:
                return self._error(404)

    def _resolved(self, domain: str, *, safe: bool) -> HttpReply:
        matched = _NAME.fullmatch(domain.strip().lower())
        if matched is None:
            return self._error(400)
        label, suffix = matched["label"], matched["suffix"]
        if suffix != "sns" and not (suffix == "sol" and self.resolves_sol):
            return HttpReply.json({"s": "error", "result": "Unsupported TLD"}, 400)
        if self.rpc_is_down:
            return self._error(502)
        if label not in self.names:
            return self._error(404)
        if safe and label in self.mismatched:
            return self._error(409)
        if label in self.malformed:
            return self._error(422)
        return _ok(self.names[label])

    def _primary(self, owner: str) -> HttpReply:
        if not is_address(owner):
            return self._error(400)
        if self.rpc_is_down:
            return self._error(502)
        label = next((label for label, held_by in self.names.items() if held_by == owner), None)
        if label is None:
            return _ok(None)
        domain = base58.b58encode(hashlib.sha256(f"SPL Name Service{label}".encode()).digest()).decode()
        return _ok({"domain": domain, "reverse": label, "stale": label in self.lost})

    def _error(self, status: int) -> HttpReply:
        return HttpReply(status, self._error_body(status))


def _ok(result: Any) -> HttpReply:
    return HttpReply.json({"s": "ok", "result": result})
