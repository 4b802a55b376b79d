"""Which provider serves which instrument."""

from __future__ import annotations

import pytest

from streamcore import UnknownSymbol
from streamcore.assets.instruments import Instrument, Venue, understand
from streamcore.assets.tokens import TokenTable
from streamcore.status import Health
from streamcore.tracking.routing import REFUSED_LONGEST, Router

SOL = "So11111111111111111111111111111111111111112"
ORCA = "orcaEKTdK7LKz57vaAYr9QeNsVEPfiu6QeMU1kektZE"
UP, DOWN, POLLED, STARTING = Health.UP, Health.DOWN, Health.POLLED, Health.STARTING


class Named:
    """A provider, as far as routing knows one."""

    def __init__(self, name: str, *, streams: bool = True) -> None:
        self.name = name
        self._streams = streams
        self.metered = False

    def topic(self, instrument: Instrument) -> str | None:
        if self._streams:
            return None if instrument.ticker is None else f"{instrument.ticker}/USD"
        return instrument.own_mint

    def endpoint(self) -> object:
        return object() if self._streams else None


def meant(text: str) -> Instrument:
    return understand(text, TokenTable(), exchanges=True)


@pytest.fixture
def router() -> Router:
    providers = [
        Named("first"),
        Named("second"),
        Named("polled", streams=False),
        Named("last", streams=False),
    ]
    return Router(providers)  # type: ignore[arg-type]


def health(first: Health, second: Health = STARTING, polled: Health = STARTING) -> dict[str, Health]:
    return {"first": first, "second": second, "polled": polled, "last": STARTING}


@pytest.mark.parametrize("well", [UP, STARTING])
def test_the_first_that_is_well_or_has_not_failed_yet_is_wanted_alone(router: Router, well: Health) -> None:
    wanted = router.wanted([meant("SOL"), meant("BTC")], health(well))
    assert wanted == {"first": ["SOL/USD", "BTC/USD"], "second": [], "polled": [], "last": []}
    assert router.source(meant("SOL"), health(well)) == "first"


def test_while_the_first_is_down_the_next_is_wanted_too_and_its_prices_count(router: Router) -> None:
    assert router.wanted([meant("SOL")], health(DOWN))["second"] == ["SOL/USD"]
    assert router.source(meant("SOL"), health(DOWN, UP)) == "second"
    assert router.source(meant("SOL"), health(UP, UP)) == "first"


def test_a_stream_is_better_than_polling_and_polling_better_than_nothing(router: Router) -> None:
    assert router.source(meant("SOL"), health(POLLED, UP)) == "second"
    assert router.source(meant("SOL"), health(POLLED, DOWN)) == "first"
    assert router.source(meant("SOL"), health(DOWN, DOWN, UP)) == "polled"


def test_what_is_polled_already_is_not_polled_elsewhere_as_well(router: Router) -> None:
    wanted = router.wanted([meant("SOL")], health(POLLED, DOWN))
    assert wanted == {"first": ["SOL/USD"], "second": ["SOL/USD"], "polled": [], "last": []}


def test_a_refused_symbol_moves_to_the_next_source_alone(router: Router) -> None:
    router.wanted([meant("JUP"), meant("SOL")], health(UP, UP))
    assert router.refuse("first", "JUP/USD", 0.0) == (meant("JUP"),)
    wanted = router.wanted([meant("JUP"), meant("SOL")], health(UP, UP))
    assert (wanted["first"], wanted["second"]) == (["SOL/USD"], ["JUP/USD"])
    assert router.source(meant("JUP"), health(UP, UP)) == "second"
    router.forgive("first")
    assert router.source(meant("JUP"), health(UP, UP)) == "first"


def test_what_everybody_has_refused_has_no_source(router: Router) -> None:
    for name in ("first", "second"):
        router.refuse(name, "NOSUCH/USD", 0.0)
    assert router.candidates(meant("NOSUCH")) == []
    assert router.source(meant("NOSUCH"), health(UP, UP)) is None


def test_a_topic_stands_for_the_instrument_it_was_wanted_for_until_that_is_forgotten(router: Router) -> None:
    router.wanted([meant("SOL")], health(UP))
    assert router.instruments("first", "SOL/USD") == (meant("SOL"),)
    assert router.instruments("first", "sol") == (meant("SOL"),)
    assert router.instruments("second", "SOL/USD") == ()
    router.forget(meant("SOL"))
    assert router.instruments("first", "SOL/USD") == ()


def test_what_was_refused_long_ago_is_asked_for_again(router: Router) -> None:
    router.refuse("first", "JUP/USD", 100.0)
    assert not router.forgive_expired(129.0)
    assert router.source(meant("JUP"), health(UP, UP)) == "second"
    assert router.forgive_expired(130.0)
    assert router.source(meant("JUP"), health(UP, UP)) == "first"


