from __future__ import annotations

import asyncio
from decimal import Decimal
from http import HTTPStatus

import msgspec
import pytest
from relay_client_bench import client_of, next_event, price, settings
from scripted_relay import EPOCH, SOL, hello, provider, scripted_relay
from wire_messages import TRANSACTION, WALLET

from streamcore import (
    ChartRange,
    ErrorKind,
    InputError,
    NotRunning,
    PriceUpdate,
    ProviderError,
    State,
    StatusChange,
    StreamError,
    WalletTransaction,
    to_json,
)
from streamcore.config.serving import WireEncoding
from streamcore.relay_client.client import RelayClient
from streamcore.wire.encodings import NAMES
from streamcore.wire.messages import Error, Found, Frame, Position, Refusal, Refused, Restart, Wanted


@pytest.mark.parametrize("name", NAMES)
async def test_prices_come_with_the_relay_they_came_through_in_every_encoding(name: str) -> None:
    async with scripted_relay(name) as relay, client_of(relay, encoding=WireEncoding(name)) as client:
        events = client.events()
        token, btc = await client.subscribe_prices(["SOL", "BTC"])
        assert (token.mint, btc.mint) == (SOL, "")
        want = await relay.full_want()
        assert want.symbols == ("SOL", "BTC")
        await relay.say(Frame(t=1_000_100, prices=(price(1, "171.20"), price(2, "97012.5"))))
        first = await next_event(events, PriceUpdate)
        assert (first.symbol, first.price, first.provider) == ("SOL", Decimal("171.20"), "kraken")
        assert first.relay == relay.host
        assert f'"relay":"{relay.host}"'.encode() in to_json(first)
        second = await next_event(events, PriceUpdate)
        assert (second.symbol, second.address) == ("BTC", None)
        await relay.say(Frame(t=1_000_350, prices=(price(1, "171.3", snapshot=False),)))
        third = await next_event(events, PriceUpdate)
        assert (third.price, third.change_24h, third.changed) == (
            Decimal("171.3"),
            Decimal("1.5"),
            ("price",),
        )
        assert client.price_sources == {SOL: "kraken", "BTC": "kraken"}
        assert set(client.snapshot().prices) == {SOL, "BTC"}


async def test_what_was_missed_is_told_whole_however_much_a_relay_sends_of_it_at_once() -> None:
    missed = [
        msgspec.structs.replace(TRANSACTION, signature=f"s{number}", offset=number)
        for number in range(1, 3001)
    ]
    async with scripted_relay() as relay, client_of(relay) as client:
        events = client.events()
        await client.subscribe_prices(["SOL"])
        await client.subscribe_wallets([WALLET])
        await relay.full_want()
        frames = [
            Frame(t=1_000_100, prices=(price(1, "171.2"),), transactions=tuple(missed[start : start + 1000]))
            for start in range(0, 3000, 1000)
        ]
        await relay.say(*frames)
        told = [(await next_event(events, WalletTransaction)).signature for _ in missed]
        assert told == [one.signature for one in missed]
        assert not sum(one.dropped for one in client.statuses().values())


async def test_times_are_those_of_this_computer_whatever_the_relays_clock_says() -> None:
    async with scripted_relay() as relay:
        hour_ahead = int((asyncio.get_running_loop().time() + 3600) * 1000)
        relay.hello = hello(t=hour_ahead, statuses=(provider(last_message_at=hour_ahead / 1000),))
        async with client_of(relay) as client:
            events = client.events()
            await client.subscribe_prices(["BTC"])
            await relay.full_want()
            await relay.say(Frame(t=hour_ahead + 10, prices=(price(1, "1", ms=-5),)))
            event = await next_event(events, PriceUpdate)
            now = client.snapshot().ts
            assert now - 10 < event.ts <= now
            heard = client.status("kraken").last_message_at
            assert heard is not None
            assert now - 10 < heard <= now


