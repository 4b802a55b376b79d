"""How many topics go into one message or request, and what the failure of one means for the others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Container, Sequence

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.reports import Refusal, Report

FAILURES_OF_A_HOST = 3
"""Requests from the first on that ended in trouble of the host: then it is not about what was asked."""


def batches(topics: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """Cut topics into runs of at most ``size``, in order."""
    return [tuple(topics[start : start + size]) for start in range(0, len(topics), size)]


async def in_turn(
    requests: Sequence[tuple[str, ...]],
    ask: Callable[[tuple[str, ...]], AsyncIterator[Report]],
    *,
    about_topics: Container[ErrorKind] = (ErrorKind.PROTOCOL,),
) -> AsyncIterator[Report]:
    """Yield what each request brings; one that always fails keeps no other from its turn.

    Args:
        requests: The topics of each request.
        ask: Makes one request, and yields what its answer says.
        about_topics: Failures that may be about what was asked. Any other is about the host, the way to it
            or the key, so that the next request would fail as well.

    Yields:
        The reports; in the end a refusal of the topics whose request failed, where others were answered.

    Raises:
        ProviderError: The host did not answer, or it said no to every request.
    """
    failed: list[tuple[tuple[str, ...], ProviderError]] = []
    answered = False
    in_trouble = 0
    for topics in requests:
        try:
            async for report in ask(topics):
                yield report
        except ProviderError as error:
            failed.append((topics, error))
            in_trouble += error.kind is ErrorKind.SERVER
            if error.kind not in about_topics or (not answered and in_trouble >= FAILURES_OF_A_HOST):
                raise
        else:
            answered = True
    for topics, failure in failed:
        if not answered:
            raise failure
        yield Refusal(failure, topics)
