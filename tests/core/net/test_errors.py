from __future__ import annotations

import errno
import socket
import ssl
from contextlib import AbstractContextManager
from typing import Any

import httpcore
import pytest
from websockets.datastructures import Headers
from websockets.exceptions import (
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
)
from websockets.frames import Close
from websockets.http11 import Response

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.endpoint import Endpoint
from streamcore.net.errors import (
    MAX_ERROR_TEXT,
    connecting,
    outside_text,
    reaching,
    requesting,
    talking,
)
from streamcore.text import Mask

KEY = "top-secret-key-1"
MASK = Mask((KEY,))
HOST = "acme.invalid:1"
ENDPOINT = Endpoint(url=f"ws://{HOST}/?api-key={KEY}", shown_url=f"ws://{HOST}/", secrets=(KEY,))


def refusal(status: int, headers: Any, body: bytes) -> ProviderError:
    return ProviderError(ErrorKind.PLAN, f"acme answered {status} {dict(headers)} {body!r}")


def told(border: AbstractContextManager[None], error: BaseException) -> ProviderError:
    """Return what comes out where a foreign exception goes in."""
    with pytest.raises(ProviderError) as caught, border:
        raise error
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is error
    return caught.value


def connect_error(error: BaseException) -> ProviderError:
    return told(connecting(ENDPOINT, 10.0, refusal), error)


def request_error(error: BaseException) -> ProviderError:
    return told(requesting(HOST, 10.0, MASK), error)


def as_wrapped(error: BaseException) -> httpcore.ConnectError:
    """Return an error of the system wrapped the way libraries do: twice, the outer one without words."""
    inner, outer = OSError("All connection attempts failed"), httpcore.ConnectError("")
    inner.__cause__ = error
    outer.__context__ = inner
    return outer


def certificate_error() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


UNREACHABLE = [
    (socket.gaierror(-2, "Name or service not known"), f"name lookup of {HOST} failed"),
    (ConnectionRefusedError(errno.ECONNREFUSED, "no"), f"{HOST} refused the connection"),
    (certificate_error(), f"the certificate of {HOST} is not valid: self-signed certificate"),
    (ssl.SSLError(1, "wrong version number"), f"TLS with {HOST} failed: wrong version number"),
    (
        OSError(errno.ENETUNREACH, "Network is unreachable"),
        f"{HOST} cannot be reached: Network is unreachable",
    ),
    (ConnectionResetError(errno.ECONNRESET, "Reset by peer"), f"{HOST} cannot be reached: Reset by peer"),
    (OSError(f"odd\x1b[2J {KEY}"), f"{HOST} cannot be reached: odd␛[2J ***"),
    (OSError(), f"{HOST} cannot be reached: OSError"),
    (OSError("It went away."), f"{HOST} cannot be reached: It went away"),
]


@pytest.mark.parametrize(("error", "text"), UNREACHABLE)
def test_each_way_of_not_reaching_a_stream_has_its_sentence(error: BaseException, text: str) -> None:
    caught = connect_error(error)
    assert (caught.kind, caught.retryable, caught.message) == (ErrorKind.NETWORK, True, text)


@pytest.mark.parametrize(("error", "text"), UNREACHABLE)
def test_each_way_of_not_reaching_a_server_has_the_same_sentence(error: BaseException, text: str) -> None:
    caught = request_error(as_wrapped(error))
    assert (caught.kind, caught.retryable, caught.message) == (ErrorKind.NETWORK, True, text)


@pytest.mark.parametrize(("error", "text"), [pair for pair in UNREACHABLE if KEY not in str(pair[0])])
def test_a_bare_connection_that_fails_has_the_same_sentence(error: BaseException, text: str) -> None:
    assert told(reaching(HOST, 10.0), error).message == text


def test_of_a_group_of_errors_the_first_one_is_told() -> None:
    group = ExceptionGroup("both", [ConnectionRefusedError(111, "no"), OSError("other")])
    assert request_error(as_wrapped(group)).message == f"{HOST} refused the connection"