async def test_the_relay_has_a_status_of_its_own_beside_those_of_the_providers() -> None:
    async with scripted_relay() as relay:
        relay.hello = hello(statuses=(provider("kraken"), provider("helius", kind="wallets")))
        async with client_of(relay) as client:
            events = client.events()
            seen = await next_event(events, StatusChange, lambda one: one.provider == "helius")
            assert (seen.state, seen.relay) == (State.CONNECTED, relay.host)
            own = await next_event(
                events, StatusChange, lambda one: one.provider == "relay" and one.state == "connected"
            )
            assert own.relay == relay.host
            assert list(client.statuses()) == ["kraken", "helius", "relay"]
            assert client.is_any_connected


async def test_without_the_relay_every_provider_is_stale_and_says_why_and_prices_stay() -> None:
    async with scripted_relay() as relay:
        relay.hello = hello(statuses=(provider(),))
        async with client_of(relay) as client:
            events = client.events()
            await client.subscribe_prices(["SOL"])
            await relay.full_want()
            await relay.say(Frame(t=1_000_100, prices=(price(1, "171.20"),)))
            await next_event(events, PriceUpdate)
            relay.refusing = HTTPStatus.SERVICE_UNAVAILABLE
            relay.cut()
            lost = await next_event(events, StatusChange, lambda one: one.provider == "kraken" and one.stale)
            assert lost.reason == f"relay lost: {relay.host} cannot be reached"
            status = client.status("kraken")
            assert status.cut_off
            assert not status.heartbeats
            assert not client.is_any_connected
            assert client.snapshot().prices[SOL].price == Decimal("171.20")
            relay.refusing = None
            back = await next_event(
                events, StatusChange, lambda one: one.provider == "kraken" and not one.stale
            )
            assert back.reason is None
            assert not client.status("kraken").cut_off


async def test_a_terminal_that_comes_back_goes_on_where_it_stopped_and_nothing_comes_twice() -> None:
    async with scripted_relay() as relay:
        relay.hello = hello(offset=5000)
        async with client_of(relay) as client:
            events = client.events()
            await client.subscribe_wallets([WALLET])
            want = await relay.full_want()
            assert want.since is None
            await relay.say(Frame(t=1_000_000, transactions=(TRANSACTION,), offset=5123))
            first = await next_event(events, WalletTransaction)
            assert (first.signature, first.relay) == (TRANSACTION.signature, relay.host)
            relay.recovered = True
            relay.cut()
            want = await relay.want()
            assert want.since == Position(EPOCH, 5123)
            newer = msgspec.structs.replace(TRANSACTION, offset=5130, signature="3" * 88)
            await relay.say(Frame(t=1_000_500, transactions=(TRANSACTION, newer), offset=5130))
            second = await next_event(events, WalletTransaction)
            assert second.signature == "3" * 88


async def test_a_log_that_does_not_reach_back_is_told_as_a_gap() -> None:
    async with scripted_relay() as relay, client_of(relay) as client:
        events = client.events()
        await client.subscribe_wallets([WALLET])
        await relay.full_want()
        await relay.say(Frame(t=1_000_000, transactions=(TRANSACTION,), offset=5123))
        await next_event(events, WalletTransaction)
        relay.recovered = False
        relay.cut()
        error = await next_event(events, StreamError, lambda one: one.kind is ErrorKind.GAP)
        assert "transactions may be missing" in error.message
        assert "in a block explorer" in error.message


async def test_what_the_relay_refuses_is_told_once_and_such_a_row_has_no_source() -> None:
    async with scripted_relay() as relay:
        relay.answers_wants = False
        async with client_of(relay) as client:
            events = client.events()
            await client.subscribe_prices(["NOPE"])
            want = await relay.full_want()
            refusal = Refusal("NOPE", "limit", "500 symbols in all are the limit", True)
            await relay.say(Wanted(want.id, (), (refusal,), 0, None, 250))
            error = await next_event(events, StreamError, lambda one: one.kind is ErrorKind.SUBSCRIPTION)
            assert error.message == "refused NOPE: 500 symbols in all are the limit"
            assert client.price_sources == {"NOPE": None}