def test_each_refusal_holds_twice_as_long_until_there_has_been_none_for_long(router: Router) -> None:
    now = 0.0
    for wait in (30.0, 60.0, 120.0):
        router.refuse("first", "JUP/USD", now)
        assert not router.forgive_expired(now + wait - 1)
        assert router.forgive_expired(now + wait)
        now += wait
    now += REFUSED_LONGEST + 1
    router.refuse("first", "JUP/USD", now)
    assert router.forgive_expired(now + 30)


def test_a_refusal_counts_until_an_hour_after_it_has_ended(router: Router) -> None:
    router.refuse("first", "JUP/USD", 0.0)
    assert router.forgive_expired(30.0)
    now = 30.0 + REFUSED_LONGEST
    router.refuse("first", "JUP/USD", now)
    assert not router.forgive_expired(now + 59.0)
    assert router.forgive_expired(now + 60.0)


def test_after_a_person_has_asked_again_the_next_refusal_is_like_the_first(router: Router) -> None:
    router.refuse("second", "JUP/USD", 0.0)
    for now in (0.0, 30.0):
        router.refuse("first", "JUP/USD", now)
        router.forgive_expired(now + 60.0)
    router.forgive("first")
    for name, held_for in (("first", 30.0), ("second", 60.0)):
        router.refuse(name, "JUP/USD", 100.0)
        assert not router.forgive_expired(100.0 + held_for - 1.0)
        assert router.forgive_expired(100.0 + held_for)


def test_a_refusal_for_a_moment_never_holds_longer(router: Router) -> None:
    for now in range(0, 3000, 30):
        router.refuse("first", "JUP/USD", float(now), lasting=False)
        assert router.source(meant("JUP"), health(UP, UP)) == "second"
        assert router.forgive_expired(now + 30.0)


def test_a_source_that_was_not_asked_does_not_count_however_well_it_is(router: Router) -> None:
    assert router.source(meant("SOL"), health(STARTING, STARTING, UP)) == "first"


def test_one_topic_may_stand_for_a_ticker_and_for_the_mint_wrapped_around_it() -> None:
    class Chain(Named):
        def topic(self, instrument: Instrument) -> str | None:
            return instrument.mint

    router = Router([Chain("chain"), Named("exchange")])  # type: ignore[list-item]
    ticker, wrapped = meant("BTC"), meant(str(meant("BTC").mint))
    health = {"chain": UP, "exchange": STARTING}
    assert router.wanted([ticker, wrapped], health) == {"chain": [str(wrapped.mint)], "exchange": []}
    assert router.instruments("chain", str(wrapped.mint)) == (ticker, wrapped)
    health = {"chain": DOWN, "exchange": UP}
    assert router.wanted([ticker, wrapped], health)["exchange"] == ["BTC/USD"]
    assert (router.source(ticker, health), router.source(wrapped, health)) == ("exchange", "chain")


# What a person means


def test_a_ticker_is_the_token_of_the_table_and_an_exchange_s_symbol() -> None:
    sol = meant(" $sol ")
    assert (sol.symbol, sol.ticker, sol.mint, sol.key) == ("SOL", "SOL", SOL, SOL)
    assert sol.address_at(Venue.EXCHANGE) == SOL


def test_bitcoin_on_an_exchange_is_no_token_of_the_chain() -> None:
    btc = meant("BTC")
    assert btc.ticker == "BTC"
    assert btc.mint is not None
    assert btc.address_at(Venue.CHAIN) == btc.mint
    assert btc.address_at(Venue.EXCHANGE) is None
    assert (btc.key, btc.own_mint) == ("BTC", None)


def test_the_name_of_bitcoin_says_whether_it_is_bitcoin() -> None:
    btc = meant("btc")
    assert btc.described(Venue.EXCHANGE).name == "Bitcoin"
    assert btc.described(Venue.CHAIN).name == "Coinbase Wrapped BTC"
    assert btc.described(Venue.CHAIN).mint == btc.described(Venue.EXCHANGE).mint == ""
    assert meant("FOO").described(Venue.EXCHANGE).name == "FOO as exchanges list it"
    assert meant("SOL").described(Venue.EXCHANGE) == meant("SOL").token


def test_a_solana_token_is_not_taken_for_what_an_exchange_may_list_under_its_ticker() -> None:
    jlp = meant("JLP")
    assert jlp.ticker is None
    assert jlp.key == jlp.own_mint == jlp.mint


def test_the_mint_of_a_wrapped_token_is_never_asked_for_at_an_exchange() -> None:
    wrapped = meant(str(meant("BTC").mint))
    assert wrapped.by_mint
    assert wrapped.ticker is None


def test_the_mint_of_a_native_token_may_be_served_by_its_ticker() -> None:
    assert meant(SOL).ticker == "SOL"
    assert meant(SOL).key == meant("SOL").key


