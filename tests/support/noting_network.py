"""The real network, and a note of every answer over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from streamcore.clock import Clock
from streamcore.config.surroundings import NOWHERE
from streamcore.net.network import Network
from streamcore.net.transport import Answer


class NotingNetwork(Network):
    """A `streamcore.net.transport.Transport` for emulators on this machine."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, timeout=10.0, surroundings=NOWHERE)
        self.answers: list[tuple[str, Answer]] = []
        """Path of each request, and its answer."""
        self.failing = False
        """Whether every request fails as if nobody were there."""

    async def request(self, method: str, url: str, **options: Any) -> Answer:
        if self.failing:
            url = "http://127.0.0.1:9/"
        answer = await super().request(method, url, **options)
        self.answers.append((urlsplit(url).path, answer))
        return answer

    @property
    def refusals(self) -> list[str]:
        """Paths of requests that were answered with a wish for fewer, in the status or in the body."""
        return [path for path, answer in self.answers if answer.status == 429 or _asks_for_less(answer.body)]

    def asked(self, part: str) -> int:
        """How many requests had this in their path."""
        return sum(part in path for path, _ in self.answers)


def _asks_for_less(body: bytes) -> bool:
    told = body[:300].lower()
    return any(words in told for words in (b"too many requests", b"rate limit", b'"error_code":429'))
