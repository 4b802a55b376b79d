from __future__ import annotations

import asyncio
import io
import socket
from contextlib import asynccontextmanager
from decimal import Decimal
from types import SimpleNamespace

import pytest
from rich.console import Console
from websockets.asyncio.server import serve

from streamcore.clock import SystemClock
from streamcore.config.loading import load
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind
from streamcore.net.endpoint import Endpoint
from streamcore.providers.base import Alive, Limits, PriceReport, Refusal
from streamsim import Emulators
from streamtui.commands import doctor
from streamtui.commands.doctor import Check, Result, examine, table

SOL = "So11111111111111111111111111111111111111112"
ANSWERED = (Alive(), PriceReport(SOL))
ENVIRONMENT = {"BIRDEYE_API_KEY": "geheim-1234", "HELIUS_API_KEY": "geheim-5678"}


class EchoCodec:
    """Asks with the topics' names, and takes any answer but ``no`` for proof of life."""

    def __init__(self):
        self._frames: list[str] = []

    def opened(self):
        pass

    def set_topics(self, topics):
        self._frames.append(",".join(topics))

    def frames_to_send(self):
        frames, self._frames = self._frames, []
        return frames

    def received(self, frame):
        if frame == "no":
            return [Refusal(ProviderError(ErrorKind.AUTH, "the key was refused"))]
        if frame == "price":
            return [PriceReport(SOL, price=Decimal("150.5"))]
        return [] if frame == "welcome" else [Alive()]


class FakeProvider:
    """A provider whose stream is at some URL and whose REST side answers what it was made with."""

    limits = Limits(topics_per_connection=None, debounce=0.0)
    codec = EchoCodec

    def __init__(self, name, url, reports):
        self.name = name
        self.kind = DataKind.WALLETS if name == "helius" else DataKind.PRICES
        self._url = url
        self._reports = reports
        self.rest = self
        self.asked: list[tuple[str, ...]] = []

    def topic(self, instrument):
        return instrument.mint

    def endpoint(self):
        return Endpoint(url=self._url, shown_url=self._url)

    def handshake_refusal(self, status, headers, body):
        return ProviderError(ErrorKind.AUTH, f"the upgrade was refused with {status}")

    async def fetch(self, topics, checkpoints):
        self.asked.append(tuple(topics))
        for report in self._reports:
            if isinstance(report, Exception):
                raise report
            yield report


@pytest.fixture
def providers(monkeypatch):
    """Put these in the place of the real ones: name to URL and what REST answers."""
    made: dict[str, FakeProvider] = {}

    def install(url, reports=ANSWERED):
        for name in ("birdeye", "helius", "kraken"):
            made[name] = FakeProvider(name, url, reports)
        monkeypatch.setattr(doctor, "create", lambda name, settings, http, clock: made[name])
        for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.delenv(variable, raising=False)
        return made

    return install


