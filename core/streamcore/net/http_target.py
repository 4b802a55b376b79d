"""Where an HTTP request goes, read from its URL."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlencode, urlsplit

_PORTS = {"http": 80, "https": 443}
_IN_PATH = "/%:@!$&'()*+,;=~"
_IN_QUERY = f"{_IN_PATH}?"
"""What stays as it is: what RFC 3986 allows there, and what has been percent-encoded already."""


class InvalidUrl(ValueError):
    """A URL that no request can be made to. The text is about its form and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """To whom a connection leads."""

    scheme: str
    """``http`` or ``https``."""
    host: str
    """A name in ASCII, or an address; that of IPv6 without brackets."""
    port: int


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes, as it is written into the request."""

    origin: Origin
    authority: str
    """For the header ``Host``."""
    path: str
    """With the query."""
    authorization: str
    """For the header of that name, from the user and the password in the URL; empty without."""


def target_of(url: str, params: Mapping[str, str] | None = None) -> Target:
    """Return where a URL leads; ``params`` are added to its query.

    Raises:
        InvalidUrl: It is no URL of HTTP, or names no host, or no port that exists.
        UnicodeError: The name of its host cannot be looked up.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidUrl("its host or port cannot be read") from error
    if parts.scheme not in _PORTS:
        raise InvalidUrl("it does not begin with http:// or https://")
    if not parts.hostname:
        raise InvalidUrl("it names no host")
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode("ascii")
    authority = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS[parts.scheme]:
        authority = f"{authority}:{port}"
    query = "&".join(filter(None, (quote(parts.query, _IN_QUERY), urlencode(params or {}))))
    path = quote(parts.path, _IN_PATH) or "/"
    return Target(
        origin=Origin(parts.scheme, host, port or _PORTS[parts.scheme]),
        authority=authority,
        path=f"{path}?{query}" if query else path,
        authorization=_basic(parts.username, parts.password),
    )


def _basic(user: str | None, password: str | None) -> str:
    """Return the value of RFC 7617 for a user; empty for none."""
    if user is None and password is None:
        return ""
    pair = f"{unquote(user or '')}:{unquote(password or '')}"
    return f"Basic {b64encode(pair.encode()).decode('ascii')}"
