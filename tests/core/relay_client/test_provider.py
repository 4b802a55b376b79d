from __future__ import annotations

import asyncio

import pytest
from manual_clock import ManualClock
from scripted_connection import PaperCodec
from scripted_transport import ScriptedTransport
from virtual_time import VirtualClock, on_virtual_time

from streamcore.config.model import Settings
from streamcore.config.serving import RelaySettings, WireEncoding
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.relay_client.client import RelayClient
from streamcore.relay_client.provider import LONGEST_PAUSE, RelayProvider


def provider(*urls: str, token: str | None = None) -> RelayProvider:
    settings = RelaySettings(url=urls or ("ws://127.0.0.1:8787",), token=token)
    return RelayProvider(settings, ManualClock(), PaperCodec)  # type: ignore[arg-type]


def closed(code: int) -> ProviderError:
    return ProviderError(ErrorKind.SERVER, f"closed by the relay: {code}", close_code=code)


def test_the_token_goes_into_a_header_and_into_no_text() -> None:
    endpoint = provider(token="sesame-sesame").endpoint()
    assert endpoint.headers == {"Authorization": "Bearer sesame-sesame"}
    assert endpoint.secrets == ("sesame-sesame",)
    assert "sesame" not in endpoint.url + endpoint.shown_url
    assert provider().endpoint().headers == {}


def test_the_path_of_the_wire_is_added_unless_the_url_has_one() -> None:
    assert provider("ws://127.0.0.1:8787").endpoint().url == "ws://127.0.0.1:8787/v1"
    assert provider("ws://127.0.0.1:8787/").endpoint().url == "ws://127.0.0.1:8787/v1"
    assert provider("wss://relay.example/team/v1").endpoint().url == "wss://relay.example/team/v1"


def test_the_encoding_is_the_subprotocol() -> None:
    settings = RelaySettings(url=("ws://127.0.0.1:1",), encoding=WireEncoding.PROTO)
    relay = RelayProvider(settings, ManualClock(), PaperCodec)  # type: ignore[arg-type]
    assert relay.endpoint().subprotocols == ("v1.proto.streamtui",)


@pytest.mark.parametrize(
    ("code", "comes_back"),
    [
        (1000, True), (1001, True), (1009, False), (1011, True), (1012, True),
        (4000, True), (4001, True), (4002, True), (4003, True), (4321, True),
        (4500, False), (4501, False), (4502, False), (4999, False),
    ],
)  # fmt: skip
def test_the_close_code_says_whether_to_come_back(code: int, *, comes_back: bool) -> None:
    assert provider().connection_ended(closed(code)).retryable is comes_back


def test_a_relay_that_restarts_is_given_up_to_five_seconds_by_chance() -> None:
    wait = provider().connection_ended(closed(1012)).retry_after
    assert wait is not None
    assert 0 <= wait <= 5


def test_after_too_many_messages_it_waits_ten_seconds() -> None:
    assert provider().connection_ended(closed(4003)).retry_after == 10


def test_each_failure_turns_to_the_next_relay_and_only_the_last_of_them_is_final() -> None:
    relay = provider("ws://127.0.0.1:1", "ws://127.0.0.1:2")
    refused = relay.handshake_refusal(401, {}, b"")
    assert not refused.retryable
    assert relay.connection_ended(refused).retryable
    assert relay.host == "127.0.0.1:2"
    assert not relay.connection_ended(refused).retryable
    assert relay.host == "127.0.0.1:1"


def test_of_several_relays_a_failure_names_the_one_that_failed_and_not_the_next() -> None:
    relay = provider("ws://127.0.0.1:1", "ws://127.0.0.1:2")
    lost = ProviderError(ErrorKind.NETWORK, "connection lost: no close frame")
    assert relay.blamed == "127.0.0.1:1"
    assert relay.connection_ended(lost).message == "127.0.0.1:1: connection lost: no close frame"
    assert (relay.host, relay.blamed) == ("127.0.0.1:2", "127.0.0.1:1")
    refused = ProviderError(ErrorKind.NETWORK, "127.0.0.1:2 refused the connection")
    assert relay.connection_ended(refused).message == refused.message
    assert relay.blamed == "127.0.0.1:2"
    relay.established()
    assert relay.blamed == relay.host == "127.0.0.1:1"


def test_of_the_only_relay_a_failure_is_told_as_it_is() -> None:
    lost = ProviderError(ErrorKind.NETWORK, "connection lost: no close frame")
    assert provider().connection_ended(lost).message == lost.message


def test_a_relay_that_worked_begins_the_count_anew() -> None:
    relay = provider("ws://127.0.0.1:1", "ws://127.0.0.1:2")
    refused = relay.handshake_refusal(401, {}, b"")
    relay.connection_ended(refused)
    relay.established()
    assert relay.connection_ended(refused).retryable


def test_a_relay_that_is_full_says_when_to_come_back() -> None:
    refused = provider().handshake_refusal(503, {"retry-after": "7"}, b"")
    assert refused.retryable
    assert refused.retry_after == 7


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"refused": "full: 2 terminals are connected"}\n', "full: 2 terminals are connected"),
        (b'{"refused": "a\\u001b[31m"}', "a␛[31m"),
        (b"<html>Service Unavailable</html>", "full, starting or stopping"),
        (b'{"refused": 5}', "full, starting or stopping"),
        (b'{"refused": "\xff"}', "full, starting or stopping"),
        (b"", "full, starting or stopping"),
    ],
)
def test_why_a_relay_serves_nobody_new_is_told_in_its_own_words(body: bytes, told: str) -> None:
    refused = provider().handshake_refusal(503, {}, body)
    assert refused.message == f"127.0.0.1:8787 serves nobody new: {told} (HTTP 503)"


def test_without_a_token_the_refusal_says_what_to_set() -> None:
    assert "set relay.token" in provider().handshake_refusal(401, {}, b"").message
    assert "check relay.token" in provider(token="x" * 20).handshake_refusal(401, {}, b"").message


@on_virtual_time
async def test_a_terminal_never_waits_long_for_a_relay_however_often_it_was_lost() -> None:
    """It once waited for up to a minute, though the next relay of its list had been there for long."""
    clock = VirtualClock()
    urls = ("ws://127.0.0.1:1", "ws://127.0.0.1:2", "ws://127.0.0.1:3")
    transport = ScriptedTransport(lambda asked: Answer(200, {}, b""), clock.monotonic)
    pauses, attempts, last = [], 0, clock.monotonic()
    async with RelayClient(
        Settings(relay=RelaySettings(url=urls)), clock=clock, transport=transport
    ) as client:
        while clock.monotonic() < 600:
            await asyncio.sleep(0.05)
            if len(transport.dialled) > attempts:
                attempts, pause, last = len(transport.dialled), clock.monotonic() - last, clock.monotonic()
                pauses.append(pause)
        assert not client.status("relay").parked
    assert len(pauses) > 100
    assert max(pauses) <= 1.2 * LONGEST_PAUSE + 0.1
    assert transport.dialled[:4] == (*urls, urls[0])
