"""A relay over real sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
import sample_events
from relay_bench import WALLETS, Terminal, eventually, running
from virtual_time import VirtualClock, on_virtual_time
from websockets.asyncio.client import connect

from streamcore.assets.tokens import Token, pinned_mint
from streamcore.events import PriceKind, PriceUpdate, Source, StatusChange, StreamError
from streamcore.providers.reports import Checkpoint
from streamcore.relay.limits import RelayLimits
from streamcore.wire.encodings import NAMES
from streamcore.wire.messages import Frame, Hello, Refused, Restart
from streamcore.wire.mirror import Mirror

pytestmark = pytest.mark.long

each_encoding = pytest.mark.parametrize("name", NAMES)


@each_encoding
async def test_prices_and_transactions_reach_a_terminal_in_every_encoding(tmp_path: Path, name: str) -> None:
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay, name).open()
        wanted = await terminal.want(["SOL", "BTC"], WALLETS[:1])
        assert [(row.asked, row.symbol, row.mint is None) for row in wanted.rows] == [
            ("SOL", "SOL", False),
            ("BTC", "BTC", True),
        ]
        engine.price("SOL", "171.250", kind=PriceKind.SNAPSHOT)
        engine.price("BTC", "97000")
        first = engine.transaction(WALLETS[0])
        await terminal.until(lambda: terminal.transactions() and terminal.price("BTC") == "97000")
        engine.price("BTC", "97000.5")
        await terminal.until(lambda: terminal.price("BTC") == "97000.5")
        assert terminal.price(sample_events.SOL) == "171.250"
        assert terminal.transactions() == [first]
        prices = [event for event in terminal.events if isinstance(event, PriceUpdate)]
        assert [event.kind for event in prices if event.symbol == "BTC"] == [
            PriceKind.SNAPSHOT,
            PriceKind.DELTA,
        ]
        assert prices[-1].changed == ("price",)
        await terminal.close()


async def test_a_terminal_that_offers_no_subprotocol_is_told_in_json(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, _):
        host, port = relay.address
        async with connect(f"ws://{host}:{port}/v1", proxy=None) as connection:
            hello = await connection.recv()
            assert isinstance(hello, str)
            assert hello.startswith('{"type":"hello","version":1,')


async def test_a_new_terminal_gets_what_is_known_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        first = await Terminal(relay).open()
        await first.want(["SOL"])
        engine.price("SOL", "171.25")
        await first.until(lambda: first.price(sample_events.SOL))
        second = await Terminal(relay, "json").open()
        await second.want(["SOL"])
        assert second.price(sample_events.SOL) == "171.25"
        assert len(second.of(Frame)) == 1


async def test_what_two_terminals_want_is_subscribed_once(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        for name in NAMES:
            await (await Terminal(relay, name).open()).want(["SOL", "sol", sample_events.SOL], WALLETS[:1])
        assert engine.asked == [("subscribe", "SOL"), ("watch", WALLETS[0])]


async def test_a_row_that_stays_keeps_its_number_and_a_new_wish_replaces_the_last(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        first = await terminal.want(["SOL", "BTC"])
        second = await terminal.want(["ETH", "BTC"])
        assert first.rows[1].row == second.rows[1].row
        assert second.rows[0].row not in {row.row for row in first.rows}
        engine.price("SOL", "1")
        engine.price("ETH", "2")
        await terminal.until(lambda: terminal.price("ETH"))
        assert set(terminal.mirror.prices) == {"ETH"}


async def test_only_the_wallets_of_a_terminal_come_to_it(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        terminals = [await Terminal(relay).open() for _ in range(2)]
        for terminal, wallet in zip(terminals, WALLETS, strict=False):
            await terminal.want((), [wallet])
        told = [engine.transaction(wallet) for wallet in WALLETS[:2]]
        for terminal, signature in zip(terminals, told, strict=True):
            await terminal.until(terminal.transactions)
            assert terminal.transactions() == [signature]


async def test_events_between_two_frames_are_one_change_of_each_row(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL"], interval=100)
        for number in range(1, 500):
            engine.price("SOL", str(number))
        await terminal.until(lambda: terminal.price(sample_events.SOL) == "499")
        assert len(terminal.of(Frame)) <= 3


async def test_a_terminal_that_comes_back_gets_what_it_missed_exactly_once(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        mirror = Mirror()
        terminal = await Terminal(relay, mirror=mirror).open()
        await terminal.want((), WALLETS[:2])
        told = [engine.transaction(WALLETS[0]) for _ in range(3)]
        await terminal.until(lambda: len(terminal.transactions()) == 3)
        await terminal.abort()
        told += [engine.transaction(wallet) for wallet in WALLETS[:2]]
        again = await Terminal(relay, mirror=mirror).open()
        wanted = await again.want((), WALLETS[:2])
        told.append(engine.transaction(WALLETS[1]))
        await again.until(lambda: len(again.transactions()) == 3)
        assert wanted.recovered is True
        assert terminal.transactions() + again.transactions() == told


async def test_more_than_a_frame_of_missed_transactions_comes_in_several_and_in_order(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        mirror = Mirror()
        terminal = await Terminal(relay, mirror=mirror).open()
        await terminal.want((), WALLETS[:1])
        await terminal.abort()
        told = [engine.transaction(WALLETS[0]) for _ in range(2500)]
        again = await Terminal(relay, mirror=mirror).open()
        await again.want((), WALLETS[:1])
        told.append(engine.transaction(WALLETS[0]))
        await again.until(lambda: len(again.transactions()) == len(told))
        assert again.transactions() == told
        assert max(len(frame.transactions) for frame in again.of(Frame)) == 1000


async def test_a_position_of_another_log_is_answered_truthfully(tmp_path: Path) -> None:
    async with running(tmp_path / "one") as (relay, engine):
        mirror = Mirror()
        terminal = await Terminal(relay, mirror=mirror).open()
        assert (await terminal.want((), WALLETS[:1])).recovered is None
        engine.transaction(WALLETS[0])
        await terminal.until(terminal.transactions)
        async with running(tmp_path / "two") as (other, _):
            elsewhere = await Terminal(other, mirror=mirror).open()
            assert (await elsewhere.want((), WALLETS[:1])).recovered is False


async def test_a_status_comes_with_the_next_frame_and_without_others_topics(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want(["BTC"], WALLETS[:1])
        engine.set_status("helius", topics=WALLETS, subscriptions=3, attempt=4)
        engine.set_status("kraken", topics=("BTC/USD", "SOL/USD"), attempt=4)
        await terminal.until(lambda: terminal.mirror.statuses["kraken"].topics)
        statuses = terminal.mirror.statuses
        assert statuses["helius"].topics == (WALLETS[0],)
        assert statuses["kraken"].topics == ("BTC/USD",)
        assert (statuses["helius"].attempt, statuses["kraken"].attempt) == (4, 4)
        assert [type(event) for event in terminal.events if isinstance(event, StatusChange)]


async def test_no_address_that_a_terminal_does_not_watch_is_in_any_text(tmp_path: Path) -> None:
    mine, others = WALLETS[0], WALLETS[1]
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want((), [mine])
        engine.say(
            sample_events.trouble(f"{others} is a mint", provider=""),
            sample_events.trouble(f"{others[:4]}…{others[-4:]} is a mint", provider=""),
            sample_events.trouble(f"{mine} and {others} cannot be read", provider=""),
            sample_events.trouble("the host fails", provider="helius"),
        )
        engine.set_status("helius", reason=f"{others} failed", attempt=9)
        await terminal.until(lambda: terminal.mirror.statuses["helius"].attempt == 9)
        errors = [event.message for event in terminal.events if isinstance(event, StreamError)]
        assert errors == [f"{mine} and another address cannot be read", "the host fails"]
        assert terminal.mirror.statuses["helius"].reason == "an address failed"
        assert others not in repr(terminal.messages)


async def test_what_cannot_be_watched_is_refused_by_name_and_the_rest_comes(tmp_path: Path) -> None:
    limits = RelayLimits(symbols=3, wallets=1)
    async with running(tmp_path, limits=limits) as (relay, _):
        terminal = await Terminal(relay).open()
        wanted = await terminal.want(["SOL", "not a ticker!", "BTC", "ETH"], [WALLETS[0], WALLETS[1]])
        assert [row.symbol for row in wanted.rows] == ["SOL", "BTC"]
        assert [(one.what, one.code) for one in wanted.refused] == [
            ("not a ticker!", "unknown_symbol"),
            ("ETH", "limit"),
            (WALLETS[1], "limit"),
        ]
        assert "3 symbols" in wanted.refused[1].message
        wanted = await terminal.want((), ["no address"])
        assert [(one.what, one.code) for one in wanted.refused] == [("no address", "bad_address")]


async def test_a_name_longer_than_any_is_refused_without_a_closer_look(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, _):
        terminal = await Terminal(relay).open()
        wanted = await terminal.want(["xy " * 1000, "SOL"], ["z" * 4000])
        assert [row.symbol for row in wanted.rows] == ["SOL"]
        assert [(one.code, one.message) for one in wanted.refused] == [
            ("unknown_symbol", "a symbol has at most 256 characters"),
            ("bad_address", "an address has at most 256 characters"),
        ]


async def test_what_all_terminals_may_watch_together_is_bounded_and_idle_things_make_room(
    tmp_path: Path,
) -> None:
    limits = RelayLimits(all_symbols=2, all_wallets=1)
    async with running(tmp_path, limits=limits) as (relay, engine):
        first, second = await Terminal(relay).open(), await Terminal(relay).open()
        await first.want(["SOL", "BTC"], WALLETS[:1])
        wanted = await second.want(["ETH"], WALLETS[1:2])
        assert [(one.code, one.retryable) for one in wanted.refused] == [("limit", True), ("limit", True)]
        await first.want(["BTC"])
        wanted = await second.want(["ETH"], WALLETS[1:2])
        assert not wanted.refused
        assert ("unsubscribe", "SOL") in engine.asked
        assert ("unwatch", WALLETS[0]) in engine.asked


async def test_a_kind_of_data_that_is_off_is_not_served(tmp_path: Path) -> None:
    async with running(tmp_path, served={"wallets": False, "prices": False}) as (relay, _):
        wanted = await (await Terminal(relay).open()).want(["SOL"], WALLETS[:1])
        assert [one.code for one in wanted.refused] == ["not_served", "not_served"]


async def test_what_the_last_terminal_gives_up_lingers_and_is_then_unsubscribed(tmp_path: Path) -> None:
    async with running(tmp_path, limits=RelayLimits(linger=0.0)) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL"], WALLETS[:1])
        await terminal.close()
        await eventually(lambda: ("unwatch", WALLETS[0]) in engine.asked)
        assert ("unsubscribe", "SOL") in engine.asked


async def test_what_comes_back_within_the_linger_is_not_subscribed_again(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        for _ in range(3):
            terminal = await Terminal(relay).open()
            await terminal.want(["SOL"], WALLETS[:1])
            await terminal.close()
        assert engine.asked == [("subscribe", "SOL"), ("watch", WALLETS[0])]


async def test_what_is_configured_is_watched_without_a_terminal(tmp_path: Path) -> None:
    served = {"symbols": ("SOL",), "wallet_addresses": WALLETS[:1]}
    async with running(tmp_path, served=served, limits=RelayLimits(linger=0.0)) as (relay, engine):
        signature = engine.transaction(WALLETS[0])
        await eventually(lambda: relay.log.offset)
        found, _ = relay.log.after(0, WALLETS, most=9, most_bytes=1 << 20)
        assert [one.event.signature for one in found] == [signature]
        assert engine.asked == [("subscribe", "SOL"), ("watch", WALLETS[0])]


async def test_reconnecting_a_provider_is_for_those_who_may_and_not_too_often(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want()
        await terminal.reconnect("nobody")
        await terminal.until(lambda: terminal.of(Refused))
        await terminal.reconnect("kraken")
        await eventually(lambda: engine.asked)
        await terminal.reconnect(None)
        await terminal.until(lambda: len(terminal.of(Refused)) == 2)
        assert [one.code for one in terminal.of(Refused)] == ["bad_request", "busy"]
        assert engine.asked == [("reconnect", "kraken")]


@on_virtual_time
async def test_a_quiet_relay_sends_heartbeats_and_names_who_was_heard(tmp_path: Path) -> None:
    async with running(tmp_path, clock=VirtualClock()) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL"])
        kraken = engine.current["kraken"]
        engine.current["kraken"] = msgspec.structs.replace(kraken, last_message_at=1793311300.0)
        await terminal.until(lambda: any(frame.heard for frame in terminal.of(Frame)))
        assert [frame.heard for frame in terminal.of(Frame) if frame.heard] == [("kraken",)]
        await terminal.until(lambda: Frame(terminal.messages[-1].t) == terminal.messages[-1])


async def test_a_relay_that_ends_says_that_it_will_be_back(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want((), WALLETS[:1])
        signature = engine.transaction(WALLETS[0])
    assert await terminal.end() == (1012, "the relay restarts")
    assert terminal.of(Restart)
    assert terminal.transactions() == [signature]


async def test_hello_says_what_the_relay_is(tmp_path: Path) -> None:
    served = {"demo": True, "exchanges": False, "tokens": {"XYZ": sample_events.SOL}}
    async with running(tmp_path, served=served) as (relay, _):
        (hello,) = (await Terminal(relay).open()).of(Hello)
        assert (hello.version, hello.relay, hello.epoch) == (1, "streamtui test", relay.log.epoch)
        assert (hello.demo, hello.exchanges, hello.tokens) == (True, False, {"XYZ": sample_events.SOL})
        assert (hello.limits.symbols, hello.limits.wallets, hello.control) == (200, 50, True)
        assert {one["provider"] for one in hello.statuses} == {"kraken", "helius"}


async def test_a_ticker_and_the_token_of_that_name_are_two_rows(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        mint = engine.tokens.resolve("ETH").mint
        wanted = await terminal.want(["ETH", mint])
        assert len({row.row for row in wanted.rows}) == 2
        engine.price_sources[mint] = "birdeye"
        engine.price("ETH", "3000")
        engine.say(sample_events.price("ETH", "2990", address=mint, provider="birdeye", source=Source.POLL))
        await terminal.until(lambda: len(terminal.mirror.prices) == 2)
        assert (terminal.price("ETH"), terminal.price(mint)) == ("3000", "2990")


async def test_the_topics_of_a_ticker_are_told_also_where_a_source_knows_it_by_its_mint(
    tmp_path: Path,
) -> None:
    wrapped = pinned_mint("BTC")
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want(["BTC"])
        engine.set_status("kraken", topics=(wrapped, sample_events.SOL))
        await terminal.until(lambda: terminal.mirror.statuses["kraken"].topics == (wrapped,))


async def test_a_late_price_of_a_ticker_that_was_given_up_is_not_taken_for_the_token(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        mint = engine.tokens.resolve("ETH").mint
        await terminal.want([mint, "SOL"])
        engine.say(sample_events.price("ETH", "3000", address=None, provider="kraken"))
        engine.price("SOL", "150")
        await terminal.until(lambda: terminal.price(sample_events.SOL))
        assert terminal.price(mint) is None


async def test_a_wallet_that_was_given_up_meanwhile_is_followed_on_from_where_it_was(tmp_path: Path) -> None:
    async with running(tmp_path, limits=RelayLimits(linger=0.0)) as (relay, engine):
        mirror = Mirror()
        terminal = await Terminal(relay, mirror=mirror).open()
        await terminal.want((), WALLETS[:1])
        first, second = (engine.transaction(WALLETS[0]) for _ in range(2))
        await terminal.until(lambda: len(terminal.transactions()) == 2)
        engine.checkpoints.verify({WALLETS[0]: Checkpoint(first, 1)})
        await terminal.close()
        await eventually(lambda: ("unwatch", WALLETS[0]) in engine.asked)
        assert not engine.checkpoints.of(WALLETS[:1])
        again = await Terminal(relay, mirror=mirror).open()
        assert (await again.want((), WALLETS[:1])).recovered is True
        # what happened meanwhile is fetched from here, and what was told is known
        (checkpoint,) = engine.checkpoints.of(WALLETS[:1]).values()
        assert (checkpoint.signature, checkpoint.since) == (first, None)
        assert second in checkpoint.known
        meanwhile = engine.transaction(WALLETS[0], source=Source.BACKFILL)
        await again.until(again.transactions)
        assert again.transactions() == [meanwhile]


async def test_a_symbol_is_understood_once_and_many_of_them_hold_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as (relay, engine):
        turns, understood = 0, []
        describe = engine.describe

        def noting(symbol: str) -> Token:
            understood.append((turns, symbol))
            return describe(symbol)

        async def turn() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        monkeypatch.setattr(engine, "describe", noting)
        symbols = [f"T{number:02}" for number in range(50)]
        turning = asyncio.create_task(turn())
        first = await (await Terminal(relay).open()).want(symbols)
        asked = [(at, symbol) for at, symbol in understood if symbol in symbols]
        understood.clear()
        second = await (await Terminal(relay).open()).want(symbols)
        turning.cancel()
        assert len({at for at, _ in asked}) >= len(symbols)
        assert [row.symbol for row in second.rows] == [row.symbol for row in first.rows] == symbols
        assert understood == []
