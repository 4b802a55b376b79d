from __future__ import annotations

from decimal import Decimal

import pytest
from sample_events import SOL, price

from streamcore.assets.tokens import Token, TokenTable
from streamtui.model.price_list import FLASH, PriceList, Totals
from streamtui.model.price_order import PriceSort
from streamtui.model.price_row import Freshness
from streamtui.model.trend import SLOT, SLOTS, Trend

TABLE = TokenTable()
BTC = TABLE.resolve("BTC").mint


@pytest.fixture
def prices() -> PriceList:
    prices = PriceList(throttle=0.1, ttl=30.0)
    for symbol in ("SOL", "BTC"):
        prices.add(TABLE.resolve(symbol))
    prices.due(0.0)
    return prices


def keys_due(prices: PriceList, now: float) -> list[str]:
    return [row.token.symbol for row in prices.due(now)]


def test_an_update_after_a_quiet_spell_is_due_at_once(prices: PriceList) -> None:
    prices.apply(price("SOL", "150"))
    assert keys_due(prices, 5.0) == ["SOL"]


def test_a_busy_row_is_painted_once_a_window_and_ends_with_its_last_value(prices: PriceList) -> None:
    painted: list[tuple[float, Decimal | None]] = []
    for step in range(100):
        now = 1.0 + step / 100
        prices.apply(price("SOL", str(150 + step)))
        painted += [(now, row.shown) for row in prices.due(now)]
    for _ in range(100):
        now += 0.05
        painted += [(now, row.shown) for row in prices.due(now)]
    assert len(painted) <= 13  # ten windows, one after the end, and the end of the flash
    assert painted[-1][1] == Decimal(249)


def test_without_a_throttle_every_update_is_due(prices: PriceList) -> None:
    prices.throttle = 0.0
    for value in ("1", "2", "3"):
        prices.apply(price("SOL", value))
        assert keys_due(prices, 1.0) == ["SOL"]


def test_one_busy_row_does_not_hold_up_another(prices: PriceList) -> None:
    prices.apply(price("SOL", "1"))
    prices.due(1.0)
    prices.apply(price("SOL", "2"))
    prices.apply(price("BTC", "3", address=BTC))
    assert keys_due(prices, 1.01) == ["BTC"]
    assert keys_due(prices, 1.0 + prices.throttle) == ["SOL"]


def test_changed_digits_stand_out_for_a_moment(prices: PriceList) -> None:
    prices.apply(price("SOL", "150"))
    prices.due(1.0)
    prices.apply(price("SOL", "149"))
    (row,) = prices.due(2.0)
    assert row.flash == -1
    assert prices.due(2.0 + FLASH / 2) == []
    (row,) = prices.due(2.0 + FLASH)
    assert row.flash == 0
    assert prices.due(100.0) == []


def test_the_next_moment_with_rows_to_paint_is_known(prices: PriceList) -> None:
    assert prices.due_at() is None
    prices.apply(price("SOL", "150"))
    prices.due(1.0)
    assert prices.due_at() is None
    prices.apply(price("SOL", "149"))
    assert prices.due_at() == pytest.approx(1.0 + prices.throttle)
    prices.due(2.0)
    assert prices.due_at() is None, "the end of a flash is worth no repaint of its own"
    assert keys_due(prices, 2.0 + FLASH) == ["SOL"]


def test_an_equal_price_does_not_flash(prices: PriceList) -> None:
    prices.apply(price("SOL", "150"))
    prices.due(1.0)
    prices.apply(price("SOL", "150.0"))
    (row,) = prices.due(2.0)
    assert row.flash == 0


BITCOIN = Token(symbol="BTC", name="Bitcoin", mint="")


def test_an_exchange_price_finds_its_row_by_the_ticker_and_never_one_of_a_mint(prices: PriceList) -> None:
    assert not prices.apply(price("btc", "100000", address=None))
    prices.add(BITCOIN)
    (row,) = prices.apply(price("btc", "100000", address=None))
    assert row.key == "BTC"
    assert prices.rows[BTC].update is None


def test_a_row_of_a_ticker_takes_its_name_from_what_its_price_is_the_price_of() -> None:
    prices = PriceList(throttle=0.1, ttl=30.0)
    prices.name_of = lambda update: "Bitcoin" if update.address is None else "Wrapped"
    prices.add(BITCOIN)
    (row,) = prices.apply(price("BTC", "100000", address=BTC))
    assert (row.name, row.mint) == ("Wrapped", BTC)
    prices.apply(price("BTC", "100001", address=None))
    assert (row.name, row.mint) == ("Bitcoin", "")


