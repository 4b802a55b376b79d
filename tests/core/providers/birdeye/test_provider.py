"""What Birdeye offers: its stream's address, what a refused upgrade means, and what the key is kept to."""

from __future__ import annotations

import pytest
from manual_clock import ManualClock
from scripted_http import ScriptedHttp
from wire_fixtures import birdeye

from streamcore.config.model import Settings
from streamcore.config.sources import BirdeyeSettings
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.birdeye.provider import BirdeyeProvider

K = ErrorKind


def made() -> BirdeyeProvider:
    clock = ManualClock()
    http = ScriptedHttp(lambda asked: Answer(500, {}, b""), clock.monotonic)
    return BirdeyeProvider(Settings(birdeye=BirdeyeSettings(api_key="key")), http, clock)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, birdeye("rest.error.401"), K.AUTH),
        (401, birdeye("rest.error.401_plan.observed"), K.PLAN),
        (403, "", K.PLAN),
        (429, "", K.RATE_LIMIT),
        (400, birdeye("rest.error.400_compute_units.observed"), K.QUOTA),
        (302, "", K.PROTOCOL),
        (503, "", K.SERVER),
    ],
)
def test_a_refused_upgrade_has_its_meaning(status: int, body: str, kind: ErrorKind) -> None:
    assert made().handshake_refusal(status, {}, body.encode()).kind is kind


def test_the_streams_url_has_the_key_and_the_url_to_show_has_not() -> None:
    settings = Settings(birdeye=BirdeyeSettings(api_key="a&b=c/d"))
    provider = BirdeyeProvider(settings, None, ManualClock())  # type: ignore[arg-type]
    endpoint = provider.endpoint()
    assert endpoint.url == "wss://public-api.birdeye.so/socket/solana?x-api-key=a%26b%3Dc%2Fd"
    assert endpoint.shown_url == "wss://public-api.birdeye.so/socket/solana"
    assert endpoint.secrets == ("a&b=c/d",)
    assert (endpoint.origin, endpoint.subprotocols) == ("ws://public-api.birdeye.so", ("echo-protocol",))


def test_a_url_that_has_a_query_gets_the_key_as_one_more_parameter() -> None:
    settings = Settings(birdeye=BirdeyeSettings(api_key="k", ws_url="ws://127.0.0.1/s?fault=none"))
    provider = BirdeyeProvider(settings, None, ManualClock())  # type: ignore[arg-type]
    assert provider.endpoint().url == "ws://127.0.0.1/s?fault=none&x-api-key=k"


def test_row_d_a_key_whose_plan_has_no_stream_is_metered_until_a_person_asks_anew() -> None:
    provider = made()
    assert "free key: 1 in 2.1 s" in provider.limits.text
    provider.handshake_refusal(503, {}, b"")
    assert not provider.metered
    provider.handshake_refusal(403, {}, b"")
    assert provider.metered
    assert "only for what no other source has, 1 request in" in provider.limits.text
    provider.forget()
    assert not provider.metered


def test_row_d_that_the_plan_has_no_stream_may_be_told_by_the_stream_itself() -> None:
    provider = made()
    provider.codec().received('{"type":"ERROR","data":"Please upgrade your package"}')
    assert provider.metered