async def test_tickers_are_what_they_are_at_the_relay() -> None:
    mint = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
    async with scripted_relay() as relay:
        relay.hello = hello(tokens={"HOUSE": mint}, exchanges=False)
        async with client_of(relay) as client:
            (token,) = await client.subscribe_prices(["HOUSE"])
            assert token.mint == mint
            with pytest.raises(InputError):
                await client.subscribe_prices(["ONLYONEXCHANGES"])
            assert [one.symbol for one in client.complete("hous")] == ["HOUSE"]


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (HTTPStatus.UNAUTHORIZED, "does not know this token"),
        (HTTPStatus.FORBIDDEN, "does not let this address in"),
        (HTTPStatus.NOT_FOUND, "has no relay at this path"),
        (HTTPStatus.BAD_REQUEST, "does not speak this version"),
    ],
)
async def test_a_refusal_that_time_does_not_cure_parks_the_terminal(status: HTTPStatus, told: str) -> None:
    async with scripted_relay() as relay:
        relay.refusing = status
        async with client_of(relay, token="sesame-sesame") as client:
            events = client.events()
            error = await next_event(events, StreamError)
            assert told in error.message
            assert "sesame" not in error.message
            assert client.status("relay").parked
        assert relay.upgrades[0].headers["Authorization"] == "Bearer sesame-sesame"
        assert "sesame" not in relay.upgrades[0].path


async def test_a_withdrawn_token_parks_the_terminal_and_a_reconnect_tries_again() -> None:
    async with scripted_relay() as relay, client_of(relay, token="sesame-sesame") as client:
        events = client.events()
        await relay.want()
        await relay.close(4500, "token withdrawn")
        error = await next_event(events, StreamError)
        assert error.kind is ErrorKind.AUTH
        assert "withdrawn" in error.message
        assert client.status("relay").parked
        await client.reconnect("relay")
        await relay.want()


async def test_the_next_relay_is_tried_after_each_failure() -> None:
    async with scripted_relay() as first, scripted_relay() as second:
        first.refusing = HTTPStatus.UNAUTHORIZED
        async with RelayClient(settings(first.url, second.url)) as client:
            events = client.events()
            await client.subscribe_prices(["BTC"])
            await second.full_want()
            await second.say(Frame(t=1_000_100, prices=(price(1, "97012.5"),)))
            event = await next_event(events, PriceUpdate)
            assert event.relay == second.host


async def test_after_a_relay_that_worked_the_others_are_tried_again_before_a_refusal_is_final() -> None:
    async with scripted_relay() as first, scripted_relay() as second:
        first.refusing = HTTPStatus.UNAUTHORIZED
        async with RelayClient(settings(first.url, second.url)) as client:
            await client.subscribe_prices(["BTC"])
            await second.full_want()
            first.refusing = None
            await second.close(4500, "token withdrawn")
            assert (await first.full_want()).symbols == ("BTC",)
            assert not client.status("relay").parked


async def test_the_relay_that_was_lost_is_named_and_not_the_one_that_is_tried_next() -> None:
    async with scripted_relay() as first, scripted_relay() as second:
        first.hello, first_host = hello(statuses=(provider(),)), first.host
        second.refusing = HTTPStatus.SERVICE_UNAVAILABLE
        async with RelayClient(settings(first.url, second.url)) as client:
            events = client.events()
            await client.subscribe_prices(["BTC"])
            await first.full_want()
            await first.stop()
            error = await next_event(events, StreamError)
            assert error.relay == first_host
            assert first_host in error.message
            assert second.host not in error.message
            lost = client.status("kraken")
            assert lost.reason == f"relay lost: {first_host} cannot be reached"


async def test_a_question_asked_at_the_start_is_answered_by_the_first_relay_that_is_there() -> None:
    async with scripted_relay() as dead, scripted_relay() as relay:
        url = dead.url
        await dead.stop()
        async with RelayClient(settings(url, relay.url)) as client:
            asked = asyncio.create_task(client.search("bonk"))
            lookup = await relay.lookup()
            assert (lookup.what, lookup.text) == ("search", "bonk")
            await relay.say(Found(lookup.id))
            assert (await asked).hits == ()


