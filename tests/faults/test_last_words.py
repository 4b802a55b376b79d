"""A server that says why, and closes at once: what it said counts, however soon the connection is gone."""

from __future__ import annotations

import asyncio

import pytest
from public_bench import public
from virtual_time import on_virtual_time

from streamcore import State, StreamError
from streamsim import Emulators

pytestmark = pytest.mark.long


@on_virtual_time
async def test_an_exchange_in_maintenance_is_called_as_rarely_as_its_last_words_ask_for() -> None:
    def closed_for_work(emulators: Emulators) -> None:
        emulators.kraken.in_maintenance = True
        emulators.kraken.system = "maintenance"

    async with public(prices="kraken", venues=closed_for_work) as table:
        await table.manager.subscribe_prices(["SOL"])
        await asyncio.sleep(125)
        status = table.manager.status("kraken")
        assert status.reason == "Kraken is in maintenance; it is tried again every now and then"
        assert status.state is State.FALLBACK
        assert len(table.kraken.handshakes) <= 5
        assert not [error for error in table.all(StreamError) if "closed by" in error.message]
