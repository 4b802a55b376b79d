"""Which sources are asked about an instrument, and which never: those of something else of that name."""

from __future__ import annotations

from manual_clock import ManualClock
from scripted_history import ScriptedHistory, instrument

from streamcore.assets.instruments import Instrument, Venue
from streamcore.history.asked_source import AskedSource
from streamcore.history.source_order import SourceOrder

WBTC = "3NZ9JMVBmGAqocybic2c7LQCJScmgsAZ6vQqTDzcqmJh"


def order(live: str | None) -> SourceOrder:
    def listed(one: Instrument) -> bool:
        return one.ticker is not None

    sources = [
        ScriptedHistory("kraken", lists=listed),
        ScriptedHistory("coinbase", lists=listed),
        ScriptedHistory("geckoterminal", venue=Venue.CHAIN, for_trends=False),
        ScriptedHistory("birdeye", venue=Venue.CHAIN, for_trends=False),
        ScriptedHistory("defillama", venue=Venue.CHAIN, batch_size=40),
    ]
    clock = ManualClock()
    return SourceOrder(
        [AskedSource(source, clock, demo=False) for source in sources],
        live_source=lambda _: live,
        venues={"kraken": Venue.EXCHANGE, "jupiter": Venue.CHAIN, "birdeye": Venue.CHAIN},
    )


def chart(live: str | None, of: Instrument) -> list[str]:
    return [asked.name for asked in order(live).for_chart(of)]


def test_the_source_of_the_live_prices_comes_first_and_the_others_keep_their_order() -> None:
    sol = instrument("SOL")
    assert chart("birdeye", sol) == ["birdeye", "kraken", "coinbase", "geckoterminal", "defillama"]
    assert chart("jupiter", sol) == ["kraken", "coinbase", "geckoterminal", "birdeye", "defillama"]


def test_of_a_ticker_that_is_another_thing_on_the_chain_only_that_is_shown_which_is_watched() -> None:
    bitcoin = instrument("BTC")
    assert chart("kraken", bitcoin) == ["kraken", "coinbase"]
    assert chart("birdeye", bitcoin) == ["birdeye", "geckoterminal", "defillama"]
    assert chart(None, bitcoin) == ["kraken", "coinbase"]
    assert chart("jupiter", instrument(WBTC)) == ["geckoterminal", "birdeye", "defillama"]


def test_only_in_the_demo_a_source_whose_key_may_be_free_is_asked_first_for_what_it_streams() -> None:
    bitcoin = instrument("BTC")
    sources = [
        ScriptedHistory(name, venue=Venue.CHAIN, metered=name == "birdeye") for name in ("pools", "birdeye")
    ]
    for demo, first in ((True, "birdeye"), (False, "pools")):
        asked = [AskedSource(source, ManualClock(), demo=demo) for source in sources]
        order = SourceOrder(asked, live_source=lambda _: "birdeye", venues={"birdeye": Venue.CHAIN})
        assert order.for_chart(bitcoin)[0].name == first


def test_for_a_column_those_come_first_that_answer_for_many_and_costly_ones_never() -> None:
    sol = instrument("SOL")
    for live, names in (
        ("kraken", ["kraken", "defillama", "coinbase"]),
        ("jupiter", ["defillama", "kraken", "coinbase"]),
        ("birdeye", ["defillama", "kraken", "coinbase"]),
    ):
        assert [asked.name for asked in order(live).for_trend(sol)] == names
