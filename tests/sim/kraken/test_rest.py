"""The REST API of the emulated Kraken, as a client sees it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx
import wire_fixtures
from emulated import still
from wire_fixtures import shape

from streamsim import Emulators
from streamsim.world.catalog import SOL


def documented(name: str) -> Any:
    return shape(json.loads(wire_fixtures.public("kraken", name), parse_float=Decimal))


@asynccontextmanager
async def rest(emulators: Emulators) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=emulators.kraken.rest_url, trust_env=False) as client:
        yield client


async def test_http_answers_as_documented_under_old_keys_and_fails_as_a_whole() -> None:
    async with still() as emulators, rest(emulators) as client:
        body = (await client.get("/0/public/Ticker", params={"pair": "SOLUSD"})).json(parse_float=Decimal)
        assert shape(body) == documented("rest_ticker")
        body = (await client.get("/0/public/Ticker", params={"pair": "SOLUSD,XBTUSD"})).json()
        assert set(body["result"]) == {"SOLUSD", "XXBTZUSD"}
        reply = await client.get("/0/public/Ticker", params={"pair": "SOLUSD,NOPEUSD"})
        assert reply.status_code == 200
        assert reply.json() == json.loads(wire_fixtures.public("kraken", "rest_error_unknown_pair"))
        status = (await client.get("/0/public/SystemStatus")).json()
        assert shape(status) == documented("rest_system_status")
        assert (await client.get("/0/public/Time")).json()["error"]
        assert "Too many" in (await client.get("/0/public/SystemStatus")).json()["error"][0]
        await emulators.clock.advance(5)  # type: ignore[attr-defined]
        await emulators.kraken.maintenance(True)
        assert (await client.get("/0/public/SystemStatus")).json()["result"]["status"] == "maintenance"
        body = (await client.get("/0/public/Ticker", params={"pair": "SOLUSD"})).json()
        assert body["error"] == ["EService:Unavailable"]


async def test_the_names_of_pairs_are_as_odd_as_the_real_ones() -> None:
    async with still() as emulators, rest(emulators) as client:
        body = (await client.get("/0/public/Ticker", params={"pair": "USDTUSD,EURUSD,SOL/USD"})).json()
        assert set(body["result"]) == {"USDTZUSD", "ZEURZUSD", "SOL/USD"}
        pairs = (await client.get("/0/public/AssetPairs")).json()["result"]
        named = {
            key: (pair["altname"], pair["wsname"], pair["base"], pair["quote"]) for key, pair in pairs.items()
        }
        assert named["XXBTZUSD"] == ("XBTUSD", "XBT/USD", "XXBT", "ZUSD")
        assert named["USDTZUSD"] == ("USDTUSD", "USDT/USD", "USDT", "ZUSD")
        assert named["XDGUSD"][:2] == ("XDGUSD", "XDG/USD")
        assert named["SOLUSD"][:2] == ("SOLUSD", "SOL/USD")
        assert named["SOLEUR"] == ("SOLEUR", "SOL/EUR", "SOL", "ZEUR")
        assert sum(quote == "ZUSD" for *_, quote in named.values()) == len(emulators.kraken.listed)
        emulators.kraken.pair_statuses["BONK"] = "cancel_only"
        one = (await client.get("/0/public/AssetPairs", params={"pair": "BONKUSD,XBT/USD"})).json()["result"]
        assert {key: pair["status"] for key, pair in one.items()} == {
            "BONKUSD": "cancel_only",
            "XXBTZUSD": "online",
        }
        gone = (await client.get("/0/public/AssetPairs", params={"pair": "NOPEUSD"})).json()
        assert gone == {"error": ["EQuery:Unknown asset pair"]}


async def test_an_error_can_stand_beside_the_part_that_was_answered() -> None:
    async with still() as emulators, rest(emulators) as client:
        emulators.kraken.answers_in_part = True
        for path in ("Ticker", "AssetPairs"):
            body = (await client.get(f"/0/public/{path}", params={"pair": "NOPEUSD,SOLUSD"})).json()
            assert body["error"] == ["EQuery:Unknown asset pair"]
            assert set(body["result"]) == {"SOLUSD"}


async def test_today_began_at_midnight_and_is_not_the_last_24_hours() -> None:
    async with still() as emulators, rest(emulators) as client:
        clock: Any = emulators.clock
        truth = emulators.market.truth(SOL)
        assert truth is not None
        await clock.advance(86_400 - clock.time() % 86_400 + 3600)
        emulators.market.trade(SOL, price=truth.price * 2, volume_usd=Decimal(342))
        body = (await client.get("/0/public/Ticker", params={"pair": "SOLUSD"})).json(parse_float=Decimal)
        told = body["result"]["SOLUSD"]
        assert Decimal(told["o"]) == truth.price
        assert told["t"][0] == 1
        assert told["t"][1] > 1
        assert [Decimal(figure) for figure in told["h"]] == [truth.price * 2] * 2
        assert Decimal(told["l"][0]) == truth.price > Decimal(told["l"][1])


async def test_a_pair_nobody_has_traded_for_a_day_has_zeros() -> None:
    async with still() as emulators, rest(emulators) as client:
        emulators.kraken.untraded.add("WIF")
        body = (await client.get("/0/public/Ticker", params={"pair": "WIFUSD,SOLUSD"})).json()["result"]
        assert (Decimal(body["WIFUSD"]["c"][0]), Decimal(body["WIFUSD"]["p"][1])) == (0, 0)
        assert Decimal(body["SOLUSD"]["c"][0]) > 0
        clock: Any = emulators.clock
        await clock.advance(25 * 3600)  # and it is so by itself when a day has passed
        body = (await client.get("/0/public/Ticker", params={"pair": "SOLUSD"})).json()["result"]["SOLUSD"]
        assert {Decimal(body[name][1]) for name in "vplh"} == {0}


async def test_pairs_and_assets_have_the_fields_that_were_captured() -> None:
    async with still() as emulators, rest(emulators) as client:
        for path, query, name in (
            ("AssetPairs", {"pair": "XBTUSD,SOLUSD"}, "rest_asset_pairs_captured"),
            ("Assets", {"asset": "XBT,XDG,ZUSD,SOL"}, "rest_assets_captured"),
        ):
            captured = json.loads(wire_fixtures.history("kraken", name), parse_float=Decimal)["result"]
            body = (await client.get(f"/0/public/{path}", params=query)).json(parse_float=Decimal)
            assert body["error"] == []
            assert body["result"].keys() <= captured.keys()
            for key, told in body["result"].items():
                known = captured[key]
                assert told.keys() == known.keys()
                names = ("altname", "wsname", "base", "quote", "status", "aclass")
                assert [told.get(field) for field in names] == [known.get(field) for field in names]
                assert all(isinstance(told[field], list) == isinstance(known[field], list) for field in known)
        unknown = await client.get("/0/public/Assets", params={"asset": "NOPE"})
        assert unknown.json() == {"error": ["EQuery:Unknown asset"]}
        assert (
            len((await client.get("/0/public/Assets")).json()["result"]) == len(emulators.kraken.listed) + 1
        )
