"""A terminal's engine on a relay does what the engine that talks to providers does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from bench import bench
from relay_client_bench import client_of, next_event, price, settings
from scripted_relay import SOL, hello, provider, scripted_relay
from virtual_time import on_virtual_time
from wire_messages import WALLET

from streamcore import (
    ChartRange,
    Engine,
    NotRunning,
    PriceUpdate,
    RelayClient,
    Settings,
    StatusChange,
    StreamManager,
)
from streamcore.wire.messages import Found, Frame

NOBODY = "ws://127.0.0.1:9"

QUESTIONS: dict[str, Callable[[Engine], Any]] = {
    "describe": lambda engine: engine.describe("SOL"),
    "complete": lambda engine: engine.complete("SO"),
    "cached_history": lambda engine: engine.cached_history("SOL", ChartRange.DAY),
    "cached_trends": lambda engine: engine.cached_trends(),
}
"""What an engine that has been started answers from what it knows, also after the end."""

REQUESTS: dict[str, Callable[[Engine], Any]] = {
    "subscribe_prices": lambda engine: engine.subscribe_prices(["SOL"]),
    "unsubscribe_prices": lambda engine: engine.unsubscribe_prices(["SOL"]),
    "subscribe_wallets": lambda engine: engine.subscribe_wallets([WALLET]),
    "unsubscribe_wallets": lambda engine: engine.unsubscribe_wallets([WALLET]),
    "resolve_wallet": lambda engine: engine.resolve_wallet("toly.sns"),
    "search": lambda engine: engine.search("SOL"),
    "name_tokens": lambda engine: engine.name_tokens([SOL]),
    "ask_quote": lambda engine: engine.ask_quote("SOL"),
    "history": lambda engine: engine.history("SOL", ChartRange.DAY),
    "trends": lambda engine: engine.trends(),
    "reconnect": lambda engine: engine.reconnect("kraken"),
    "reconnect_all": lambda engine: engine.reconnect_all(),
}
"""What only an engine that runs can do."""


async def result(asked: Any) -> Any:
    return await asked if asyncio.iscoroutine(asked) else asked


@pytest.mark.parametrize("name", [*QUESTIONS, *REQUESTS])
@pytest.mark.parametrize(
    "engine", [StreamManager(Settings()), RelayClient(settings(NOBODY))], ids=lambda one: type(one).__name__
)
async def test_an_engine_that_has_not_been_started_says_so(engine: Engine, name: str) -> None:
    with pytest.raises(NotRunning, match="has not been started"):
        await result({**QUESTIONS, **REQUESTS}[name](engine))
    assert engine.snapshot().prices == {}
    assert engine.statuses() == engine.price_sources == {}


async def has_ended(engine: Engine) -> None:
    """Check an engine that has run."""
    for ask in REQUESTS.values():
        with pytest.raises(NotRunning, match="has ended"):
            await result(ask(engine))
    assert engine.describe("SOL").mint == SOL
    assert engine.complete("SO")
    assert engine.cached_history("SOL", ChartRange.DAY) is None
    assert engine.cached_trends() == {}
    assert engine.statuses() == engine.snapshot().statuses != {}


@on_virtual_time
async def test_an_ended_engine_still_says_what_it_knows_and_does_nothing_more() -> None:
    async with bench("public") as table:
        manager = table.manager
    await has_ended(manager)


async def test_an_ended_engine_on_a_relay_still_says_what_it_knows_and_does_nothing_more() -> None:
    async with RelayClient(settings(NOBODY)) as client:
        pass
    await has_ended(client)


async def test_the_last_candle_of_a_remembered_past_has_the_present_price() -> None:
    now = time.time()
    candle = {"start": int(now) // 900 * 900, "open": "1", "high": "1", "low": "1", "close": "1"}
    item = {
        "symbol": "SOL",
        "address": None,
        "range": "24h",
        "provider": "kraken",
        "market": "SOL/USD",
        "interval": 900,
        "candles": [candle],
        "running": True,
        "begin": 0,
        "fetched_at": now,
    }
    async with scripted_relay() as relay:
        relay.hello = hello(t=int(now * 1000), statuses=(provider(),))
        async with client_of(relay) as client:
            events = client.events()
            await client.subscribe_prices(["SOL"])
            await relay.full_want()
            asking = asyncio.create_task(client.history("SOL", ChartRange.DAY))
            question = await relay.lookup()
            await relay.say(Found(question.id, (item,)))
            assert [str(one.close) for one in (await asking).candles] == ["1"]
            await relay.say(Frame(t=int(now * 1000) + 100, prices=(price(1, "2"),)))
            await next_event(events, PriceUpdate)
            for series in (
                client.cached_history("SOL", ChartRange.DAY),
                await client.history("SOL", ChartRange.DAY),
            ):
                assert series is not None
                assert str(series.candles[-1].close) == "2"
            assert relay.asked.empty()


async def test_who_attaches_is_told_nothing_of_providers_of_which_nothing_is_expected() -> None:
    async with scripted_relay() as relay:
        relay.hello = hello(
            statuses=(provider("kraken"), provider("coinbase", state="disconnected", idle=True, standby=True))
        )
        async with client_of(relay) as client:
            first = client.events()
            await next_event(first, StatusChange, lambda one: one.provider == "kraken")
            await next_event(first, StatusChange, lambda one: one.state == "connected")
            late = client.events()
            await relay.say(Frame(t=1_000_100, prices=()))
            told = {(await next_event(late, StatusChange)).provider for _ in range(2)}
            assert told == {"kraken", "relay"}
            assert "coinbase" in client.statuses()


async def test_a_price_that_is_given_up_is_not_known_any_more_also_before_the_relay_has_heard_that() -> None:
    async with scripted_relay() as relay, client_of(relay) as client:
        events = client.events()
        await client.subscribe_prices(["SOL", "BTC"])
        await relay.full_want()
        await relay.say(Frame(t=1_000_100, prices=(price(1, "2"), price(2, "3"))))
        await next_event(events, PriceUpdate, lambda one: one.symbol == "BTC")
        relay.answers_wants = False
        await client.unsubscribe_prices(["SOL"])
        assert set(client.snapshot().prices) == {"BTC"}
        await client.subscribe_prices(["SOL"])
        assert set(client.snapshot().prices) == {SOL, "BTC"}
