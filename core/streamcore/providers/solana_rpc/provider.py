"""A Solana node without a key: transactions of wallets, by the methods every node has.

The public node of the Solana Foundation is meant for trying things out: it answers a handful of wallets,
within limits that count per address and change without notice. Whoever wants more names a node of their own
in ``solana.ws_url`` and ``solana.rpc_url``. Source: solana.com/docs/references/clusters, "Rate limits".

The public node drops a connection on which nothing passes for about half a minute. It never comes to that:
`SolanaCodec` subscribes to slots, one every 0.4 s, and the connection sends its own pings as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind
from streamcore.net.endpoint import Endpoint
from streamcore.net.rate_limit import TokenBucket
from streamcore.net.transport import Http
from streamcore.providers.base import Limits, Provider
from streamcore.providers.http_errors import RATE_LIMIT_REST, refusal
from streamcore.providers.solana_rpc.history import SolanaHistory
from streamcore.providers.solana_rpc.http import HttpRpc, read_or_none
from streamcore.providers.solana_rpc.limits import WINDOW, MethodLimits
from streamcore.providers.solana_rpc.messages import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    RpcError,
)
from streamcore.providers.solana_rpc.rung import Rung
from streamcore.providers.solana_rpc.token_metadata import TokenMetadata
from streamcore.text import printable
from streamcore.urls import hidden_parts, shown_url

if TYPE_CHECKING:
    from streamcore.providers.solana_rpc.codec import SolanaCodec

TITLE = "the Solana node"
SETTINGS = "solana.ws_url and solana.rpc_url"

WALLETS_PER_CONNECTION = 20
LOGS_PER_CONNECTION = 200
"""Accounts followed on one connection; at about 240 subscriptions the public node drops it."""
DEBOUNCE = 1.0
"""Seconds in which changes of the watched wallets are gathered."""

SILENCE = 10.0
"""Seconds without a slot after which the stream is dead: the public node's can stay open and mute."""

REQUESTS_PER_WINDOW = 100
"""As documented, for all methods together; what the node tells itself counts first, see `MethodLimits`."""
RATE = 7.0
BURST = 15
"""With these, no window ever holds more than 85 requests."""

TOO_MANY = (429, -32429)
BLOCKED = (403, -32003)
FORBIDDEN_TEXT = "access forbidden"


class SolanaProvider(Provider):
    """A public node behind the seam; topics are wallet addresses."""

    name = "solana"
    title = TITLE
    kind = DataKind.WALLETS

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        self._url = settings.solana.ws_url
        self.limits = Limits(
            topics_per_connection=WALLETS_PER_CONNECTION,
            debounce=DEBOUNCE,
            silence=SILENCE,
            text=f"{WALLETS_PER_CONNECTION} wallets and {LOGS_PER_CONNECTION} accounts a connection, "
            f"{REQUESTS_PER_WINDOW} requests in {WINDOW:g} s, and of each method as many as the node tells",
            sweep=True,
        )
        rpc = PublicRpc(settings, http, clock)
        self.rest = SolanaHistory(TITLE, rpc, clock, meaning_of_error)
        self.directory = TokenMetadata(self.name, rpc, meaning_of_error)

    def endpoint(self) -> Endpoint:
        """Return the stream's URL; a node of one's own has its key in the path."""
        return Endpoint(self._url, shown_url(self._url), secrets=hidden_parts(self._url), compressible=True)

    def codec(self) -> SolanaCodec:
        """Return a codec for a new connection; a public node has logs, not whole transactions."""
        # only now: without a wallet to follow there is no connection
        from streamcore.providers.solana_rpc.codec import SolanaCodec

        return SolanaCodec(
            WALLETS_PER_CONNECTION,
            title=TITLE,
            rung=Rung.LOGS,
            understand=meaning_of_error,
            most_logs=LOGS_PER_CONNECTION,
        )

    def handshake_refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        """Return what a refused upgrade means."""
        return meaning_of_status(status, headers, body)


class PublicRpc(HttpRpc):
    """Calls a node's methods over HTTP, within the rate of the public one and of each of its methods."""

    title: ClassVar[str] = TITLE

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        url = settings.solana.rpc_url
        super().__init__(
            http,
            url,
            TokenBucket(RATE, BURST, clock),
            clock,
            method_limits=MethodLimits(TITLE, clock),
            secrets=hidden_parts(url),
        )

    def _meaning_of_error(self, error: RpcError) -> ProviderError:
        return meaning_of_error(error)

    def _meaning_of_status(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        return meaning_of_status(status, headers, body)


def meaning_of_error(error: RpcError) -> ProviderError:
    """Return what a JSON-RPC error means, over WebSocket or HTTP."""
    shown = printable(error.text, limit=120)
    folded = shown.casefold()
    if error.code in BLOCKED or FORBIDDEN_TEXT in folded:
        return _blocked(shown)
    if error.code in TOO_MANY or "too many requests" in folded:
        return ProviderError(ErrorKind.RATE_LIMIT, f"{TITLE} asks for fewer requests ({shown})")
    if error.code in (INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS):
        return ProviderError(ErrorKind.SUBSCRIPTION, f"{TITLE} refused the request ({shown})")
    return ProviderError(ErrorKind.SERVER, f"{TITLE} reported an error ({shown})")


def meaning_of_status(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """Return what an HTTP status other than success means."""
    if status == 403:
        return _blocked("HTTP 403")
    error = refusal(TITLE, status, headers, key_setting=None)
    if error.kind is ErrorKind.RATE_LIMIT and error.retry_after is None:
        return ProviderError(error.kind, error.message, retry_after=RATE_LIMIT_REST)
    message = read_or_none(body)
    if error.kind is ErrorKind.PROTOCOL and message is not None and message.error is not None:
        return meaning_of_error(message.error)
    return error


def _blocked(shown: str) -> ProviderError:
    text = f"{TITLE} blocks this address ({shown}); name another node in {SETTINGS}"
    return ProviderError(ErrorKind.AUTH, text, retryable=True)
