"""HTTP requests by the library httpx: one client that every provider's HTTP side shares."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from streamcore.clock import Clock, wait_for
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.loopback import is_loopback
from streamcore.net import errors
from streamcore.net.endpoint import host_of
from streamcore.net.rate_limit import RateLimit
from streamcore.net.transport import USER_AGENT, Answer
from streamcore.text import Echo, Mask

MAX_BODY_BYTES = 32 * 1024 * 1024
"""A larger answer, unpacked, is not read to its end."""


class HttpClient:
    """A `streamcore.net.transport.Http`; leaving its context closes its connections."""

    def __init__(self, clock: Clock, *, timeout: float, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        """``timeout``: seconds for a whole request, counted by ``clock``."""
        self._clock = clock
        self._timeout = timeout
        self._max_body_bytes = max_body_bytes
        self._clients: dict[bool, httpx.AsyncClient] = {}

    async def __aenter__(self) -> Self:
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
            answer = await wait_for(
                self._clock,
                self._answer(
                    method, url, Echo(secrets), params=params, headers=dict(headers or {}), json=json
                ),
                self._timeout,
            )
        if page := errors.web_page(host, answer.status, answer.headers, answer.body):
            raise page
        return answer

    async def _answer(self, method: str, url: str, echo: Echo, **request: Any) -> Answer:
        body = bytearray()
        async with self._client_for(url).stream(method, url, **request) as response:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > self._max_body_bytes:
                    text = f"an answer of {host_of(url)} was larger than {self._max_body_bytes} bytes"
                    raise ProviderError(ErrorKind.PROTOCOL, text)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, echo.in_bytes(bytes(body)))

    def _client_for(self, url: str) -> httpx.AsyncClient:
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
                raise errors.unusable_proxy(host_of(url)) from error
        return self._clients[by_proxy]


@cache
def _tls() -> ssl.SSLContext:
    """Return what verifies every host; reading the certificates takes long enough to do it only once."""
    return httpx.create_ssl_context()
