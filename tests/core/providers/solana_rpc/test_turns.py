from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.reports import Malformed, PartialFetch, Report
from streamcore.providers.solana_rpc.turns import in_turns

closed: list[str] = []


async def past(wallet: str, count: int, failure: Exception | None = None) -> AsyncGenerator[Report, None]:
    """Tell so many things of a wallet, then fail if there is a failure."""
    try:
        for number in range(count):
            yield Malformed(f"{wallet}{number}")
        if failure is not None:
            raise failure
    finally:
        closed.append(wallet)


def understood(failure: Exception) -> ProviderError | None:
    return failure if isinstance(failure, ProviderError) else None


def error(kind: ErrorKind) -> ProviderError:
    return ProviderError(kind, "no")


async def told(reports: AsyncIterator[Report]) -> list[str]:
    names = []
    async for report in reports:
        match report:
            case Malformed(detail):
                names.append(detail)
            case PartialFetch(topic, _):
                names.append(f"{topic} failed")
    return names


@pytest.fixture(autouse=True)
def none_closed() -> None:
    closed.clear()


async def test_wallets_take_turns_until_all_have_told_theirs() -> None:
    pasts = {"a": past("a", 3), "b": past("b", 1), "c": past("c", 2)}
    assert await told(in_turns(pasts, understood)) == ["a0", "b0", "c0", "a1", "c1", "a2"]


async def test_a_wallet_that_fails_is_told_in_the_end_and_stops_no_other() -> None:
    pasts = {"a": past("a", 0, error(ErrorKind.SUBSCRIPTION)), "b": past("b", 2)}
    assert await told(in_turns(pasts, understood)) == ["b0", "b1", "a failed"]


async def test_a_wallet_about_which_nothing_is_answered_stops_no_other_and_is_named() -> None:
    """With two wallets of which one made the node hang, the other had no lines."""
    hangs = ProviderError(ErrorKind.NETWORK, "no answer within 10 s", unanswered=True)
    pasts = {"a": past("a", 0, hangs), "b": past("b", 1)}
    reports = [report async for report in in_turns(pasts, understood)]
    assert reports[0] == Malformed("b0")
    assert isinstance(reports[1], PartialFetch)
    assert reports[1].error.message == "no answer within 10 s (asked for a)"
    assert reports[1].error.unanswered


async def test_a_node_that_answers_about_no_wallet_is_asked_about_three() -> None:
    hangs = ProviderError(ErrorKind.NETWORK, "no answer within 10 s", unanswered=True)
    pasts = {wallet: past(wallet, 0, hangs) for wallet in "abcdef"}
    with pytest.raises(ProviderError, match="no answer within 10 s"):
        await told(in_turns(pasts, understood))
    assert closed == ["a", "b", "c"]


async def test_what_is_no_matter_of_one_wallet_ends_all_turns_and_closes_every_past() -> None:
    pasts = {"a": past("a", 1, error(ErrorKind.NETWORK)), "b": past("b", 5)}
    with pytest.raises(ProviderError):
        await told(in_turns(pasts, understood))
    assert sorted(closed) == ["a", "b"]


async def test_when_every_wallet_fails_it_is_the_failure_of_the_node() -> None:
    pasts = {name: past(name, 0, error(ErrorKind.SUBSCRIPTION)) for name in "ab"}
    with pytest.raises(ProviderError):
        await told(in_turns(pasts, understood))


async def test_a_mistake_of_our_own_is_no_failure_of_a_wallet() -> None:
    with pytest.raises(KeyError):
        await told(in_turns({"a": past("a", 1, KeyError("x")), "b": past("b", 3)}, understood))


async def test_who_stops_listening_leaves_no_past_open() -> None:
    reports = in_turns({"a": past("a", 9), "b": past("b", 9)}, understood)
    assert isinstance(await anext(reports), Malformed)
    assert isinstance(await anext(reports), Malformed)
    await reports.aclose()  # type: ignore[attr-defined]
    assert sorted(closed) == ["a", "b"]


async def test_nobody_to_ask_about_tells_nothing() -> None:
    assert await told(in_turns({}, understood)) == []
