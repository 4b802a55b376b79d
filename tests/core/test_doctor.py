from __future__ import annotations

import json
import socket
from contextlib import asynccontextmanager
from decimal import Decimal
from types import SimpleNamespace

import pytest
from broken_network import BrokenLoop
from dead_address import dead_address, lead_to
from raw_server import answering, raw_server, silent
from scripted_transport import ScriptedTransport
from virtual_time import VirtualClock, new_runner, on_virtual_time
from websockets.asyncio.server import serve

from streamcore.config.libraries import library_for
from streamcore.config.loading import load
from streamcore.doctor import Check, Result, examine, needed_failed
from streamcore.errors import ProviderError, SettingsError
from streamcore.events import DataKind, ErrorKind
from streamcore.extras import version_of
from streamcore.net import network
from streamcore.net.endpoint import Endpoint
from streamcore.net.transport import Answer
from streamcore.providers.base import Limits
from streamcore.providers.descriptor import Descriptor
from streamcore.providers.reports import Alive, PriceReport, Refusal
from streamcore.streams.examination import QUIET_WALLET
from streamsim import Emulators
from streamsim.demo import embedded

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
    history = None

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


class Providers(dict):
    """Providers that all stream from one URL and answer the same, to be handed in for the real ones."""

    def __init__(self, url, reports=ANSWERED):
        self.made = {name: FakeProvider(name, url, reports) for name in ("birdeye", "helius", "kraken")}
        super().__init__(
            (name, Descriptor(name=name, title=name, make=lambda *_, made=made: made))
            for name, made in self.made.items()
        )


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for variable in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)


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


async def examined(loaded, providers) -> list[Check]:
    return await examine(loaded, clock=VirtualClock(), providers=providers, chart_only={})


def results(checks: list[Check], subject: str = "birdeye") -> dict[str, Result]:
    return {check.name: check.result for check in checks if check.subject == subject}


@on_virtual_time
async def test_everything_is_tried_in_the_order_in_which_it_would_fail(loaded):
    async with peer("yes", "price") as server:
        providers = Providers(server.url)
        checks = await examined(loaded(STREAMTUI_SYMBOLS="BONK"), providers)

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
    assert providers.made["birdeye"].asked == [("DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263",)]
    assert providers.made["helius"].asked == [(QUIET_WALLET,)]
    assert set(server.heard) == {providers.made["birdeye"].asked[0][0], QUIET_WALLET}


@on_virtual_time
async def test_what_builds_on_a_failed_check_is_not_tried_but_http_is(loaded):
    async with peer("yes", "price") as server:
        url = server.url
    providers = Providers(url)  # nobody listens there any more
    assert results(await examined(loaded(), providers)) == {
        "key": Result.PASSED,
        "name lookup": Result.PASSED,
        "TCP": Result.FAILED,
        "WebSocket": Result.SKIPPED,
        "subscription": Result.SKIPPED,
        "first message": Result.SKIPPED,
        "REST call": Result.PASSED,
    }


def test_a_name_that_does_not_exist_fails_at_the_lookup(loaded):
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    with new_runner(lambda: BrokenLoop(unknown)) as runner:
        work = examined(loaded(), Providers("wss://example.invalid/"))
        checks = runner.run(work)
    assert results(checks)["name lookup"] is Result.FAILED
    assert results(checks)["TLS"] is Result.SKIPPED
    assert "name lookup of example.invalid failed" in [check.detail for check in checks]


@on_virtual_time
async def test_a_refused_subscription_fails_with_the_words_of_the_refusal(loaded):
    async with peer("no") as server:
        providers = Providers(server.url)
        checks = await examined(loaded(), providers)
    (failed,) = [check for check in checks if check.result is Result.FAILED and check.subject == "birdeye"]
    assert (failed.name, failed.detail) == ("subscription", "the key was refused")


@on_virtual_time
async def test_a_peer_that_never_answers_is_given_up(loaded):
    async with peer() as server:
        providers = Providers(server.url)
        checks = await examined(loaded(STREAMTUI_STREAM_CONNECT_TIMEOUT="0.2"), providers)
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
@on_virtual_time
async def test_a_rest_call_that_is_refused_or_empty_fails(loaded, reports):
    async with peer("yes", "price") as server:
        providers = Providers(server.url, reports)
        assert results(await examined(loaded(), providers))["REST call"] is Result.FAILED


@on_virtual_time
async def test_a_kind_that_is_switched_off_is_not_examined(loaded):
    async with peer("yes", "price") as server:
        providers = Providers(server.url)
        checks = await examined(loaded(STREAMTUI_STREAM_ENABLE_WALLETS="false"), providers)
    assert {check.subject for check in checks} == {"configuration", "birdeye"}