def test_a_board_that_starts_anew_keeps_its_rows_and_nothing_of_their_prices(prices: PriceList) -> None:
    prices.apply(price("SOL", "150"))
    prices.restart()
    assert [row.token.symbol for row in prices.ordered()] == ["SOL", "BTC"]
    assert prices.rows[SOL].update is prices.rows[SOL].shown is None
    assert not prices.rows[SOL].trend.has_past
    assert len(prices.rows[SOL].candles) == 0


def test_an_update_for_a_removed_row_is_ignored(prices: PriceList) -> None:
    prices.apply(price("SOL", "150"))
    assert prices.remove(SOL) is not None
    assert not prices.apply(price("SOL", "151"))
    assert prices.due(9.0) == []
    assert prices.remove(SOL) is None


def test_a_token_is_added_once(prices: PriceList) -> None:
    assert not prices.add(TABLE.resolve(SOL))
    assert len(prices.rows) == 2


def test_a_price_is_old_when_nobody_has_confirmed_it_for_long(prices: PriceList) -> None:
    row = prices.rows[SOL]
    assert row.age(100.0) is None
    assert prices.freshness(row, 1e9) is Freshness.WAITING
    prices.apply(price("SOL", "150", ts=100.0, changed=()))
    assert prices.freshness(row, 129.9) is Freshness.FRESH
    assert prices.freshness(row, 130.0) is Freshness.OLD
    assert row.age(99.0) == 0.0  # a clock that was set back


def test_a_price_of_a_source_that_proves_that_it_lives_is_quiet_and_not_old(prices: PriceList) -> None:
    prices.apply(price("SOL", "150", ts=100.0))
    prices.heartbeating = {"kraken": 0.0}
    assert prices.freshness(prices.rows[SOL], 200.0) is Freshness.OLD
    prices.heartbeating = {"birdeye": 90.0}
    assert prices.freshness(prices.rows[SOL], 200.0) is Freshness.QUIET


def test_a_price_that_a_new_connection_has_not_confirmed_is_old_and_not_quiet(prices: PriceList) -> None:
    prices.apply(price("SOL", "150", ts=100.0))
    prices.heartbeating = {"birdeye": 158.0}  # connected anew, and silent but for its greeting
    assert prices.freshness(prices.rows[SOL], 160.0) is Freshness.OLD
    prices.apply(price("SOL", "150", ts=157.9))
    assert prices.freshness(prices.rows[SOL], 200.0) is Freshness.QUIET, (
        "its first prices came with the connection"
    )


def test_the_prices_of_a_provider_behind_a_lost_relay_are_old_at_once(prices: PriceList) -> None:
    prices.apply(price("SOL", "150", ts=100.0))
    assert prices.freshness(prices.rows[SOL], 101.0) is Freshness.FRESH
    prices.cut_off = {"birdeye"}
    assert prices.freshness(prices.rows[SOL], 101.0) is Freshness.OLD


def test_a_row_that_no_source_has_says_so(prices: PriceList) -> None:
    prices.sources = {SOL: None, BTC: "birdeye"}
    assert prices.freshness(prices.rows[SOL], 200.0) is Freshness.UNLISTED
    assert prices.freshness(prices.rows[BTC], 200.0) is Freshness.WAITING


def test_samples_of_an_old_price_are_gaps(prices: PriceList) -> None:
    prices.apply(price("SOL", "150", ts=100.0))
    prices.sample(101.0)
    prices.sample(1000.0)
    assert prices.rows[SOL].trend.samples(SLOTS)[-2:] == [150.0, None]
    assert prices.rows[BTC].trend.samples(2) == [None, None]


def moved(first: int, last: int) -> Trend:
    """Return the trend of a price that has moved."""
    made = Trend()
    made.add(0.0, Decimal(first))
    made.add(SLOT, Decimal(last))
    return made


