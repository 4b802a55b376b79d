"""Examines every provider in use: tries each step that has to work, from the name lookup to a first price.

It knows no provider by name, and uses the same `Provider` interface and transport as the engine does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from streamcore.assets.instruments import Instrument, understand
from streamcore.assets.tokens import TokenTable
from streamcore.assets.wallet_names import wallet_name
from streamcore.checks import Check, Result
from streamcore.clock import Clock, SystemClock, wait_for
from streamcore.config.demo import DemoServers, with_demo
from streamcore.config.libraries import version_of
from streamcore.config.loading import Loaded
from streamcore.config.model import Settings
from streamcore.config.selection import AUTO, OPTION, Choice, candidates, choose, is_watched
from streamcore.config.surroundings import NOWHERE, read_surroundings
from streamcore.errors import InputError, ProviderError
from streamcore.events import DataKind, ErrorKind
from streamcore.history.examination import examine_history
from streamcore.history.sources import history_sources
from streamcore.net import reach
from streamcore.net.dial import Dialler
from streamcore.net.endpoint import address_of
from streamcore.net.network import Network
from streamcore.net.transport import Socket, Transport
from streamcore.providers import HISTORY_SOURCES, PROVIDERS, create
from streamcore.providers.base import Codec, Provider
from streamcore.providers.descriptor import Descriptor, HistoryDescriptor
from streamcore.providers.reports import Alive, Malformed, PriceReport, Refusal, Report, TransactionReport
from streamcore.relay_client.examination import examine_relays
from streamcore.search.changed_names import changed_names
from streamcore.search.wallet_names import WalletNames

if TYPE_CHECKING:
    from streamcore.recording import Capture

__all__ = ["Check", "Result", "examine", "needed_failed"]

QUIET_WALLET = "5M7k7VhA58vacoCSz1tcVdNGiz8NxtieBL3rDHLM9E5P"
"""Asked about when no wallet is configured: the SHA-256 of a phrase, so no account that anybody uses."""

FIRST_PRICE_SHARE = 0.8
"""Part of the timeout to wait for a first price, so that this ends before the step itself is timed out."""


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
            _Examination(
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
                _instruments(loaded.settings),
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


class _Examination:
    """The checks of one provider, one after the other; what depends on a failed one is skipped."""

    def __init__(
        self,
        choice: Choice,
        provider: Provider,
        loaded: Loaded,
        settings: Settings,
        clock: Clock,
        transport: Transport,
        *,
        network: Network | None,
        dialler: Dialler,
        needed: bool,
    ) -> None:
        """Make one that has tried nothing yet.

        Args:
            choice: The provider to examine, as it was chosen.
            provider: That provider.
            loaded: What is configured, and where it came from.
            settings: The settings to use: in the demo their URLs are not the configured ones.
            clock: Time.
            transport: The way there.
            network: The real network, if it is what is below ``transport``.
            dialler: Opens the connections for the checks of TCP and TLS.
            needed: It is the first of its kind; the others only step in for it.
        """
        self._choice = choice
        self._needed = needed
        self.provider = provider
        """The provider that is examined."""
        self._loaded = loaded
        self._settings = settings
        self._clock = clock
        self._transport = transport
        self._network = network
        self._dialler = dialler
        self._stream = loaded.settings.stream
        self._topics = _topics(settings, choice.kind, provider)
        self._checks: list[Check] = []
        self._failed: str | None = None
        self._socket: Socket | None = None
        self._codec: Codec | None = None
        self._last_reports: list[Report] = []
        """The reports of the last frame."""

    async def run(self) -> list[Check]:
        """Try everything and return the checks, also those that were skipped."""
        self._note("key", *self._key())
        endpoint = self.provider.endpoint()
        await self._reach(self._rest_url() if endpoint is None else endpoint.url)
        if endpoint is None:
            self._note("WebSocket", Result.SKIPPED, "this source has no stream, it is polled")
            await self._try("REST call", self._fetch)
            return self._checks
        try:
            await self._try("WebSocket", self._dial)
            await self._try("subscription", self._subscribe)
            if self.provider.kind is DataKind.PRICES:
                await self._try("first message", self._first_price)
        finally:
            if self._socket is not None:
                await self._socket.close()
        self._failed = None  # HTTP is another way to the provider, and may work where the stream does not
        await self._try("REST call", self._fetch)
        return self._checks

    def _rest_url(self) -> str:
        section = getattr(self._settings, self._choice.provider)
        url: str = section.rest_url
        return url

    async def _reach(self, text: str) -> None:
        host, port = address_of(text)
        encrypted = urlsplit(text).scheme in ("wss", "https")
        within = self._stream.connect_timeout
        proxy = self._dialler.proxy_for(host, port)
        addresses: tuple[str, ...] = ()

        async def look_up() -> str:
            nonlocal addresses
            addresses = await reach.look_up(host, port, within=within)
            return f"{host}: {', '.join(addresses)}"

        async def shake_hands() -> str:
            version = await reach.shake_hands(
                host, port, encrypted=encrypted, within=within, dialler=self._dialler
            )
            shown = f"{host}:{port}" + ("" if version is None else f", {version}")
            return shown if proxy is None else f"{shown}, by {proxy.shown}"

        if proxy is not None:
            self._note("name lookup", Result.SKIPPED, f"left to {proxy.shown}")
        else:
            await self._try("name lookup", look_up)
        if len(addresses) > 1:  # of a single one the next check says whether it answers
            await self._try_each(addresses, port)
        await self._try(
            "TLS" if encrypted else "TCP",
            shake_hands,
            of_whom=lambda: self._proxy_that_did_not_answer(host, port),
        )

    def _proxy_that_did_not_answer(self, host: str, port: int) -> str:
        proxy = self._dialler.whom_it_waits_for(host, port)
        return "" if proxy is None else f" of {proxy}"

    async def _try_each(self, addresses: Sequence[str], port: int) -> None:
        """Say of each address whether it answers; one is enough, so none is needed."""
        within = self._stream.connect_timeout
        found = await reach.try_addresses(addresses, port, within=within, clock=self._clock)
        for address, error in found.items():
            result = Result.PASSED if error is None else Result.FAILED
            detail = f"{address} answers" if error is None else error.message
            self._note("address", result, detail, needed=False)

    async def _try(
        self, name: str, step: Callable[[], Awaitable[str]], *, of_whom: Callable[[], str] = lambda: ""
    ) -> None:
        """Try a step. ``of_whom``: names, at a timeout, the proxy that did not answer, if it was one."""
        if self._failed is not None:
            self._note(name, Result.SKIPPED, f"needs: {self._failed}")
            return
        timeout = self._stream.connect_timeout
        started = self._clock.monotonic()
        try:
            detail = await wait_for(self._clock, step(), timeout)
            result = Result.PASSED
        except TimeoutError:
            detail, result = f"no answer{of_whom()} within {timeout:g} s", Result.FAILED
        except ProviderError as error:
            detail, result = error.message, Result.FAILED
        self._note(name, result, detail, self._clock.monotonic() - started)
        if result is Result.FAILED:
            self._failed = name

    def _note(
        self, name: str, result: Result, detail: str, seconds: float | None = None, *, needed: bool = True
    ) -> None:
        subject = f"{self._choice.provider} (demo)" if self._choice.demo else self._choice.provider
        self._checks.append(Check(subject, name, result, seconds, detail, needed and self._needed))

    def _key(self) -> tuple[Result, str]:
        key = next(one.key for one in candidates(self._choice.kind) if one.name == self._choice.provider)
        if key is None or self._loaded.settings.demo:
            return Result.PASSED, "not needed"
        return Result.PASSED, f"from {self._loaded.origins[key.name]}"

    async def _dial(self) -> str:
        endpoint = self.provider.endpoint()
        assert endpoint is not None  # noqa: S101 - not tried where there is no stream
        self._socket = await self._transport.connect(
            endpoint,
            name=self.provider.name,
            refusal=self.provider.handshake_refusal,
            within=self._stream.connect_timeout,
            max_message_bytes=self._stream.max_message_bytes,
        )
        if self._network is None:
            return endpoint.shown_url
        library = self._network.library_for(endpoint)
        return f"{endpoint.shown_url}, by {library} {version_of(library)}"

    async def _subscribe(self) -> str:
        self._codec = self.provider.codec()
        self._codec.opened()
        self._codec.set_topics(self._topics)
        await self._listen_for(Alive, PriceReport, TransactionReport)
        return f"{self._choice.provider} answered"

    async def _first_price(self) -> str:
        """Wait for a first price; where nothing is traded none comes, and nothing is wrong."""
        if not any(isinstance(report, PriceReport) for report in self._last_reports):
            try:
                await wait_for(
                    self._clock,
                    self._listen_for(PriceReport),
                    self._stream.connect_timeout * FIRST_PRICE_SHARE,
                )
            except TimeoutError:
                return "none yet: nothing was traded in that time"
        price = next(
            (r.price for r in self._last_reports if isinstance(r, PriceReport) and r.price is not None), None
        )
        return self._topics[0] if price is None else f"{self._topics[0]}: {price:f} USD"

    async def _listen_for(self, *kinds: type) -> None:
        assert self._socket is not None  # noqa: S101 - not tried unless dialling succeeded
        assert self._codec is not None  # noqa: S101 - made by the first subscription
        while True:
            for frame in self._codec.frames_to_send():
                await self._socket.send(frame)
            self._last_reports = self._codec.received(await self._socket.receive())
            for report in self._last_reports:
                if isinstance(report, Refusal):
                    raise report.error
            if any(isinstance(report, kinds) for report in self._last_reports):
                return

    async def _fetch(self) -> str:
        async with aclosing(self.provider.rest.fetch(self._topics, {})) as reports:  # type: ignore[type-var]
            async for report in reports:
                if isinstance(report, Refusal):
                    raise report.error
                if not isinstance(report, Malformed):
                    return f"{self._choice.provider} answered"
        raise ProviderError(ErrorKind.PROTOCOL, f"{self._choice.provider} answered with nothing usable")


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


def _topics(settings: Settings, kind: DataKind, provider: Provider) -> tuple[str, ...]:
    """Return one topic to ask about: what is configured, or something that is always there."""
    if kind is DataKind.PRICES:
        topics = (provider.topic(instrument) for instrument in _instruments(settings))
        return tuple(topic for topic in topics if topic is not None)[:1]
    return settings.wallets[:1] or (QUIET_WALLET,)


def _instruments(settings: Settings) -> list[Instrument]:
    """Return the first that is configured, and one that every source has."""
    tokens = TokenTable(settings.tokens)
    return [understand(symbol, tokens, exchanges=True) for symbol in (*settings.symbols[:1], "SOL")]
