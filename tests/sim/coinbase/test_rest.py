"""The REST API of the emulated Coinbase Exchange, as a client sees it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import wire_fixtures
from emulated import still
from wire_fixtures import shape


def documented(name: str) -> Any:
    return shape(json.loads(wire_fixtures.public("coinbase_exchange", name)))


async def test_http_answers_as_documented() -> None:
    async with still() as emulators, httpx.AsyncClient(base_url=emulators.coinbase.rest_url) as client:
        stats = await client.get("/products/SOL-USD/stats")
        assert shape(stats.json()) == documented("rest_product_stats")
        assert shape((await client.get("/products/SOL-USD/ticker")).json()) == documented(
            "rest_product_ticker"
        )
        for path in ("/products/NOPE-USD/stats", "/products/SOL/stats", "/products/SOL-USD/x", "/nothing"):
            missing = await client.get(path)
            assert missing.status_code == 404
            assert missing.json() == json.loads(wire_fixtures.public("coinbase_exchange", "rest_not_found"))
        assert "BTC-USD" in [product["id"] for product in (await client.get("/products")).json()]
        assert (await client.get("/products/BTC-USD")).json()["status"] == "online"
        statuses = [(await client.get("/products/BTC-USD")).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        await emulators.coinbase.maintenance(True)
        assert (await client.get("/products/BTC-USD")).status_code == 503
