"""The border to the network: sockets and HTTP in, and the one place where foreign exceptions become ours.

websockets, httpx, ssl and the operating system each have a dozen ways of saying that something failed.
Behind this border there is only `ProviderError`, with a kind, a sentence and no secrets.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidProxy, InvalidStatus, InvalidURI
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode

from streamcore.clock import Clock, wait_for
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.loopback import is_loopback
from streamcore.net.rate_limit import TokenBucket
from streamcore.text import Echo, Mask, MaskingFilter, printable

if TYPE_CHECKING:  # the package of the providers imports this module
    from streamcore.providers.base import Endpoint, Frame, Provider

CLOSE_TIMEOUT = 1.0
"""Seconds the closing handshake may take; a person who pressed ``q`` is waiting."""

USER_AGENT = "streamtui"
MAX_ERROR_TEXT = 200
MAX_BODY_BYTES = 32 * 1024 * 1024

_CLOSE_CODES = {
    1000: "normal closure",
    1001: "going away",
    1002: "protocol error",
    1003: "unsupported data",
    1007: "invalid data",
    1008: "policy violation",
    1009: "message too big",
    1011: "internal error",
    1012: "service restart",
    1013: "try again later",
    1014: "bad gateway",
}


class Socket:
    """One open WebSocket of one provider."""

    def __init__(self, connection: ClientConnection, endpoint: Endpoint) -> None:
        self._connection = connection
        self._host = host_of(endpoint.url)
        self._mask = Mask(endpoint.secrets)
        self._echo = Echo(endpoint.secrets)
        self._awaits_pong = False

    async def receive(self) -> Frame:
        """Return the next message.

        Raises:
            ProviderError: The connection has ended, cleanly or not.
        """
        with self._translated():
            frame = await self._connection.recv()
        return self._echo.in_text(frame) if isinstance(frame, str) else self._echo.in_bytes(frame)

    def arrived(self) -> list[Frame]:
        """Return the messages that are here already, oldest first, without waiting."""
        messages = self._connection.recv_messages
        waiting = messages.frames.queue
        arrived: list[Frame] = []
        # one in parts, or that is no text, is left to `receive`
        while waiting and waiting[0].fin:
            data = bytes(waiting[0].data)
            if waiting[0].opcode is Opcode.TEXT:
                try:
                    arrived.append(self._echo.in_text(data.decode()))
                except UnicodeDecodeError:
                    break
            else:
                arrived.append(self._echo.in_bytes(data))
            waiting.popleft()
        messages.maybe_resume()
        return arrived

    async def gather(self, seconds: float, clock: Clock) -> bool:
        """Leave what comes in the buffer of the system for some seconds; return whether it did.

        While a `ping` is unanswered it does not: the pong would wait there too, and the round trip
        seem longer than it is.
        """
        if self._awaits_pong:
            return False
        transport = self._connection.transport
        transport.pause_reading()
        try:
            await clock.sleep(seconds)
        finally:
            transport.resume_reading()
        return True

    async def send(self, frame: Frame) -> None:
        """Send one message; waits while the peer does not read.

        Raises:
            ProviderError: The connection has ended.
        """
        with self._translated():
            await self._connection.send(frame)

    async def ping(self) -> Awaitable[float]:
        """Send a ping; the awaitable returned is done when its pong is here.

        Raises:
            ProviderError: The connection has ended.
        """
        self._awaits_pong = True
        self._connection.transport.resume_reading()
        with self._translated():
            return await self._connection.ping()

    async def pong(self, waiter: Awaitable[float], seconds: float, clock: Clock) -> None:
        """Wait for the pong of a `ping`.

        Raises:
            ProviderError: It did not come in time, or the connection has ended.
        """
        with self._translated():
            try:
                await wait_for(clock, waiter, seconds)
            except TimeoutError as error:  # it is an OSError too, and must not be taken for one
                text = f"{self._host} did not answer a ping for {seconds:g} s"
                raise ProviderError(ErrorKind.NETWORK, text) from error
            finally:
                self._awaits_pong = False

    async def close(self) -> None:
        """Close with a close frame; returns within `CLOSE_TIMEOUT`, whatever the peer does."""
        await self._connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except ConnectionClosed as error:
            raise self._closed(error) from error
        except OSError as error:
            raise ProviderError(
                ErrorKind.NETWORK, f"connection to {self._host} lost: {_plain(error, self._mask)}"
            ) from error

    def _closed(self, error: ConnectionClosed) -> ProviderError:
        if error.rcvd is None and error.sent is None:
            return ProviderError(ErrorKind.NETWORK, "connection lost: no close frame")
        if error.sent is not None and not error.rcvd_then_sent:
            code, reason = error.sent.code, error.sent.reason
            if code == 1009:
                text = f"a message from {self._host} was larger than stream.max_message_bytes allows"
                return ProviderError(ErrorKind.PROTOCOL, text)
            return ProviderError(ErrorKind.PROTOCOL, f"closed by this side: {self._close(code, reason)}")
        assert error.rcvd is not None  # noqa: S101 - one of the two is there, and it is not ours
        return ProviderError(
            ErrorKind.SERVER, f"closed by {self._host}: {self._close(error.rcvd.code, error.rcvd.reason)}"
        )

    def _close(self, code: int, reason: str) -> str:
        text = outside_text(reason, self._mask)
        return " ".join(
            part for part in (str(code), _CLOSE_CODES.get(code, ""), text and f"({text})") if part
        )


class _Dialling(connect):
    """`connect`, but a redirect is a refusal: it could carry the key to another host."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


