"""Rows that nobody trades: how their prices came is still said as it is."""

from __future__ import annotations

import asyncio

import pytest
from public_bench import public
from virtual_time import on_virtual_time

from streamcore import PriceUpdate, Source, State


@pytest.mark.parametrize("name", ["kraken", "coinbase"])
@on_virtual_time
async def test_row_k_a_quiet_row_under_a_live_lamp_is_streamed_after_every_start(name: str) -> None:
    async with public(prices=name) as table:
        await table.manager.subscribe_prices(["SOL", "BTC"])
        await table.connected(name)
        await asyncio.sleep(20)
        for symbol in ("SOL", "BTC"):
            assert table.all(PriceUpdate, symbol=symbol)[-1].source is Source.STREAM
        getattr(table, name).drop()
        await asyncio.sleep(60)
        assert table.manager.status(name).state is State.CONNECTED
        for symbol in ("SOL", "BTC"):
            assert table.all(PriceUpdate, symbol=symbol)[-1].source is Source.STREAM
