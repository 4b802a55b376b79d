"""What the exchanges share: what is asked for and refused, which pair an instrument is, where HTTP is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick

from streamcore.assets.instruments import Instrument
from streamcore.assets.tokens import TokenTable
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.exchange import (
    HttpHost,
    PairRequest,
    Pairs,
    in_dollars,
    pair_of,
    percent_since,
)

TABLE = TokenTable()
ERROR = ProviderError(ErrorKind.SUBSCRIPTION, "no such pair")
PUBLIC = "https://api.example.com"


def watching(*pairs: str, batch_size: int = 100) -> Pairs:
    """Return pairs that have been asked for and granted."""
    roll = Pairs(batch_size)
    roll.set_topics(pairs)
    roll.open()
    while roll.request():
        roll.answered()
    return roll


def test_nothing_is_asked_before_the_socket_is_open() -> None:
    roll = Pairs(10)
    roll.set_topics(["A", "B"])
    assert roll.request() is None
    roll.open()
    assert roll.request() == PairRequest(subscribe=True, pairs=("A", "B"))


def test_one_request_is_under_way_at_a_time_and_none_is_larger_than_the_batch() -> None:
    roll = Pairs(2)
    roll.set_topics(["A", "B", "C"])
    roll.open()
    assert roll.request() == PairRequest(subscribe=True, pairs=("A", "B"))
    assert roll.request() is None
    roll.answered("A")
    assert roll.under_way == ("B",)
    assert roll.request() is None
    roll.answered("B")
    assert roll.request() == PairRequest(subscribe=True, pairs=("C",))


def test_only_what_changes_is_asked_for() -> None:
    roll = watching("A", "B")
    roll.set_topics(["B", "C"])
    assert roll.request() == PairRequest(subscribe=False, pairs=("A",))
    roll.answered()
    assert roll.request() == PairRequest(subscribe=True, pairs=("C",))
    roll.answered()
    assert roll.request() is None


def test_a_refused_pair_is_asked_for_again_only_when_it_is_wanted_anew() -> None:
    roll = watching("A", "B")
    assert roll.refuse("A", ERROR).topics == ("A",)
    assert roll.request() is None
    roll.set_topics(["A", "B"])
    assert roll.request() is None
    roll.set_topics(["B"])
    roll.set_topics(["A", "B"])
    assert roll.request() == PairRequest(subscribe=True, pairs=("A",))


def test_a_request_that_came_to_nothing_is_asked_again_without_what_was_refused() -> None:
    roll = Pairs(10)
    roll.open()
    roll.set_topics(["A", "B", "C"])
    roll.request()
    roll.refuse("B", ERROR)
    roll.ask_again()
    assert roll.request() == PairRequest(subscribe=True, pairs=("A", "C"))


@quick
@given(st.lists(st.lists(st.sampled_from("ABCDEFG"), unique=True), max_size=8), st.integers(1, 4))
def test_after_any_changes_what_is_subscribed_is_what_is_wanted(changes: list[list[str]], size: int) -> None:
    roll = Pairs(size)
    roll.open()
    subscribed: set[str] = set()

    def serve(times: int) -> None:
        for _ in range(times):
            request = roll.request()
            if request is None:
                return
            assert 0 < len(request.pairs) <= size
            if request.subscribe:
                subscribed.update(request.pairs)
            else:
                subscribed.difference_update(request.pairs)
            roll.answered()

    for wanted in changes:
        roll.set_topics(wanted)
        serve(1)
    serve(100)
    assert subscribed == set(changes[-1] if changes else [])


@pytest.mark.parametrize(
    ("symbol", "by_mint", "expected"),
    [
        ("SOL", False, "SOL/USD"),
        ("sol", False, "SOL/USD"),
        ("BONK", True, "BONK/USD"),
        ("cbBTC", True, None),
        ("BTC", False, "BTC/USD"),
    ],
)
def test_an_instrument_is_a_pair_unless_a_wrapped_token_was_meant(
    symbol: str, by_mint: bool, expected: str | None
) -> None:
    instrument = Instrument(symbol=symbol, token=TABLE.resolve(symbol), by_mint=by_mint)
    assert pair_of(instrument, "/") == expected


@pytest.mark.parametrize("symbol", ["A/B", "A B", "Ä", "*", "A" * 30, "A,B"])
def test_what_cannot_be_a_ticker_is_no_pair(symbol: str) -> None:
    assert pair_of(Instrument(symbol=symbol, token=None, by_mint=False), "-") is None


def test_a_public_stream_has_the_public_http_side() -> None:
    assert HttpHost("X", "x", "wss://ws.example.com", PUBLIC + "/").url("/p") == f"{PUBLIC}/p"


def test_a_stream_on_this_machine_is_never_completed_with_prices_of_the_public_host() -> None:
    host = HttpHost("X", "x", "ws://127.0.0.1:9000/v2", PUBLIC)
    with pytest.raises(ProviderError, match=r"x\.rest_url") as caught:
        host.url("/p")
    assert (caught.value.kind, caught.value.parks) == (ErrorKind.NETWORK, False)


def test_a_stream_and_an_http_side_on_this_machine_belong_together() -> None:
    host = HttpHost("X", "x", "ws://localhost:9000/v2", "http://127.0.0.1:9001")
    assert host.url("/p") == "http://127.0.0.1:9001/p"


def test_a_change_is_computed_from_the_price_of_a_day_ago() -> None:
    assert percent_since(Decimal(102), Decimal(100)) == Decimal(2)
    assert percent_since(Decimal("119.46"), Decimal("117.75")) == Decimal("1.45222929936")


@pytest.mark.parametrize("before", [None, Decimal(0), Decimal(-1)])
def test_there_is_no_change_since_no_price(before: Decimal | None) -> None:
    assert percent_since(Decimal(1), before) is None
    assert percent_since(None, Decimal(1)) is None


@pytest.mark.parametrize(
    ("amount", "price", "worth"),
    [
        ("746210.33018400", "119.02000", "88813953.50"),
        ("2", "1.5", "3.00"),
        ("1", "0.005", "0.00"),
        ("1", "0.015", "0.02"),
        ("0", "150", "0.00"),
        ("12345678901234567890123456", "1", "12345678901234567890123456.00"),
    ],
)
def test_fault_19_what_an_amount_is_worth_is_told_to_the_cent(amount: str, price: str, worth: str) -> None:
    assert str(in_dollars(Decimal(amount), Decimal(price))) == worth


@pytest.mark.parametrize("absurd", ["1e30", "1e308"])
def test_what_nothing_can_be_worth_is_left_for_others_to_refuse(absurd: str) -> None:
    assert in_dollars(Decimal(absurd), Decimal(absurd)) == Decimal(absurd) * Decimal(absurd)


def test_what_is_not_known_is_worth_nothing_known() -> None:
    assert in_dollars(None, Decimal(1)) is None
    assert in_dollars(Decimal(1), None) is None
