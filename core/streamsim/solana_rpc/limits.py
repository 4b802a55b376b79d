"""The rate limits of a public Solana node per IP address: documented ones, and measured ones.

Sources: solana.com/docs/references/clusters; headers of api.mainnet-beta.solana.com seen by several public
projects in 2026-03 and 2026-09.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

WINDOW = 10.0
"""Seconds in which requests and new connections are counted."""


@dataclass(frozen=True, slots=True)
class NodeLimits:
    """What one IP address may request within `WINDOW`; refused calls count as well."""

    requests: int
    """Calls of all methods together."""
    other_methods: int
    """Calls of a method that is not among ``methods``."""
    sockets: int
    """WebSockets open at once."""
    methods: Mapping[str, int] = field(default_factory=dict)
    """Calls by method; 0 means that the method is closed."""
    retry_after: int | None = None
    """Seconds that every refusal asks to wait; ``None``: until there is room again."""

    def of_method(self, name: str) -> int:
        """Return how many calls of a method pass."""
        return self.methods.get(name, self.other_methods)


DOCUMENTED = NodeLimits(requests=100, other_methods=40, sockets=40)
"""As documented at solana.com."""

MARCH_2026 = NodeLimits(
    requests=100,
    other_methods=40,
    sockets=5,
    methods={
        "getTokenAccountsByOwner": 2,
        "getProgramAccounts": 2,
        "getSignaturesForAddress": 2,
        "getTransaction": 2,
        "getAccountInfo": 30,
        "getMultipleAccounts": 30,
        "getBlock": 5,
    },
    retry_after=10,
)
"""As measured on 2026-03-31: the tightest so far."""

SEPTEMBER_2026 = NodeLimits(
    requests=250,
    other_methods=100,
    sockets=10,
    methods={
        "getTokenAccountsByOwner": 10,
        "getProgramAccounts": 10,
        "getSignaturesForAddress": 10,
        "getTransaction": 10,
        "getSignatureStatuses": 10,
        "getAccountInfo": 50,
        "getMultipleAccounts": 50,
        "getBalance": 150,
        "getTokenSupply": 150,
        "getBlock": 5,
        "getTokenLargestAccounts": 0,
    },
    retry_after=10,
)
"""As measured from 2026-09-09 to 2026-10-09."""
