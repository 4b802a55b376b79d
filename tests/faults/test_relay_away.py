"""Relays that are lost, stand still, differ, or are newer than their terminals: over real sockets."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bench import settings_for
from emulated import WALLET as WALLET_AT_NODE
from processes import PipedCommand, leading_to, starting
from scripted_relay import SOL, ScriptedRelay, hello, provider, scripted_relay
from textual_internals import lines_of
from wire_messages import TRANSACTION, WALLET

from streamcore import (
    ErrorKind,
    Event,
    PriceUpdate,
    RelayClient,
    Settings,
    State,
    StreamError,
    WalletTransaction,
)
from streamcore.config.model import BackoffSettings
from streamcore.config.serving import RelaySettings, WireEncoding
from streamcore.wire.encodings import NAMES
from streamcore.wire.messages import Frame, Price
from streamcore.wire.numbers import pack
from streamsim import Emulators
from streamtui.app import StreamTuiApp
from streamtui.model.engine import real_engine

pytestmark = pytest.mark.long

QUICK = BackoffSettings(initial_delay=0.1, max_delay=0.1, jitter=0.0)
PATIENCE = 60.0
HOUR = 3600.0


async def until(condition: Callable[[], Any], why: Callable[[], object] = lambda: "") -> None:
    """Wait for something that no event tells of."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(why()) from None


@asynccontextmanager
async def listening(*urls: str, **relay: Any) -> AsyncIterator[tuple[RelayClient, list[Event]]]:
    """Yield a client of these relays, and all that it says."""
    told: list[Event] = []
    async with RelayClient(Settings(relay=RelaySettings(url=urls, **relay), backoff=QUICK)) as client:

        async def listen() -> None:
            async for event in client.events():
                told.append(event)

        task = asyncio.create_task(listen())
        yield client, told
    await task


def price(value: str = "171.2", **more: Any) -> Price:
    fields: dict[str, Any] = {"row": 1, "ms": 0, "provider": "kraken", "source": "stream", **more}
    return Price(price=pack(Decimal(value)), snapshot=1, **fields)


def told_of(told: list[Event], kind: type[Any]) -> list[Any]:
    return [event for event in told if isinstance(event, kind)]


async def test_two_relays_with_different_logs_double_nothing_and_the_change_between_them_is_told() -> None:
    first, second, third = (
        msgspec.structs.replace(TRANSACTION, signature=name, offset=offset)
        for name, offset in (("one", 5), ("two", 3), ("three", 6))
    )
    async with scripted_relay() as here, scripted_relay() as there:
        here.hello, there.hello = hello(epoch="aaaaaaaa"), hello(epoch="bbbbbbbb")
        async with listening(here.url, there.url) as (client, told):
            await client.subscribe_wallets([WALLET])
            await here.full_want()
            await here.say(Frame(t=1_000_000, transactions=(first,), offset=5))
            await until(lambda: told_of(told, WalletTransaction))
            there.recovered = False
            here.cut()
            want = await there.full_want()
            assert want.since is not None
            assert (want.since.epoch, want.since.offset) == ("aaaaaaaa", 5)
            same = msgspec.structs.replace(first, offset=2)
            await there.say(Frame(t=1_000_000, transactions=(same, second), offset=3))
            await until(lambda: len(told_of(told, WalletTransaction)) == 2)
            gaps = [error for error in told_of(told, StreamError) if error.kind is ErrorKind.GAP]
            assert len(gaps) == 1
            here.recovered = True
            there.cut()
            want = await here.full_want()
            assert want.since is not None
            assert (want.since.epoch, want.since.offset) == ("aaaaaaaa", 5)
            again = msgspec.structs.replace(second, offset=5)
            await here.say(Frame(t=1_000_000, transactions=(again, third), offset=6))
            await until(lambda: len(told_of(told, WalletTransaction)) == 3)
            assert [event.signature for event in told_of(told, WalletTransaction)] == ["one", "two", "three"]


