"""JSON-RPC calls to a Solana node over HTTP: one request, one answer, whatever is wrong gets its meaning."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.rate_limit import RateLimit
from streamcore.net.transport import Answer, Http
from streamcore.providers.decoding import Undecodable
from streamcore.providers.http_errors import RATE_LIMIT_REST
from streamcore.providers.solana_rpc.limits import MethodLimits, concerns_all
from streamcore.providers.solana_rpc.messages import Message, RpcError, read, request
from streamcore.providers.solana_rpc.rpc import RpcFailure, read_result
from streamcore.text import printable

T = TypeVar("T")


class HttpRpc(ABC):
    """Calls a node's methods, within its rate; see `streamcore.providers.solana_rpc.history.Rpc`."""

    title: ClassVar[str]
    """The provider's name as a person writes it."""

    def __init__(
        self,
        http: Http,
        url: str,
        rate_limit: RateLimit,
        clock: Clock,
        *,
        method_limits: MethodLimits | None = None,
        secrets: tuple[str, ...] = (),
    ) -> None:
        """Make one for a node.

        Args:
            http: The client.
            url: Where to post.
            rate_limit: The rate of all methods together.
            clock: Time and chance.
            method_limits: What the node takes of each method, which is kept to as well; ``None``: no method
                has a limit of its own.
            secrets: What is masked in every text.
        """
        self._http = http
        self._url = url
        self._rate_limit = rate_limit
        self._method_limits = method_limits
        self._secrets = secrets
        self._last_id = 0
        self._clock = clock
        self._denials = 0
        """Denials in a row that did not say for how long; those of calls made together count as one."""
        self._rest_until = float("-inf")
        """Monotonic seconds until which the last of them is obeyed."""

    @abstractmethod
    def _meaning_of_error(self, error: RpcError) -> ProviderError:
        """Return what a JSON-RPC error means."""

    @abstractmethod
    def _meaning_of_status(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        """Return what an HTTP status other than success means."""

    def _meaning_of_text(self, shown: str) -> ProviderError | None:
        """Return what a successful answer that is no JSON-RPC means, where it is known to mean something."""
        return None

    def _rest_after(self, denials: int) -> float:
        """Return the seconds to rest after so many denials in a row that do not say for how long."""
        return RATE_LIMIT_REST

    async def call(self, method: str, params: list[Any], shape: type[T]) -> T:
        """Return the result of one call, read as ``shape``.

        Raises:
            RpcFailure: The node answered with an error about this call alone.
            ProviderError: The node refused, or could not be reached.
        """
        await self._rate_limit.take()
        if self._method_limits is not None:
            # the last to be asked, so that the call goes out at the moment that was counted
            await self._method_limits.take(method)
        self._last_id += 1
        answer = await self._http.request(
            "POST",
            self._url,
            json=request(self._last_id, method, params),
            secrets=self._secrets,
        )
        if self._method_limits is not None:
            self._method_limits.learn(method, answer.headers, answered=answer.status == 200)
        if answer.status != 200:
            error = self._meaning_of_status(answer.status, answer.headers, answer.body)
            raise self._rested(method, answer, error)
        message = read_or_none(answer.body)
        if message is None:
            raise self._unreadable(method, answer)
        if message.error is not None and not message.has_result:
            error = self._meaning_of_error(message.error)
            if error.parks or error.kind is ErrorKind.RATE_LIMIT:
                raise self._rested(method, answer, error)
            raise RpcFailure(message.error)
        self._denials = 0
        return read_result(message.result, shape, self.title, method)

    def _rested(self, method: str, answer: Answer, error: ProviderError) -> ProviderError:
        if error.kind is ErrorKind.RATE_LIMIT:
            wait = error.retry_after
            if wait is None:
                now = self._clock.monotonic()
                if now >= self._rest_until:
                    self._denials += 1
                    self._rest_until = now + self._rest_after(self._denials)
                wait = self._rest_until - now
                error = ProviderError(error.kind, error.message, retry_after=wait)
            if self._method_limits is None or concerns_all(answer.headers):
                self._rate_limit.pause(wait)
            else:
                self._method_limits.park(method, wait)
        return error

    def _unreadable(self, method: str, answer: Answer) -> ProviderError:
        shown = printable(answer.body[:120].decode("utf-8", "replace"), limit=80)
        known = self._meaning_of_text(shown)
        text = f"{self.title} answered {method} with no JSON-RPC: {shown}"
        return known or ProviderError(ErrorKind.PROTOCOL, text)


def read_or_none(body: bytes) -> Message | None:
    """Return the JSON-RPC message that a body is, if it is one."""
    try:
        return read(body)
    except Undecodable:
        return None
