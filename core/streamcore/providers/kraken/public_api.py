"""One request to Kraken's public HTTP interface, and what the answer means if it is no success.

Source: docs.kraken.com, "Spot REST API"; what errors look like in practice is reported by public clients.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.rate_limit import RateLimit
from streamcore.net.transport import Http
from streamcore.providers.decoding import Undecodable, json_as
from streamcore.providers.http_errors import RATE_LIMIT_REST, malformed_answer, refusal
from streamcore.providers.kraken.codec import MAINTENANCE_WAIT
from streamcore.text import printable

TITLE = "Kraken"


class Body(msgspec.Struct, frozen=True):
    """An answer: ``error`` is a list of texts, empty after a success."""

    error: object = None
    result: msgspec.Raw = msgspec.Raw(b"null")


class BadRequest(ProviderError):
    """Kraken refused a request, and one of the pairs in it may be the reason."""

    def __init__(self, message: str, *, unknown_pair: bool) -> None:
        """``unknown_pair``: at least one of the pairs does not exist."""
        super().__init__(ErrorKind.SUBSCRIPTION if unknown_pair else ErrorKind.PROTOCOL, message)
        self.unknown_pair = unknown_pair


async def request(http: Http, url: str, params: Mapping[str, str], rate_limit: RateLimit | None) -> Body:
    """Make a request and return its answer, which may still tell an error: see `meaning`.

    Raises:
        ProviderError: No answer came, one with an error status, or one that is no JSON. Under load the wall
            before Kraken answers with web pages.
    """
    headers = {"accept": "application/json"}
    answer = await http.request("GET", url, params=params, headers=headers, rate_limit=rate_limit)
    if answer.status != 200:
        raise refusal(TITLE, answer.status, answer.headers, key_setting=None)
    try:
        return json_as(answer.body, Body)
    except Undecodable as error:
        method = url.rpartition("/")[2]
        raise malformed_answer(TITLE, method, error) from error


def meaning(errors: object) -> ProviderError:
    """Return what the ``error`` of an answer means; Kraken answers 200 whatever went wrong."""
    texts = [text for text in errors if isinstance(text, str)] if isinstance(errors, list) else []
    shown = printable(", ".join(texts), limit=120) or "no reason given"
    folded = shown.casefold()
    if "unknown asset pair" in folded:
        return BadRequest(f"{TITLE} does not know a pair: {shown}", unknown_pair=True)
    if "too many requests" in folded or "rate limit" in folded or "throttled" in folded:
        text = f"{TITLE} asks for fewer requests: {shown}"
        return ProviderError(ErrorKind.RATE_LIMIT, text, retry_after=RATE_LIMIT_REST)
    if "eservice" in folded:
        text = f"{TITLE} has no service at the moment, perhaps maintenance: {shown}"
        return ProviderError(ErrorKind.SERVER, text, retry_after=MAINTENANCE_WAIT)
    if texts and all(text.startswith("W") for text in texts):
        return ProviderError(ErrorKind.SERVER, f"{TITLE} answered with a warning: {shown}")
    text = f"{TITLE} refused the request: {shown}"
    if "internal error" in folded or not texts:
        return ProviderError(ErrorKind.PROTOCOL, text)
    return BadRequest(text, unknown_pair=False)
