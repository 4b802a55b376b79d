"""HTTP requests: one client that every provider's HTTP side shares."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from types import TracebackType
from typing import Any, Self

import msgspec

from streamcore.clock import Clock, wait_for
from streamcore.config.surroundings import Surroundings, read_surroundings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net import errors
from streamcore.net.dial import Dialler
from streamcore.net.endpoint import address_of, host_of
from streamcore.net.http_connections import Connections
from streamcore.net.http_message import headers_of_answer, headers_to_send, unpacked, url_to_ask
from streamcore.net.rate_limit import RateLimit
from streamcore.net.transport import Answer
from streamcore.text import Echo, Mask

MAX_BODY_BYTES = 32 * 1024 * 1024
"""A larger answer, unpacked, is not read to its end."""


class HttpClient:
    """A `streamcore.net.transport.Http`; leaving its context closes its connections."""

    def __init__(
        self,
        clock: Clock,
        *,
        timeout: float,
        max_body_bytes: int = MAX_BODY_BYTES,
        surroundings: Surroundings | None = None,
    ) -> None:
        """Make one that has no connections yet.

        Args:
            clock: Time.
            timeout: Seconds for a whole request, counted by ``clock``.
            max_body_bytes: A larger answer, unpacked, is an error.
            surroundings: Proxies, and whom to trust; ``None``: what the environment says.

        Raises:
            SettingsError: The environment says something that cannot be used.
        """
        self._clock = clock
        self._timeout = timeout
        self._max_body_bytes = max_body_bytes
        self._dialler = Dialler(clock, surroundings or read_surroundings())
        self._connections = Connections(self._dialler)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connections.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        secrets: tuple[str, ...] = (),
        rate_limit: RateLimit | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> Answer:
        """Make one request, as soon as the rate limit allows it.

        Redirects are not followed: they could carry a key to another host.

        Raises:
            ProviderError: No answer came, or a web page that is not the host's. An answer with an error
                status is an `Answer`.
        """
        if rate_limit is not None:
            await rate_limit.take()
        host = host_of(url)
        with errors.requesting(host, self._timeout, Mask(secrets)):
            try:
                answer = await wait_for(
                    self._clock,
                    self._answer(method, url, Echo(secrets), params, headers, json),
                    self._timeout,
                )
            except TimeoutError as error:
                if (proxy := self._dialler.whom_it_waits_for(*address_of(url))) is not None:
                    raise errors.silent(proxy, self._timeout) from error
                raise
        if page := errors.web_page(host, answer.status, answer.headers, answer.body):
            raise page
        return answer

    async def _answer(
        self,
        method: str,
        url: str,
        echo: Echo,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        json: Any,
    ) -> Answer:
        content = None if json is None else msgspec.json.encode(json)
        where = url_to_ask(url, params)
        head = headers_to_send(url, headers or {}, json=json is not None)
        body = bytearray()
        connections = self._connections.to(where)
        async with connections.stream(method, where, headers=head, content=content) as response:
            async for chunk in response.aiter_stream():
                body += chunk
                self._check_size(url, body)
        found = headers_of_answer(response.headers)
        plain = self._unpacked(url, bytes(body), found.get("content-encoding", ""))
        return Answer(response.status, found, echo.in_bytes(plain))

    def _unpacked(self, url: str, body: bytes, encoding: str) -> bytes:
        try:
            plain = unpacked(body, encoding, self._max_body_bytes)
        except ValueError as error:
            text = f"{host_of(url)} sent no usable answer: {errors.outside_text(str(error), Mask(()))}"
            raise ProviderError(ErrorKind.PROTOCOL, text) from error
        self._check_size(url, plain)
        return plain

    def _check_size(self, url: str, body: Sized) -> None:
        if len(body) > self._max_body_bytes:
            text = f"an answer of {host_of(url)} was larger than {self._max_body_bytes} bytes"
            raise ProviderError(ErrorKind.PROTOCOL, text)