async def test_a_terminal_that_may_only_read_is_told_so_when_it_wants_to_reconnect() -> None:
    async with scripted_relay() as relay:
        relay.hello = hello(statuses=(provider("kraken"),), control=False)
        async with client_of(relay) as client:
            await client.subscribe_prices(["SOL"])
            for attempt in (client.reconnect("kraken"), client.reconnect_all()):
                with pytest.raises(ProviderError, match="may only read"):
                    await attempt
            await client.reconnect("relay")


async def test_a_restart_is_announced() -> None:
    async with scripted_relay() as relay, client_of(relay) as client:
        events = client.events()
        await relay.want()
        await relay.say(Restart(2000))
        error = await next_event(events, StreamError)
        assert error.message == "the relay restarts in 2 s"
        assert error.retryable


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\xff\xff",
        Frame(t=1_000_000, prices=(price(77, "1"),)),
        Frame(t=1_000_000, statuses=({"provider": "kraken", "state": "on fire"},)),
    ],
    ids=["bytes", "a row that was never named", "an impossible status"],
)
async def test_a_relay_that_makes_no_sense_is_left_and_tried_again(nonsense: Frame | bytes) -> None:
    async with scripted_relay() as relay, client_of(relay) as client:
        events = client.events()
        await relay.want()
        await relay.say(nonsense)
        error = await next_event(events, StreamError)
        assert error.kind is ErrorKind.PROTOCOL
        await relay.want()  # it has come back


async def test_no_text_of_a_relay_can_act_on_a_terminal() -> None:
    async with scripted_relay() as relay:
        relay.hello = hello(statuses=(provider("kr\x1b]0;aken", reason="\x1b[2J"),))
        async with client_of(relay) as client:
            events = client.events()
            await relay.want()
            hostile = Error("kraken\x1b[31m", 0, "network", "bad\x1b[2Jnews\n\x07", True)
            await relay.say(
                Frame(t=1_000_000, errors=(hostile,)), Refused(5, "forbidden", "\x1b]8;;http://x\x07no")
            )
            seen = [await next_event(events, StreamError), await next_event(events, StreamError)]
            texts = [str(msgspec.structs.asdict(event)) for event in seen] + [repr(client.statuses())]
            assert not [text for text in texts if "\\x1b" in text or "\x1b" in text or "\x07" in text]


async def test_history_comes_through_the_relay_and_is_remembered() -> None:
    candle = {"start": 1_000, "open": "1", "high": "2", "low": "0.5", "close": "1.50", "volume": None}
    async with scripted_relay() as relay, client_of(relay) as client:
        await relay.want()
        asked = asyncio.create_task(client.history("BTC", ChartRange.DAY))
        lookup = await relay.lookup()
        assert (lookup.what, lookup.text, lookup.range) == ("history", "BTC", "24h")
        item = {
            "symbol": "BTC",
            "address": None,
            "range": "24h",
            "provider": "kraken",
            "market": "BTC/USD",
            "interval": 900,
            "candles": [candle],
            "running": False,
            "begin": 0,
            "fetched_at": 1_000.0,
        }
        await relay.say(Found(lookup.id, (item,)))
        series = await asked
        assert series.candles[0].close == Decimal("1.50")
        assert client.cached_history("BTC", ChartRange.DAY) is series
        assert client.cached_history("BTC", ChartRange.YEAR) is None


async def test_a_history_that_the_relay_refuses_or_loses_is_an_error_with_the_reason() -> None:
    async with scripted_relay() as relay, client_of(relay) as client:
        await relay.want()
        asked = asyncio.create_task(client.history("BTC", ChartRange.DAY))
        lookup = await relay.lookup()
        await relay.say(Refused(lookup.id, "busy", "too many questions"))
        with pytest.raises(ProviderError, match="too many questions"):
            await asked
        asked = asyncio.create_task(client.history("BTC", ChartRange.DAY))
        await relay.lookup()
        relay.cut()
        with pytest.raises(ProviderError, match="connection"):
            await asked


async def test_everything_that_is_wanted_is_told_whole_and_counted() -> None:
    async with scripted_relay() as relay, client_of(relay) as client:
        await client.subscribe_prices(["SOL", "BTC"])
        await client.subscribe_prices(["SOL"])
        await client.unsubscribe_prices(["SOL"])
        while (await relay.want()).symbols != ("SOL", "BTC"):
            pass
        await client.unsubscribe_prices(["SOL"])
        assert (await relay.want()).symbols == ("BTC",)


