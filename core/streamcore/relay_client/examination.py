"""Examines the relays of the settings: each step that has to work, and how the providers are there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import msgspec

from streamcore.checks import Check, Result
from streamcore.clock import Clock, wait_for
from streamcore.config.model import Settings
from streamcore.config.surroundings import read_surroundings
from streamcore.errors import ProviderError
from streamcore.events import State
from streamcore.net.network import Network
from streamcore.net.transport import Socket, Transport
from streamcore.providers.reports import Delivery, Refusal
from streamcore.relay_client.codec import RelayCodec, Wishes
from streamcore.relay_client.provider import RelayProvider
from streamcore.text import printable
from streamcore.wire.encodings import encoding
from streamcore.wire.messages import Hello, Wanted

if TYPE_CHECKING:
    from streamcore.recording import Capture


async def examine_relays(
    settings: Settings, clock: Clock, transport: Transport | None = None, capture: Capture | None = None
) -> list[Check]:
    """Try every relay of the settings, each step within ``stream.connect_timeout`` seconds.

    One relay that works is enough: the checks of the others are not needed.

    Args:
        settings: ``relay.url`` names the relays.
        clock: Time.
        transport: The way there; ``None``: the real network.
        capture: Keeps everything that goes over the transport. Whoever hands one in closes it.

    Raises:
        SettingsError: The environment names a proxy or certificates that cannot be used.
        EncodingMissing: ``relay.encoding`` needs a library that is not installed.
    """
    async with AsyncExitStack() as stack:
        if transport is None:
            network = Network(
                clock,
                timeout=settings.stream.connect_timeout,
                surroundings=read_surroundings(),
                streams=settings.stream.transport,
            )
            transport = await stack.enter_async_context(network)
        if capture is not None:
            transport = capture.around(transport, settings, configured=settings)
        found = []
        for url in settings.relay.url:
            relay = msgspec.structs.replace(settings.relay, url=(url,))
            one = msgspec.structs.replace(settings, relay=relay)
            found.append(await _Examination(one, clock, transport).run())
    works = any(all(one.result is Result.PASSED for one in checks if one.needed) for checks in found)
    return [
        Check(one.subject, one.name, one.result, one.seconds, one.detail, needed=one.needed and not works)
        for checks in found
        for one in checks
    ]


class _Examination:
    """The checks of one relay, one after the other; what depends on a failed one is skipped."""

    def __init__(self, settings: Settings, clock: Clock, transport: Transport) -> None:
        """``settings`` name that relay alone."""
        self._settings = settings
        self._clock = clock
        self._transport = transport
        self._codec = RelayCodec(
            encoding(settings.relay.encoding),
            settings.relay.interval,
            wishes=lambda: Wishes(settings.symbols, settings.wallets),
            requests=lambda: (),
            since=lambda hello: None,
        )
        self._provider = RelayProvider(settings.relay, clock, lambda: self._codec)
        self._subject = f"relay {self._provider.host}"
        self._socket: Socket | None = None
        self._hello: Hello | None = None
        self._checks: list[Check] = []
        self._failed: str | None = None

    async def run(self) -> list[Check]:
        """Try everything and return the checks."""
        try:
            await self._try("WebSocket", self._dial)
            await self._try("hello", self._greet)
            await self._try("what is wanted", self._want)
        finally:
            if self._socket is not None:
                await self._socket.close()
        for status in self._hello.statuses if self._hello is not None else ():
            self._note_provider(status)
        return self._checks

    async def _try(self, name: str, step: Callable[[], Awaitable[str]]) -> None:
        if self._failed is not None:
            self._checks.append(Check(self._subject, name, Result.SKIPPED, None, f"needs: {self._failed}"))
            return
        timeout, started = self._settings.stream.connect_timeout, self._clock.monotonic()
        try:
            detail, result = await wait_for(self._clock, step(), timeout), Result.PASSED
        except TimeoutError:
            detail, result = f"no answer within {timeout:g} s", Result.FAILED
        except ProviderError as error:
            detail, result = error.message, Result.FAILED
        seconds = self._clock.monotonic() - started
        self._checks.append(Check(self._subject, name, result, seconds, detail))
        if result is Result.FAILED:
            self._failed = name

    async def _dial(self) -> str:
        endpoint, stream = self._provider.endpoint(), self._settings.stream
        self._socket = await self._transport.connect(
            endpoint,
            name=self._provider.name,
            refusal=self._provider.handshake_refusal,
            within=stream.connect_timeout,
            max_message_bytes=stream.max_message_bytes,
        )
        return f"{endpoint.shown_url}, {self._settings.relay.encoding}"

    async def _greet(self) -> str:
        self._codec.opened()
        hello = await self._next(Hello)
        self._hello = hello
        demo = ", demo data" if hello.demo else ""
        control = ", may reconnect providers" if hello.control else ""
        return f"{printable(hello.relay)}, version {hello.version} of the wire{demo}{control}"

    async def _want(self) -> str:
        wanted = await self._next(Wanted)
        for refusal in wanted.refused:
            detail = f"{printable(refusal.what, 60)}: {printable(refusal.message)}"
            self._checks.append(Check(self._subject, "refused", Result.FAILED, None, detail))
        rows = f"{len(wanted.rows)} price row" + ("" if len(wanted.rows) == 1 else "s")
        return f"{rows}, an update every {wanted.interval} ms"

    async def _next(self, kind: type[Any]) -> Any:
        assert self._socket is not None  # noqa: S101 - not tried unless dialling succeeded
        while True:
            for frame in self._codec.frames_to_send():
                await self._socket.send(frame)
            for report in self._codec.received(await self._socket.receive()):
                if isinstance(report, Refusal):
                    raise report.error
                if isinstance(report, Delivery) and isinstance(report.answer, kind):
                    return report.answer

    def _note_provider(self, status: Any) -> None:
        """Say how a provider is at the relay; it is the relay's trouble if it is not well."""
        name, state = printable(str(status.get("provider"))), printable(str(status.get("state")))
        idle, reason = status.get("idle"), status.get("reason")
        polled = not status.get("streams", True) and state == State.FALLBACK  # the best that it can be
        well = state == State.CONNECTED or idle or polled
        detail = "idle" if idle else state + (f": {printable(str(reason))}" if reason else "")
        result = Result.PASSED if well else Result.FAILED
        self._checks.append(Check(self._subject, name, result, None, f"at the relay: {detail}", needed=False))
