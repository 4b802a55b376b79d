"""A relay that means harm, over real sockets: its terminal neither breaks, nor grows, nor shows what acts."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import Any

import msgpack
import msgspec
import pytest
from harmless_text import BIDI, C1, CLEAR, CLIPBOARD, harmful, harmless
from scripted_relay import SOL, ScriptedRelay, hello, provider, scripted_relay
from websockets.exceptions import ConnectionClosed
from wire_messages import TRANSACTION, WALLET

from streamcore import (
    ChartRange,
    Event,
    PriceUpdate,
    ProviderError,
    RelayClient,
    Settings,
    State,
    StreamError,
    WalletTransaction,
)
from streamcore.config.model import BackoffSettings, StreamSettings
from streamcore.config.serving import RelaySettings
from streamcore.relay_client.client import LEAST_CAPACITY
from streamcore.relay_client.news import MOST_ERRORS
from streamcore.wire.messages import (
    Answer,
    Error,
    Found,
    Frame,
    Hello,
    Price,
    Refusal,
    Row,
    TokenAmount,
    Wanted,
)
from streamcore.wire.numbers import pack

pytestmark = pytest.mark.long

QUICK = BackoffSettings(initial_delay=0.1, max_delay=0.1, jitter=0.0)
NASTY = "".join((CLEAR, BIDI, C1, CLIPBOARD))
LONG = NASTY + "A" * 3000


@asynccontextmanager
async def client_of(relay: ScriptedRelay, **stream: Any) -> AsyncIterator[RelayClient]:
    settings = Settings(relay=RelaySettings(url=(relay.url,)), backoff=QUICK, stream=StreamSettings(**stream))
    async with RelayClient(settings) as client:
        yield client


class Heard:
    """Everything that a client says, kept as it comes."""

    def __init__(self, client: RelayClient) -> None:
        self.events: list[Event] = []
        self._news = asyncio.Event()
        self._reading = asyncio.create_task(self._read(client.events()))

    async def _read(self, events: AsyncIterator[Event]) -> None:
        async for event in events:
            self.events.append(event)
            self._news.set()

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                self._news.clear()
                await self._news.wait()


def price(row: int = 1, **more: Any) -> Price:
    fields: dict[str, Any] = {"price": pack(Decimal("171.2")), "provider": "kraken", "source": "stream"}
    return Price(row=row, ms=0, snapshot=1, **{**fields, **more})


def wanted(*rows: Row) -> Wanted:
    return Wanted(1, rows)


NONSENSE: dict[str, Answer | bytes] = {
    "garbage": b"\x93\x02\xff\x00\xde\xad",
    "another type in each place": msgpack.packb([2, "now", 7, {"a": 1}, None, 5]),
    "nesting without end": b"\x91" * 100_000,
    "a giant frame": b"\xc4" + b"x" * 300_000,
    "a row that nobody asked for": wanted(Row(1, "WIF", "WIF")),
    "rows without end": wanted(*(Row(number, f"X{number}", "X") for number in range(20_000))),
    "one number for two rows": wanted(Row(1, "SOL", "SOL", SOL), Row(1, "SOL", "WIF")),
    "a price of no row": Frame(t=1_000_000, prices=(price(99),)),
    "a price of zero": Frame(t=1_000_000, prices=(price(price=pack(Decimal(0))),)),
    "a price of a thousand digits": Frame(t=1_000_000, prices=(price(price="9" * 600),)),
    "a change of minus a million percent": Frame(t=1_000_000, prices=(price(change_24h="-1000000"),)),
    "a time beyond all time": Frame(t=2**53 + 1, prices=(price(),)),
    "a status of nothing": Frame(t=1_000_000, statuses=({"state": "connected"},)),
    "a status with a state that is none": Frame(t=1_000_000, statuses=({"provider": "kraken", "state": 7},)),
    "an infinite number": Frame(t=1_000_000, statuses=({"provider": "kraken", "latency_ms": float("inf")},)),
    "an amount that is no number": Frame(
        t=1_000_000, transactions=(msgspec.structs.replace(TRANSACTION, sol_change="1e999999999"),)
    ),
    "an offset below zero": Frame(t=1_000_000, offset=-1),
    "tickers without end": hello(tokens={f"T{number}": SOL for number in range(20_000)}),
}


@pytest.mark.parametrize("name", NONSENSE)
async def test_nonsense_is_one_sentence_and_the_next_connection_works(name: str) -> None:
    nonsense = NONSENSE[name]
    async with scripted_relay() as relay:
        if isinstance(nonsense, Hello):
            relay.hello = nonsense
        async with client_of(relay, max_message_bytes=1 << 20 if "end" in name else 200_000) as client:
            heard = Heard(client)
            subscribing = asyncio.create_task(client.subscribe_prices(["SOL"]))
            if isinstance(nonsense, Hello):
                await heard.until(lambda: heard.of(StreamError))
                relay.hello = hello()
            await subscribing
            await client.subscribe_wallets([WALLET])
            await relay.full_want()
            if not isinstance(nonsense, Hello):
                await relay.say(nonsense)
            await heard.until(lambda: heard.of(StreamError))
            error = heard.of(StreamError)[0]
            assert error.provider == "relay"
            assert len(error.message) < 300
            async with asyncio.timeout(60):
                while not heard.of(PriceUpdate):
                    if relay.wants and relay.wants[-1].symbols:
                        with suppress(ConnectionClosed):
                            await relay.say(Frame(t=1_000_000, prices=(price(),)))
                    await asyncio.sleep(0.02)
            assert heard.of(PriceUpdate)[-1].price == Decimal("171.2")
            assert client.status("relay").state is State.CONNECTED
            assert harmless(heard.events)


async def test_no_text_of_a_relay_acts_on_a_terminal_or_is_longer_than_a_text_may_be() -> None:
    status = provider("kraken", reason=LONG, limits=LONG, hint=LONG, topics=(NASTY,))
    transaction = msgspec.structs.replace(
        TRANSACTION,
        signature=NASTY,
        summary=LONG,
        counterparty=NASTY,
        program=LONG,
        error=LONG,
        provider=NASTY,
        action=LONG,
        counterparties=(NASTY,),
        token_changes=(TokenAmount(NASTY, NASTY, "1"),),
    )
    async with scripted_relay() as relay:
        relay.hello = hello(relay=LONG, epoch=NASTY, statuses=(status, provider(NASTY)))
        relay.answers_wants = False
        async with client_of(relay) as client:
            heard = Heard(client)
            await client.subscribe_prices(["SOL"])
            await client.subscribe_wallets([WALLET])
            want = await relay.full_want()
            await relay.say(
                Wanted(want.id, (Row(1, "SOL", NASTY, NASTY, LONG),), (Refusal(WALLET, NASTY, LONG),)),
                Frame(
                    t=1_000_000,
                    prices=(price(provider=NASTY, address=NASTY),),
                    transactions=(transaction,),
                    errors=(Error(NASTY, 0, NASTY, LONG, retryable=True),),
                    heard=(NASTY,),
                ),
            )
            await heard.until(lambda: heard.of(WalletTransaction) and len(heard.of(StreamError)) >= 2)
            assert harmless(heard.events)
            for known in client.statuses().values():
                shown = (known.provider, known.reason or "", known.limits, known.hint, *known.topics)
                assert not any(harmful(text) for text in shown)
            assert not any(harmful(token.symbol + token.name) for token in client.complete(""))


async def test_errors_without_end_are_told_a_bounded_number_of_times() -> None:
    errors = tuple(
        Error("kraken", 0, "subscription", f"no {number}", retryable=True) for number in range(500)
    )
    async with scripted_relay() as relay, client_of(relay) as client:
        heard = Heard(client)
        await client.subscribe_prices(["SOL"])
        await relay.full_want()
        for _ in range(10):
            await relay.say(Frame(t=1_000_000, errors=errors))
        await relay.say(Frame(t=1_000_000, prices=(price(),)))
        await heard.until(lambda: heard.of(PriceUpdate))
        assert 0 < len(heard.of(StreamError)) <= MOST_ERRORS


async def test_a_transaction_of_a_wallet_that_nobody_asked_for_is_not_told() -> None:
    other = msgspec.structs.replace(TRANSACTION, wallet="GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T")
    async with scripted_relay() as relay, client_of(relay) as client:
        heard = Heard(client)
        await client.subscribe_wallets([WALLET])
        await relay.full_want()
        await relay.say(Frame(t=1_000_000, transactions=(other, TRANSACTION)))
        await heard.until(lambda: heard.of(WalletTransaction))
        assert [event.wallet for event in heard.of(WalletTransaction)] == [WALLET]


async def test_a_flood_of_transactions_and_statuses_leaves_memory_bounded_and_the_newest_arrive() -> None:
    flood, size = 30, 1000
    async with scripted_relay() as relay, client_of(relay, queue_capacity=100) as client:
        consumer = client.events()  # that does not read
        await client.subscribe_wallets([WALLET])
        await client.subscribe_prices(["SOL"])
        await relay.full_want()

        async def pour(begin: int) -> None:
            for number in range(begin, begin + flood):
                transactions = tuple(
                    msgspec.structs.replace(TRANSACTION, signature=f"s{number}-{one}", offset=number)
                    for one in range(size)
                )
                status = {
                    "provider": f"p{number % 50}",
                    **provider(f"p{number % 50}"),
                    f"x{number}": "x" * 9000,
                }
                await relay.say(Frame(t=1_000_000, transactions=transactions, statuses=(status,)))
            before = client.status("relay").messages_received
            async with asyncio.timeout(60):
                while client.status("relay").messages_received < before + 1:
                    await relay.say(Frame(t=1_000_000))
                    await asyncio.sleep(0.01)

        await pour(0)
        tracemalloc.start()
        try:
            await pour(flood)
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        # 20,000 signatures are remembered and 10,000 transactions wait; the flood had 30,000 more of them
        assert grown < 22_000_000
        newest = [event async for event in _available(consumer, client)]
        assert any(isinstance(event, WalletTransaction) for event in newest)
        # what comes in one frame while it reads is not merged
        assert len(newest) <= LEAST_CAPACITY + 2 * size


async def _available(consumer: AsyncIterator[Event], client: RelayClient) -> AsyncIterator[Event]:
    """Yield what a consumer's buffer has at the moment."""
    while True:
        try:
            async with asyncio.timeout(0.2):
                yield await anext(consumer)
        except TimeoutError:
            return


