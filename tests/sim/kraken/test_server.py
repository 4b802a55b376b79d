"""The emulated Kraken as a client sees it, and with the real codec as its client: through real sockets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import wire_fixtures
from emulated import still
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from wire_fixtures import shape

from streamcore.config.model import Settings
from streamcore.config.sources import KrakenSettings
from streamcore.errors import ProviderError
from streamcore.net.http import HttpClient
from streamcore.providers.kraken.provider import KrakenProvider
from streamcore.providers.reports import Alive, PriceReport, Refusal, Report
from streamsim import Emulators, Fault, asset_key
from streamsim.kraken.messages import Maintenance
from streamsim.world.catalog import SOL


@asynccontextmanager
async def stream(emulators: Emulators) -> AsyncIterator[ClientConnection]:
    """Connect, and take the status that greets."""
    async with connect(emulators.kraken.ws_url, max_queue=None) as socket:
        greeting = await receive(socket)
        assert greeting["channel"] == "status"
        yield socket


async def receive(socket: ClientConnection) -> Any:
    return json.loads(await socket.recv(), parse_float=Decimal)


async def say(socket: ClientConnection, method: str, *pairs: str, **params: Any) -> None:
    listed = {"channel": "ticker", "symbol": list(pairs), **params}
    await socket.send(json.dumps({"method": method, "params": listed, "req_id": 3}))


async def subscribe(socket: ClientConnection, *pairs: str) -> None:
    """Subscribe, and take the answers and snapshots."""
    await say(socket, "subscribe", *pairs)
    for _ in range(2 * len(pairs)):
        await receive(socket)


def documented(name: str) -> Any:
    return shape(json.loads(wire_fixtures.public("kraken", name), parse_float=Decimal))


# The words


async def test_it_greets_answers_about_each_pair_and_begins_with_a_snapshot() -> None:
    async with still() as emulators, connect(emulators.kraken.ws_url) as socket:
        greeting = await receive(socket)
        assert (greeting["data"][0].pop("upcoming_maintenance"), greeting["data"][0].pop("emergency")) == (
            [],
            [],
        )
        assert shape(greeting) == documented("s2c_status_online")
        await say(socket, "subscribe", "SOL/USD", "NOPE/USD", "B*", "BTC/USD")
        ack = await receive(socket)
        assert shape(ack) == documented("s2c_subscribe_ack_bbo")
        assert ack["result"]["symbol"] == "SOL/USD"
        snapshot = await receive(socket)
        assert shape(snapshot) == documented("s2c_ticker_snapshot_sol")
        assert snapshot["data"][0]["last"] == emulators.market.truth(SOL).price
        nack = await receive(socket)
        assert shape(nack) == documented("s2c_subscribe_nack") | {"req_id": "number"}
        assert nack["error"] == "Currency pair not supported NOPE/USD"
        assert (await receive(socket))["error"] == "Currency pair not in ISO 4217-A3 format B*"
        assert (await receive(socket))["result"]["symbol"] == "BTC/USD"


async def test_a_trade_is_a_whole_object_again() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await subscribe(socket, "SOL/USD")
        emulators.market.trade(SOL, price=Decimal("170.5"))
        update = await receive(socket)
        assert shape(update) == documented("s2c_ticker_update_sol")
        assert update["data"][0]["last"] == Decimal("170.5")


async def test_bitcoin_is_an_asset_of_its_own_and_not_the_wrapped_token() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await subscribe(socket, "BTC/USD")
        assert asset_key("BTC") == "exchange:BTC"
        assert asset_key("SOL") == SOL
        emulators.market.trade("exchange:BTC", price=Decimal(100_000))
        assert (await receive(socket))["data"][0]["last"] == 100_000


async def test_everything_it_lists_can_be_subscribed() -> None:
    async with still() as emulators, stream(emulators) as socket:
        pairs = sorted(f"{ticker}/USD" for ticker in emulators.kraken.listed)
        await subscribe(socket, *pairs)
        assert emulators.kraken.subscriptions == set(pairs)


async def test_an_unsubscribed_pair_is_silent_and_its_answer_is_documented() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await subscribe(socket, "SOL/USD", "BONK/USD")
        await say(socket, "unsubscribe", "SOL/USD")
        assert shape(await receive(socket)) == documented("s2c_unsubscribe_ack")
        assert emulators.kraken.subscriptions == {"BONK/USD"}
        emulators.market.trade(SOL)
        emulators.market.trade(asset_key("BONK"))
        assert (await receive(socket))["data"][0]["symbol"] == "BONK/USD"
        await say(socket, "unsubscribe", "SOL/USD")
        assert (await receive(socket))["success"] is False


async def test_a_ping_is_answered_with_its_number() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await socket.send(wire_fixtures.public("kraken", "c2s_ping"))
        pong = await receive(socket)
        assert shape(pong) == documented("s2c_pong")
        assert pong["req_id"] == 101


async def test_it_beats_each_second_but_only_while_it_has_nothing_else_to_say() -> None:
    async with still() as emulators, stream(emulators) as socket:
        clock: Any = emulators.clock
        await clock.advance(3)
        await subscribe(socket, "SOL/USD")
        await clock.advance(1)
        assert await receive(socket) == {"channel": "heartbeat"}
        await clock.advance(0.5)
        emulators.market.trade(SOL)
        await clock.advance(0.5)
        emulators.market.trade(SOL)
        assert [(await receive(socket))["channel"] for _ in range(2)] == ["ticker", "ticker"]
        await clock.advance(2)
        assert await receive(socket) == {"channel": "heartbeat"}


@pytest.mark.parametrize("frame", ["nonsense", "[]", '{"method":"dance"}', '{"method":"subscribe"}'])
async def test_a_request_that_makes_no_sense_is_refused_as_a_whole(frame: str) -> None:
    async with still() as emulators, stream(emulators) as socket:
        await socket.send(frame)
        answer = await receive(socket)
        assert answer["success"] is False
        assert "symbol" not in answer


async def test_too_many_messages_are_refused_pair_by_pair() -> None:
    async with still() as emulators, stream(emulators) as socket:
        for _ in range(11):
            await say(socket, "unsubscribe", "SOL/USD")
        answers = [await receive(socket) for _ in range(11)]
        assert shape(answers[-1]) == documented("s2c_rate_error")
        assert [answer["error"] == "Exceeded msg rate" for answer in answers] == [False] * 10 + [True]


# The way in and out


async def test_who_subscribes_nothing_for_a_minute_is_closed() -> None:
    async with still() as emulators, stream(emulators) as socket, stream(emulators) as other:
        await subscribe(other, "SOL/USD")
        clock: Any = emulators.clock
        await clock.advance(59)
        assert emulators.kraken.connections == 2
        await clock.advance(1)
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert emulators.kraken.connections == 1


async def test_maintenance_is_told_then_everybody_is_closed_and_so_is_who_comes_back_until_it_ends() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await emulators.kraken.maintenance(True)
        assert (await receive(socket))["data"][0]["system"] == "maintenance"
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        async with connect(emulators.kraken.ws_url) as again:
            assert (await receive(again))["data"][0]["system"] == "maintenance"
            with pytest.raises(ConnectionClosed):
                await again.recv()
        await emulators.kraken.maintenance(False)
        async with connect(emulators.kraken.ws_url) as well:
            assert (await receive(well))["data"][0]["system"] == "online"


async def test_a_softer_state_is_told_and_prices_go_on() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await subscribe(socket, "SOL/USD")
        emulators.kraken.tell_status("cancel_only")
        assert (await receive(socket))["data"][0]["system"] == "cancel_only"
        emulators.market.trade(SOL)
        assert (await receive(socket))["channel"] == "ticker"


async def test_announced_maintenance_is_in_every_status_with_its_times() -> None:
    async with still() as emulators, stream(emulators) as socket:
        starts = emulators.clock.time() + 3600
        emulators.kraken.announce(Maintenance("Order Entry System Maintenance", starts, starts + 3600))
        async with connect(emulators.kraken.ws_url) as other:
            for told in (await receive(socket), await receive(other)):
                state = told["data"][0]
                assert state["system"] == "online"
                (work,) = state["upcoming_maintenance"]
                assert work["title"] == "Order Entry System Maintenance"
                assert datetime.fromisoformat(work["expected_start_utc"]).timestamp() == starts
                assert (work["time_to_start_s"], work["phase"]) == (3600, "announced")
        emulators.kraken.announce()
        assert (await receive(socket))["data"][0]["upcoming_maintenance"] == []


async def test_a_pair_nobody_has_traded_for_a_day_is_told_with_zeros() -> None:
    """As captured on 2026-09-01: zeros in everything but the book."""
    async with still() as emulators, stream(emulators) as socket:
        emulators.kraken.untraded.add("WIF")
        await say(socket, "subscribe", "WIF/USD", "SOL/USD")
        frames = [await receive(socket) for _ in range(4)]
        wif, sol = (frame["data"][0] for frame in frames if "channel" in frame)
        zeros = ("last", "volume", "vwap", "low", "high", "change", "change_pct", "trades")
        assert {wif[name] for name in zeros} == {0}
        assert wif["ask"] > wif["bid"] > 0
        assert 0 not in {sol[name] for name in zeros}


async def test_too_many_connects_are_refused() -> None:
    async with still() as emulators:
        for _ in range(150):
            async with connect(emulators.kraken.ws_url):
                pass
        with pytest.raises(InvalidStatus) as refused:
            await connect(emulators.kraken.ws_url)
        assert refused.value.response.status_code == 429
        assert len(emulators.kraken.handshakes) == 151


async def test_another_path_is_not_found() -> None:
    async with still() as emulators:
        with pytest.raises(InvalidStatus):
            await connect(emulators.kraken.ws_url.replace("/v2", "/"))


# Faults


@pytest.mark.parametrize(
    ("fault", "expected"),
    [(Fault.STRING_NUMBERS, str), (Fault.NULL_PRICE, type(None)), (Fault.EXTRA_FIELDS, Decimal)],
)
async def test_the_numbers_of_a_ticker_can_be_odd(fault: Fault, expected: type) -> None:
    async with still() as emulators, stream(emulators) as socket:
        emulators.kraken.faults.set(fault)
        await say(socket, "subscribe", "SOL/USD")
        await receive(socket)
        assert isinstance((await receive(socket))["data"][0]["last"], expected)


async def test_a_snapshot_can_come_before_its_answer_and_the_answer_late_or_never() -> None:
    async with still() as emulators, stream(emulators) as socket:
        faults = emulators.kraken.faults
        faults.set(Fault.WITHHOLD_ACK, times=1)
        await say(socket, "subscribe", "SOL/USD")
        faults.set(Fault.NOTIFY_BEFORE_ACK, times=1)
        faults.set(Fault.REJECT_SUBSCRIBE, times=1, message="Currency pair not supported WIF/USD")
        await say(socket, "subscribe", "WIF/USD")
        await emulators.kraken.wait_for(lambda: len(emulators.kraken.frames_received) == 2)
        assert (await receive(socket))["success"] is False
        await say(socket, "subscribe", "BONK/USD")
        assert [(await receive(socket)).get("channel") for _ in range(2)] == ["ticker", None]
        faults.set(Fault.DELAY_ACK, times=1, seconds=5)
        await say(socket, "subscribe", "JUP/USD")
        await emulators.kraken.wait_for(lambda: len(emulators.kraken.frames_received) == 4)
        assert "JUP/USD" not in emulators.kraken.subscriptions
        await emulators.clock.advance(5)  # type: ignore[attr-defined]
        assert "JUP/USD" in emulators.kraken.subscriptions


async def test_heartbeats_can_be_stalled_alone_and_with_everything_else() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await subscribe(socket, "SOL/USD")
        clock: Any = emulators.clock
        emulators.kraken.faults.set(Fault.STALL_HEARTBEATS)
        await clock.advance(5)
        emulators.market.trade(SOL)
        emulators.kraken.faults.set(Fault.STALL)
        emulators.market.trade(SOL)
        await clock.advance(5)
        emulators.kraken.faults.clear()
        await clock.advance(1)
        assert [(await receive(socket))["channel"] for _ in range(2)] == ["ticker", "heartbeat"]


# Served by the real provider


@asynccontextmanager
async def provider(emulators: Emulators) -> AsyncIterator[KrakenProvider]:
    section = KrakenSettings(ws_url=emulators.kraken.ws_url, rest_url=emulators.kraken.rest_url)
    async with HttpClient(emulators.clock, timeout=5) as http:
        yield KrakenProvider(Settings(kraken=section), http, emulators.clock)


async def test_the_codec_and_the_emulator_understand_each_other() -> None:
    async with still() as emulators, provider(emulators) as kraken, connect(kraken.endpoint().url) as socket:
        codec, reports = kraken.codec(), list[Report]()
        codec.opened()
        codec.set_topics(("SOL/USD", "NOPE/USD", "BONK/USD"))

        async def until(count: int) -> None:
            while len(reports) < count:
                for frame in codec.frames_to_send():
                    await socket.send(frame)
                reports.extend(codec.received(await socket.recv()))

        await until(4)
        assert [type(report) for report in reports] == [Alive, PriceReport, Refusal, PriceReport]
        truth = emulators.market.truth(SOL)
        first = reports[1]
        assert isinstance(first, PriceReport)
        assert truth is not None
        assert first.volume_24h is not None
        assert (first.topic, first.price, first.complete) == ("SOL/USD", truth.price, True)
        assert first.change_24h == truth.change_24h.quantize(Decimal("0.01"))
        assert float(first.volume_24h) == pytest.approx(float(truth.volume_24h))
        codec.set_topics(("SOL/USD", "JUP/USD"))
        await until(5)
        assert emulators.kraken.subscriptions == {"SOL/USD", "JUP/USD"}
        methods = [frame["method"] for frame in emulators.kraken.frames_received]
        assert methods == ["subscribe", "unsubscribe", "subscribe"]
        await emulators.kraken.maintenance(True)
        await until(6)
        refusal = reports[-1]
        assert isinstance(refusal, Refusal)
        assert "maintenance" in refusal.error.message


async def test_the_http_side_and_the_emulator_understand_each_other() -> None:
    async with still() as emulators, provider(emulators) as kraken:
        reports = [report async for report in kraken.rest.fetch(["SOL/USD"], {})]
        truth = emulators.market.truth(SOL)
        assert truth is not None
        (report,) = reports
        assert isinstance(report, PriceReport)
        assert (report.price, report.change_24h) == (truth.price, None)
        await emulators.clock.advance(2)  # type: ignore[attr-defined]
        await emulators.kraken.maintenance(True)
        with pytest.raises(ProviderError, match="maintenance"):
            await anext(kraken.rest.fetch(["SOL/USD"], {}))