@asynccontextmanager
async def peer(*answers):
    """A server that greets, and answers the first message; without an answer it stays silent."""

    async def talk(connection):
        await connection.send("welcome")
        async for message in connection:
            talk.heard.append(message)
            for answer in answers:
                await connection.send(answer)

    talk.heard = []
    async with serve(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield SimpleNamespace(url=f"ws://127.0.0.1:{port}/", heard=talk.heard)


@pytest.fixture
def loaded(tmp_path):
    def load_with(**environ):
        (tmp_path / "config.toml").touch()
        # alone: what steps in for them is not played here
        alone = {"STREAMTUI_PRICES": "birdeye", "STREAMTUI_CHAIN": "helius"}
        defaults = {"STREAMTUI_STREAM_CONNECT_TIMEOUT": "2", **alone}
        return load(tmp_path / "config.toml", environ=defaults | ENVIRONMENT | environ)

    return load_with


def results(checks: list[Check], subject: str = "birdeye") -> dict[str, Result]:
    return {check.name: check.result for check in checks if check.subject == subject}


async def test_everything_is_tried_in_the_order_in_which_it_would_fail(providers, loaded):
    async with peer("yes", "price") as server:
        made = providers(server.url)
        checks = await examine(loaded(STREAMTUI_SYMBOLS="BONK"), SystemClock())

    assert [check.name for check in checks if check.subject == "birdeye"] == [
        "key",
        "name lookup",
        "TCP",
        "WebSocket",
        "subscription",
        "first message",
        "REST call",
    ]
    assert all(check.result is Result.PASSED for check in checks)
    assert [check.detail for check in checks if check.name == "first message"] == [
        "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263: 150.5 USD"
    ]
    assert "environment variable BIRDEYE_API_KEY" in checks[1].detail
    assert made["birdeye"].asked == [("DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263",)]
    assert made["helius"].asked == [(doctor.QUIET_WALLET,)]
    assert set(server.heard) == {made["birdeye"].asked[0][0], doctor.QUIET_WALLET}


async def test_what_builds_on_a_failed_check_is_not_tried_but_http_is(providers, loaded):
    async with peer("yes", "price") as server:
        url = server.url
    providers(url)  # nobody listens there any more
    assert results(await examine(loaded(), SystemClock())) == {
        "key": Result.PASSED,
        "name lookup": Result.PASSED,
        "TCP": Result.FAILED,
        "WebSocket": Result.SKIPPED,
        "subscription": Result.SKIPPED,
        "first message": Result.SKIPPED,
        "REST call": Result.PASSED,
    }


async def test_a_name_that_does_not_exist_fails_at_the_lookup(providers, loaded, monkeypatch):
    def unknown(*arguments, **options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    providers("wss://example.invalid/")
    checks = await examine(loaded(), SystemClock())
    assert results(checks)["name lookup"] is Result.FAILED
    assert results(checks)["TLS"] is Result.SKIPPED


async def test_a_refused_subscription_fails_with_the_words_of_the_refusal(providers, loaded):
    async with peer("no") as server:
        providers(server.url)
        checks = await examine(loaded(), SystemClock())
    (failed,) = [check for check in checks if check.result is Result.FAILED and check.subject == "birdeye"]
    assert (failed.name, failed.detail) == ("subscription", "the key was refused")


async def test_a_peer_that_never_answers_is_given_up(providers, loaded):
    async with peer() as server, asyncio.timeout(5):
        providers(server.url)
        checks = await examine(loaded(STREAMTUI_STREAM_CONNECT_TIMEOUT="0.2"), SystemClock())
    assert results(checks)["subscription"] is Result.FAILED
    assert results(checks)["REST call"] is Result.PASSED


@pytest.mark.parametrize(
    "reports",
    [
        [ProviderError(ErrorKind.NETWORK, "unreachable")],
        [Refusal(ProviderError(ErrorKind.PLAN, "not in your plan"), (SOL,))],
        [],
    ],
)
async def test_a_rest_call_that_is_refused_or_empty_fails(providers, loaded, reports):
    async with peer("yes", "price") as server:
        providers(server.url, reports)
        assert results(await examine(loaded(), SystemClock()))["REST call"] is Result.FAILED


async def test_a_kind_that_is_switched_off_is_not_examined(providers, loaded):
    async with peer("yes", "price") as server:
        providers(server.url)
        checks = await examine(loaded(STREAMTUI_STREAM_ENABLE_WALLETS="false"), SystemClock())
    assert {check.subject for check in checks} == {"configuration", "birdeye"}


async def test_a_missing_key_is_no_failure_and_says_what_would_set_it(providers, loaded):
    async with peer("yes", "price") as server:
        made = providers(server.url)
        environ = {"BIRDEYE_API_KEY": "", "STREAMTUI_PRICES": "auto", "STREAMTUI_STREAM_ENABLE_WALLETS": "no"}
        # on this machine, so that nobody else steps in
        checks = await examine(loaded(**environ, STREAMTUI_KRAKEN_WS_URL=server.url), SystemClock())
    (missing,) = [check for check in checks if check.subject == "birdeye"]
    assert (missing.name, missing.result) == ("key", Result.SKIPPED)
    assert "BIRDEYE_API_KEY" in missing.detail
    assert results(checks, "kraken")["first message"] is Result.PASSED
    assert made["kraken"].asked


async def test_a_stream_on_which_nothing_is_traded_is_well(providers, loaded):
    async with peer("yes") as server:
        providers(server.url)
        checks = await examine(loaded(STREAMTUI_STREAM_CONNECT_TIMEOUT="0.2"), SystemClock())
    (heard,) = [check for check in checks if check.name == "first message"]
    assert (heard.result, heard.detail) == (Result.PASSED, "none yet: nothing was traded in that time")


async def test_a_source_that_is_only_polled_is_reached_and_asked(loaded):
    async with Emulators(market_rate=0.0) as emulators:
        environ = {"STREAMTUI_PRICES": "jupiter", "STREAMTUI_STREAM_ENABLE_WALLETS": "no"}
        url = emulators.jupiter.rest_url
        checks = await examine(loaded(**environ, STREAMTUI_JUPITER_REST_URL=url), SystemClock())
    assert results(checks, "jupiter") == {
        "key": Result.PASSED,
        "name lookup": Result.PASSED,
        "TCP": Result.PASSED,
        "WebSocket": Result.SKIPPED,
        "REST call": Result.PASSED,
    }


async def test_what_a_proxy_does_is_left_to_it(providers, loaded, monkeypatch):
    async with peer("yes", "price") as server:
        providers(server.url.replace("ws://", "wss://"))
        monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
        monkeypatch.setenv("no_proxy", "")
        checks = results(await examine(loaded(), SystemClock()))
    assert checks["name lookup"] is checks["TLS"] is Result.SKIPPED


def printed(checks: list[Check]) -> str:
    out = io.StringIO()
    Console(file=out, width=120).print(table(checks))
    return out.getvalue()


def test_every_result_is_a_word_and_outside_text_is_harmless():
    text = printed(
        [
            Check("birdeye", "TCP", Result.PASSED, 0.0123, "example.org:443"),
            Check("birdeye", "REST call", Result.FAILED, 1.0, "[red]bad[/red] \x1b[2J"),
            Check("helius", "TLS", Result.SKIPPED, None, "needs: TCP"),
        ]
    )
    assert "✓ ok" in text
    assert "12 ms" in text
    assert "✗ failed" in text
    assert "[red]bad[/red] ␛[2J" in text
    assert "– skipped" in text
    assert text.count("birdeye") == 1
