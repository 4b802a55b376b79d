"""A real terminal's engine on a real relay, over real sockets: `RelayClient` and `Relay` as they are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from candle_series import END, candle, series_of
from free_port import free_port
from relay_bench import PATIENCE, WALLETS, eventually, running
from relayed_engine import RelayedEngine
from sample_events import SOL

from streamcore import (
    CandleSeries,
    ChartRange,
    Event,
    PriceUpdate,
    RelayClient,
    Settings,
    StatusChange,
    StreamError,
    SystemClock,
    WalletTransaction,
)
from streamcore.config.model import BackoffSettings
from streamcore.config.serving import RelaySettings, WireEncoding
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, State
from streamcore.relay import Relay, Scope
from streamcore.relay.lookups import MOST_OF_A_TERMINAL
from streamcore.relay.tokens import Tokens
from streamcore.wire.encodings import NAMES

pytestmark = pytest.mark.long

HOUR = 3600.0


class Ahead(SystemClock):
    """The clock of a computer that is an hour ahead."""

    def time(self) -> float:
        return super().time() + HOUR


class Reader:
    """A terminal's engine, and everything that it says."""

    def __init__(self, client: RelayClient) -> None:
        self.client = client
        self.events: list[Event] = []
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for event in self.client.events():
            self.events.append(event)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def transactions(self) -> list[str]:
        return [event.signature for event in self.of(WalletTransaction)]

    def price(self, key: str) -> str | None:
        event = self.client.snapshot().prices.get(key)
        return None if event is None else str(event.price)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def url(relay: Relay) -> str:
    host, port = relay.address
    return f"ws://{host}:{port}"


@asynccontextmanager
async def reading(*urls: str, name: str = "msgpack", token: str | None = None) -> AsyncIterator[Reader]:
    settings = Settings(
        relay=RelaySettings(url=urls, encoding=WireEncoding(name), interval=100, token=token),
        backoff=BackoffSettings(initial_delay=0.1, max_delay=0.3),
    )
    async with RelayClient(settings) as client:
        reader = Reader(client)
        try:
            yield reader
        finally:
            await reader.close()


@pytest.mark.parametrize("name", NAMES)
async def test_everything_arrives_as_the_relays_engine_said_it(tmp_path: Path, name: str) -> None:
    async with running(tmp_path) as (relay, engine), reading(url(relay), name=name) as reader:
        await reader.client.subscribe_prices(["SOL", "BTC"])
        await reader.client.subscribe_wallets(WALLETS[:1])
        await eventually(lambda: engine.wallets)
        said = engine.price("BTC", "97000.50")
        signature = engine.transaction(WALLETS[0])
        await eventually(lambda: reader.price("BTC") and reader.transactions())
        (told,) = [event for event in reader.of(PriceUpdate) if event.symbol == "BTC"]
        assert (told.price, told.change_24h, told.volume_24h) == (
            said.price,
            said.change_24h,
            said.volume_24h,
        )
        assert (told.provider, told.address, told.relay) == ("kraken", None, f"127.0.0.1:{relay.address[1]}")
        assert reader.transactions() == [signature]
        engine.set_status("kraken", state=State.FALLBACK, fallback=True, reason="connection lost")
        await eventually(lambda: reader.client.status("kraken").state is State.FALLBACK)
        assert reader.client.status("kraken").reason == "connection lost"
        assert any(event.provider == "kraken" for event in reader.of(StatusChange))


async def test_a_relay_that_is_started_again_is_found_again_and_nothing_is_lost_or_doubled(
    tmp_path: Path,
) -> None:
    port, engine = free_port(), RelayedEngine()
    told: list[str] = []
    where = {"listen": ("127.0.0.1", port)}
    async with reading(f"ws://127.0.0.1:{port}") as reader:
        for number in range(3):
            engine.wallets.clear()
            async with running(tmp_path, engine, **where) as (relay, _):
                if not number:
                    await reader.client.subscribe_prices(["SOL"])
                    await reader.client.subscribe_wallets(WALLETS[:1])
                # what it wants is subscribed
                await eventually(lambda relay=relay: relay.upstream.rows and relay.upstream.wallets)
                told += [engine.transaction(WALLETS[0]) for _ in range(3)]
                engine.price("SOL", f"15{number}")
                await eventually(lambda number=number: reader.price(_sol()) == f"15{number}")
                await eventually(lambda all_=tuple(told): reader.transactions() == [*all_])
            await eventually(lambda: not reader.client.is_any_connected)
            assert reader.price(_sol()) == f"15{number}"  # what was known stays
        assert not [event for event in reader.of(StreamError) if event.kind is ErrorKind.GAP]


