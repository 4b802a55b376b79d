"""The emulated Coinbase as a client sees it, and with the real codec as its client: through real sockets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx
import pytest
import wire_fixtures
from emulated import still
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from wire_fixtures import shape

from streamcore.config.model import Settings
from streamcore.config.sources import CoinbaseSettings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.http import HttpClient
from streamcore.providers.coinbase.provider import CoinbaseProvider
from streamcore.providers.reports import Alive, Notice, PriceReport, PriceRequest, Refusal, Report
from streamsim import Emulators, Fault, asset_key
from streamsim.world.catalog import SOL


@asynccontextmanager
async def stream(emulators: Emulators) -> AsyncIterator[ClientConnection]:
    async with connect(emulators.coinbase.ws_url, max_queue=None) as socket:
        yield socket


async def receive(socket: ClientConnection) -> Any:
    return json.loads(await socket.recv())


async def say(socket: ClientConnection, kind: str, *products: str, channels: Any = ("ticker",)) -> None:
    await socket.send(json.dumps({"type": kind, "product_ids": products, "channels": channels}))


def documented(name: str) -> Any:
    return shape(json.loads(wire_fixtures.public("coinbase_exchange", name)))


# The words


async def test_it_says_nothing_until_asked_and_then_answers_with_the_whole_set() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await socket.send(wire_fixtures.public("coinbase_exchange", "c2s_subscribe_ticker_heartbeat"))
        documented_set = wire_fixtures.public("coinbase_exchange", "s2c_subscriptions_two_channels")
        assert await receive(socket) == json.loads(documented_set)
        tickers = [await receive(socket) for _ in range(4)]
        assert shape(tickers[0]) == documented("s2c_ticker_full_2024")
        assert [ticker["product_id"] for ticker in tickers] == ["SOL-USD", "BTC-USD", "ETH-USD", "BONK-USD"]
        await socket.send(wire_fixtures.public("coinbase_exchange", "c2s_unsubscribe_ticker"))
        left = await receive(socket)
        assert [len(channel["product_ids"]) for channel in left["channels"]] == [3, 4]


async def test_channels_can_be_objects_with_products_of_their_own() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await say(socket, "subscribe", channels=[{"name": "ticker", "product_ids": ["SOL-USD"]}])
        answer = await receive(socket)
        assert answer["channels"] == [{"name": "ticker", "product_ids": ["SOL-USD"], "account_ids": None}]


async def test_a_trade_moves_sequence_and_trade_number() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await say(socket, "subscribe", "SOL-USD")
        _, first = await receive(socket), await receive(socket)
        emulators.market.trade(SOL, price=Decimal("170.5"))
        emulators.market.trade(SOL, price=Decimal("170.4"))
        second, third = await receive(socket), await receive(socket)
        assert first["sequence"] < second["sequence"] < third["sequence"]
        assert third["trade_id"] - first["trade_id"] == 2
        assert (second["price"], third["price"], third["side"]) == ("170.5", "170.4", "sell")


async def test_every_product_has_a_heartbeat_of_its_own_that_names_the_last_trade() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await say(socket, "subscribe", "SOL-USD", "BTC-USD", channels=["heartbeat"])
        await receive(socket)
        emulators.market.trade(SOL)
        await emulators.clock.advance(2)  # type: ignore[attr-defined]
        beats = [await receive(socket) for _ in range(4)]
        assert shape(beats[0]) == documented("s2c_heartbeat")
        assert [beat["product_id"] for beat in beats] == ["SOL-USD", "BTC-USD"] * 2
        assert beats[0]["last_trade_id"] == beats[1]["last_trade_id"] + 1
        assert beats[0]["sequence"] < beats[2]["sequence"]


@pytest.mark.parametrize("lives", [True, False])
async def test_an_unknown_product_is_an_error_and_the_rest_lives_or_does_not(lives: bool) -> None:
    async with still() as emulators, stream(emulators) as socket:
        emulators.coinbase.grants_rest_of_bad_request = lives
        emulators.coinbase.listed.discard("ETH")
        await say(socket, "subscribe", "SOL-USD", "ETH-USD")
        error = wire_fixtures.public("coinbase_exchange", "s2c_error_invalid_product")
        assert await receive(socket) == json.loads(error)
        assert emulators.coinbase.subscriptions == ({"SOL-USD"} if lives else set())


async def test_a_delisted_product_is_an_error_a_channel_and_the_rest_is_subscribed() -> None:
    """The order of frames as captured on 2026-09-29."""
    async with still() as emulators, stream(emulators) as socket:
        await say(socket, "subscribe", "SOL-USD", "JUP-USD", channels=["ticker", "heartbeat"])
        error = {"type": "error", "message": "Failed to subscribe", "reason": "JUP-USD is delisted"}
        assert [await receive(socket), await receive(socket)] == [error, error]
        answer = await receive(socket)
        assert [(channel["name"], channel["product_ids"]) for channel in answer["channels"]] == [
            ("ticker", ["SOL-USD"]),
            ("heartbeat", ["SOL-USD"]),
        ]
        assert (await receive(socket))["product_id"] == "SOL-USD"


async def test_a_product_can_be_refused_in_words_of_any_kind() -> None:
    async with still() as emulators, stream(emulators) as socket:
        emulators.coinbase.refusal_texts["WIF-USD"] = "the moon is in the wrong house for WIF-USD"
        await say(socket, "subscribe", "SOL-USD", "WIF-USD")
        assert (await receive(socket))["reason"] == "the moon is in the wrong house for WIF-USD"
        assert (await receive(socket))["channels"][0]["product_ids"] == ["SOL-USD"]
        emulators.coinbase.faults.set(Fault.REJECT_SUBSCRIBE, times=1, message="something is wrong")
        await say(socket, "subscribe", "BTC-USD")
        assert (await receive(socket))["product_id"] == "SOL-USD"
        assert (await receive(socket))["reason"] == "something is wrong"
        assert emulators.coinbase.subscriptions == {"SOL-USD"}


async def test_an_asset_can_have_a_name_of_its_own_here() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await say(socket, "subscribe", "JUP-USD", "JUPITER-USD")
        assert (await receive(socket))["reason"] == "JUP-USD is delisted"
        await receive(socket)
        truth = emulators.market.truth(asset_key("JUP"))
        assert truth is not None
        first = await receive(socket)
        assert (first["product_id"], Decimal(first["price"])) == ("JUPITER-USD", truth.price)
        emulators.market.trade(asset_key("JUP"), price=Decimal("0.7"))
        assert (await receive(socket))["price"] == "0.7"


async def test_channels_that_take_an_account_or_do_not_exist_are_errors() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await say(socket, "subscribe", "SOL-USD", channels=["level2", "gossip"])
        error = wire_fixtures.public("coinbase_exchange", "s2c_error_auth_channel")
        assert await receive(socket) == json.loads(error)
        assert (await receive(socket))["reason"] == "gossip is not a valid channel"


@pytest.mark.parametrize(
    "frame",
    [
        "nonsense",
        "[]",
        "{}",
        '{"type":"subscribe"}',
        '{"type":"subscribe","channels":[5]}',
        '{"type":"subscribe","channels":["ticker"],"product_ids":[5]}',
    ],
)
async def test_a_request_that_makes_no_sense_is_an_error(frame: str) -> None:
    async with still() as emulators, stream(emulators) as socket:
        await socket.send(frame)
        assert (await receive(socket))["type"] == "error"


async def test_too_many_messages_are_refused() -> None:
    async with still() as emulators, stream(emulators) as socket:
        for _ in range(101):
            await say(socket, "unsubscribe", "SOL-USD")
        answers = [await receive(socket) for _ in range(101)]
        assert [answer["type"] for answer in answers[-2:]] == ["subscriptions", "error"]


# The way in and out


async def test_who_subscribes_nothing_for_five_seconds_is_closed() -> None:
    async with still() as emulators, stream(emulators) as socket, stream(emulators) as other:
        await say(other, "subscribe", "SOL-USD")
        await receive(other)
        await emulators.clock.advance(5)  # type: ignore[attr-defined]
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert emulators.coinbase.connections == 1


async def test_maintenance_closes_everybody_and_refuses_who_comes_back() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await emulators.coinbase.maintenance(True)
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        with pytest.raises(InvalidStatus) as refused:
            await connect(emulators.coinbase.ws_url)
        assert refused.value.response.status_code == 503
        await emulators.coinbase.maintenance(False)
        async with stream(emulators):
            assert emulators.coinbase.connections == 1


async def test_too_many_connects_at_once_are_refused() -> None:
    async with still() as emulators:
        for _ in range(20):
            async with stream(emulators):
                pass
        with pytest.raises(InvalidStatus) as refused:
            await connect(emulators.coinbase.ws_url)
        assert refused.value.response.status_code == 429


# Faults


@pytest.mark.parametrize(("fault", "expected"), [(Fault.STRING_NUMBERS, float), (Fault.NULL_PRICE, None)])
async def test_the_numbers_of_a_ticker_can_be_odd(fault: Fault, expected: type | None) -> None:
    async with still() as emulators, stream(emulators) as socket:
        emulators.coinbase.faults.set(fault)
        await say(socket, "subscribe", "SOL-USD")
        await receive(socket)
        assert isinstance((await receive(socket))["price"], expected or type(None))


async def test_a_ticker_can_come_before_its_answer_and_a_request_be_refused() -> None:
    async with still() as emulators, stream(emulators) as socket:
        emulators.coinbase.faults.set(Fault.REJECT_SUBSCRIBE, times=1, message="not today")
        await say(socket, "subscribe", "SOL-USD")
        assert (await receive(socket))["reason"] == "not today"
        emulators.coinbase.faults.set(Fault.NOTIFY_BEFORE_ACK, times=1)
        await say(socket, "subscribe", "SOL-USD")
        assert [(await receive(socket))["type"] for _ in range(2)] == ["ticker", "subscriptions"]


# Served by the real provider


@pytest.mark.parametrize("status", [400, 404])
async def test_http_refuses_a_delisted_product_and_lists_it_as_such(status: int) -> None:
    async with still() as emulators:
        emulators.coinbase.delisted_status = status
        async with httpx.AsyncClient(base_url=emulators.coinbase.rest_url, trust_env=False) as client:
            for what in ("stats", "ticker"):
                reply = await client.get(f"/products/JUP-USD/{what}")
                told = (reply.status_code, reply.json())
                assert told == (status, {"message": "Not allowed for delisted products"})
            assert (await client.get("/products/JUP-USD")).json()["status"] == "delisted"
            products = {product["id"]: product for product in (await client.get("/products")).json()}
            assert products["JUP-USD"]["status"] == "delisted"
            assert products["JUPITER-USD"]["base_currency"] == "JUPITER"
            assert products["SOL-EUR"]["quote_currency"] == "EUR"
            online = {name for name, product in products.items() if product["status"] == "online"}
            assert {"SOL-USD", "BTC-USD", "JUPITER-USD"} <= online
            assert {"MEW-USD", "GRASS-USD"}.isdisjoint(products), "never listed"
            names = {item["id"]: item["name"] for item in (await client.get("/currencies")).json()}
            assert (names["JUPITER"], names["BTC"]) == ("Jupiter", "Bitcoin")


@asynccontextmanager
async def provider(emulators: Emulators) -> AsyncIterator[CoinbaseProvider]:
    section = CoinbaseSettings(ws_url=emulators.coinbase.ws_url, rest_url=emulators.coinbase.rest_url)
    async with HttpClient(emulators.clock, timeout=5) as http:
        yield CoinbaseProvider(Settings(coinbase=section), http, emulators.clock)


@pytest.mark.parametrize("lives", [True, False])
async def test_the_codec_and_the_emulator_understand_each_other(lives: bool) -> None:
    async with (
        still() as emulators,
        provider(emulators) as coinbase,
        connect(coinbase.endpoint().url) as socket,
    ):
        emulators.coinbase.grants_rest_of_bad_request = lives
        codec, reports = coinbase.codec(), list[Report]()
        codec.opened()
        codec.set_topics(("SOL-USD", "NOPE-USD", "NEVER-USD", "BONK-USD"))

        async def until(count: int) -> None:
            while len(reports) < count:
                for frame in codec.frames_to_send():
                    await socket.send(frame)
                reports.extend(codec.received(await socket.recv()))

        await until(5)
        assert [type(report) for report in reports] == [Alive, Refusal, Refusal, PriceReport, PriceReport]
        truth = emulators.market.truth(SOL)
        first = reports[3]
        assert isinstance(first, PriceReport)
        assert truth is not None
        assert (first.topic, first.price, first.complete) == ("SOL-USD", truth.price, True)
        assert float(first.change_24h or 0) == pytest.approx(float(truth.change_24h))
        assert emulators.coinbase.subscriptions == {"SOL-USD", "BONK-USD"}
        assert len(emulators.coinbase.frames_received) <= 3


async def test_trades_that_the_feed_swallows_are_noticed_by_the_heartbeats() -> None:
    async with (
        still() as emulators,
        provider(emulators) as coinbase,
        connect(coinbase.endpoint().url) as socket,
    ):
        codec = coinbase.codec()
        codec.opened()
        codec.set_topics(("SOL-USD",))
        for frame in codec.frames_to_send():
            await socket.send(frame)
        for _ in range(2):
            codec.received(await socket.recv())
        emulators.coinbase.faults.set(Fault.LEAVE_OUT)
        emulators.market.trade(SOL)
        await emulators.clock.advance(2)  # type: ignore[attr-defined]
        assert codec.received(await socket.recv()) == []
        notice, request = codec.received(await socket.recv())
        assert isinstance(notice, Notice)
        assert notice.error.kind is ErrorKind.GAP
        assert isinstance(request, PriceRequest)
        (report,) = [report async for report in coinbase.rest.answer(request)]
        assert isinstance(report, PriceReport)
        assert report.price == emulators.market.truth(SOL).price  # type: ignore[union-attr]


async def test_the_http_side_and_the_emulator_understand_each_other() -> None:
    async with still() as emulators, provider(emulators) as coinbase:
        report, refusal = [report async for report in coinbase.rest.fetch(["SOL-USD", "NOPE-USD"], {})]
        truth = emulators.market.truth(SOL)
        assert truth is not None
        assert isinstance(report, PriceReport)
        assert report.price == truth.price
        assert isinstance(refusal, Refusal)
        await emulators.coinbase.maintenance(True)
        with pytest.raises(ProviderError) as caught:
            await anext(coinbase.rest.fetch(["SOL-USD"], {}))
        assert caught.value.kind is ErrorKind.SERVER
