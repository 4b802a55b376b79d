"""Many wallets asked about at one node: they take turns, and one that cannot be told about stops no other."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.batching import FAILURES_OF_A_HOST
from streamcore.providers.reports import PartialFetch, Report

ABOUT_ONE_WALLET = (ErrorKind.SUBSCRIPTION, ErrorKind.PROTOCOL, ErrorKind.SERVER)
"""Failures that may be about the wallet that was asked about, as may be a request that is not answered; any
other would meet the next one as well."""


async def in_turns(
    pasts: Mapping[str, AsyncGenerator[Report, None]], understood: Callable[[Exception], ProviderError | None]
) -> AsyncIterator[Report]:
    """Yield one report of each wallet in turn until all have told theirs.

    Args:
        pasts: What each wallet has to tell; closed in the end, whatever happens.
        understood: Gives a failure its meaning; ``None``: it is no failure of the node.

    Yields:
        The reports, in the end a `PartialFetch` for each wallet that failed while others did not.

    Raises:
        ProviderError: The node did not answer, or said no about every wallet.
    """
    turns = deque(pasts.items())
    failed: list[PartialFetch] = []
    answered = False
    try:
        while turns:
            wallet, past = turns.popleft()
            try:
                report = await anext(past, None)
            except Exception as failure:
                error = understood(failure)
                if error is None:
                    raise
                if error.unanswered:
                    text = f"{error.message} (asked for {wallet})"
                    error = ProviderError(error.kind, text, unanswered=True)
                failed.append(PartialFetch(wallet, error))
                in_trouble = error.unanswered or error.kind is ErrorKind.SERVER
                host_fails = in_trouble and len(failed) >= FAILURES_OF_A_HOST
                is_about_one = error.unanswered or error.kind in ABOUT_ONE_WALLET
                if not is_about_one or (host_fails and not answered):
                    raise error from failure
                continue
            answered = True
            if report is not None:
                turns.append((wallet, past))
                yield report
    finally:
        for past in pasts.values():
            await past.aclose()
    if failed and not answered:
        raise failed[0].error
    for partial in failed:
        yield partial
