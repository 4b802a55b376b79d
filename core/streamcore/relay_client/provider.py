"""A relay behind the provider interface, as far as a connection to it needs that.

Source of the statuses and close codes: ``docs/relay-wire.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from streamcore.clock import Clock
from streamcore.config.model import BackoffSettings
from streamcore.config.serving import RelaySettings
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind
from streamcore.net.endpoint import Endpoint, host_of
from streamcore.providers.base import Codec, Limits, Provider
from streamcore.providers.http_errors import retry_after
from streamcore.status import RELAY
from streamcore.text import printable
from streamcore.urls import shown_url
from streamcore.wire.encodings import subprotocol

PATH = "/v1"
"""Where a relay serves its wire, unless its URL has a path of its own (behind a reverse proxy)."""

SILENCE = 10.0
"""Seconds without a frame after which a relay is dead; it sends one every three."""

DEBOUNCE = 0.05
"""Seconds to gather changes of what is wanted; a relay allows one message a second."""

RESTART_WITHIN = 5.0
"""Seconds over which the terminals of a relay that restarts spread their return."""

LONGEST_PAUSE = 5.0
"""Seconds between two attempts to connect at most: a relay is the team's own, and the next may be well."""

TOO_MANY_MESSAGES_WAIT = 10.0

_FINAL_CLOSE_CODES = range(4500, 5000)
"""Close codes after which coming back is of no use. Those from 4000 on mean the contrary."""
_MESSAGE_TOO_BIG = 1009
_SERVICE_RESTART = 1012
_TOO_MANY_MESSAGES = 4003
_TOKEN_WITHDRAWN = 4500


class RelayProvider(Provider):
    """The relays of the settings, of which one is used at a time: the next one after each failure."""

    name = RELAY
    title = "the relay"
    kind = DataKind.PRICES
    limits = Limits(topics_per_connection=None, debounce=DEBOUNCE, silence=SILENCE)

    def __init__(self, settings: RelaySettings, clock: Clock, codec: Callable[[], Codec]) -> None:
        """``codec`` makes the codec of a new connection."""
        self._settings = settings
        self._clock = clock
        self._codec = codec
        self._chosen = 0
        self._lost: str | None = None
        self._failed_in_a_row = 0

    @property
    def host(self) -> str:
        """``host:port`` of the relay in use."""
        return host_of(self._url)

    @property
    def blamed(self) -> str:
        """``host:port`` of the relay that failed: the one lost last until one works, else `host`."""
        return self._lost or self.host

    @property
    def _url(self) -> str:
        return self._settings.url[self._chosen]

    def endpoint(self) -> Endpoint:
        """Return where the relay in use is; the token is in a header, never in the URL."""
        url = self._url
        _, _, path = url.partition("://")[2].partition("/")
        token = self._settings.token
        return Endpoint(
            url=url if path else url.rstrip("/") + PATH,
            shown_url=shown_url(url),
            secrets=() if token is None else (token,),
            headers={} if token is None else {"Authorization": f"Bearer {token}"},
            subprotocols=(subprotocol(self._settings.encoding),),
            compressible=True,
        )

    def codec(self) -> Codec:
        """Return a new codec, for one new connection."""
        return self._codec()

    @property
    def all_failed(self) -> bool:
        """Whether, at the last end of a connection, all relays had failed one after another."""
        return self._failed_in_a_row == 0

    def established(self) -> None:
        """Take note that the relay in use works."""
        self._lost = None
        self._failed_in_a_row = 0

    def connection_ended(self, error: ProviderError) -> ProviderError:
        """Turn to the next relay, and say when the attempt there may be made.

        Only after all of them have failed one after another is what the last one said taken for final: a
        token that one relay does not know may be good at the next.
        """
        told = self._meaning(error)
        relays = len(self._settings.url)
        self._lost = self.host
        if relays > 1 and self._lost not in told.message:  # the next one is in use when this is read
            told = ProviderError(
                told.kind,
                f"{self._lost}: {told.message}",
                retryable=told.retryable,
                retry_after=told.retry_after,
            )
        self._chosen = (self._chosen + 1) % relays
        self._failed_in_a_row += 1
        if self._failed_in_a_row < relays:
            return ProviderError(told.kind, told.message, retryable=True)
        self._failed_in_a_row = 0
        return told

    def _meaning(self, error: ProviderError) -> ProviderError:
        code = error.close_code
        if code is None:
            return error
        if code == _TOKEN_WITHDRAWN:
            text = f"{self.host} has withdrawn this terminal's token: ask its operator for another"
            return ProviderError(ErrorKind.AUTH, text, retryable=False)
        if code == _MESSAGE_TOO_BIG or code in _FINAL_CLOSE_CODES:
            return ProviderError(ErrorKind.SERVER, error.message, retryable=False)
        wait = None
        if code == _SERVICE_RESTART:
            wait = self._clock.random() * RESTART_WITHIN
        elif code == _TOO_MANY_MESSAGES:
            wait = TOO_MANY_MESSAGES_WAIT
        return ProviderError(error.kind, error.message, retry_after=wait)

    def handshake_refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        """Return what an HTTP answer other than 101 means."""
        host, wait = self.host, retry_after(headers)
        match status:
            case 400:
                text = f"{host} does not speak this version of the wire, or not {self._settings.encoding}"
                return ProviderError(ErrorKind.PROTOCOL, f"{text} (HTTP 400)", retryable=False)
            case 401:
                text = (
                    f"{host} wants a token: set relay.token"
                    if self._settings.token is None
                    else f"{host} does not know this token: check relay.token"
                )
                return ProviderError(ErrorKind.AUTH, f"{text} (HTTP 401)", retryable=False)
            case 403:
                text = f"{host} does not let this address in (HTTP 403)"
                return ProviderError(ErrorKind.AUTH, text, retryable=False)
            case 404:
                text = f"{host} has no relay at this path (HTTP 404)"
                return ProviderError(ErrorKind.PROTOCOL, text, retryable=False)
            case 429:
                text = f"{host} was asked too often (HTTP 429)"
                return ProviderError(ErrorKind.RATE_LIMIT, text, retry_after=wait)
            case 503:
                reason = _reason(body) or "full, starting or stopping"
                text = f"{host} serves nobody new: {reason} (HTTP 503)"
                return ProviderError(ErrorKind.SERVER, text, retry_after=wait)
        return super().handshake_refusal(status, headers, body)


def impatient(backoff: BackoffSettings) -> BackoffSettings:
    """Return delays that grow to `LONGEST_PAUSE` alone, and as many more attempts."""
    longest = max(backoff.initial_delay, LONGEST_PAUSE)
    if backoff.max_delay <= longest:
        return backoff
    attempts = round(backoff.max_attempts * backoff.max_delay / longest)
    return msgspec.structs.replace(backoff, max_delay=longest, max_attempts=attempts)


class _Refused(msgspec.Struct):
    refused: str


def _reason(body: bytes) -> str:
    """Return what a relay gives as its reason for a refusal; empty where something else has answered."""
    try:
        return printable(msgspec.json.decode(body, type=_Refused).refused.strip())
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