@pytest.mark.parametrize(
    "change",
    [
        {"interval": 0},
        {"candles": [{"start": 1, "open": "NaN", "high": "1", "low": "1", "close": "1"}]},
        {"candles": [{"start": 1, "open": "1E+900", "high": "1", "low": "1", "close": "1"}]},
        {"candles": [{"start": 10**18, "open": "1", "high": "1", "low": "1", "close": "1"}]},
        {"candles": [{"start": 5 - n, "open": "1", "high": "1", "low": "1", "close": "1"} for n in range(3)]},
        {"candles": [{"start": n, "open": "1", "high": "1", "low": "1", "close": "1"} for n in range(5000)]},
        {"fetched_at": 1e300},
    ],
)
async def test_candles_that_cannot_be_are_an_error_and_no_chart(change: dict[str, Any]) -> None:
    series = {
        "symbol": "SOL",
        "address": SOL,
        "range": "24h",
        "provider": "kraken",
        "market": "SOL/USD",
        "interval": 900,
        "candles": [],
        "running": True,
        "begin": 0,
        "fetched_at": 1.0,
    }
    async with scripted_relay() as relay, client_of(relay) as client:
        await client.subscribe_prices(["SOL"])
        asking = asyncio.create_task(client.history("SOL", ChartRange.DAY))
        question = await relay.lookup()
        await relay.say(Found(question.id, ({**series, **change},)))
        with pytest.raises(ProviderError, match="the relay sent"):
            await asking
        assert client.cached_history("SOL", ChartRange.DAY) is None
