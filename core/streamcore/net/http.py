"""HTTP requests by the library httpx: one client that every provider's HTTP side shares."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from streamcore.clock import Clock, wait_for
from streamcore.config.surroundings import Surroundings, read_surroundings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net import errors
from streamcore.net.dial import Dialler
from streamcore.net.endpoint import address_of, host_of
from streamcore.net.http_connections import PooledTransport
from streamcore.net.httpx_alone import httpx
from streamcore.net.rate_limit import RateLimit
from streamcore.net.transport import USER_AGENT, Answer
from streamcore.text import Echo, Mask
from streamcore.urls import UrlFilter

URL_FILTER = UrlFilter()

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
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

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
                    self._answer(
                        method, url, Echo(secrets), params=params, headers=dict(headers or {}), json=json
                    ),
                    self._timeout,
                )
            except TimeoutError as error:
                if (proxy := self._dialler.whom_it_waits_for(*address_of(url))) is not None:
                    raise errors.silent(proxy, self._timeout) from error
                raise
        if page := errors.web_page(host, answer.status, answer.headers, answer.body):
            raise page
        return answer

    async def _answer(self, method: str, url: str, echo: Echo, **request: Any) -> Answer:
        body = bytearray()
        async with self._pooled().stream(method, url, **request) as response:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > self._max_body_bytes:
                    text = f"an answer of {host_of(url)} was larger than {self._max_body_bytes} bytes"
                    raise ProviderError(ErrorKind.PROTOCOL, text)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, echo.in_bytes(bytes(body)))

    def _pooled(self) -> httpx.AsyncClient:
        # only now: reading the certificates takes a while, and not every program makes a request
        if self._client is None:
            logging.getLogger("httpx").addFilter(URL_FILTER)  # it logs every URL; a second time does nothing
            self._client = httpx.AsyncClient(
                transport=PooledTransport(self._dialler),
                timeout=None,
                follow_redirects=False,
                headers={"user-agent": USER_AGENT},
                trust_env=False,  # read once, for streams too
            )
        return self._client
