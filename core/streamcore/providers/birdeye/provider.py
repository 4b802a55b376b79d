"""Birdeye: prices of Solana tokens. What it offers, what it allows, what its refusals mean over HTTP.

Source: docs.birdeye.so ("WebSocket", "Rate limiting", "Error handling").
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from msgspec.structs import replace

from streamcore.assets.instruments import Instrument
from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind
from streamcore.net.endpoint import Endpoint
from streamcore.net.transport import Http
from streamcore.providers.base import Limits, Provider
from streamcore.providers.birdeye.codec import BirdeyeCodec
from streamcore.providers.birdeye.rest import FREE_PERIOD, PAID_RATE, TITLE, BirdeyeRest, meaning
from streamcore.urls import hidden_parts, shown_url

CLAUSES_PER_CONNECTION = 100
DEBOUNCE = 1.0
"""Seconds; resending the subscription more often than this has been seen to be throttled."""
ORIGIN = "ws://public-api.birdeye.so"
SUBPROTOCOL = "echo-protocol"


class BirdeyeProvider(Provider):
    """Birdeye behind the seam; topics are mint addresses."""

    name = "birdeye"
    title = TITLE
    kind = DataKind.PRICES

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        self._settings = settings.birdeye
        # a connection has one price subscription and that is one message, so the two limits are one
        size = min(CLAUSES_PER_CONNECTION, settings.stream.max_symbol_batch)
        self._limits = Limits(
            topics_per_connection=size,
            debounce=DEBOUNCE,
            text=f"{size} tokens a connection, {PAID_RATE:g} requests/s (free key: 1 in {FREE_PERIOD:g} s)",
        )
        self.rest: BirdeyeRest = BirdeyeRest(settings, http, clock)
        self.history = self.rest.candles()
        # the change of ``multi_price`` and that of the statistics are different figures (seen 2025-06-24)
        self.streams_change = True

    @property
    def limits(self) -> Limits:  # type: ignore[override]
        """What it allows; with a metered key, what its month is spread to."""
        if not self.metered:
            return self._limits
        text = f"this key has no stream: only for what no other source has, {self.rest.words}"
        return replace(self._limits, text=text)

    @property
    def metered(self) -> bool:  # type: ignore[override]
        """Whether the plan has no stream, so that every price is paid for."""
        return self.rest.metered

    def topic(self, instrument: Instrument) -> str | None:
        """Return the mint."""
        return instrument.mint

    def endpoint(self) -> Endpoint:
        """Return the stream's URL; the key is a query parameter, there is no other way in."""
        url, key = self._settings.ws_url, self._settings.api_key or ""
        joint = "&" if "?" in url else "?"
        return Endpoint(
            url=f"{url}{joint}x-api-key={quote(key, safe='')}",
            shown_url=shown_url(url),
            secrets=(key, *hidden_parts(url)),
            origin=ORIGIN,
            subprotocols=(SUBPROTOCOL,),
        )

    def codec(self) -> BirdeyeCodec:
        """Return a codec for a new connection."""
        self.streams_change = True
        return BirdeyeCodec(self._has_no_statistics, self._has_no_stream)

    def _has_no_stream(self) -> None:
        self.rest.metered = True

    def _has_no_statistics(self) -> None:
        self.streams_change = False

    def handshake_refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        """Return what a refused upgrade means."""
        if status == 403:
            text = f"{TITLE} refused the stream for this key (HTTP 403): it takes Premium Plus or Business"
            error = ProviderError(ErrorKind.PLAN, text)
        else:
            error = meaning(status, headers, body)
        if error.kind is ErrorKind.PLAN:
            self.rest.metered = True
        if error.parks:
            self.streams_change = False  # then HTTP has the only figure there will be
        return error
