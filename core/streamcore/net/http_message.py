"""One HTTP request as it is sent, and the body of an answer as it is read. No I/O."""

from __future__ import annotations

import gzip
import io
import zlib
from base64 import b64encode
from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult, quote, unquote_to_bytes, urlencode, urlsplit

import httpcore

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.endpoint import host_of
from streamcore.net.transport import USER_AGENT

_LEFT_IN_PATH = "/:@!$&'()*+,;=~%"
"""What may stand in a path beside letters, digits, ``-``, ``.`` and ``_``: RFC 3986, section 3.3.

With the percent sign, as what is encoded already stays as it is.
"""
_LEFT_IN_QUERY = f"{_LEFT_IN_PATH}?"

_GZIP = ("gzip", "x-gzip")
"""Two names of one encoding: RFC 9110, section 8.4.1.3. It is the only one that is asked for."""


def url_to_ask(url: str, params: Mapping[str, str] | None = None) -> httpcore.URL:
    """Return where a request goes. ``params``: added to the query that the URL has.

    Raises:
        ProviderError: The URL is not one that can be asked; trying again will not help.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _ascii_host(parts)
    except ValueError as error:
        raise _not_askable(url) from error
    if parts.scheme not in ("http", "https") or not host:
        raise _not_askable(url)
    added = urlencode(params or {}, quote_via=quote)
    query = "&".join(filter(None, (quote(parts.query, _LEFT_IN_QUERY), added)))
    target = quote(parts.path, _LEFT_IN_PATH) or "/"
    return httpcore.URL(
        scheme=parts.scheme.encode(),
        host=host,
        port=port,
        target=f"{target}?{query}".encode() if query else target.encode(),
    )


def _ascii_host(parts: SplitResult) -> bytes:
    host = parts.hostname or ""
    return host.encode() if host.isascii() else host.encode("idna")


def _not_askable(url: str) -> ProviderError:
    text = f"{host_of(url) or 'a host without a name'} cannot be asked: its URL is not valid"
    return ProviderError(ErrorKind.PROTOCOL, text, retryable=False)


def headers_to_send(url: str, headers: Mapping[str, str], *, json: bool) -> list[tuple[bytes, bytes]]:
    """Return the header of a request; what depends on its URL and its body alone is httpcore's to add.

    Args:
        url: A user name and a password in it are sent as Basic authentication (RFC 7617).
        headers: Further ones, or others in the place of the usual ones.
        json: Whether the body is JSON.

    Raises:
        UnicodeError: A value is not ASCII.
    """
    own = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "gzip"}
    if json:
        own["Content-Type"] = "application/json"
    user, at, _ = urlsplit(url).netloc.rpartition("@")
    if at:
        name, _, password = user.partition(":")
        both = b":".join((unquote_to_bytes(name), unquote_to_bytes(password)))
        own["Authorization"] = f"Basic {b64encode(both).decode()}"
    given = {name.lower() for name in headers}  # names are the same in any case: RFC 9110, section 5.1
    sent = {name: value for name, value in own.items() if name.lower() not in given} | dict(headers)
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in sent.items()]


def headers_of_answer(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the header of an answer by name, in lower case. One that comes twice is a list of both."""
    found: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """Return the body of an answer as it was before it was compressed; at most ``most`` + 1 bytes of it.

    Args:
        body: All of it.
        encoding: The header ``content-encoding``; empty where there is none.
        most: How many bytes are wanted.

    Raises:
        ValueError: It is damaged, or compressed in a way that was not asked for.
    """
    name = encoding.strip().lower()
    if name in ("", "identity") or not body:
        return body
    if name not in _GZIP:
        raise ValueError(f"it is compressed in a way that was not asked for: {name}")
    try:
        return gzip.GzipFile(fileobj=io.BytesIO(body)).read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"its compression is broken: {error}") from error