def test_a_mint_nobody_knows_is_a_mint_all_the_same() -> None:
    unknown = meant("9NyDcAEUByTTNosYMzuWQEuUSfgXCHTNhwQmSWEf5fXq")
    assert (unknown.ticker, unknown.symbol) == (None, "9NyD…5fXq")


def test_a_ticker_only_an_exchange_may_know_is_taken_when_one_is_in_use() -> None:
    assert meant("xmr") == Instrument(symbol="XMR", token=None, by_mint=False)
    with pytest.raises(UnknownSymbol):
        understand("xmr", TokenTable(), exchanges=False)


@pytest.mark.parametrize("text", ["", "$", "A B", "SOL/USD/X", "TOOLONGATICKER1", "ⓈⓄⓁ"])
def test_what_can_be_no_ticker_is_refused(text: str) -> None:
    with pytest.raises(UnknownSymbol):
        meant(text)


def test_a_ticker_the_configuration_gives_another_mint_is_never_priced_by_an_exchange() -> None:
    own = "9NyDcAEUByTTNosYMzuWQEuUSfgXCHTNhwQmSWEf5fXq"
    mine = understand("bonk", TokenTable({"BONK": own}), exchanges=True)
    assert (mine.mint, mine.ticker, mine.by_mint) == (own, None, True)
    further = understand("foo", TokenTable({"FOO": own}), exchanges=True)
    assert (further.ticker, further.by_mint) == (None, True)


def test_a_source_that_knows_no_price_goes_on_being_asked_and_the_next_one_serves(router: Router) -> None:
    assert router.set_priced("first", "SOL/USD", priced=False)
    assert not router.set_priced("first", "SOL/USD", priced=False)
    wanted = router.wanted([meant("SOL"), meant("BTC")], health(UP, UP))
    assert (wanted["first"], wanted["second"]) == (["SOL/USD", "BTC/USD"], ["SOL/USD"])
    assert router.source(meant("SOL"), health(UP, UP)) == "second"
    assert router.source(meant("BTC"), health(UP, UP)) == "first"


def test_a_source_that_learns_of_a_price_serves_again(router: Router) -> None:
    router.set_priced("first", "SOL/USD", priced=False)
    assert router.set_priced("first", "SOL/USD", priced=True)
    assert not router.has_unpriced
    assert router.source(meant("SOL"), health(UP, UP)) == "first"


def test_where_nobody_knows_a_price_the_row_stays_with_the_first(router: Router) -> None:
    btc = meant("BTC")
    for name in ("first", "second"):
        router.set_priced(name, "BTC/USD", priced=False)
    assert router.source(btc, health(UP, UP)) == "first"
    router.wanted([btc], health(UP, UP))
    router.forget(btc)
    assert not router.has_unpriced


# A source of which every answer has its price


def metered(*, last: bool = False) -> Router:
    """Return a router whose first source has no stream for this key."""
    first = Named("first")
    first.metered = True
    others = [] if last else [Named("second"), Named("polled", streams=False)]
    return Router([first, *others])  # type: ignore[list-item]


def test_row_d_a_metered_source_is_not_asked_for_what_another_one_streams_or_may_be_about_to() -> None:
    for well in (UP, STARTING):
        health = {"first": POLLED, "second": well, "polled": STARTING}
        wanted = metered().wanted([meant("SOL"), meant("BTC")], health)
        assert wanted == {"first": [], "second": ["SOL/USD", "BTC/USD"], "polled": []}
        assert metered().source(meant("SOL"), health) == "second"


def test_row_d_a_metered_source_is_asked_for_what_no_other_one_has() -> None:
    router = metered()
    health = {"first": STARTING, "second": UP, "polled": STARTING}
    router.refuse("second", "BTC/USD", 0.0)
    assert router.wanted([meant("SOL"), meant("BTC")], health)["first"] == ["BTC/USD"]
    assert router.source(meant("BTC"), health) == "first"


def test_row_d_a_metered_source_steps_in_while_every_other_one_is_down_and_they_go_on_being_tried() -> None:
    router = metered()
    health = {"first": STARTING, "second": DOWN, "polled": DOWN}
    wanted = router.wanted([meant("SOL"), meant("BTC")], health)
    assert (wanted["first"], wanted["second"]) == (["SOL/USD", "BTC/USD"], ["SOL/USD", "BTC/USD"])
    assert router.source(meant("SOL"), {**health, "first": POLLED}) == "first"


def test_row_d_a_metered_source_steps_in_where_another_one_knows_no_price() -> None:
    router = metered()
    health = {"first": POLLED, "second": UP, "polled": DOWN}
    router.set_priced("second", "BTC/USD", priced=False)
    assert router.wanted([meant("BTC")], health)["first"] == ["BTC/USD"]


def test_row_d_a_metered_source_that_is_the_only_one_is_asked() -> None:
    assert metered(last=True).wanted([meant("SOL")], {"first": POLLED}) == {"first": ["SOL/USD"]}
