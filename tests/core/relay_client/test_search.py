from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

import base58
import msgspec
import pytest
from found_tokens import HATS, hit
from manual_clock import ManualClock

from streamcore.errors import InputError, ProviderError
from streamcore.relay_client.lookups import Lookups
from streamcore.relay_client.search import NAMES_PER_QUESTION, RelaySearch
from streamcore.wire.messages import Found

T = TypeVar("T")


class Relay:
    """Questions that are answered by a test."""

    def __init__(self) -> None:
        self.lookups = Lookups(ManualClock(), lambda: None)
        self.search = RelaySearch(self.lookups)

    async def answered(self, work: Awaitable[T], *items: Any) -> tuple[T, list[tuple[str, str | None]]]:
        """Return what comes of it when every question is answered with these items, and the questions."""
        asked: list[tuple[str, str | None]] = []
        task = asyncio.ensure_future(work)
        while not task.done():
            await asyncio.sleep(0)
            for lookup in self.lookups.requests():
                asked.append((lookup.what, lookup.text))
                self.lookups.found(Found(lookup.id, items))
        return task.result(), asked


async def test_an_answer_without_a_result_is_an_empty_one() -> None:
    relay = Relay()
    found, asked = await relay.answered(relay.search.search("hats"))
    assert (found.hits, asked) == ((), [("search", "hats")])


async def test_many_mints_take_several_questions_and_only_those_that_were_asked_for_are_named() -> None:
    relay = Relay()
    mints = [HATS, *(base58.b58encode(bytes([7, n]) * 16).decode() for n in range(NAMES_PER_QUESTION))]
    told = [msgspec.to_builtins(one) for one in (hit(), hit("OTHER", "nobody asked for this"))]
    found, asked = await relay.answered(relay.search.name(mints), *told)
    assert found == {HATS: hit()}
    assert len(asked) == 2


async def test_a_wallet_without_an_address_is_an_error_that_names_it() -> None:
    relay = Relay()
    with pytest.raises(ProviderError, match=r"no address for toly\.sns"):
        await relay.answered(relay.search.resolve("toly.sns"), {"address": "0O"})


SECRET = "legal winner thank year wave sausage worth useful legal winner thank yellow"


async def test_what_must_not_be_sent_is_refused_here() -> None:
    relay = Relay()
    for ask in (
        relay.search.search(SECRET),
        relay.search.search(" "),
        relay.search.name(SECRET.split()),
        relay.search.name([HATS, "no mint"]),
        relay.search.resolve(SECRET),
        relay.search.resolve("no name"),
    ):
        with pytest.raises(InputError):
            await relay.answered(ask)
    assert relay.lookups.requests() == []


async def test_a_mint_that_is_named_twice_is_asked_for_once() -> None:
    relay = Relay()
    _, asked = await relay.answered(relay.search.name([HATS, f" {HATS} "]))
    assert asked == [("names", HATS)]
