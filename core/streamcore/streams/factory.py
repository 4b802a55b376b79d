"""Putting a provider to work in the way it can: streaming, or being polled."""

from __future__ import annotations

from typing import TypeAlias

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.net.transport import Transport
from streamcore.providers.base import Provider
from streamcore.streams.checkpoints import Checkpoints
from streamcore.streams.polled_stream import PolledStream
from streamcore.streams.provider_stream import ProviderStream
from streamcore.streams.reporting import ReportSink

Stream: TypeAlias = ProviderStream | PolledStream
"""One provider at work. Whoever has it made must close it."""


def make_stream(
    provider: Provider,
    settings: Settings,
    transport: Transport,
    clock: Clock,
    checkpoints: Checkpoints,
    sink: ReportSink,
    *,
    demo: bool,
) -> Stream:
    """Return the provider at work, with nothing wanted of it yet.

    Args:
        provider: Who is asked.
        settings: What is configured.
        transport: The way to it.
        clock: Time and chance.
        checkpoints: What is known of each wallet, shared by all that follow wallets.
        sink: Is told what it says and how it is.
        demo: Whether an emulator answers in its place.
    """
    if provider.endpoint() is None:
        return PolledStream(provider, settings, clock, checkpoints, sink, demo=demo)
    return ProviderStream(provider, settings, clock, checkpoints, sink, transport=transport, demo=demo)
