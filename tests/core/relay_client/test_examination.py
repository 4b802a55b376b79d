from __future__ import annotations

from http import HTTPStatus

from scripted_relay import hello, provider, scripted_relay

from streamcore.checks import Check, Result
from streamcore.clock import SystemClock
from streamcore.config.model import Settings, StreamSettings
from streamcore.config.serving import RelaySettings
from streamcore.doctor import needed_failed
from streamcore.relay_client.examination import examine_relays


async def examined(*urls: str, within: float = 5.0) -> list[Check]:
    settings = Settings(
        symbols=("SOL",),
        relay=RelaySettings(url=urls, token="sesame-sesame"),
        stream=StreamSettings(connect_timeout=within),
    )
    return await examine_relays(settings, SystemClock())


async def test_a_relay_that_works_passes_and_tells_how_its_providers_are() -> None:
    async with scripted_relay() as relay:
        relay.hello = hello(
            demo=True, statuses=(provider(), provider("helius", state="failed", reason="no key"))
        )
        checks = await examined(relay.url)
    assert [check.name for check in checks] == ["WebSocket", "hello", "what is wanted", "kraken", "helius"]
    assert "demo data" in checks[1].detail
    assert checks[2].detail == "1 price row, an update every 250 ms"
    assert checks[4].detail == "at the relay: failed: no key"
    assert not needed_failed(checks)


async def test_a_provider_that_is_idle_or_has_no_stream_and_is_polled_well_is_well_at_the_relay() -> None:
    polled = "this source has no stream, it is polled"
    async with scripted_relay() as relay:
        relay.hello = hello(
            statuses=(
                provider("kraken", state="disconnected", idle=True),
                provider("jupiter", state="fallback", streams=False, fallback=True, reason=polled),
                provider("helius", state="fallback", fallback=True, reason="connection lost"),
                provider("defillama", state="failed", streams=False, poll_failed=True, reason="no answer"),
            )
        )
        checks = await examined(relay.url)
    assert [(check.name, check.result, check.detail) for check in checks[3:]] == [
        ("kraken", Result.PASSED, "at the relay: idle"),
        ("jupiter", Result.PASSED, f"at the relay: fallback: {polled}"),
        ("helius", Result.FAILED, "at the relay: fallback: connection lost"),
        ("defillama", Result.FAILED, "at the relay: failed: no answer"),
    ]


async def test_a_refusal_fails_with_its_reason_and_what_follows_is_skipped() -> None:
    async with scripted_relay() as relay:
        relay.refusing = HTTPStatus.UNAUTHORIZED
        checks = await examined(relay.url)
    assert [check.result for check in checks] == [Result.FAILED, Result.SKIPPED, Result.SKIPPED]
    assert "does not know this token" in checks[0].detail
    assert "sesame" not in str(checks)
    assert needed_failed(checks)


async def test_one_relay_that_works_is_enough() -> None:
    async with scripted_relay() as first, scripted_relay() as second:
        first.refusing = HTTPStatus.SERVICE_UNAVAILABLE
        checks = await examined(first.url, second.url)
    assert any(check.result is Result.FAILED for check in checks)
    assert not needed_failed(checks)


async def test_a_relay_that_answers_nothing_is_given_up() -> None:
    async with scripted_relay() as relay:
        relay.answers_wants = False
        checks = await examined(relay.url, within=0.3)
    assert checks[2].detail == "no answer within 0.3 s"
