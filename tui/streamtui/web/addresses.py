"""Which addresses in a browser are ours: the defence against other pages, and against other names for us.

A page of a stranger may open a WebSocket to this machine, and a stranger's name may be made to lead here (DNS
rebinding). The browser then says ``Origin`` or ``Host`` truthfully, and it is neither of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from streamcore.relay import is_loopback, shown_address

_USUAL_PORTS = {"http": 80, "https": 443}


class Addresses:
    """The addresses under which browsers may reach the server."""

    def __init__(self, host: str, port: int, *, is_tls: bool, urls: Sequence[str] = ()) -> None:
        """Take the address that is listened on, and those that are configured.

        Args:
            host: What is listened on.
            port: The port.
            is_tls: Whether the server itself speaks TLS.
            urls: Scheme and host of further addresses, the one to tell people first.
        """
        scheme = "https" if is_tls else "http"
        own = [host, "127.0.0.1", "localhost", "::1"] if is_loopback(host) else []
        origins = [_origin(f"{scheme}://{shown_address(name, port)}") for name in own]
        origins += [_origin(url) for url in urls]
        self._origins = frozenset(origins)
        self._hosts = frozenset(host for origin in origins for host in _hosts(origin))
        self.preferred = _origin(urls[0]) if urls else _origin(f"{scheme}://{shown_address(host, port)}")
        """The one to tell people."""

    def is_host(self, values: Sequence[str]) -> bool:
        """Return whether a request with these ``Host`` headers is meant for us."""
        return len(values) == 1 and values[0].lower() in self._hosts

    def is_origin(self, values: Sequence[str]) -> bool:
        """Return whether a request with these ``Origin`` headers comes from a page of ours."""
        return len(values) == 1 and values[0] in self._origins


def _origin(url: str) -> str:
    """Return scheme and host as a browser writes them in ``Origin``; a text that is no URL as it is."""
    try:
        parts = urlsplit(url.lower())
        port = parts.port
    except ValueError:
        return url
    host = parts.netloc.removesuffix(f":{port}") if port == _USUAL_PORTS.get(parts.scheme) else parts.netloc
    return f"{parts.scheme}://{host}"


def _hosts(origin: str) -> tuple[str, ...]:
    """Return how ``Host`` may name an origin: also with the usual port, which few write."""
    scheme, _, host = origin.partition("://")
    return host, f"{host}:{_USUAL_PORTS[scheme]}"
