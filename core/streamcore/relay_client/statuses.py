"""How the relay and the providers behind it are, as this terminal knows it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from streamcore.events import DataKind
from streamcore.relay_client.provider import RelayProvider
from streamcore.status import ProviderStatus
from streamcore.streams.connection import Connection

UNREACHABLE = "relay lost: {host} cannot be reached"


def relay_status(
    provider: RelayProvider,
    connection: Connection,
    *,
    demo: bool,
    topics: tuple[str, ...],
    dropped: int,
    limits: str,
) -> ProviderStatus:
    """Return the status of the connection to the relay, which has a lamp like a provider's.

    Args:
        provider: The relays of the settings.
        connection: To the one in use.
        demo: Whether it serves made-up data.
        topics: Keys of the prices and addresses of the wallets that this terminal wants.
        dropped: Events about the relay itself that this terminal's own buffers have dropped.
        limits: What it grants a terminal, as text for a person; empty before it has said so.
    """
    statistics = connection.statistics
    latency = statistics.latency
    return ProviderStatus(
        provider=provider.name,
        kind=DataKind.PRICES,
        demo=demo,
        state=connection.state,
        reason=connection.reason,
        since=connection.since,
        attempt=connection.attempt,
        retry_at=connection.retry_at,
        parked=connection.parked,
        idle=False,
        fallback=False,
        stale=connection.stale,
        subscriptions=len(topics),
        topics=topics,
        connections=1,
        latency_ms=None if latency is None else round(latency * 1000, 1),
        messages_received=statistics.messages_received,
        messages_sent=statistics.messages_sent,
        bytes_received=statistics.bytes_received,
        bytes_sent=statistics.bytes_sent,
        malformed=statistics.malformed,
        dropped=dropped,
        reconnects=statistics.reconnects,
        uptime=connection.uptime,
        last_message_at=connection.last_message_at,
        heartbeats=True,
        limits=limits,
        relay=provider.host,
    )


def mirrored(
    statuses: Mapping[str, ProviderStatus], dropped: Mapping[str, int], *, host: str, reachable: bool
) -> dict[str, ProviderStatus]:
    """Return the providers' statuses as they are to be shown.

    Args:
        statuses: As the relay told them last.
        dropped: Events of each provider that this terminal's own buffers have dropped, to be added.
        host: ``host:port`` of the relay.
        reachable: Whether the relay is there; without it every provider is stale and cut off, whatever it
            was when the relay was heard last, and nothing is said of its next attempt.
    """
    found = {}
    for name, status in statuses.items():
        # a key would have to be the relay's: nobody at a terminal can add one
        status = msgspec.structs.replace(status, hint="")
        if dropped.get(name):
            status = msgspec.structs.replace(status, dropped=status.dropped + dropped[name])
        if not reachable:
            status = status.as_cut_off(UNREACHABLE.format(host=host))
        found[name] = status
    return found
