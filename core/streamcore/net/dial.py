"""Opening the connection below a stream or a request: the same way for both, also by a proxy.

A host may have several addresses, and the first need not answer. So the next one is tried after a quarter of
a second, beside it, and the first to answer is taken (RFC 8305, "Happy Eyeballs").
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections import deque
from collections.abc import Iterable, Sequence
from typing import TypeAlias, cast

from streamcore.clock import Clock
from streamcore.config.proxies import Proxy
from streamcore.config.surroundings import Surroundings
from streamcore.net import errors
from streamcore.net.trust import tls_context
from streamcore.net.tunnel import Waiting, ask_http_proxy, ask_socks_proxy

ATTEMPT_DELAY = 0.25
"""Seconds after which the next address is tried; RFC 8305, section 5."""

_Attempt: TypeAlias = asyncio.Task[asyncio.Transport]

_NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""What the system says where it lacks a whole family of addresses: of several reasons the least telling."""


class Dialler:
    """Opens connections; whoever gets one hands it on by `hand_over` or `Dialler.encrypt`, or aborts it."""

    def __init__(self, clock: Clock, surroundings: Surroundings) -> None:
        self._clock = clock
        self._surroundings = surroundings
        self._silent: dict[tuple[str, int], Proxy] = {}

    @property
    def context(self) -> ssl.SSLContext:
        """What verifies every host."""
        return tls_context(self._surroundings)

    def proxy_for(self, host: str, port: int) -> Proxy | None:
        """Return who passes on connections to a host; ``None``: it is reached without."""
        return self._surroundings.proxies.proxy_for(host, port)

    def whom_it_waits_for(self, host: str, port: int) -> str | None:
        """Return, after `dial` was cancelled, the proxy that had not answered, as it may be shown."""
        proxy = self._silent.pop((host, port), None)
        return None if proxy is None else proxy.shown

    async def dial(self, host: str, port: int) -> asyncio.Transport:
        """Return a connection to a host, on which nothing was said yet.

        ``host``: an IPv6 address without brackets.

        Raises:
            OSError: It could not be reached.
            ProviderError: The proxy could not be reached, or refused.
        """
        proxy = self.proxy_for(host, port)
        if proxy is None:
            return await self._connect(host, port)
        self._silent[host, port] = proxy
        try:
            transport = await self._to_proxy(proxy)
            try:
                await self._ask(proxy, transport, host, port)
            except BaseException:
                transport.abort()
                raise
        except asyncio.CancelledError:
            raise
        except BaseException:
            self._silent.pop((host, port), None)
            raise
        self._silent.pop((host, port), None)
        return transport

    async def encrypt(self, transport: asyncio.Transport, host: str, port: int) -> asyncio.Transport:
        """Return a connection of `dial` by TLS; see `encrypt`.

        Raises:
            OSError: It has ended, or the host's certificate is not valid, or it does not speak TLS.
            ProviderError: The same, but it may be the proxy that answers in the host's place.
        """
        proxy = self.proxy_for(host, port)
        try:
            return await encrypt(transport, self.context, host)
        except OSError as error:
            if proxy is None:
                raise
            raise errors.behind_proxy(proxy, f"{host}:{port}", error) from error

    async def _to_proxy(self, proxy: Proxy) -> asyncio.Transport:
        with errors.reaching_proxy(proxy):
            transport = await self._connect(proxy.host, proxy.port)
            if proxy.scheme == "https":
                transport = await encrypt(transport, self.context, proxy.host)
            return transport

    async def _ask(self, proxy: Proxy, transport: asyncio.Transport, host: str, port: int) -> None:
        with errors.reaching_proxy(proxy):
            waiting = waiting_on(transport)
            if proxy.scheme in ("http", "https"):
                await ask_http_proxy(waiting, proxy, host, port)
                return
            if proxy.scheme == "socks5":  # socks5h leaves the lookup to the proxy
                host = (await look_up(host, port))[0]
            await ask_socks_proxy(waiting, proxy, host, port)

    async def _connect(self, host: str, port: int) -> asyncio.Transport:
        return await first_to_answer(await look_up(host, port), port, self._clock)


