"""Wrong tokens, counted by address: whoever guesses has to wait."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from streamcore.relay.limits import Bucket

MOST_ADDRESSES = 10_000
"""Addresses that are remembered; beyond them the oldest are forgotten."""


class Attempts:
    """How many wrong tokens each address has tried lately."""

    def __init__(self, per_minute: int) -> None:
        """``per_minute``: how many an address may try, also at once."""
        self._per_minute = per_minute
        self._by_address: dict[str, Bucket] = {}

    def are_used_up(self, address: str, now: float) -> bool:
        """Whether an address has to wait; ``now``: monotonic seconds."""
        bucket = self._by_address.get(address)
        return bucket is not None and bucket.is_empty(now)

    def count(self, address: str, now: float) -> None:
        """Take note that an address has tried a wrong token; ``now``: monotonic seconds."""
        bucket = self._by_address.get(address)
        if bucket is None:
            if len(self._by_address) >= MOST_ADDRESSES:
                self._forget(now)
            bucket = self._by_address[address] = Bucket(self._per_minute, self._per_minute, now)
        bucket.take(now)

    def _forget(self, now: float) -> None:
        self._by_address = {
            address: bucket for address, bucket in self._by_address.items() if not bucket.is_full(now)
        }
        while len(self._by_address) >= MOST_ADDRESSES:
            del self._by_address[next(iter(self._by_address))]


def forwarded_address(headers: Sequence[str], peer: str) -> str:
    """Return the address for which a reverse proxy has connected.

    Args:
        headers: The values of ``X-Forwarded-For``.
        peer: The address of the proxy, which is returned if there is none in the headers.
    """
    # the last entry is the proxy's own; those before it are whatever the stranger sent
    forwarded = ",".join(headers).rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(forwarded))
    except ValueError:
        return peer
