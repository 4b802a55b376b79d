"""Hostile text: nothing that steers a terminal or hides from a reader gets through, whoever wrote it."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Iterator
from decimal import Decimal

import msgpack
import msgspec
import pytest
from bench import SOL, WALLET, Bench, bench
from harmless_text import BIDI, C1, CLEAR, CLIPBOARD, harmful, harmless
from virtual_time import VirtualClock, on_virtual_time

from streamcore import PriceUpdate, StreamError, WalletTransaction
from streamsim import Fault

pytestmark = pytest.mark.long

ZERO_WIDTH = "S\u200bO\u200dL\ufeff"
MARKUP = "[bold red]win[/] [@click=app.quit]here[/] [link=https://x.example]x[/link]"
LINES = "one\r\ntwo\n\u2028three"
LONG = "A" * 10_000
HOSTILE = [CLIPBOARD, CLEAR, C1, BIDI, ZERO_WIDTH, MARKUP, LINES, LONG, "".join((CLEAR, BIDI, C1, LONG))]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything any library logs, as a plain handler writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)


async def watching(table: Bench) -> None:
    await table.manager.subscribe_prices(["SOL"])
    await table.manager.subscribe_wallets([WALLET])
    await table.connected("birdeye")
    await table.connected("helius")
    await asyncio.sleep(2)


@pytest.mark.parametrize("text", HOSTILE)
@on_virtual_time
async def test_a_memo_reaches_nobody_raw(text: str) -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        signature = table.ledger.memo(WALLET, text)
        await table.first(WalletTransaction, signature=signature)
        assert harmless(table.seen)


@pytest.mark.parametrize("text", HOSTILE)
@on_virtual_time
async def test_the_text_of_an_error_frame_reaches_nobody_raw(text: str, log: io.StringIO) -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        for server in (table.birdeye, table.helius):
            await server.send_error(f"please upgrade {text}")
            await server.send_error(f"odd {text}", code=-32000)
        await asyncio.sleep(1)
        assert len(table.all(StreamError)) >= 2
        assert harmless(table.seen)
        assert not harmful(log.getvalue().replace("\n", ""))


@pytest.mark.parametrize("text", HOSTILE)
@on_virtual_time
async def test_the_body_of_a_refusal_reaches_nobody_raw(text: str, log: io.StringIO) -> None:
    async with bench(clock=VirtualClock()) as table:
        for server in (table.birdeye, table.helius):
            for status in (400, 403, 429, 503):
                server.faults.set(Fault.REFUSE_UPGRADE, status=status, body=text, times=1)
                server.faults.set(Fault.HTTP_STATUS, status=200, body=f'{text} "message":"{text}"')
        await table.manager.subscribe_prices(["SOL"])
        await table.manager.subscribe_wallets([WALLET])
        await asyncio.sleep(10)
        assert len(table.all(StreamError)) >= 2
        assert harmless(table.seen)
        assert not harmful(log.getvalue().replace("\n", ""))


@pytest.mark.parametrize("text", [part for part in HOSTILE if len(part.encode()) < 120])
@on_virtual_time
async def test_the_reason_of_a_close_frame_reaches_nobody_raw(text: str) -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        await asyncio.gather(*(s.close_clients(4000, text) for s in (table.birdeye, table.helius)))
        await asyncio.sleep(1)
        assert len(table.all(StreamError)) == 2
        assert harmless(table.seen)


@pytest.mark.parametrize("text", HOSTILE)
@on_virtual_time
async def test_names_in_messages_reach_nobody_raw(text: str, log: io.StringIO) -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        for raw in (
            msgspec.json.encode({"type": text, "data": {}}).decode(),
            msgspec.json.encode({"type": "snapshot", "data": {"symbol": text, "price": 1}}).decode(),
            msgspec.json.encode({"type": "PRICE_DATA", "data": {"address": SOL, "c": text}}).decode(),
            msgspec.json.encode(
                {"type": "PRICE_DATA", "data": {"address": SOL, "symbol": text, "c": 155, text: 1}}
            ).decode(),
            msgpack.packb({"type": "delta", "data": {"symbol": text, "price": text}}),
        ):
            await table.birdeye.send_raw(raw)
        method = msgspec.json.encode({"jsonrpc": "2.0", "method": text, "params": None}).decode()
        await table.helius.send_raw(method)
        await table.first(PriceUpdate, price=Decimal(155))
        assert {event.symbol for event in table.all(PriceUpdate)} == {"SOL"}
        assert harmless(table.seen)
        assert not harmful(log.getvalue().replace("\n", ""))


@on_virtual_time
async def test_markup_stays_the_text_it_is() -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        await table.birdeye.send_error(f"odd {MARKUP[:60]}")
        error = await table.first(StreamError)
        assert MARKUP[:60] in error.message