def _is_no_frame(record: logging.LogRecord) -> bool:
    # the library writes frames cut off somewhere, perhaps within a key that the server repeats; then no
    # mask would recognise it
    return not (record.args and any(isinstance(value, WireFrame) for value in record.args))


async def dial(provider: Provider, *, within: float, max_message_bytes: int, clock: Clock) -> Socket:
    """Open the provider's stream.

    Args:
        provider: Says where, and what an HTTP answer other than 101 means.
        within: Seconds for name lookup, TCP, TLS and the upgrade together.
        max_message_bytes: A larger message closes the connection.
        clock: Counts the timeout.

    Raises:
        ProviderError: It could not be reached, or refused.
    """
    endpoint = provider.endpoint()
    if endpoint is None:
        raise ProviderError(ErrorKind.PROTOCOL, f"{provider.name} has no stream", retryable=False)
    host = host_of(endpoint.url)
    logger = logging.getLogger(f"streamcore.websocket.{provider.name}")
    logger.filters = [_is_no_frame, MaskingFilter(Mask(endpoint.secrets))]
    try:
        dialling = _Dialling(
            endpoint.url,
            origin=endpoint.origin,  # type: ignore[arg-type]
            subprotocols=endpoint.subprotocols or None,  # type: ignore[arg-type]
            additional_headers=dict(endpoint.headers),
            user_agent_header=USER_AGENT,
            open_timeout=None,  # counted by the injected clock instead
            ping_interval=None,  # the connection sends its own pings, by the same clock
            close_timeout=CLOSE_TIMEOUT,
            max_size=max_message_bytes,
            proxy=None if is_loopback(urlsplit(endpoint.url).hostname or "") else True,
            logger=logger,
        )
        return Socket(await wait_for(clock, dialling, within), endpoint)
    except InvalidStatus as error:
        response = error.response
        raise provider.handshake_refusal(
            response.status_code,
            {name.lower(): value for name, value in response.headers.raw_items()},
            Echo(endpoint.secrets).in_bytes(bytes(response.body or b"")),
        ) from error
    except (InvalidURI, UnicodeError) as error:
        text = outside_text(str(error), Mask(endpoint.secrets))
        raise ProviderError(
            ErrorKind.PROTOCOL, f"{endpoint.shown_url} cannot be dialled: {text}", retryable=False
        ) from error
    except (ImportError, InvalidProxy) as error:
        raise _unusable_proxy(host) from error
    except (InvalidHandshake, EOFError) as error:
        text = outside_text(str(error), Mask(endpoint.secrets))
        raise ProviderError(ErrorKind.PROTOCOL, f"{host} did not speak WebSocket: {text}") from error
    except (OSError, TimeoutError) as error:
        raise _unreachable(host, error, within, Mask(endpoint.secrets)) from error


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP request brought: any status, also an error's."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class HttpClient:
    """The one HTTP client that every provider's REST side shares."""

    def __init__(self, clock: Clock, *, timeout: float) -> None:
        """``timeout``: seconds for a whole request, counted by ``clock``."""
        self._clock = clock
        self._timeout = timeout
        self._clients: dict[bool, httpx.AsyncClient] = {}

    async def __aenter__(self) -> HttpClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def request(
        self,
        method: str,
        url: str,
        *,
        secrets: tuple[str, ...] = (),
        rate_limit: TokenBucket | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> Answer:
        """Make one request, as soon as the rate limit allows it.

        Redirects are not followed: they could carry a key to another host.

        Raises:
            ProviderError: No answer came. An answer with an error status is an `Answer`.
        """
        if rate_limit is not None:
            await rate_limit.take()
        host = host_of(url)
        try:
            return await wait_for(
                self._clock,
                self._answer(
                    method, url, Echo(secrets), params=params, headers=dict(headers or {}), json=json
                ),
                self._timeout,
            )
        except (httpx.TimeoutException, TimeoutError) as error:
            raise ProviderError(
                ErrorKind.NETWORK, f"{host} did not answer within {self._timeout:g} s"
            ) from error
        except httpx.TransportError as error:
            raise _unreachable(host, _root(error), self._timeout, Mask(secrets)) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            text = outside_text(str(error), Mask(secrets))
            raise ProviderError(ErrorKind.PROTOCOL, f"{host} sent no usable answer: {text}") from error

    async def _answer(self, method: str, url: str, echo: Echo, **request: Any) -> Answer:
        body = bytearray()
        async with self._open(url).stream(method, url, **request) as response:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    text = f"an answer of {host_of(url)} was larger than {MAX_BODY_BYTES} bytes"
                    raise ProviderError(ErrorKind.PROTOCOL, text)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, echo.in_bytes(bytes(body)))

    def _open(self, url: str) -> httpx.AsyncClient:
        # a proxy from the environment must not be asked for a server on this machine
        by_proxy = not is_loopback(urlsplit(url).hostname or "")
        if by_proxy not in self._clients:
            try:
                self._clients[by_proxy] = httpx.AsyncClient(
                    timeout=None,  # noqa: S113 - the injected clock counts the time
                    follow_redirects=False,
                    headers={"user-agent": USER_AGENT},
                    trust_env=by_proxy,
                    verify=_tls(),
                )
            except (ImportError, ValueError) as error:
                raise _unusable_proxy(host_of(url)) from error
        return self._clients[by_proxy]


