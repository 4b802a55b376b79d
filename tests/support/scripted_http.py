"""A fake HTTP client that gives the answers of a test, and keeps the requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from streamcore.net.rate_limit import RateLimit
from streamcore.net.transport import Answer


@dataclass(frozen=True)
class Asked:
    method: str
    url: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    json: Any
    at: float
    """Monotonic seconds at which the rate limit let it through."""


class ScriptedHttp:
    """A `streamcore.net.transport.Http`; ``answer`` gives the reply to each request."""

    def __init__(self, answer: Callable[[Asked], Answer], now: Callable[[], float]) -> None:
        self._answer = answer
        self._now = now
        self.asked: list[Asked] = []

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
        if rate_limit is not None:
            await rate_limit.take()
        asked = Asked(method, url, dict(params or {}), dict(headers or {}), json, self._now())
        self.asked.append(asked)
        return self._answer(asked)
