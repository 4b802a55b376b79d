"""HTTP requests: one client that every provider's HTTP side shares."""

from __future__ import annotations

import json as json_text
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
from streamcore.net.http_body import ACCEPTED, TooLarge
from streamcore.net.http_connections import HttpConnections
from streamcore.net.http_target import target_of
from streamcore.net.rate_limit import RateLimit
from streamcore.net.transport import USER_AGENT, Answer
from streamcore.text import Echo, Mask
from streamcore.urls import shown_url

_LOGGER = logging.getLogger(__name__)

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
        self._connections = HttpConnections(self._dialler)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connections.aclose()

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

    async def _answer(
        self,
        method: str,
        url: str,
        echo: Echo,
        *,
        params: Mapping[str, str] | None,
        headers: dict[str, str],
        json: Any,
    ) -> Answer:
        target = target_of(url, params)
        fields = {"Accept": "*/*", "Accept-Encoding": ACCEPTED, "User-Agent": USER_AGENT}
        if target.authorization:
            fields["Authorization"] = target.authorization
        body = b""
        if json is not None:
            body = json_text.dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
            fields["Content-Type"] = "application/json"
        given = {name.lower() for name in headers}
        fields = {name: value for name, value in fields.items() if name.lower() not in given} | headers
        try:
            found = await self._connections.exchange(method, target, fields, body, most=self._max_body_bytes)
        except TooLarge as error:
            text = f"an answer of {host_of(url)} was larger than {self._max_body_bytes} bytes"
            raise ProviderError(ErrorKind.PROTOCOL, text) from error
        _LOGGER.info("%s %s: %d", method, shown_url(url), found.status)
        return Answer(found.status, found.headers, echo.in_bytes(found.body))
