"""The statuses of all providers as terminals may see them, and what of them has changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from streamcore.assets.names import base_of_pair
from streamcore.relay.discretion import anonymous
from streamcore.status import ProviderStatus

_COUNTERS = frozenset(
    {
        "messages_received",
        "messages_sent",
        "bytes_received",
        "bytes_sent",
        "uptime",
        "latency_ms",
        "last_message_at",
    }
)
"""What changes all the time: it is told every few seconds, with everything else that is new then."""


class StatusBoard:
    """Present statuses as maps, without the topics: a terminal is told only of its own."""

    def __init__(self) -> None:
        self._shown: dict[str, dict[str, Any]] = {}
        self._topics: dict[str, tuple[str, ...]] = {}
        self._heard_at: dict[str, float | None] = {}
        self.topics_version = 0
        """Grows whenever the topics of a provider change."""

    def update(self, status: ProviderStatus, *, counters: bool = True) -> None:
        """Take in the present status of a provider; ``counters``: also what changes all the time."""
        shown: dict[str, Any] = msgspec.to_builtins(status)
        del shown["topics"]
        if status.reason is not None:
            shown["reason"] = anonymous(status.reason)
        if not counters and (before := self._shown.get(status.provider)) is not None:
            shown |= {name: before[name] for name in _COUNTERS}
        self._shown[status.provider] = shown
        if self._topics.get(status.provider) != status.topics:
            self._topics[status.provider] = status.topics
            self.topics_version += 1
        self._heard_at[status.provider] = status.last_message_at

    @property
    def shown(self) -> Mapping[str, dict[str, Any]]:
        """Each provider's present status by name, without ``topics``; the maps are never changed."""
        return self._shown

    def without_topics(self) -> list[dict[str, Any]]:
        """Return the whole status of each provider for a terminal that watches nothing yet."""
        return [{**status, "topics": []} for status in self._shown.values()]

    @property
    def heard_at(self) -> Mapping[str, float | None]:
        """Unix seconds at which each provider has last sent anything."""
        return self._heard_at

    def topics(self, names: Collection[str]) -> dict[str, list[str]]:
        """Return each provider's topics as far as they are a terminal's own.

        Args:
            names: Its wallets, mints and tickers.
        """
        return {
            provider: [topic for topic in topics if topic in names or base_of_pair(topic) in names]
            for provider, topics in self._topics.items()
        }


def changes(
    before: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]
) -> Iterable[dict[str, Any]]:
    """Yield for each provider whose status is another one now what has changed, and its name."""
    for provider, status in now.items():
        known = before.get(provider)
        if known is status:
            continue
        if known is None:
            yield {**status, "topics": []}  # a whole one; those of the terminal's own follow
            continue
        changed = {name: value for name, value in status.items() if known.get(name) != value}
        if changed:
            yield {"provider": provider, **changed}
