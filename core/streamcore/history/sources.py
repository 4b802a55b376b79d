"""Which sources of candles are in use, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.config.selection import leads_here
from streamcore.history.asked_source import AskedSource
from streamcore.history.pool_candles import PoolCandles
from streamcore.net.transport import Http
from streamcore.providers import HISTORY_SOURCES
from streamcore.providers.base import Provider
from streamcore.providers.descriptor import Descriptor, HistoryDescriptor
from streamcore.providers.history_source import HistorySource
from streamcore.providers.pools import PoolHistory


def history_sources(
    settings: Settings,
    http: Http,
    clock: Clock,
    in_use: Sequence[Provider],
    providers: Mapping[str, Descriptor],
    chart_only: Mapping[str, HistoryDescriptor] = HISTORY_SOURCES,
) -> list[AskedSource]:
    """Return the sources of candles for these settings, the preferred first.

    Those of exchanges come first, then those of pools, then those that take up a key's allowance, and last
    those that have a line alone.

    A provider of live prices on this machine is an emulator or a relay, whose market is not that of the
    public hosts. Then, and in the demo, only sources on this machine are used. Where no prices are watched at
    all, nobody is asked for past ones.

    Args:
        settings: The settings to use: in the demo their URLs lead to the emulators.
        http: The way to the sources.
        clock: Time.
        in_use: The providers of live prices, the preferred first.
        providers: Makes those that are not in use.
        chart_only: Makes the sources that have nothing but the past.
    """
    if not in_use:
        return []
    here_only = settings.demo or leads_here(settings, in_use[0].name)

    def allowed(name: str) -> bool:
        return not here_only or leads_here(settings, name)

    running = {provider.name: provider for provider in in_use}
    exchanges: list[HistorySource] = []
    for one in providers.values():
        if one.has_history:
            provider = running.get(one.name) or one.make(settings, http, clock)
            if provider.history is not None:
                exchanges.append(provider.history)
    names = {source.name for source in exchanges}
    keyed = [p.history for p in in_use if p.history is not None and p.history.name not in names]
    listers = (one.pools for one in providers.values() if one.pools is not None and allowed(one.name))
    lister = next((make(settings, http, clock) for make in listers), None)
    candles: list[HistorySource] = []
    lines: list[HistorySource] = []
    for made in (one.make(settings, http, clock) for one in chart_only.values()):
        if isinstance(made, PoolHistory):
            candles.append(PoolCandles(made, lister, clock))
        else:
            lines.append(made)
    found = (*exchanges, *candles, *keyed, *lines)
    return [AskedSource(source, clock, demo=settings.demo) for source in found if allowed(source.name)]