async def test_a_wallet_that_is_given_up_is_given_up_at_the_relay() -> None:
    async with scripted_relay() as relay, client_of(relay) as client:
        for _ in range(2):
            await client.subscribe_wallets([WALLET])
        assert (await relay.full_want()).wallets == (WALLET,)
        await client.unsubscribe_wallets([WALLET])
        assert client.status("relay").topics == (WALLET,)
        await client.unsubscribe_wallets([WALLET])
        while (await relay.want()).wallets:
            pass
        assert client.status("relay").topics == ()


async def test_a_name_of_a_wallet_is_looked_up_by_the_relay() -> None:
    async with scripted_relay() as relay, client_of(relay) as client:
        asking = asyncio.create_task(client.resolve_wallet("Toly.SNS"))
        lookup = await relay.lookup()
        assert (lookup.what, lookup.text) == ("wallet", "toly.sns")
        await relay.say(Found(lookup.id, ({"address": WALLET},)))
        assert await asking == WALLET
        for items in ((), ({"address": "nope"},)):
            asking = asyncio.create_task(client.resolve_wallet("toly.sns"))
            lookup = await relay.lookup()
            await relay.say(Found(lookup.id, items))
            with pytest.raises(ProviderError, match=r"the relay sent no address for toly\.sns"):
                await asking
        with pytest.raises(InputError, match="is no name of a wallet"):
            await client.resolve_wallet("toly")


async def test_a_status_is_told_when_it_changes_and_not_with_every_figure() -> None:
    async with scripted_relay() as relay:
        relay.hello = hello(statuses=(provider("kraken"),))
        async with client_of(relay) as client:
            events = client.events()
            await relay.want()
            again = (
                {"provider": "kraken", "messages_received": 9},
                {"provider": "kraken", "topics": ("BTC/USD",)},
            )
            await relay.say(Frame(t=1_000_000, statuses=again))
            await relay.say(Frame(t=1_000_010, statuses=({"provider": "kraken", "state": "failed"},)))
            told: list[tuple[str, State]] = []
            while not told or told[-1] != ("kraken", State.FAILED):
                event = await next_event(events, StatusChange)
                told.append((event.provider, event.state))
            assert told.count(("kraken", State.CONNECTED)) == 1
            assert len(told) == len(set(told))


async def test_the_status_of_the_relay_counts_and_names_all_that_this_terminal_watches() -> None:
    async with scripted_relay() as relay, client_of(relay) as client:
        await client.subscribe_prices(["SOL", "BTC"])
        await client.subscribe_wallets([WALLET])
        own = client.status("relay")
        assert own.is_relay
        assert own.topics == (SOL, "BTC", WALLET)
        assert own.subscriptions == 3
        assert own.limits == "200 symbols and 50 wallets a terminal, 60 messages a minute"


async def test_bid_and_ask_of_a_watched_row_are_asked_for_and_a_relay_that_cannot_is_no_error() -> None:
    async with scripted_relay() as relay, client_of(relay) as client:
        events = client.events()
        await client.subscribe_prices(["SOL"])
        await relay.full_want()
        with pytest.raises(InputError):
            client.ask_quote("no ticker!")
        client.ask_quote("BTC")  # it is not watched
        client.ask_quote("$sol")
        question = await relay.lookup()
        assert (question.what, question.text) == ("quote", SOL)
        await relay.say(Refused(question.id, "bad_request", "there is no such question"))
        await relay.say(
            Frame(t=1_000_100, errors=(Error("kraken", 0, "network", "the next thing that happened", True),))
        )
        told = await next_event(events, StreamError)
        assert told.message == "the next thing that happened"


async def test_bid_and_ask_are_asked_for_only_while_the_engine_runs() -> None:
    async with scripted_relay() as relay:
        client = RelayClient(settings(relay.url))
        with pytest.raises(NotRunning):
            client.ask_quote("SOL")
        async with client:
            client.ask_quote("SOL")
        with pytest.raises(NotRunning):
            client.ask_quote("SOL")