def _sol() -> str:
    return "So11111111111111111111111111111111111111112"


async def test_an_hour_between_the_clocks_makes_no_price_old(tmp_path: Path) -> None:
    async with running(tmp_path, clock=Ahead()) as (relay, engine), reading(url(relay)) as reader:
        await reader.client.subscribe_prices(["SOL"])
        await eventually(lambda: engine.symbols)
        for number in range(20):
            engine.price("SOL", f"{150 + number}", ts=time.time() + HOUR)
            await asyncio.sleep(0.03)
        await eventually(lambda: reader.price(_sol()) == "169")
        last = reader.of(PriceUpdate)[-1]
        assert abs(time.time() - last.ts) < PATIENCE


async def test_of_two_relays_with_logs_of_their_own_the_second_steps_in_and_the_gap_is_told(
    tmp_path: Path,
) -> None:
    async with running(tmp_path / "two") as (second, other), AsyncExitStack() as stack:
        first, engine = await stack.enter_async_context(running(tmp_path / "one"))
        async with reading(url(first), url(second)) as reader:
            await reader.client.subscribe_prices(["SOL"])
            await reader.client.subscribe_wallets(WALLETS[:1])
            await eventually(lambda: engine.wallets)
            shared = engine.transaction(WALLETS[0], signature="both have it")
            await eventually(reader.transactions)
            await stack.aclose()
            await eventually(lambda: other.wallets)
            other.transaction(WALLETS[0], signature=shared)
            own = other.transaction(WALLETS[0], signature="only the second has it")
            other.price("SOL", "151")
            await eventually(lambda: reader.price(_sol()) == "151" and len(reader.transactions()) == 2)
            assert reader.transactions() == [shared, own]
            await eventually(lambda: [one for one in reader.of(StreamError) if one.kind is ErrorKind.GAP])


async def test_a_withdrawn_token_ends_the_terminals_reading_and_says_so(tmp_path: Path) -> None:
    tokens = Tokens()
    token = tokens.add("a", Scope.READ)
    async with (
        running(tmp_path, tokens=tokens) as (relay, engine),
        reading(url(relay), token=token) as reader,
    ):
        await reader.client.subscribe_prices(["SOL"])
        await eventually(lambda: engine.symbols)
        fewer = Tokens()
        fewer.add("b", Scope.READ)
        relay.set_tokens(fewer)
        await eventually(lambda: reader.client.status(RelayClient.name).parked)
        assert "token" in (reader.client.status(RelayClient.name).reason or "")


async def test_what_the_relay_does_not_know_is_an_error_of_the_terminal(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine), reading(url(relay)) as reader:
        engine.answers = {"search": ProviderError(ErrorKind.NETWORK, "no source answers")}
        await reader.client.subscribe_prices(["SOL"])
        await eventually(lambda: engine.symbols)
        with pytest.raises(ProviderError, match="no source answers"):
            await reader.client.search("sol")


async def test_who_goes_through_many_rows_gets_the_past_of_the_last_one(tmp_path: Path) -> None:
    fetched: asyncio.Future[CandleSeries] = asyncio.get_running_loop().create_future()
    async with running(tmp_path) as (relay, engine), reading(url(relay)) as reader:
        engine.answers["history"] = fetched
        await reader.client.subscribe_prices(["SOL"])
        for span in [*ChartRange] * 2:
            given_up = asyncio.create_task(reader.client.history("SOL", span))
            await asyncio.sleep(0.1)
            given_up.cancel()
        last = asyncio.create_task(reader.client.history("SOL", ChartRange.HOUR))
        await asyncio.sleep(0.1)
        series = series_of(candle(END - 60, 1), address=SOL)
        fetched.set_result(series)
        assert (await last).candles == series.candles
        assert len(engine.questions) == MOST_OF_A_TERMINAL + 1