async def look_up(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of a host in the order in which to try them: the families take turns.

    Raises:
        OSError: It has none, or nobody knows.
    """
    # as text it would be encoded by a codec of the standard library that is large and needed for nothing else
    name = host.encode() if host.isascii() else host
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    families: dict[int, dict[str, None]] = {}
    for family, _, _, _, address in found:
        families.setdefault(family, {})[str(address[0])] = None
    return tuple(_in_turn([list(addresses) for addresses in families.values()]))


def _in_turn(lists: Sequence[Sequence[str]]) -> Iterable[str]:
    for position in range(max(map(len, lists), default=0)):
        for one in lists:
            yield from one[position : position + 1]


async def first_to_answer(addresses: Sequence[str], port: int, clock: Clock) -> asyncio.Transport:
    """Return a connection to the first of these addresses that answers; they are tried in their order.

    Raises:
        OSError: None did; the most telling of the reasons.
    """
    left = deque(addresses)
    under_way: set[_Attempt] = set()
    failures: list[OSError] = []
    winner: asyncio.Transport | None = None
    try:
        while winner is None and (left or under_way):
            if left:
                under_way.add(asyncio.ensure_future(_attempt(left.popleft(), port)))
            for task in await _some_end(under_way, clock if left else None):
                if isinstance(failure := task.exception(), OSError):
                    failures.append(failure)
                elif winner is None:
                    winner = task.result()
                else:
                    continue  # it is given up below
                under_way.discard(task)
        await _give_up(under_way)
    except BaseException:
        if winner is not None:
            winner.abort()
        await _give_up(under_way)
        raise
    if winner is None:
        nothing = OSError("it has no address")
        raise min(failures, key=lambda failure: failure.errno in _NO_WAY, default=nothing)
    return winner


async def _give_up(attempts: set[_Attempt]) -> None:
    for task in attempts:
        task.add_done_callback(_hang_up)  # also when nobody waits for its end any more
        task.cancel()
    if attempts:
        await asyncio.wait(attempts)


def _hang_up(attempt: _Attempt) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().abort()


async def _some_end(tasks: set[_Attempt], clock: Clock | None) -> set[_Attempt]:
    """Return those that have ended, as soon as one has, or none after `ATTEMPT_DELAY` of a clock."""
    alarm = None if clock is None else asyncio.ensure_future(clock.sleep(ATTEMPT_DELAY))
    try:
        await asyncio.wait({*tasks, *([] if alarm is None else [alarm])}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if alarm is not None:
            alarm.cancel()
            await asyncio.wait({alarm})
    return {task for task in tasks if task.done()}


async def _attempt(address: str, port: int) -> asyncio.Transport:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(Waiting, address, port)
    return transport


def waiting_on(transport: asyncio.Transport) -> Waiting:
    """Return what has been received over a connection from `Dialler.dial` that nobody uses yet.

    Raises:
        OSError: The connection has ended already.
    """
    waiting = cast("Waiting | None", transport.get_protocol())
    if waiting is None:  # what a closed transport has no more
        raise ConnectionResetError(errno.ECONNRESET, "the connection has ended already")
    waiting.check()
    return waiting


def hand_over(transport: asyncio.Transport, protocol: asyncio.Protocol) -> None:
    """Give a connection from `Dialler.dial` to the protocol that uses it from now on.

    What has come already is told in the next turn of the event loop, as if it came then: a client of
    WebSockets or HTTP sends its request before, and need not be ready for an answer to nothing.

    Raises:
        OSError: The connection has ended already.
    """
    waiting = waiting_on(transport)
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    if waiting.received or waiting.at_end:
        asyncio.get_running_loop().call_soon(_pass_on, waiting, transport, protocol)


def _pass_on(waiting: Waiting, transport: asyncio.Transport, protocol: asyncio.Protocol) -> None:
    if transport.is_closing():
        return
    if waiting.received:
        protocol.data_received(bytes(waiting.received))
    if waiting.at_end:
        protocol.eof_received()


async def encrypt(transport: asyncio.Transport, context: ssl.SSLContext, host: str) -> asyncio.Transport:
    """Return the same connection by TLS.

    Raises:
        OSError: It has ended, or the other side's certificate is not valid, or it does not speak TLS.
    """
    waiting = Waiting()
    try:
        encrypted = await _shake_hands(transport, waiting, context, host)
    except BaseException:
        transport.abort()
        raise
    waiting.connection_made(encrypted)
    return encrypted


async def _shake_hands(
    transport: asyncio.Transport, waiting: Waiting, context: ssl.SSLContext, host: str
) -> asyncio.Transport:
    if waiting_on(transport).received:  # who speaks TLS waits to be greeted
        raise ssl.SSLError(1, "the other side does not speak TLS")
    loop = asyncio.get_running_loop()
    encrypted = await loop.start_tls(transport, waiting, context, server_hostname=host)
    if encrypted is None:  # the types allow it; it is so where the connection has ended meanwhile
        raise ConnectionResetError(errno.ECONNRESET, "the connection has ended")
    return encrypted
