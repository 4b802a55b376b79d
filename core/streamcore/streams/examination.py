"""Examines one provider: tries each step that has to work, from the name lookup to a first price.

It knows no provider by name, and uses the same `Provider` interface and transport as a stream does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from urllib.parse import urlsplit

from streamcore.assets.instruments import Instrument, understand
from streamcore.assets.tokens import TokenTable
from streamcore.checks import Check, Result
from streamcore.clock import Clock, wait_for
from streamcore.config.loading import Loaded
from streamcore.config.model import Settings
from streamcore.config.selection import Choice, candidates
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind
from streamcore.extras import version_of
from streamcore.net import reach
from streamcore.net.dial import Dialler
from streamcore.net.endpoint import address_of
from streamcore.net.network import Network
from streamcore.net.transport import Socket, Transport
from streamcore.providers.base import Codec, Provider
from streamcore.providers.reports import Alive, Malformed, PriceReport, Refusal, Report, TransactionReport

QUIET_WALLET = "5M7k7VhA58vacoCSz1tcVdNGiz8NxtieBL3rDHLM9E5P"
"""Asked about when no wallet is configured: the SHA-256 of a phrase, so no account that anybody uses."""

FIRST_PRICE_SHARE = 0.8
"""Part of the timeout to wait for a first price, so that this ends before the step itself is timed out."""


class ProviderExamination:
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
        return f"{endpoint.shown_url}, by {library} {version_of(library) or 'of an unknown version'}"

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


def _topics(settings: Settings, kind: DataKind, provider: Provider) -> tuple[str, ...]:
    """Return one topic to ask about: what is configured, or something that is always there."""
    if kind is DataKind.PRICES:
        topics = (provider.topic(instrument) for instrument in examined_instruments(settings))
        return tuple(topic for topic in topics if topic is not None)[:1]
    return settings.wallets[:1] or (QUIET_WALLET,)


def examined_instruments(settings: Settings) -> list[Instrument]:
    """Return the first that is configured, and one that every source has."""
    tokens = TokenTable(settings.tokens)
    return [understand(symbol, tokens, exchanges=True) for symbol in (*settings.symbols[:1], "SOL")]