@on_virtual_time
async def test_a_missing_key_is_no_failure_and_says_what_would_set_it(loaded):
    async with peer("yes", "price") as server:
        providers = Providers(server.url)
        environ = {"BIRDEYE_API_KEY": "", "STREAMTUI_PRICES": "auto", "STREAMTUI_STREAM_ENABLE_WALLETS": "no"}
        # on this machine, so that nobody else steps in
        checks = await examined(loaded(**environ, STREAMTUI_KRAKEN_WS_URL=server.url), providers)
    (missing,) = [check for check in checks if check.subject == "birdeye"]
    assert (missing.name, missing.result) == ("key", Result.SKIPPED)
    assert "BIRDEYE_API_KEY" in missing.detail
    assert results(checks, "kraken")["first message"] is Result.PASSED
    assert providers.made["kraken"].asked


@on_virtual_time
async def test_a_stream_on_which_nothing_is_traded_is_well(loaded):
    async with peer("yes") as server:
        providers = Providers(server.url)
        checks = await examined(loaded(STREAMTUI_STREAM_CONNECT_TIMEOUT="0.2"), providers)
    (heard,) = [check for check in checks if check.name == "first message"]
    assert (heard.result, heard.detail) == (Result.PASSED, "none yet: nothing was traded in that time")


@on_virtual_time
async def test_a_source_that_is_only_polled_is_reached_and_asked(loaded):
    async with Emulators(market_rate=0.0) as emulators:
        environ = {"STREAMTUI_PRICES": "jupiter", "STREAMTUI_STREAM_ENABLE_WALLETS": "no"}
        url = emulators.jupiter.rest_url
        checks = await examine(loaded(**environ, STREAMTUI_JUPITER_REST_URL=url), clock=VirtualClock())
    assert results(checks, "jupiter") == {
        "key": Result.PASSED,
        "name lookup": Result.PASSED,
        "TCP": Result.PASSED,
        "WebSocket": Result.SKIPPED,
        "REST call": Result.PASSED,
    }


@on_virtual_time
async def test_a_name_is_left_to_the_proxy_and_the_proxy_is_blamed_for_what_it_fails(loaded, monkeypatch):
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
    async with raw_server(answering(refusal)) as address:
        monkeypatch.setenv("https_proxy", address)
        monkeypatch.setenv("no_proxy", "")
        checks = await examined(loaded(), Providers("wss://venue.example/"))
    lookup, tls = [check for check in checks if check.name in ("name lookup", "TLS")][:2]
    assert (lookup.result, lookup.detail) == (
        Result.SKIPPED,
        f"left to the proxy {address} (https_proxy)",
    )
    assert (tls.result, tls.detail) == (
        Result.FAILED,
        f"the proxy {address} (https_proxy) wants a user name and a password (HTTP 407)",
    )


@on_virtual_time
async def test_a_proxy_that_says_nothing_is_named_and_not_the_host_behind_it(loaded, monkeypatch):
    async with raw_server(silent) as address:
        monkeypatch.setenv("https_proxy", address)
        monkeypatch.setenv("no_proxy", "")
        checks = await examined(loaded(), Providers("wss://venue.example/"))
    (tls,) = [check for check in checks if check.name == "TLS" and check.subject == "birdeye"]
    assert (tls.result, tls.detail) == (
        Result.FAILED,
        f"no answer of the proxy {address} (https_proxy) within 2 s",
    )


@on_virtual_time
async def test_each_address_is_shown_and_whether_it_answers(loaded, monkeypatch):
    """Row 9 of issue 11: a host whose first address is dead."""
    async with peer("yes", "price") as server:
        port = int(server.url.rstrip("/").rpartition(":")[2])
        lead_to(monkeypatch, {"venue.example": ("::1", "127.0.0.1"), "127.0.0.1": ("127.0.0.1",)})
        with dead_address("::1", port):
            providers = Providers(server.url.replace("127.0.0.1", "venue.example"))
            checks = await examined(loaded(), providers)
    addresses = [check for check in checks if check.name == "address" and check.subject == "birdeye"]
    assert [(check.result, check.detail) for check in addresses] == [
        (Result.FAILED, "::1 did not answer within 2 s"),
        (Result.PASSED, "127.0.0.1 answers"),
    ]
    assert results(checks)["TCP"] is results(checks)["first message"] is Result.PASSED
    assert not needed_failed(checks)