@pytest.mark.timeout(90)
async def test_a_relay_that_stands_still_is_noticed_and_everything_is_live_when_it_goes_on(
    tmp_path: Path,
) -> None:
    with starting(tmp_path) as start:
        command = start("relay", "--demo", "--listen", "127.0.0.1:0")
        url = (await asyncio.to_thread(command.line_with, "serving on ")).removeprefix("serving on ")
        async with listening(url) as (client, told):
            await client.subscribe_prices(["SOL"])
            await until(lambda: told_of(told, PriceUpdate))
            command.process.send_signal(signal.SIGSTOP)
            await until(lambda: client.status("relay").state is not State.CONNECTED)
            assert all(one.cut_off for name, one in client.statuses().items() if name != "relay")
            assert client.status("relay").reason == "no data for 10 s"
            before = len(told_of(told, PriceUpdate))
            command.process.send_signal(signal.SIGCONT)
            await until(lambda: len(told_of(told, PriceUpdate)) > before)
            assert client.status("relay").state is State.CONNECTED
            assert not any(one.cut_off for one in client.statuses().values())


def newer(message: bytes, name: str) -> bytes:
    """Return a message as a newer relay might write it: with a field more at the end of everything."""
    if name == "json":
        fields = msgspec.json.decode(message)
        for part in (fields, *fields.get("prices", ()), *fields.get("statuses", ())):
            part["news"] = {"deep": [1, None]}
        return msgspec.json.encode(fields)
    if name == "proto":
        return message + b"\xfa\x07\x03new"  # field 127, a text
    fields = msgspec.msgpack.decode(message)
    for part in fields:
        if isinstance(part, list) and part and isinstance(part[0], list):
            for one in part:
                one += [None] * (30 - len(one)) + [{"deep": [1, None]}]
    fields += [2, 0, [], [], [], [], None, []][len(fields) :]
    return msgspec.msgpack.encode([*fields, None, ["news"]])


NEW_KIND = {
    "msgpack": msgspec.msgpack.encode([77, "weather", {"sun": True}]),
    "json": b'{"type":"weather","sun":true}',
    "proto": b"\xfa\x01\x02\x08\x01",
}


@pytest.mark.parametrize("name", NAMES)
async def test_a_terminal_understands_a_newer_relay(name: str) -> None:
    async with scripted_relay(name) as relay:
        relay.hello = hello(statuses=(provider("kraken", weather="sunny"),))
        async with listening(relay.url, encoding=WireEncoding(name)) as (client, told):
            await client.subscribe_prices(["BTC"])
            await relay.full_want()
            frame = Frame(
                t=1_000_000,
                prices=(price(),),
                statuses=({"provider": "kraken", "weather": "rain", "messages_received": 7},),
            )
            await relay.say(NEW_KIND[name], newer(relay.encoding.encode(frame), name))
            await until(lambda: told_of(told, PriceUpdate))
            assert told_of(told, PriceUpdate)[0].price == Decimal("171.2")
            assert client.status("kraken").messages_received == 7
            assert client.status("relay").reconnects == 0
            assert not told_of(told, StreamError)


@asynccontextmanager
async def app_of(settings: Settings) -> AsyncIterator[Callable[[], str]]:
    """Run the app with the engine that the settings ask for; yields what its screen shows."""
    app = StreamTuiApp(settings, engine_factory=real_engine)
    async with app.run_test(size=(120, 40)):
        yield lambda: "\n".join(lines_of(app))


def line(text: str, start: str) -> str:
    return next((one for one in text.splitlines() if one.strip().startswith(start)), "")


@pytest.mark.parametrize("skew", [HOUR, -HOUR])
async def test_ages_are_right_with_a_relay_whose_clock_is_an_hour_off(skew: float) -> None:
    async with scripted_relay() as relay:

        def now() -> int:
            return round((_clock() + skew) * 1000)

        relay.hello = hello(t=now(), statuses=(provider("kraken", last_message_at=now() / 1000),))
        settings = Settings(relay=RelaySettings(url=(relay.url,)), backoff=QUICK, symbols=("BTC", "ETH"))
        async with app_of(settings) as screen:
            while len((await relay.full_want()).symbols) < 2:
                pass
            old = price("2", ms=-70_000, row=2)
            await relay.say(Frame(t=now(), prices=(price("1"), old), heard=("kraken",)))
            await until(lambda: " now " in line(screen(), "BTC"), screen)
            await until(lambda: " 1m " in line(screen(), "ETH"), screen)
            assert "old" not in screen()


