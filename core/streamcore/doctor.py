"""Examines everything that is in use, and says what works: providers, names, the past of prices, relays."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import msgspec

from streamcore.assets.wallet_names import wallet_name
from streamcore.checks import Check, Result
from streamcore.clock import Clock, SystemClock
from streamcore.config.demo import DemoServers, with_demo
from streamcore.config.loading import Loaded
from streamcore.config.model import Settings
from streamcore.config.selection import AUTO, OPTION, candidates, choose, is_watched
from streamcore.config.surroundings import NOWHERE, read_surroundings
from streamcore.errors import InputError, ProviderError
from streamcore.events import DataKind
from streamcore.history.examination import examine_history
from streamcore.history.sources import history_sources
from streamcore.net.dial import Dialler
from streamcore.net.network import Network
from streamcore.net.transport import Transport
from streamcore.providers import HISTORY_SOURCES, PROVIDERS, create
from streamcore.providers.descriptor import Descriptor, HistoryDescriptor
from streamcore.relay_client.examination import examine_relays
from streamcore.search.changed_names import changed_names
from streamcore.search.wallet_names import WalletNames
from streamcore.streams.examination import ProviderExamination, examined_instruments

if TYPE_CHECKING:
    from streamcore.recording import Capture

__all__ = ["Check", "Result", "examine", "needed_failed"]


async def examine(
    loaded: Loaded,
    *,
    clock: Clock | None = None,
    transport: Transport | None = None,
    providers: Mapping[str, Descriptor] = PROVIDERS,
    chart_only: Mapping[str, HistoryDescriptor] = HISTORY_SOURCES,
    demo: DemoServers | None = None,
    capture: Capture | None = None,
) -> list[Check]:
    """Try everything that these settings need, each step within ``stream.connect_timeout`` seconds.

    Args:
        loaded: What is configured, and where it came from.
        clock: Time; ``None``: the system's.
        transport: The way to the providers; ``None``: the real network. Name lookup, TCP and TLS are tried
            on connections of their own, not through it.
        providers: Makes each provider by its name.
        chart_only: Makes the sources that have nothing but the past of prices.
        demo: Serves demo data where the settings ask for it.
        capture: Keeps everything that goes over the transport. Whoever hands one in closes it.

    Returns:
        The checks, those of one provider together and in the order they were tried in.

    Raises:
        SettingsError: A provider that was named cannot be used, nobody serves the demo data asked for, or the
            environment names a proxy or certificates that cannot be used.
    """
    clock = clock or SystemClock()
    settings = loaded.settings
    if settings.relay.url and not settings.demo:
        return [_configuration(loaded), *await examine_relays(settings, clock, transport, capture)]
    choices = list(choose(settings))
    checks = [_configuration(loaded), *_keys_not_set(settings, [choice.provider for choice in choices])]
    async with AsyncExitStack() as stack:
        origin = loaded.origins["demo"]
        settings = await stack.enter_async_context(with_demo(settings, clock, demo, origin=origin))
        surroundings = NOWHERE if loaded.settings.demo else read_surroundings()
        network: Network | None = None
        if transport is None:
            network = Network(
                clock,
                timeout=settings.stream.connect_timeout,
                surroundings=surroundings,
                streams=settings.stream.transport,
            )
            transport = await stack.enter_async_context(network)
        if capture is not None:
            transport = capture.around(transport, settings, configured=loaded.settings)
        named, settings = await _names_looked_up(settings, transport, clock)
        checks += named
        examinations = [
            ProviderExamination(
                choice,
                create(choice.provider, settings, transport, clock, providers=providers),
                loaded,
                settings,
                clock,
                transport,
                network=network,
                dialler=Dialler(clock, surroundings),
                needed=choice.kind not in {earlier.kind for earlier in choices[:position]},
            )
            for position, choice in enumerate(choices)
        ]
        for found in await asyncio.gather(*(examination.run() for examination in examinations)):
            checks += found
        if live := [one.provider for one in examinations if one.provider.kind is DataKind.PRICES]:
            checks += await examine_history(
                history_sources(settings, transport, clock, live, providers, chart_only),
                examined_instruments(loaded.settings),
                clock,
                within=settings.stream.connect_timeout,
                demo=loaded.settings.demo,
            )
    return checks


def needed_failed(checks: Sequence[Check]) -> bool:
    """Return whether a check failed that is needed; providers that only step in for others are not."""
    return any(check.result is Result.FAILED and check.needed for check in checks)


def _configuration(loaded: Loaded) -> Check:
    file = str(loaded.path) if loaded.found else f"there is no {loaded.path or 'configuration file'}"
    return Check("configuration", "settings", Result.PASSED, None, file)


def _keys_not_set(settings: Settings, used: Sequence[str]) -> list[Check]:
    """Return a check for each provider that is not used, but would be if its key were set."""
    return [
        Check(one.name, "key", Result.SKIPPED, None, f"{one.key.variables[0]} is not set")
        for kind in DataKind
        for one in candidates(kind)
        if one.key is not None
        and one.name not in used
        and getattr(settings, OPTION[kind]) == AUTO
        and is_watched(settings, kind)
    ]


async def _names_looked_up(
    settings: Settings, transport: Transport, clock: Clock
) -> tuple[list[Check], Settings]:
    """Look up the wallets that are named by their names; return what came of it, and settings without names.

    Names that wallets were saved with are looked up as well: one that leads elsewhere by now is told.
    """
    if not is_watched(settings, DataKind.WALLETS):
        return [], settings
    names, checks, addresses = WalletNames(transport, settings, clock), list[Check](), list[str]()
    for wallet in settings.wallets:
        if (name := wallet_name(wallet)) is None:
            addresses.append(wallet)
            continue
        began = clock.monotonic()
        try:
            address = await names.resolve(name)
        except (InputError, ProviderError) as error:
            result, detail = Result.FAILED, str(error)
        else:
            result, detail = Result.PASSED, address
            addresses.append(address)
        checks.append(Check("wallet names", name, result, clock.monotonic() - began, detail))
    saved = {wallet: settings.labels[wallet] for wallet in addresses if wallet in settings.labels}
    for sentence in await changed_names(saved, names.resolve):
        checks.append(Check("wallet names", "saved", Result.FAILED, None, sentence, needed=False))
    return checks, msgspec.structs.replace(settings, wallets=tuple(addresses))
