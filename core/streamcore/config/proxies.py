"""The proxy that the environment names, read once and the same for streams and requests.

``HTTPS_PROXY`` counts, and ``ALL_PROXY`` where it is not set; ``NO_PROXY`` names the hosts that are reached
without. Each is also known in lower case, which is the stronger, as for curl. Whatever leaves this machine is
encrypted, so ``HTTP_PROXY`` is never used. Where none is set, the settings of Windows and macOS count.
"""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import unquote

from streamcore.errors import SettingsError
from streamcore.loopback import is_loopback
from streamcore.text import printable

SCHEMES = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
"""The kinds of proxies that can be used, and the port of each where none is named."""

_SYNONYMS = {"socks": "socks5h"}
"""GNOME writes ``socks://`` for what a SOCKS proxy is asked for by name."""

_ALLOWED = "expected HOST:PORT or SCHEME://USER:PASSWORD@HOST:PORT with one of the schemes " + ", ".join(
    SCHEMES
)
_ASKS_THE_SYSTEM = sys.platform in ("win32", "darwin")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that connections go through."""

    scheme: str
    """One of `SCHEMES`."""
    host: str
    """A name or an address, an IPv6 one without brackets."""
    port: int
    variable: str
    """The variable that names it, or the system's settings; for texts."""
    username: str | None = field(default=None, repr=False)
    password: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """What may be shown of it, such as ``the proxy proxy.example:3128 (HTTPS_PROXY)``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"the proxy {host}:{self.port} ({self.variable})"


class NoProxy:
    """The hosts that ``NO_PROXY`` names. No entry is an error, since every program reads it in its own way.

    Understood are ``*``, names (with all subdomains), ``.suffix``, ``*.suffix``, addresses with or without
    brackets, networks such as ``10.0.0.0/8``, and ``:port`` behind each of them but networks.
    """

    def __init__(self, text: str) -> None:
        self._entries = [
            entry.casefold().rpartition("://")[2] for entry in re.split(r"[\s,;]+", text) if entry
        ]

    def cover(self, host: str, port: int) -> bool:
        """Return whether a host is reached without a proxy. ``host``: an IPv6 address without brackets."""
        host = host.casefold().rstrip(".")
        return any(_covers(entry, host, port) for entry in self._entries)


def _covers(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    address = _address(host)
    if "/" in entry:
        try:
            return address is not None and address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    match = re.fullmatch(r"(\[[^]]*\]|[^:]*)(?::(\d+))?", entry)
    # what has colons and no brackets is an IPv6 address
    name, only_port = (match[1].strip("[]"), match[2]) if match else (entry, None)
    if only_port is not None and int(only_port) != port:
        return False
    name = name.rstrip(".")
    if address is not None and (named := _address(name)) is not None:
        return named == address
    if "*" in name:
        return fnmatchcase(host, name)
    suffix = name.lstrip(".")
    return suffix != "" and (host == suffix or host.endswith(f".{suffix}"))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


class Proxies:
    """Decides which proxy, if any, a connection goes through."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Read the environment.

        Raises:
            SettingsError: A variable names a proxy that cannot be used. The text holds none of its value.
        """
        named = _variable("https_proxy", environ) or _variable("all_proxy", environ)
        self._proxy = None if named is None else _parsed(*named)
        self._no_proxy = NoProxy((_variable("no_proxy", environ) or ("", ""))[1])
        self._by_system = False
        if named is None and _ASKS_THE_SYSTEM:
            from urllib.request import getproxies  # a large module, needed on these systems alone

            system = getproxies()
            for kind in ("https", "socks"):
                if kind in system and self._proxy is None:
                    text = system[kind].replace("http://", "socks5h://") if kind == "socks" else system[kind]
                    self._proxy = _parsed("the system's settings", text)
                    self._by_system = True

    def proxy_for(self, host: str, port: int) -> Proxy | None:
        """Return the proxy for connections to a host; ``None``: none, as always for this machine.

        ``host``: an IPv6 address without brackets.
        """
        if self._proxy is None or is_loopback(host) or self._no_proxy.cover(host, port):
            return None
        if self._by_system:
            from urllib.request import proxy_bypass

            if proxy_bypass(host):
                return None
        return self._proxy


def _variable(name: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Return a variable as it is written and its value; an empty one in lower case hides the other."""
    for variable in (name, name.upper()):
        if variable in environ:
            value = environ[variable].strip()
            return (variable, value) if value else None
    return None


def _parsed(variable: str, text: str) -> Proxy:
    def refused(reason: str) -> SettingsError:
        # the value is not shown: wherever a person put the password, it would be shown with it
        return SettingsError(variable, None, f"{reason}; {_ALLOWED}", "environment")

    scheme, separator, rest = text.partition("://")
    if not separator:  # as for curl
        scheme, rest = "http", text
    scheme = _SYNONYMS.get(scheme.lower(), scheme.lower())
    if scheme not in SCHEMES:
        raise refused(f"the scheme {printable(scheme, limit=20)!r} of the proxy is not known")
    user, at, address = rest.rstrip("/").rpartition("@")
    match = re.fullmatch(r"(\[[0-9a-fA-F:.%]+\]|[^\s:/?#\[\]@]+)(?::(\d{1,5}))?", address)
    if match is None or not address.isprintable():
        raise refused("that names no proxy")
    host, port = match[1].strip("[]"), int(match[2] or SCHEMES[scheme])
    if match[1].startswith("[") and _address(host.partition("%")[0]) is None:
        raise refused("the proxy's address is none")
    if not 0 < port < 2**16:
        raise refused("there is no such port")
    name, _, password = user.partition(":")
    if not at:
        return Proxy(scheme, host, port, variable)
    return Proxy(scheme, host, port, variable, unquote(name), unquote(password))
