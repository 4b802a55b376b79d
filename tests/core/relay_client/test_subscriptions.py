from __future__ import annotations

import pytest

from streamcore.errors import BadAddress, MalformedMessage, UnknownSymbol
from streamcore.relay_client.subscriptions import MOST_TOKENS, Subscriptions
from streamcore.wire.messages import Hello, Limits, Refusal, Row

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
HATS = "Hu6xf6bNiJ5ErRaG7Yhos89jgfAdCG1tu8DCips2pump"


def hello(tokens: dict[str, str]) -> Hello:
    return Hello(
        version=1,
        relay="a relay",
        epoch="e",
        offset=0,
        t=0,
        demo=False,
        intervals=(250,),
        heartbeat=3000,
        limits=Limits(symbols=200, wallets=50, message_bytes=65_536, messages_per_minute=60),
        exchanges=True,
        tokens=tokens,
        control=False,
    )


def test_what_is_wanted_twice_is_told_once_and_given_up_with_the_second_removal() -> None:
    wanted = Subscriptions({})
    wanted.add_symbols(["SOL", "$sol"])
    wanted.add_wallets([WALLET])
    assert (wanted.wishes().symbols, wanted.wishes().wallets) == (("SOL",), (WALLET,))
    wanted.remove_symbols(["sol"])
    assert wanted.wishes().symbols == ("SOL",)
    wanted.remove_symbols(["sol"])
    wanted.remove_wallets([WALLET])
    assert wanted.topics == ()


def test_nothing_is_wanted_of_a_list_of_which_one_makes_no_sense() -> None:
    wanted = Subscriptions({})
    with pytest.raises(UnknownSymbol):
        wanted.add_symbols(["SOL", "nothing-is-called-so"])
    with pytest.raises(BadAddress):
        wanted.add_wallets([WALLET, "0O"])
    assert wanted.topics == ()


def test_tickers_of_the_relay_mean_what_they_mean_there() -> None:
    wanted = Subscriptions({})
    wanted.learn(hello({"HATS": HATS}))
    (instrument,) = wanted.add_symbols(["hats"])
    assert instrument.mint == HATS
    assert "HATS" in wanted.tickers


@pytest.mark.parametrize("tokens", [{"": HATS}, {f"T{n}": HATS for n in range(MOST_TOKENS + 1)}])
def test_tickers_that_cannot_be_are_malformed(tokens: dict[str, str]) -> None:
    with pytest.raises(MalformedMessage):
        Subscriptions({}).learn(hello(tokens))


def test_the_word_of_the_relay_on_a_row_wins() -> None:
    wanted = Subscriptions({})
    (instrument,) = wanted.add_symbols([HATS])
    assert wanted.described(instrument, None).mint == HATS
    row = Row(row=1, asked=HATS, symbol="HATS", mint=HATS, name="Hats")
    assert wanted.described(instrument, row).name == "Hats"


def test_a_refusal_is_told_once_for_each_reason_and_only_of_what_is_wanted() -> None:
    wanted = Subscriptions({})
    (instrument,) = wanted.add_symbols(["SOL"])
    refusals = [Refusal("SOL", "limit", "too many\x1b"), Refusal("BTC", "limit", "too many")]
    assert wanted.refuse(refusals) == {"SOL": "too many\u241b"}
    assert wanted.refused_by_key == {instrument.key: True}
    assert wanted.refuse(refusals) == {}
    assert wanted.refuse([Refusal("SOL", "limit", "still too many")]) == {"SOL": "still too many"}
    assert wanted.refuse([]) == {}
    assert wanted.refused_by_key == {instrument.key: False}


def test_what_was_given_up_and_is_wanted_again_is_refused_anew_and_told_again() -> None:
    wanted = Subscriptions({})
    refusals = [
        Refusal("SOL", "full", "no more symbols", retryable=True),
        Refusal(WALLET, "full", "no more wallets", retryable=True),
    ]
    for _ in range(2):
        wanted.add_symbols(["SOL"])
        wanted.add_wallets([WALLET])
        assert not any(wanted.refused_by_key.values())
        assert wanted.refuse(refusals) == {"SOL": "no more symbols", WALLET: "no more wallets"}
        assert all(wanted.refused_by_key.values())
        assert wanted.refuse(refusals) == {}
        wanted.remove_symbols(["SOL"])
        wanted.remove_wallets([WALLET])
