"""Whether a host is this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def leads_to_loopback(url: str) -> bool:
    """Return whether a URL leads to this machine and no other."""
    return is_loopback(urlsplit(url).hostname or "")


def is_loopback(host: str) -> bool:
    """Return whether a host name or address (without a port) is this machine and no other."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
