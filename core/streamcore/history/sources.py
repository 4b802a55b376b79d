"""Which sources of candles are in use, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.history.asked_source import AskedSource
from streamcore.loopback import is_loopback
from streamcore.net.transport import Http
from streamcore.providers.base import Provider
from streamcore.providers.descriptor import Descriptor
from streamcore.providers.history_source import HistorySource

WITH_HISTORY = ("kraken", "coinbase")
"""Providers of live prices that have candles and ask for no key, the preferred first.

They are asked also where they are not in use for live prices.
"""


def history_sources(
    settings: Settings,
    http: Http,
    clock: Clock,
    in_use: Sequence[Provider],
    providers: Mapping[str, Descriptor],
) -> list[AskedSource]:
    """Return the sources of candles for these settings, the preferred first.

    A provider of live prices on this machine is an emulator or a relay, whose market is not that of the
    public hosts. Then only sources on this machine are used.

    Args:
        settings: The settings to use: in the demo their URLs lead to the emulators.
        http: The way to the sources.
        clock: Time.
        in_use: The providers of live prices, the preferred first.
        providers: Makes those that are not in use.
    """
    here_only = bool(in_use) and _is_here(settings, in_use[0].name)
    return [
        AskedSource(source, clock, demo=settings.demo)
        for source in _sources(settings, http, clock, in_use, providers)
        if not here_only or _is_here(settings, source.name)
    ]


def _sources(
    settings: Settings,
    http: Http,
    clock: Clock,
    in_use: Sequence[Provider],
    providers: Mapping[str, Descriptor],
) -> Iterator[HistorySource]:
    running = {provider.name: provider for provider in in_use}
    for name in WITH_HISTORY:
        provider = running.get(name)
        if provider is None and name in providers:
            provider = providers[name].make(settings, http, clock)
        if provider is not None and provider.history is not None:
            yield provider.history


def _is_here(settings: Settings, name: str) -> bool:
    url: str = getattr(settings, name).rest_url
    return is_loopback(urlsplit(url).hostname or "")
