"""The border where foreign exceptions become ours.

websockets, httpcore, ssl and the operating system each have a dozen ways of saying that something failed.
Behind this border there is only `ProviderError`, with a kind, a sentence and no secrets. Each context below
goes around one way of using the network; a `ProviderError` raised inside passes through unchanged.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpcore
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from streamcore.config.proxies import Proxy
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.endpoint import Endpoint, RefusalMeaning, host_of
from streamcore.text import Echo, Mask, printable

MAX_ERROR_TEXT = 200
"""Characters of a text from outside that are shown."""

NETWORK_AUTHENTICATION_REQUIRED = 511
"""RFC 6585, section 6."""

PROXY_AUTHENTICATION_REQUIRED = 407
"""RFC 9110, section 15.5.8."""

_DENIALS = (401, 403)
"""Statuses with which a host's own guard denies an address, too, and shows a page."""
_OF_THE_HOST = (402, 408, 425, 429, 451)
"""Statuses below 500 that are kept although a web page comes with them."""

_BLANK = b"\xef\xbb\xbf \t\r\n"
"""A byte order mark and white space, which may stand before anything."""

_CLOSE_CODES = {
    1000: "normal closure",
    1001: "going away",
    1002: "protocol error",
    1003: "unsupported data",
    1007: "invalid data",
    1008: "policy violation",
    1009: "message too big",
    1011: "internal error",
    1012: "service restart",
    1013: "try again later",
    1014: "bad gateway",
}


@contextmanager
def connecting(endpoint: Endpoint, within: float, refusal: RefusalMeaning) -> Iterator[None]:
    """Translate what opening a WebSocket may raise.

    Args:
        endpoint: What is being opened.
        within: Seconds that it may take, for the text.
        refusal: Says what an HTTP answer other than 101 means.

    Raises:
        ProviderError: It could not be reached, or refused.
    """
    host, mask = host_of(endpoint.url), Mask(endpoint.secrets)
    try:
        yield
    except InvalidStatus as error:
        response = error.response
        headers = {name.lower(): value for name, value in response.headers.raw_items()}
        body = Echo(endpoint.secrets).in_bytes(bytes(response.body or b""))
        # where it leads away is of no interest here: it is refused all the same
        kind = {"content-type": headers.get("content-type", "")}
        page = web_page(host, response.status_code, kind, body)
        raise page or refusal(response.status_code, headers, body) from error
    except (InvalidURI, UnicodeError) as error:
        text = f"{endpoint.shown_url} cannot be dialled: {outside_text(str(error), mask)}"
        raise ProviderError(ErrorKind.PROTOCOL, text, retryable=False) from error
    except (InvalidHandshake, EOFError) as error:
        text = f"{host} did not speak WebSocket: {outside_text(str(error), mask)}"
        raise ProviderError(ErrorKind.PROTOCOL, text) from error
    except (OSError, TimeoutError) as error:
        raise _unreachable(host, error, within, mask) from error


@contextmanager
def reaching(host: str, within: float) -> Iterator[None]:
    """Translate what a name lookup or a bare connection may raise; arguments as for `requesting`.

    Raises:
        ProviderError: It could not be reached.
    """
    try:
        yield
    except (OSError, UnicodeError) as error:  # a timeout of the system is an OSError too
        raise _unreachable(host, error, within, Mask(())) from error


@contextmanager
def reaching_proxy(proxy: Proxy) -> Iterator[None]:
    """Translate what asking a proxy may raise: it is the proxy's failure, not that of the host behind it.

    Raises:
        ProviderError: It could not be reached, or has hung up.
    """
    try:
        yield
    except (OSError, UnicodeError) as error:
        raise _unreachable(proxy.shown, _root(error), None, Mask(())) from error


def behind_proxy(proxy: Proxy, host: str, error: OSError) -> ProviderError:
    """Return the error for a connection that a proxy has passed on, and that has failed then."""
    told = _unreachable(host, error, None, Mask(()))
    return ProviderError(told.kind, f"{told.message} (by {proxy.shown})")


@contextmanager
def talking(host: str, mask: Mask) -> Iterator[None]:
    """Translate what using an open WebSocket may raise.

    Raises:
        ProviderError: The connection has ended, cleanly or not.
    """
    try:
        yield
    except ConnectionClosed as error:
        raise _closed(host, error, mask) from error
    except OSError as error:
        text = f"connection to {host} lost: {_plain(error, mask)}"
        raise ProviderError(ErrorKind.NETWORK, text) from error


@contextmanager
def requesting(host: str, within: float, mask: Mask) -> Iterator[None]:
    """Translate what an HTTP request may raise. ``within``: seconds that it may take, for the text.

    Raises:
        ProviderError: No answer came.
    """
    try:
        yield
    except (httpcore.TimeoutException, TimeoutError) as error:
        text = f"{host} did not answer within {within:g} s"
        raise ProviderError(ErrorKind.NETWORK, text, unanswered=True) from error
    except (httpcore.NetworkError, OSError, UnicodeError) as error:
        raise _unreachable(host, _root(error), within, mask) from error
    except httpcore.ProtocolError as error:
        raise _unreachable(host, error, within, mask) from error