@on_virtual_time
async def test_certificates_that_are_not_there_are_told_before_anything_is_tried(loaded, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/at/all.pem")
    with pytest.raises(SettingsError, match="SSL_CERT_FILE"):
        await examined(loaded(), Providers("wss://venue.example/"))


@on_virtual_time
async def test_what_is_asked_goes_through_the_transport_that_is_handed_in(loaded):
    clock = VirtualClock()
    said = {SOL: {"usdPrice": 150.5}}
    transport = ScriptedTransport(lambda asked: Answer(200, {}, json.dumps(said).encode()), clock.monotonic)
    async with raw_server(silent) as address:
        url = f"http://{address}"
        environ = {"STREAMTUI_PRICES": "jupiter", "STREAMTUI_STREAM_ENABLE_WALLETS": "no"}
        effective = loaded(**environ, STREAMTUI_JUPITER_REST_URL=url)
        checks = await examine(effective, clock=clock, transport=transport)
    assert results(checks, "jupiter")["REST call"] is Result.PASSED
    assert [asked.url for asked in transport.asked] == [f"{url}/price/v3"]


@on_virtual_time
async def test_demo_data_that_nobody_serves_is_refused(loaded):
    with pytest.raises(SettingsError, match="brings no demo servers"):
        await examine(loaded(STREAMTUI_DEMO="yes"), clock=VirtualClock())


@on_virtual_time
async def test_in_the_demo_the_emulators_are_examined_and_no_key_is_needed(loaded):
    checks = await examine(loaded(STREAMTUI_DEMO="yes"), clock=VirtualClock(), demo=embedded, chart_only={})
    live = [check for check in checks if check.name != "past prices"]
    assert {check.subject for check in live} == {"configuration", "birdeye (demo)", "helius (demo)"}
    assert {check.result for check in live} == {Result.PASSED}
    assert not needed_failed(checks)


@on_virtual_time
async def test_sources_of_past_prices_are_asked_for_one_day_and_none_of_them_is_needed(loaded):
    checks = await examine(loaded(STREAMTUI_DEMO="yes"), clock=VirtualClock(), demo=embedded)
    past = {check.subject: check for check in checks if check.name == "past prices"}
    assert {subject: check.result for subject, check in past.items()} == {
        "kraken (demo)": Result.PASSED,
        "coinbase (demo)": Result.PASSED,
        "geckoterminal (demo)": Result.PASSED,
        "birdeye (demo)": Result.PASSED,
        "defillama (demo)": Result.PASSED,
    }
    assert past["kraken (demo)"].detail.endswith("candles of SOL/USD in 24 h")
    assert not any(check.needed for check in past.values())


async def test_names_of_wallets_are_looked_up_and_those_that_lead_elsewhere_are_told(loaded):
    clock, wallet = VirtualClock(), "A1TMhSGzQxMr1TboBKtgixKz1sS6REASMxPo1qsyTSJd"

    def answer(asked):
        if asked.url.endswith("/toly.sns"):
            return Answer(200, {}, json.dumps({"s": "ok", "result": wallet}).encode())
        return Answer(404, {}, b'{"s":"error","result":"Domain not found"}')

    transport = ScriptedTransport(answer, clock.monotonic)
    async with raw_server(silent) as address:
        effective = loaded(
            STREAMTUI_STREAM_ENABLE_PRICES="no",
            STREAMTUI_HELIUS_WS_URL=f"ws://{address}",
            STREAMTUI_HELIUS_RPC_URL=f"http://{address}",
            STREAMTUI_SNS_REST_URL="http://127.0.0.1:1",
            STREAMTUI_WALLETS=f"toly.sns,nobody.sns,{QUIET_WALLET}",
            **{f"STREAMTUI_LABELS_{QUIET_WALLET}": "toly.sns"},
        )
        checks = await examine(effective, clock=clock, transport=transport)
    found = [(check.name, check.result, check.detail) for check in checks if check.subject == "wallet names"]
    assert found == [
        ("toly.sns", Result.PASSED, wallet),
        ("nobody.sns", Result.FAILED, "'nobody.sns' is not registered"),
        (
            "saved",
            Result.FAILED,
            f"toly.sns leads to {wallet} now; {QUIET_WALLET} is still watched, as it was saved",
        ),
    ]
    assert needed_failed(checks)
    asked = [json.dumps(one.json) for one in transport.asked if one.json is not None]
    assert asked
    assert all("toly" not in one for one in asked)


@pytest.mark.parametrize(
    ("chosen", "carried"),
    [("websockets", {"websockets"}), ("picows", {"picows"}), ("auto", {"picows", "websockets"})],
)
@on_virtual_time
async def test_the_library_that_carries_each_stream_is_named(loaded, monkeypatch, chosen, carried):
    monkeypatch.setattr(network, "library_for", library_for)  # also where a run of all tests fixes another
    settings = loaded(STREAMTUI_DEMO="yes", STREAMTUI_STREAM_TRANSPORT=chosen)
    checks = await examine(settings, clock=VirtualClock(), demo=embedded, chart_only={})
    assert all(one.result is not Result.FAILED for one in checks)
    told = [one.detail.rpartition(", by ")[2].split() for one in checks if one.name == "WebSocket"]
    assert {library for library, _ in told} == carried
    assert all(version == version_of(library) for library, version in told)