def _clock() -> float:
    from streamcore import SystemClock

    return SystemClock().time()


@pytest.mark.timeout(90)
async def test_with_relay_direct_the_app_goes_to_the_providers_and_back() -> None:
    relay = ScriptedRelay()
    await relay.start()
    port = relay.port
    async with Emulators() as emulators:
        settings = msgspec.structs.replace(
            settings_for(emulators, "keyed", "paid", "dev"),
            relay=RelaySettings(url=(relay.url,), direct=True),
            symbols=("SOL",),
            backoff=QUICK,
        )
        relay.hello = hello(statuses=(provider("kraken"),))
        async with app_of(settings) as screen:
            await relay.full_want()
            await relay.say(Frame(t=1_000_000, prices=(price("1.25", address=SOL),)))
            await until(lambda: "1.25" in line(screen(), "SOL"), screen)
            assert "kraken" in line(screen(), "SOL")
            await relay.stop()
            await until(lambda: "● live" in line(screen(), "birdeye"), screen)
            await until(lambda: "birdeye" in line(screen(), "SOL"), screen)
            assert "old" not in line(screen(), "SOL")
            assert "● live" not in line(screen(), "relay")
            await relay.start(port)
            await relay.full_want()
            await relay.say(Frame(t=1_000_000, prices=(price("1.75", address=SOL),)))
            await until(lambda: "1.75" in line(screen(), "SOL"), screen)
            await until(lambda: "● live" in line(screen(), "relay"), screen)
            await until(lambda: not line(screen(), "birdeye"), screen)
    await relay.stop()


@pytest.mark.timeout(150)
async def test_two_terminals_of_a_relay_that_is_killed_miss_and_double_nothing_and_say_so_meanwhile(
    tmp_path: Path,
) -> None:
    with starting(tmp_path) as start:
        async with Emulators(wallet_rate=0, market_rate=20) as emulators:

            async def run(listen: str) -> tuple[PipedCommand, str]:
                state = str(tmp_path / "state")
                command = start("relay", "--listen", listen, "--state", state, **leading_to(emulators))
                line = await asyncio.to_thread(command.line_with, "serving on ")
                return command, line.removeprefix("serving on ")

            command, url = await run("127.0.0.1:0")
            async with (
                listening(url) as (one, to_one),
                listening(url, encoding=WireEncoding.JSON) as (other, to_other),
            ):
                for client in (one, other):
                    await client.subscribe_prices(["SOL"])
                    await client.subscribe_wallets([WALLET_AT_NODE])
                await until(lambda: all(told_of(told, PriceUpdate) for told in (to_one, to_other)))
                await until(lambda: emulators.helius.connections)
                happened = [emulators.chain.live(WALLET_AT_NODE) for _ in range(5)]
                await until(lambda: len(told_of(to_one, WalletTransaction)) == 5)
                command.process.kill()
                for client in (one, other):
                    await until(lambda client=client: client.status("relay").state is not State.CONNECTED)
                    statuses = client.statuses()
                    assert all(status.cut_off for name, status in statuses.items() if name != "relay")
                happened += [emulators.chain.live(WALLET_AT_NODE) for _ in range(5)]
                await run(url.removeprefix("ws://"))
                for client, told in ((one, to_one), (other, to_other)):
                    await until(lambda told=told: len(told_of(told, WalletTransaction)) >= 10)
                    await until(lambda client=client: client.is_any_connected)
                happened.append(emulators.chain.live(WALLET_AT_NODE))
                for told in (to_one, to_other):
                    await until(lambda told=told: len(told_of(told, WalletTransaction)) >= 11)
                    signatures = [event.signature for event in told_of(told, WalletTransaction)]
                    assert sorted(signatures) == sorted(happened)
                    assert not [one for one in told_of(told, StreamError) if one.kind is ErrorKind.GAP]