def web_page(host: str, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError | None:
    """Return the error for an answer that is not the host's but that of a network one has to sign in to.

    Such a network puts its own page in the place of every answer, or leads away to it. A page with a status
    that has a meaning of its own is taken for the host's: those before it answer so when they are too busy.
    """
    if status == PROXY_AUTHENTICATION_REQUIRED:
        text = f"a proxy before {host} wants a user name and a password (HTTP 407)"
        return ProviderError(ErrorKind.NETWORK, text)
    leads_away = 300 <= status < 400 and urlsplit(headers.get("location", "")).netloc not in ("", host)
    is_page = status < 500 and status not in _OF_THE_HOST and _is_page(headers, body)
    if not (leads_away or is_page or status == NETWORK_AUTHENTICATION_REQUIRED):
        return None
    if status in _DENIALS:
        # a wall before the host has such pages as well; no key is wrong, and it is asked ever more rarely
        text = f"{host} answers with a web page (HTTP {status})"
        told = f"{text}: it denied access, or the network wants a sign-in"
        return ProviderError(ErrorKind.AUTH, told, retryable=True)
    return ProviderError(
        ErrorKind.NETWORK, f"{host} answers with a web page: does this network want a sign-in first?"
    )


def _is_page(headers: Mapping[str, str], body: bytes) -> bool:
    beginning = body.lstrip(_BLANK)[:1]
    is_html = headers.get("content-type", "").lower().startswith("text/html")
    # what is JSON is read, whatever it is called
    return beginning == b"<" or (is_html and beginning not in (b"{", b"[", b""))


def outside_text(text: str, mask: Mask) -> str:
    """Return a text from outside as it may be shown: masked, harmless, short."""
    return printable(mask.apply(text), limit=MAX_ERROR_TEXT)


def _closed(host: str, error: ConnectionClosed, mask: Mask) -> ProviderError:
    if error.rcvd is None and error.sent is None:
        return ProviderError(ErrorKind.NETWORK, "connection lost: no close frame")
    if error.sent is not None and not error.rcvd_then_sent:
        code, reason = error.sent.code, error.sent.reason
        if code == 1009:
            text = f"a message from {host} was larger than stream.max_message_bytes allows"
            return ProviderError(ErrorKind.PROTOCOL, text)
        return ProviderError(ErrorKind.PROTOCOL, f"closed by this side: {_close_text(code, reason, mask)}")
    assert error.rcvd is not None  # noqa: S101 - one of the two is there, and it is not ours
    told = _close_text(error.rcvd.code, error.rcvd.reason, mask)
    return ProviderError(ErrorKind.SERVER, f"closed by {host}: {told}", close_code=error.rcvd.code)


def _close_text(code: int, reason: str, mask: Mask) -> str:
    text = outside_text(reason, mask)
    return " ".join(part for part in (str(code), _CLOSE_CODES.get(code, ""), text and f"({text})") if part)


def silent(host: str, within: float) -> ProviderError:
    """Return the error for a host or a proxy that has not answered within so many seconds."""
    return ProviderError(ErrorKind.NETWORK, f"{host} did not answer within {within:g} s")


def _unreachable(host: str, error: BaseException, within: float | None, mask: Mask) -> ProviderError:
    """Return the error; ``within``: seconds that were waited, ``None`` where the system did the waiting."""
    match error:
        case TimeoutError():
            text = f"{host} did not answer" if within is None else silent(host, within).message
        case socket.gaierror():
            text = f"name lookup of {host} failed"
        case ConnectionRefusedError():
            text = f"{host} refused the connection"
        case ssl.SSLCertVerificationError():
            text = f"the certificate of {host} is not valid: {error.verify_message}"
        case ssl.SSLError():
            text = f"TLS with {host} failed: {_plain(error, mask)}"
        case _:
            text = f"{host} cannot be reached: {_plain(error, mask)}"
    return ProviderError(ErrorKind.NETWORK, text)


def _plain(error: BaseException, mask: Mask) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    # it stands within a sentence
    return outside_text(reason, mask).rstrip(".") or type(error).__name__


def _root(error: BaseException) -> BaseException:
    """Return the operating system's error below a library's, if there is one.

    It is the deepest: a library that tries several addresses wraps what the system said in an `OSError` of
    its own, or in a group of them.
    """
    root, seen = error, error
    while True:
        if isinstance(seen, OSError):
            root = seen
        below = seen.exceptions[0] if isinstance(seen, BaseExceptionGroup) else seen.__cause__
        below = below or seen.__context__
        if below is None:
            return root
        seen = below
