"""What the HTTP sides of all exchanges have in common."""

from __future__ import annotations

import pytest
from exchange_http import ExchangeHttp, answer

from streamcore.events import ErrorKind
from streamcore.providers.coinbase.provider import CoinbaseProvider
from streamcore.providers.kraken.provider import KrakenProvider

K = ErrorKind


@pytest.mark.parametrize("provider", [KrakenProvider, CoinbaseProvider])
@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [(403, K.AUTH, True), (451, K.AUTH, True), (429, K.RATE_LIMIT, True), (503, K.SERVER, True)],
)
async def test_a_refused_upgrade_or_request_has_its_meaning(
    provider: type[KrakenProvider], status: int, kind: ErrorKind, retryable: bool
) -> None:
    bench = ExchangeHttp(provider, lambda _: answer(status, "no"))
    for error in (await bench.failure("SOL/USD"), bench.provider.handshake_refusal(status, {}, b"")):
        assert (error.kind, error.retryable) == (kind, retryable)
        assert provider.name in error.message.casefold()


@pytest.mark.parametrize("provider", [KrakenProvider, CoinbaseProvider])
async def test_the_stream_is_at_the_configured_url_and_has_nothing_to_hide(
    provider: type[KrakenProvider],
) -> None:
    endpoint = ExchangeHttp(provider, lambda _: answer(200, "")).provider.endpoint()
    assert endpoint.url == endpoint.shown_url
    assert endpoint.url.startswith("wss://")
    assert endpoint.secrets == ()


@pytest.mark.parametrize("provider", [KrakenProvider, CoinbaseProvider])
async def test_nothing_wanted_asks_nothing(provider: type[KrakenProvider]) -> None:
    bench = ExchangeHttp(provider, lambda _: answer(500, ""))
    assert await bench.fetch() == []
    assert bench.http.asked == []
