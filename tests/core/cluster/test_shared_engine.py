"""The engine of the leader as a relay has it: what is passed on, and what is said when nobody leads."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import fake_manager
import msgspec
import pytest
from candle_series import END, candle, series_of
from manual_clock import ManualClock
from sample_events import SOL, price, trouble

from streamcore.candles import ChartRange
from streamcore.cluster.messages import Live, Wants
from streamcore.cluster.shared_engine import LEADER_SILENT, SharedEngine
from streamcore.errors import InputError, ProviderError, UnknownProvider
from streamcore.events import ErrorKind, PriceKind, PriceUpdate, State, StatusChange
from streamcore.wire.messages import Found


class Asked:
    """Questions, and who answers them with what a test has put here."""

    def __init__(self) -> None:
        self.questions: list[tuple[Any, ...]] = []
        self.items: tuple[dict[str, Any], ...] = ()
        self.error: Exception | None = None

    async def ask(self, what: str, text: str | None = None, span: str | None = None) -> Found:
        self.questions.append((what, text, span))
        return Found(0, self.items)

    def ask_quote(self, key: str) -> None:
        self.questions.append(("quote", key))

    async def reconnect(self, provider: str | None) -> None:
        self.questions.append(("reconnect", provider))
        if self.error is not None:
            raise self.error


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.asked = Asked()
        self.engine = SharedEngine({}, self.asked, self.clock, exchanges=True)
        self.engine.set_trouble(None)
        self.events = self.engine.consumer(1000)

    def prices(self) -> list[tuple[str, str]]:
        return [
            (event.symbol, str(event.price))
            for event in self.events.take_all()
            if isinstance(event, PriceUpdate)
        ]


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_only_what_is_wanted_here_is_passed_on(bench: Bench) -> None:
    await bench.engine.subscribe_prices(["SOL"])
    bench.engine.live(Live(term=1, events=[price("SOL", "150"), price("BONK", "2")]))
    assert bench.prices() == [("SOL", "150")]


async def test_what_others_want_already_is_told_at_once_as_a_snapshot(bench: Bench) -> None:
    bench.engine.live(Live(term=1, events=[price("SOL", "150")], sources={SOL: "birdeye"}))
    assert bench.prices() == []
    await bench.engine.subscribe_prices(["SOL"])
    (event,) = bench.events.take_all()
    assert isinstance(event, PriceUpdate)
    assert (event.kind, event.price) == (PriceKind.SNAPSHOT, Decimal(150))


async def test_what_is_told_once_more_for_others_is_passed_on_only_where_it_was_missed(bench: Bench) -> None:
    await bench.engine.subscribe_prices(["SOL"])
    first = price("SOL", "150", ts=10.0)
    bench.engine.live(Live(term=1, events=[first]))
    bench.engine.live(Live(term=1, events=[first.as_snapshot()]))
    assert bench.prices() == [("SOL", "150")]
    bench.engine.live(Live(term=1, events=[price("SOL", "151", ts=11.0).as_snapshot()]))
    assert bench.prices() == [("SOL", "151")]


async def test_bid_and_ask_that_were_missed_come_with_what_is_told_once_more(bench: Bench) -> None:
    await bench.engine.subscribe_prices(["SOL"])
    first = price("SOL", "150", ts=10.0)
    bench.engine.live(Live(term=1, events=[first]))
    bench.events.take_all()
    # asked for after the price, whose time it has
    asked = msgspec.structs.replace(first, bid=Decimal(149), ask=Decimal(151)).as_snapshot()
    for _ in range(2):
        bench.engine.live(Live(term=1, events=[asked]))
    (event,) = bench.events.take_all()
    assert isinstance(event, PriceUpdate)
    assert (event.bid, event.ask) == (149, 151)


async def test_a_leader_of_the_past_is_not_listened_to(bench: Bench) -> None:
    await bench.engine.subscribe_prices(["SOL"])
    bench.engine.live(Live(term=8, events=[price("SOL", "150")]))
    old = [fake_manager.status("kraken")]
    bench.engine.live(Live(term=7, events=[price("SOL", "1"), trouble()], statuses=old, sources={}))
    assert bench.prices() == [("SOL", "150")]
    assert bench.engine.statuses() == {}
    bench.engine.live(Live(term=9, events=[price("SOL", "151")]))
    assert bench.prices() == [("SOL", "151")]


async def test_a_term_that_nobody_has_silences_no_leader_for_long(bench: Bench) -> None:
    await bench.engine.subscribe_prices(["SOL"])
    bench.engine.live(Live(term=2**53))
    bench.engine.live(Live(term=8, events=[price("SOL", "150")]))
    assert bench.prices() == []
    await bench.clock.advance(LEADER_SILENT)
    bench.engine.live(Live(term=8, events=[price("SOL", "151")]))
    assert bench.prices() == [("SOL", "151")]
    bench.engine.live(Live(term=7, events=[price("SOL", "1")]))
    assert bench.prices() == []


async def test_prices_of_what_nobody_wants_any_more_are_forgotten(bench: Bench) -> None:
    bench.engine.live(Live(term=1, events=[price("SOL", "150")], sources={SOL: "birdeye"}))
    bench.engine.live(Live(term=1, sources={}))
    await bench.engine.subscribe_prices(["SOL"])
    assert bench.prices() == []


async def test_wants_are_texts_that_every_relay_understands_as_the_same(bench: Bench) -> None:
    wallet = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
    await bench.engine.subscribe_prices(["$sol", "BTC", SOL])
    await bench.engine.subscribe_wallets([wallet])
    assert bench.engine.wants_changed.is_set()
    assert bench.engine.wants == Wants(("SOL", "BTC"), (wallet,))
    await bench.engine.unsubscribe_prices(["SOL"])
    assert bench.engine.wants.symbols == ("SOL", "BTC")  # it was wanted twice
    await bench.engine.unsubscribe_prices(["sol", "BTC"])
    await bench.engine.unsubscribe_wallets([wallet])
    assert bench.engine.wants == Wants()
    with pytest.raises(InputError):
        await bench.engine.subscribe_prices(["no ticker!"])


async def test_without_a_leader_every_status_says_so_and_with_one_again_as_it_is(bench: Bench) -> None:
    up = fake_manager.status("kraken", state=State.CONNECTED)
    bench.engine.live(Live(term=1, statuses=[up]))
    assert bench.engine.statuses() == {"kraken": up}
    bench.events.take_all()
    bench.engine.set_trouble("the relay: no relay leads at present")
    status = bench.engine.status("kraken")
    assert (status.cut_off, status.stale) == (True, True)
    assert status.reason == "the relay: no relay leads at present"
    (event,) = bench.events.take_all()
    assert isinstance(event, StatusChange)
    assert event.stale
    bench.engine.set_trouble(None)
    assert bench.engine.statuses() == {"kraken": up}
    assert len(bench.events.take_all()) == 1
    with pytest.raises(UnknownProvider):
        bench.engine.status("nobody")


async def test_without_a_leader_nothing_is_said_of_a_providers_next_attempt(bench: Bench) -> None:
    failed = fake_manager.status("kraken", state=State.FAILED, attempt=3, retry_at=1000.0, parked=True)
    bench.engine.live(Live(term=1, statuses=[failed]))
    bench.engine.set_trouble("the relay: no relay leads at present")
    status = bench.engine.status("kraken")
    assert (status.attempt, status.retry_at, status.parked) == (0, None, False)


async def test_a_leader_is_there_as_long_as_it_says_something(bench: Bench) -> None:
    assert not bench.engine.is_led
    bench.engine.live(Live(term=1))
    assert bench.engine.is_led
    await bench.clock.advance(LEADER_SILENT)
    assert not bench.engine.is_led
    bench.engine.live(Live(term=1))
    bench.engine.live(Live(term=1, leaves=True))
    assert not bench.engine.is_led


async def test_bid_and_ask_of_what_is_watched_here_are_asked_for_by_the_leader(bench: Bench) -> None:
    await bench.engine.subscribe_prices(["SOL"])
    bench.engine.ask_quote("$sol")
    bench.engine.ask_quote("BTC")
    assert bench.asked.questions == [("quote", SOL)]
    with pytest.raises(InputError):
        bench.engine.ask_quote("no ticker!")


async def test_a_provider_is_started_over_by_the_leader(bench: Bench) -> None:
    bench.engine.live(Live(term=1, statuses=[fake_manager.status("kraken")]))
    bench.events.take_all()
    await bench.engine.reconnect("kraken")
    await bench.engine.reconnect_all()
    assert bench.asked.questions == [("reconnect", "kraken"), ("reconnect", None)]
    with pytest.raises(UnknownProvider):
        await bench.engine.reconnect("nobody")
    bench.asked.error = ProviderError(ErrorKind.NETWORK, "no relay leads at present")
    await bench.engine.reconnect_all()
    (event,) = bench.events.take_all()
    assert getattr(event, "message", "") == "no relay leads at present"


async def test_what_must_not_be_sent_is_not_sent_to_the_leader_either(bench: Bench) -> None:
    secret = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    for ask in (
        bench.engine.search(secret),
        bench.engine.name_tokens(secret.split()),
        bench.engine.resolve_wallet(secret),
        bench.engine.history(secret, ChartRange.DAY),
    ):
        with pytest.raises(InputError):
            await ask
    assert bench.asked.questions == []


async def test_the_last_candle_of_a_remembered_past_has_the_present_price(bench: Bench) -> None:
    series = series_of(
        candle(END - 60, 1), interval=900, address=SOL, range=ChartRange.DAY, provider="birdeye"
    )
    bench.asked.items = (msgspec.to_builtins(series),)
    assert [one.close for one in (await bench.engine.history("SOL", ChartRange.DAY)).candles] == [1]
    bench.engine.live(Live(term=1, events=[price("SOL", "150", ts=END + 5.0)], sources={SOL: "birdeye"}))
    assert [one.close for one in (await bench.engine.history("SOL", ChartRange.DAY)).candles] == [150]
    assert len(bench.asked.questions) == 1
