"""Helius: transactions of Solana wallets. What it offers, what it allows, what its refusals mean over HTTP.

Source: helius.dev/docs ("LaserStream WebSocket", "Rate limits", "Plans").
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind
from streamcore.net.endpoint import Endpoint
from streamcore.net.rate_limit import TokenBucket
from streamcore.net.transport import Http
from streamcore.providers.base import Limits, Provider
from streamcore.providers.helius.error_meanings import TITLE, meaning_of_error, quota_text
from streamcore.providers.helius.history import HeliusHistory
from streamcore.providers.http_errors import RATE_LIMIT_REST, refusal
from streamcore.providers.solana_rpc.history import Pages
from streamcore.providers.solana_rpc.http import HttpRpc, read_or_none
from streamcore.providers.solana_rpc.messages import RpcError
from streamcore.providers.solana_rpc.rung import Rung
from streamcore.text import printable
from streamcore.urls import hidden_parts, shown_url

if TYPE_CHECKING:
    from streamcore.providers.helius.codec import HeliusCodec

KEY_SETTING = "HELIUS_API_KEY"
DEBOUNCE = 1.0
"""Seconds in which changes of the watched wallets are gathered into one new subscription."""
SILENCE = inf
"""It tells of every slot, so it is never merely quiet; ``stream.stale_after`` says when it is dead."""
RATE = 5.0
"""Requests a second, and as many at once: together no more than the 10 a second of every plan."""
FIRST_REST = 1.0
"""Seconds at most to rest when it asks for fewer requests without a time; then twice as long."""
LONGEST_REST = 8.0


class HeliusProvider(Provider):
    """Helius behind the seam; topics are wallet addresses."""

    name = "helius"
    title = TITLE
    kind = DataKind.WALLETS

    def __init__(
        self,
        settings: Settings,
        http: Http,
        clock: Clock,
        *,
        pages: Pages | None = None,
        whole: Pages | None = None,
    ) -> None:
        """``pages`` and ``whole``: see `HeliusHistory`."""
        self._settings = settings.helius
        self._batch_size = settings.stream.max_symbol_batch
        self.limits = Limits(
            topics_per_connection=None,
            debounce=DEBOUNCE,
            silence=SILENCE,
            text=f"{self._batch_size} wallets a subscription, {RATE:g} requests/s",
            sweep=True,
        )
        rpc = HeliusRpc(settings, http, clock)
        self.rest = HeliusHistory(rpc, clock, pages=pages, whole=whole)
        self._rung = Rung.TRANSACTIONS

    def endpoint(self) -> Endpoint:
        """Return the stream's URL; the key is a query parameter, there is no other way in."""
        url, key = self._settings.ws_url, self._settings.api_key or ""
        return Endpoint(
            with_key(url, key), shown_url(url), secrets=(key, *hidden_parts(url)), compressible=True
        )

    def codec(self) -> HeliusCodec:
        """Return a codec for a new connection, on the rung that the key is known to reach."""
        # only now: without a wallet to follow there is no connection
        from streamcore.providers.helius.codec import HeliusCodec

        return HeliusCodec(self._batch_size, rung=self._rung, stepped_down=self._step_down)

    def forget(self) -> None:
        """Try the highest rung again."""
        super().forget()
        self._rung = Rung.TRANSACTIONS

    def _step_down(self) -> None:
        self._rung = Rung.LOGS

    def handshake_refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        """Return what a refused upgrade means."""
        error = meaning_of_status(status, headers, body)
        if error.kind is ErrorKind.RATE_LIMIT and error.retry_after is None:
            # new connections are not limited by the second, as calls are
            return ProviderError(error.kind, error.message, retry_after=RATE_LIMIT_REST)
        return error


class HeliusRpc(HttpRpc):
    """Calls Helius' JSON-RPC methods over HTTP, within its rate."""

    title: ClassVar[str] = TITLE

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        key = settings.helius.api_key or ""
        url = with_key(settings.helius.rpc_url, key)
        secrets = (key, *hidden_parts(settings.helius.rpc_url))
        super().__init__(http, url, TokenBucket(RATE, int(RATE), clock), clock, secrets=secrets)

    def _rest_after(self, denials: int) -> float:
        # the limit is counted by the second; chance keeps two programs with one key from asking in step
        longest = min(FIRST_REST * 2.0 ** (denials - 1), LONGEST_REST)
        return longest * (0.5 + 0.5 * self._clock.random())

    def _meaning_of_error(self, error: RpcError) -> ProviderError:
        return meaning_of_error(error)

    def _meaning_of_status(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        return meaning_of_status(status, headers, body)

    def _meaning_of_text(self, shown: str) -> ProviderError | None:
        return ProviderError(ErrorKind.QUOTA, quota_text(shown)) if "max usage" in shown.casefold() else None


def with_key(url: str, key: str) -> str:
    """Return a Helius URL with the key in its query."""
    return f"{url}{'&' if '?' in url else '?'}api-key={quote(key, safe='')}"


def meaning_of_status(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """Return what an HTTP status other than success means; the body counts before the status.

    It may be JSON-RPC, other JSON or plain text; "max usage reached" means the same in each.
    """
    shown = printable(body[:200].decode("utf-8", "replace"), limit=120)
    if "max usage" in shown.casefold():
        return ProviderError(ErrorKind.QUOTA, quota_text("max usage reached"))
    if status == 403:
        text = (
            f"{TITLE} denied access (HTTP 403): a rule of the key's plan, its domains or addresses forbids it"
        )
        return ProviderError(ErrorKind.PLAN, text)
    error = refusal(TITLE, status, headers, key_setting=KEY_SETTING)
    message = read_or_none(body)
    if (
        status < 500
        and error.kind is ErrorKind.PROTOCOL
        and message is not None
        and message.error is not None
    ):
        return meaning_of_error(message.error)
    return error