@pytest.mark.parametrize("error", [TimeoutError(), TimeoutError("timed out")])
def test_what_takes_too_long_is_told_with_the_seconds(error: TimeoutError) -> None:
    for caught in (connect_error(error), request_error(error)):
        assert (caught.kind, caught.message) == (ErrorKind.NETWORK, f"{HOST} did not answer within 10 s")


def test_an_answer_other_than_an_upgrade_is_explained_by_whoever_is_called() -> None:
    response = Response(403, "Forbidden", Headers({"Retry-After": "7"}), body=f"no {KEY}".encode())
    caught = connect_error(InvalidStatus(response))
    body = b"no " + b"*" * len(KEY)
    assert caught.message == f"acme answered 403 {{'retry-after': '7'}} {body!r}"
    assert caught.kind is ErrorKind.PLAN


@pytest.mark.parametrize("error", [InvalidURI("x", f"bad {KEY}"), UnicodeError("label too long")])
def test_a_url_that_cannot_be_dialled_is_shown_without_its_key_and_not_tried_again(error: Exception) -> None:
    caught = connect_error(error)
    assert (caught.kind, caught.retryable) == (ErrorKind.PROTOCOL, False)
    assert caught.message.startswith(f"ws://{HOST}/ cannot be dialled: ")


@pytest.mark.parametrize("error", [InvalidHandshake(f"odd {KEY}"), EOFError("ended")])
def test_a_server_that_does_not_speak_websocket_is_told_as_that(error: Exception) -> None:
    caught = connect_error(error)
    assert (caught.kind, caught.retryable) == (ErrorKind.PROTOCOL, True)
    assert caught.message.startswith(f"{HOST} did not speak WebSocket: ")


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (ConnectionClosedError(None, None), ErrorKind.NETWORK, "connection lost: no close frame"),
        (
            ConnectionClosedOK(Close(1001, "bye"), Close(1001, "bye"), rcvd_then_sent=True),
            ErrorKind.SERVER,
            f"closed by {HOST}: 1001 going away (bye)",
        ),
        (
            ConnectionClosedError(Close(1008, f"key {KEY} is bad"), Close(1008, ""), rcvd_then_sent=True),
            ErrorKind.SERVER,
            f"closed by {HOST}: 1008 policy violation (key *** is bad)",
        ),
        (
            ConnectionClosedError(None, Close(1009, "too big")),
            ErrorKind.PROTOCOL,
            f"a message from {HOST} was larger than stream.max_message_bytes allows",
        ),
        (
            ConnectionClosedError(None, Close(1007, "no text")),
            ErrorKind.PROTOCOL,
            "closed by this side: 1007 invalid data (no text)",
        ),
        (
            ConnectionResetError(104, "Reset by peer"),
            ErrorKind.NETWORK,
            f"connection to {HOST} lost: Reset by peer",
        ),
    ],
)
def test_the_end_of_a_connection_says_who_ended_it_and_why(
    error: Exception, kind: ErrorKind, text: str
) -> None:
    caught = told(talking(HOST, MASK), error)
    assert (caught.kind, caught.message) == (kind, text)


@pytest.mark.parametrize(
    "border", [connecting(ENDPOINT, 1.0, refusal), talking(HOST, MASK), requesting(HOST, 1.0, MASK)]
)
def test_an_error_of_ours_passes_as_it_is(border: AbstractContextManager[None]) -> None:
    error = ProviderError(ErrorKind.QUOTA, "used up")
    with pytest.raises(ProviderError) as caught, border:
        raise error
    assert caught.value is error


@pytest.mark.parametrize(
    "border", [connecting(ENDPOINT, 1.0, refusal), talking(HOST, MASK), requesting(HOST, 1.0, MASK)]
)
def test_a_mistake_of_our_own_is_not_taken_for_trouble_of_the_network(
    border: AbstractContextManager[None],
) -> None:
    with pytest.raises(KeyError), border:
        raise KeyError("ours")


def test_a_text_from_outside_is_masked_harmless_and_short() -> None:
    assert outside_text(f"a\x1b[2J{KEY}", MASK) == "a␛[2J***"
    assert len(outside_text("x" * 1000, MASK)) <= MAX_ERROR_TEXT
