"""JSON-RPC calls to a Solana node over HTTP: one request, one answer, whatever is wrong gets its meaning."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.rate_limit import TokenBucket
from streamcore.net.transport import Answer, Http
from streamcore.providers.decoding import Undecodable
from streamcore.providers.http_errors import RATE_LIMIT_REST
from streamcore.providers.solana_rpc.history import RpcFailure, read_result
from streamcore.providers.solana_rpc.messages import Message, RpcError, read, request
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
        rate_limit: TokenBucket,
        *,
        method_rate_limit: Callable[[], TokenBucket] | None = None,
        secrets: tuple[str, ...] = (),
    ) -> None:
        """Make one for a node.

        Args:
            http: The client.
            url: Where to post.
            rate_limit: The rate of all methods together.
            method_rate_limit: Makes the rate of one method, which is kept as well; ``None``: there is none.
            secrets: What is masked in every text.
        """
        self._http = http
        self._url = url
        self._rate_limit = rate_limit
        self._method_rate_limit = method_rate_limit
        self._turns: dict[str, TokenBucket] = {}
        self._secrets = secrets
        self._last_id = 0

    @abstractmethod
    def _meaning_of_error(self, error: RpcError) -> ProviderError:
        """Return what a JSON-RPC error means."""

    @abstractmethod
    def _meaning_of_status(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        """Return what an HTTP status other than success means."""

    def _meaning_of_text(self, shown: str) -> ProviderError | None:
        """Return what a successful answer that is no JSON-RPC means, where it is known to mean something."""
        return None

    async def call(self, method: str, params: list[Any], shape: type[T]) -> T:
        """Return the result of one call, read as ``shape``.

        Raises:
            RpcFailure: The node answered with an error about this call alone.
            ProviderError: The node refused, or could not be reached.
        """
        if self._method_rate_limit is not None:
            if method not in self._turns:
                self._turns[method] = self._method_rate_limit()
            await self._turns[method].take()
        self._last_id += 1
        answer = await self._http.request(
            "POST",
            self._url,
            json=request(self._last_id, method, params),
            secrets=self._secrets,
            rate_limit=self._rate_limit,
        )
        if answer.status != 200:
            raise self._rested(self._meaning_of_status(answer.status, answer.headers, answer.body))
        message = read_or_none(answer.body)
        if message is None:
            raise self._unreadable(method, answer)
        if message.error is not None:
            error = self._meaning_of_error(message.error)
            if error.parks or error.kind is ErrorKind.RATE_LIMIT:
                raise self._rested(error)
            raise RpcFailure(message.error)
        return read_result(message.result, shape, self.title, method)

    def _rested(self, error: ProviderError) -> ProviderError:
        if error.kind is ErrorKind.RATE_LIMIT:
            self._rate_limit.pause(error.retry_after or RATE_LIMIT_REST)
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
