"""Where a stream is, what may be shown of that, and what a refusal to open it means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urlsplit

from streamcore.errors import ProviderError

RefusalMeaning: TypeAlias = Callable[[int, Mapping[str, str], bytes], ProviderError]
"""Says what an HTTP answer other than 101 to the upgrade means.

Takes the status, the headers (names in lower case) and the body.
"""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to connect."""

    url: str
    """With the key in it; never show it. Show ``shown_url``."""
    shown_url: str
    secrets: tuple[str, ...] = ()
    """What must be masked in every text."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with the upgrade."""
    origin: str | None = None
    """The ``Origin`` header; ``None`` sends none."""
    subprotocols: tuple[str, ...] = ()
    """Offered in this order."""
    compressible: bool = False
    """Its messages are long and shrink much: to compress them is worth more than to read them fast."""


def host_of(url: str) -> str:
    """Return ``host`` or ``host:port`` of a URL: what may be shown of it. Empty if it has no host."""
    try:
        authority = urlsplit(url).netloc
    except ValueError:  # half the brackets of an IPv6 address, say
        authority = re.split("[/?#]", url.partition("//")[2])[0]
    return authority.rsplit("@", 1)[-1]


def address_of(url: str) -> tuple[str, int]:
    """Return host (an IPv6 address without brackets) and port of a URL."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme in ("wss", "https") else 80)
