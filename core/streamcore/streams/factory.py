"""Runs a provider the way it allows: over its stream, or by polling alone."""

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
"""A provider that is being run. Whoever calls `make_stream` must close it."""


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
    """Return what runs a provider, with no topic wanted of it yet.

    Args:
        provider: The provider to run.
        settings: What is configured.
        transport: The way to it.
        clock: Time and random numbers.
        checkpoints: What is known of each wallet, shared by all that follow wallets.
        sink: Receives its reports, errors and changes of status.
        demo: Whether an emulator answers in its place.
    """
    if provider.endpoint() is None:
        return PolledStream(provider, settings, clock, checkpoints, sink, demo=demo)
    return ProviderStream(provider, settings, clock, checkpoints, sink, transport=transport, demo=demo)
