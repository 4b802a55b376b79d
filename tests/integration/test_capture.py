"""A capture becomes a test: what was captured of the simulators, replayed, leads to the same events."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from bench import BONK, SOL, WALLET, bench
from captured_sessions import as_capture
from processes import COMMAND, leading_to, starting, surroundings, under_a_terminal
from realdata import realdata
from replayed_network import ReplayedNetwork, read_capture
from virtual_time import LOOK_EVERY, VirtualClock, on_virtual_time

from streamcore import (
    ErrorKind,
    Event,
    PriceUpdate,
    Settings,
    State,
    StreamError,
    StreamManager,
    WalletTransaction,
)
from streamcore.config.sources import BirdeyeSettings, HeliusSettings
from streamcore.recording import Capture
from streamcore.recording.lines import Ended, Exchange, Line, Received, Sent
from streamsim import Emulators, Fault

pytestmark = pytest.mark.long

SLOW = 2.5 * LOOK_EVERY
"""Seconds."""

PUBLIC = Settings()
KEYED = Settings(
    prices="birdeye",
    chain="helius",
    birdeye=BirdeyeSettings(api_key="another key of the tester"),
    helius=HeliusSettings(api_key="another key of the tester"),
)


def slow_requests(emulators: Emulators) -> None:
    """Let an answer over HTTP take its time: what comes at one and the same moment has no order to keep.

    Longer than `virtual_time.LOOK_EVERY`, so that what a stream says is sure to have come before.
    """
    for provider in (emulators.kraken, emulators.coinbase, emulators.birdeye, emulators.helius):
        provider.faults.set(Fault.HTTP_SLOW, seconds=SLOW)


def told(events: list[Event]) -> list[Event]:
    """What was told of prices, transactions and failures, without the times, which the network decides."""
    kinds = (PriceUpdate, WalletTransaction, StreamError)
    return [msgspec.structs.replace(one, ts=0.0) for one in events if isinstance(one, kinds)]


async def replayed(
    lines: list[Line], settings: Settings, *, symbols: Sequence[str] = (), wallets: Sequence[str] = ()
) -> list[Event]:
    """Return what the engine tells when a capture stands in the place of the network."""
    clock = VirtualClock()
    network = ReplayedNetwork(lines, settings, clock)
    seen: list[Event] = []

    async def note(manager: StreamManager) -> None:
        async for event in manager.events():
            seen.append(event)

    async with StreamManager(settings, clock=clock, transport=network) as manager:
        consumer = asyncio.create_task(note(manager))
        await asyncio.sleep(0)
        if symbols:
            await manager.subscribe_prices(symbols)
        if wallets:
            await manager.subscribe_wallets(wallets)
        await clock.sleep(max(line.t for line in lines) + 0.5)
    await consumer
    return seen


@on_virtual_time
async def test_prices_of_an_exchange_replayed_are_the_same_prices(tmp_path: Path) -> None:
    file = tmp_path / "kraken.jsonl"
    clock = VirtualClock()
    with Capture(file, clock=clock) as capture:
        async with bench("public", clock=clock, capture=capture, prepare=slow_requests) as table:
            await table.manager.subscribe_prices(["SOL", "BTC"])
            await table.connected("kraken")
            await asyncio.sleep(3 * SLOW)  # for what is asked over HTTP
            for price in ("190.5", "191.25", "189"):
                table.market.trade(SOL, price=Decimal(price), volume_usd=Decimal(10))
                await table.first(PriceUpdate, symbol="SOL", price=Decimal(price))
            seen = list(table.seen)
    assert len(told(seen)) >= 5
    assert told(await replayed(read_capture(file), PUBLIC, symbols=("SOL", "BTC"))) == told(seen)


@on_virtual_time
async def test_binary_frames_and_a_key_replayed_are_the_same_prices(tmp_path: Path) -> None:
    file = tmp_path / "birdeye.jsonl"
    clock = VirtualClock()
    with Capture(file, clock=clock) as capture:
        async with bench(
            clock=clock, capture=capture, prepare=slow_requests, birdeye="paid-of-the-reporter"
        ) as table:
            await table.manager.subscribe_prices(["SOL", "BONK"])
            await table.connected("birdeye")
            table.market.trade(BONK, price=Decimal("0.0000123"), volume_usd=Decimal(10))
            await table.first(PriceUpdate, symbol="BONK", price=Decimal("0.0000123"))
            seen = list(table.seen)
    assert "paid-of-the-reporter" not in file.read_text()
    assert told(await replayed(read_capture(file), KEYED, symbols=("SOL", "BONK"))) == told(seen)


@on_virtual_time
async def test_transactions_of_a_wallet_replayed_are_the_same_transactions(tmp_path: Path) -> None:
    file = tmp_path / "helius.jsonl"
    clock = VirtualClock()
    with Capture(file, clock=clock) as capture:
        async with bench(clock=clock, capture=capture, prepare=slow_requests) as table:
            await table.manager.subscribe_wallets([WALLET])
            await table.connected("helius")
            await asyncio.sleep(3 * SLOW)  # for what is asked over HTTP
            for happen in (table.ledger.sol_in, table.ledger.spl_in, table.ledger.swap, table.ledger.sol_out):
                await table.first(WalletTransaction, signature=happen(WALLET))
            seen = list(table.seen)
    assert len(told(seen)) == 4
    assert told(await replayed(read_capture(file), KEYED, wallets=(WALLET,))) == told(seen)


@on_virtual_time
async def test_polled_prices_replayed_are_the_same_prices(tmp_path: Path) -> None:
    file = tmp_path / "jupiter.jsonl"
    clock = VirtualClock()
    with Capture(file, clock=clock) as capture:
        async with bench("public", prices="jupiter", clock=clock, capture=capture) as table:
            await table.manager.subscribe_prices(["SOL", "BONK"])
            await table.first(PriceUpdate, symbol="BONK")
            table.market.trade(BONK, price=Decimal("0.0000123"), volume_usd=Decimal(10))
            await table.first(PriceUpdate, symbol="BONK", price=Decimal("0.0000123"), within=30)
            seen = list(table.seen)
    settings = Settings(prices="jupiter")
    again = await replayed(read_capture(file), settings, symbols=("SOL", "BONK"))
    assert told(again)[: len(told(seen))] == told(seen)


@on_virtual_time
async def test_a_lost_and_a_refused_connection_are_captured_and_replayed_as_such(tmp_path: Path) -> None:
    file = tmp_path / "lost.jsonl"
    clock = VirtualClock()
    with Capture(file, clock=clock) as capture:
        async with bench("public", clock=clock, capture=capture, prepare=slow_requests) as table:
            await table.manager.subscribe_prices(["SOL"])
            await table.connected("kraken")
            table.kraken.faults.set(Fault.REFUSE_UPGRADE, status=503)
            table.kraken.drop()
            await table.until(lambda: State.FAILED in table.states("kraken"))
            await table.until(lambda: table.all(StreamError, provider="kraken", kind=ErrorKind.SERVER), 30)
            table.kraken.faults.clear()
            await table.until(lambda: table.manager.status("kraken").state is State.CONNECTED, 60)
            seen = list(table.seen)
    failures = [one.failure for one in read_capture(file) if isinstance(one, Ended) and one.failure]
    assert [failure.kind for failure in failures[:2]] == ["network", "server"]
    again = await replayed(read_capture(file), PUBLIC, symbols=("SOL",))
    reported = [(one.provider, one.message) for one in again if isinstance(one, StreamError)]
    assert reported[: len(failures)] == [
        (one.provider, one.message) for one in seen if isinstance(one, StreamError)
    ]


@on_virtual_time
async def test_what_is_captured_is_what_went_over_the_wire_in_its_order(tmp_path: Path) -> None:
    file = tmp_path / "order.jsonl"
    clock = VirtualClock()
    with Capture(file, clock=clock) as capture:
        async with bench("public", clock=clock, capture=capture, prepare=slow_requests) as table:
            await table.manager.subscribe_prices(["SOL"])
            await table.first(PriceUpdate, symbol="SOL")
            await table.connected("kraken")
    lines = read_capture(file)
    came = [round(line.t + getattr(line, "seconds", 0.0), 5) for line in lines]
    assert came == sorted(came)
    frames = [line for line in lines if isinstance(line, Sent | Received)]
    subscribe = next(line for line in frames if isinstance(line, Sent))
    answer = next(line for line in frames if isinstance(line, Received) and '"ticker"' in str(line.text))
    assert '"subscribe"' in str(subscribe.text)
    assert frames.index(subscribe) < frames.index(answer)
    paths = {line.request.path for line in lines if isinstance(line, Exchange) and line.provider == "kraken"}
    assert "/0/public/AssetPairs" in paths


async def test_the_app_at_a_terminal_captures_until_it_is_left(tmp_path: Path) -> None:
    file = tmp_path / "app.jsonl"
    async with Emulators(market_rate=20.0) as emulators:
        environment = surroundings(tmp_path, leading_to(emulators))
        command = (*COMMAND, "--capture", str(file), "-s", "SOL", "-w", WALLET)
        with under_a_terminal(command, environment) as terminal:
            await terminal.until(
                lambda: emulators.birdeye.price_subscriptions and emulators.helius.subscriptions
            )
            await terminal.shows(b"live")
            terminal.press(b"q")
            assert await terminal.ends() == 0
    lines = read_capture(file)
    assert {line.provider for line in lines if isinstance(line, Received)} == {"birdeye", "helius"}
    # this side closed both: nothing failed
    assert [line.failure for line in lines if isinstance(line, Ended)] == [None, None]
    assert "127.0.0.1" not in file.read_text()


def test_a_program_that_is_killed_leaves_a_capture_that_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "killed.jsonl"
    with starting(tmp_path) as start:
        command = start("stream", "--demo", "--demo-rate", "50", "-s", "SOL", "--capture", str(file))
        # it is written by a thread of its own, so it may be behind what is printed
        command.events_until(lambda events: file.exists() and file.stat().st_size > 10_000)
        command.end(signal.SIGKILL)
    assert sum(isinstance(line, Received) for line in read_capture(file)) > 10


@pytest.mark.parametrize(
    ("name", "path", "prices"),
    [
        ("coinbase/ws_2026-09-29_session", "", {"BTC": ["84140.83", "84149.24"]}),
        ("kraken/ws_2026-09-25_session", "", {"BTC": ["83744.3"]}),
        ("kraken/ws_2026-10-03_session", "", {"ALGO": ["0.13110"]}),
        ("kraken/ws_no_trade_for_a_day", "", {}),
        ("coinbase/ws_delisted_session", "", {}),
        ("kraken/rest_ticker_usdt", "/0/public/Ticker", {"USDT": ["0.99967000"]}),
        ("coinbase/rest_delisted", "/products/JUP-USD/stats", {}),
    ],
)
@on_virtual_time
async def test_what_was_captured_from_the_venues_goes_through_the_whole_engine(
    name: str, path: str, prices: dict[str, list[str]]
) -> None:
    session = realdata(name)
    settings = Settings(prices=session["provider"])
    symbols = [topic.replace("/", "-").partition("-")[0] for topic in session["topics"] if topic[:3] != "XBT"]
    seen = await replayed(as_capture(session, path=path), settings, symbols=symbols)
    told: dict[str, list[str]] = {}
    for event in seen:
        if isinstance(event, PriceUpdate) and event.price is not None and "price" in event.changed:
            told.setdefault(event.symbol, []).append(str(event.price))
    assert told == prices
    # what is of a channel that is not subscribed here is left out with a word
    unread = [one for one in seen if isinstance(one, StreamError) and one.kind is ErrorKind.PROTOCOL]
    assert bool(unread) == any(step.get("ignored") for step in session["steps"])
    if session["side"] == "ws":
        refused = {
            topic for step in session["steps"] for topic in step.get("refused", []) if topic[:3] != "XBT"
        }
        errors = " ".join(event.message for event in seen if isinstance(event, StreamError))
        assert all(topic in errors for topic in refused)