@cache
def _tls() -> ssl.SSLContext:
    """Return what verifies every host; reading the certificates takes long enough to do it only once."""
    return httpx.create_ssl_context()


def host_of(url: str) -> str:
    """Return ``host`` or ``host:port`` of a URL: what may be shown of it."""
    parts = urlsplit(url)
    return parts.netloc.rsplit("@", 1)[-1]


def outside_text(text: str, mask: Mask) -> str:
    """Return a text from outside as it may be shown: masked, harmless, short."""
    return printable(mask.apply(text), limit=MAX_ERROR_TEXT)


def _unreachable(host: str, error: BaseException, timeout: float, mask: Mask) -> ProviderError:
    match error:
        case TimeoutError():
            text = f"{host} did not answer within {timeout:g} s"
        case socket.gaierror():
            text = f"name lookup of {host} failed"
        case ConnectionRefusedError():
            text = f"{host} refused the connection"
        case ssl.SSLCertVerificationError():
            text = f"the certificate of {host} is not valid: {error.verify_message}"
        case ssl.SSLError():
            text = f"TLS with {host} failed: {_plain(error, mask)}"
        case _:
            text = f"{host} cannot be reached: {_plain(error, mask)}"
    return ProviderError(ErrorKind.NETWORK, text)


def _unusable_proxy(host: str) -> ProviderError:
    # its address is not shown: it may hold a password
    text = f"{host} cannot be reached: the proxy that the environment names cannot be used"
    return ProviderError(ErrorKind.NETWORK, text, retryable=False)


def _plain(error: BaseException, mask: Mask) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return outside_text(reason, mask) or type(error).__name__


def _root(error: BaseException) -> BaseException:
    """Return the operating system's error below a library's, if there is one.

    It is the deepest: a library that tries several addresses wraps what the system said in an `OSError` of
    its own, or in a group of them.
    """
    root, seen = error, error
    while True:
        if isinstance(seen, OSError):
            root = seen
        below = seen.exceptions[0] if isinstance(seen, BaseExceptionGroup) else seen.__cause__
        below = below or seen.__context__
        if below is None:
            return root
        seen = below