def test_every_order_puts_unknown_values_last(prices: PriceList) -> None:
    prices.add(TABLE.resolve("BONK"))
    prices.apply(price("SOL", "150", change_24h=Decimal(-1), volume_24h=Decimal(10)))
    prices.apply(
        price("BTC", "100000", address=BTC, change_24h=Decimal(2), volume_24h=Decimal(5), ts=1_793_311_300.0)
    )
    expected = {
        PriceSort.OWN: ["SOL", "BTC", "BONK"],
        PriceSort.SYMBOL: ["BONK", "BTC", "SOL"],
        PriceSort.PRICE: ["BTC", "SOL", "BONK"],
        PriceSort.CHANGE: ["BTC", "SOL", "BONK"],
        PriceSort.VOLUME: ["SOL", "BTC", "BONK"],
        PriceSort.AGE: ["BTC", "SOL", "BONK"],
        PriceSort.TREND: ["BTC", "SOL", "BONK"],
        PriceSort.NAME: ["BONK", "BTC", "SOL"],
        PriceSort.SOURCE: ["SOL", "BTC", "BONK"],
    }
    for key, first, last in ((SOL, 150, 149), (BTC, 100_000, 100_001)):
        prices.rows[key].trend = moved(first, last)
    for sort, symbols in expected.items():
        prices.sort = sort
        assert [row.token.symbol for row in prices.ordered()] == symbols
    prices.sort, prices.backwards = PriceSort.CHANGE, True
    assert [row.token.symbol for row in prices.ordered()] == ["SOL", "BTC", "BONK"]


def shown(prices: PriceList) -> list[str]:
    return [row.token.symbol for row in prices.ordered()]


def test_a_row_can_be_moved_and_the_order_becomes_ones_own(prices: PriceList) -> None:
    bonk = TABLE.resolve("BONK")
    prices.add(bonk)
    assert prices.move(bonk.mint, -1)
    assert shown(prices) == ["SOL", "BONK", "BTC"]
    assert not prices.move(SOL, -1)
    prices.sort = PriceSort.SYMBOL
    assert prices.move(SOL, -1)
    assert shown(prices) == ["BONK", "SOL", "BTC"]
    assert prices.sort is PriceSort.OWN
    assert not prices.move("nobody", 1)


def test_moving_among_some_rows_leaves_the_others_in_place(prices: PriceList) -> None:
    bonk = TABLE.resolve("BONK")
    prices.add(bonk)
    prices.watchlist = {SOL, bonk.mint}
    assert prices.move(bonk.mint, -1)
    prices.watchlist = None
    assert shown(prices) == ["BONK", "BTC", "SOL"]


def test_a_group_shows_its_rows_alone_and_totals_count_them(prices: PriceList) -> None:
    prices.apply(price("SOL", "150", change_24h=Decimal(-1)))
    prices.apply(price("BTC", "100000", address=BTC, change_24h=Decimal(2)))
    assert prices.totals() == Totals(up=1, down=1)
    prices.watchlist = {BTC}
    assert shown(prices) == ["BTC"]
    assert prices.totals() == Totals(up=1)
    prices.apply(price("BTC", "100000", address=BTC, change_24h=Decimal(0)))
    assert prices.totals() == Totals(unchanged=1)


def test_a_row_knows_the_extremes_of_the_session(prices: PriceList) -> None:
    for value in ("150", "160", "140", None, "155"):
        prices.apply(price("SOL", value))
    row = prices.rows[SOL]
    assert (row.high, row.low) == (Decimal(160), Decimal(140))


def test_a_filter_looks_at_ticker_and_name(prices: PriceList) -> None:
    prices.filter = "coinbase"
    assert [row.token.symbol for row in prices.ordered()] == ["BTC"]
    prices.filter = "sO"
    assert [row.token.symbol for row in prices.ordered()] == ["SOL"]


def test_a_ticker_takes_nothing_that_another_source_says_about_a_mint_of_the_same_ticker() -> None:
    prices = PriceList(throttle=0.1, ttl=30.0)
    ether, wrapped = Token(symbol="ETH", name="Ether", mint=""), TABLE.resolve("ETH")
    prices.add(ether)
    prices.add(wrapped)
    prices.sources = {"ETH": "kraken", wrapped.mint: "jupiter"}
    (row,) = prices.apply(price("ETH", "3600", provider="kraken", address=None))
    assert row.key == "ETH"
    (row,) = prices.apply(price("ETH", "3599", provider="jupiter", address=wrapped.mint))
    assert row.key == wrapped.mint
    assert prices.rows["ETH"].update.price == Decimal(3600)  # type: ignore[union-attr]
