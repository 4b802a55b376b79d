from __future__ import annotations

from decimal import Decimal

import pytest
from sample_events import SOL, price

from streamcore.assets.tokens import Token, TokenTable
from streamtui.model.price_list import FLASH, Freshness, PriceList, PriceSort, Totals, common_prefix

TABLE = TokenTable()
BTC = TABLE.resolve("BTC").mint


@pytest.fixture
def board() -> PriceList:
    board = PriceList(throttle=0.1, ttl=30.0)
    for symbol in ("SOL", "BTC"):
        board.add(TABLE.resolve(symbol))
    board.due(0.0)
    return board


def keys_due(board: PriceList, now: float) -> list[str]:
    return [row.token.symbol for row in board.due(now)]


def test_an_update_after_a_quiet_spell_is_due_at_once(board: PriceList) -> None:
    board.apply(price("SOL", "150"))
    assert keys_due(board, 5.0) == ["SOL"]


def test_a_busy_row_is_painted_once_a_window_and_ends_with_its_last_value(board: PriceList) -> None:
    painted: list[tuple[float, Decimal | None]] = []
    for step in range(100):
        now = 1.0 + step / 100
        board.apply(price("SOL", str(150 + step)))
        painted += [(now, row.shown) for row in board.due(now)]
    while board.restless:
        now += 0.05
        painted += [(now, row.shown) for row in board.due(now)]
    assert len(painted) <= 13  # ten windows, one after the end, and the end of the flash
    assert painted[-1][1] == Decimal(249)


def test_without_a_throttle_every_update_is_due(board: PriceList) -> None:
    board.throttle = 0.0
    for value in ("1", "2", "3"):
        board.apply(price("SOL", value))
        assert keys_due(board, 1.0) == ["SOL"]


def test_one_busy_row_does_not_hold_up_another(board: PriceList) -> None:
    board.apply(price("SOL", "1"))
    board.due(1.0)
    board.apply(price("SOL", "2"))
    board.apply(price("BTC", "3", address=BTC))
    assert keys_due(board, 1.01) == ["BTC"]
    assert board.restless


def test_changed_digits_stand_out_for_a_moment(board: PriceList) -> None:
    board.apply(price("SOL", "150"))
    board.due(1.0)
    board.apply(price("SOL", "149"))
    (row,) = board.due(2.0)
    assert row.flash == -1
    assert board.due(2.0 + FLASH / 2) == []
    (row,) = board.due(2.0 + FLASH)
    assert row.flash == 0
    assert not board.restless


def test_the_next_moment_with_rows_to_paint_is_known(board: PriceList) -> None:
    assert board.due_at() is None
    board.apply(price("SOL", "150"))
    board.due(1.0)
    assert board.due_at() is None
    board.apply(price("SOL", "149"))
    assert board.due_at() == pytest.approx(1.0 + board.throttle)
    board.due(2.0)
    assert board.restless
    assert board.due_at() is None, "the end of a flash is worth no repaint of its own"


def test_an_equal_price_does_not_flash(board: PriceList) -> None:
    board.apply(price("SOL", "150"))
    board.due(1.0)
    board.apply(price("SOL", "150.0"))
    (row,) = board.due(2.0)
    assert row.flash == 0


BITCOIN = Token(symbol="BTC", name="Bitcoin", mint="")


def test_an_exchange_price_finds_its_row_by_the_ticker_and_never_one_of_a_mint(board: PriceList) -> None:
    assert not board.apply(price("btc", "100000", address=None))
    board.add(BITCOIN)
    (row,) = board.apply(price("btc", "100000", address=None))
    assert row.key == "BTC"
    assert board.rows[BTC].update is None


def test_a_row_of_a_ticker_takes_its_name_from_what_its_price_is_the_price_of() -> None:
    board = PriceList(throttle=0.1, ttl=30.0)
    board.name_of = lambda update: "Bitcoin" if update.address is None else "Wrapped"
    board.add(BITCOIN)
    (row,) = board.apply(price("BTC", "100000", address=BTC))
    assert (row.name, row.mint) == ("Wrapped", BTC)
    board.apply(price("BTC", "100001", address=None))
    assert (row.name, row.mint) == ("Bitcoin", "")


def test_a_board_that_starts_anew_keeps_its_rows_and_nothing_of_their_prices(board: PriceList) -> None:
    board.apply(price("SOL", "150"))
    board.restart()
    assert [row.token.symbol for row in board.ordered()] == ["SOL", "BTC"]
    assert board.rows[SOL].update is board.rows[SOL].shown is None
    assert not board.rows[SOL].samples


def test_an_update_for_a_removed_row_is_ignored(board: PriceList) -> None:
    board.apply(price("SOL", "150"))
    assert board.remove(SOL) is not None
    assert not board.apply(price("SOL", "151"))
    assert board.due(9.0) == []
    assert board.remove(SOL) is None


def test_a_token_is_added_once(board: PriceList) -> None:
    assert not board.add(TABLE.resolve(SOL))
    assert len(board.rows) == 2


def test_a_price_is_old_when_nobody_has_confirmed_it_for_long(board: PriceList) -> None:
    row = board.rows[SOL]
    assert row.age(100.0) is None
    assert board.freshness(row, 1e9) is Freshness.WAITING
    board.apply(price("SOL", "150", ts=100.0, changed=()))
    assert board.freshness(row, 129.9) is Freshness.FRESH
    assert board.freshness(row, 130.0) is Freshness.OLD
    assert row.age(99.0) == 0.0  # a clock that was set back


def test_a_price_of_a_source_that_proves_that_it_lives_is_quiet_and_not_old(board: PriceList) -> None:
    board.apply(price("SOL", "150", ts=100.0))
    board.proving = {"kraken"}
    assert board.freshness(board.rows[SOL], 200.0) is Freshness.OLD
    board.proving = {"birdeye"}
    assert board.freshness(board.rows[SOL], 200.0) is Freshness.QUIET


def test_a_row_that_no_source_has_says_so(board: PriceList) -> None:
    board.sources = {SOL: None, BTC: "birdeye"}
    assert board.freshness(board.rows[SOL], 200.0) is Freshness.UNLISTED
    assert board.freshness(board.rows[BTC], 200.0) is Freshness.WAITING


def test_samples_of_an_old_price_are_gaps(board: PriceList) -> None:
    board.apply(price("SOL", "150", ts=100.0))
    board.sample(101.0)
    board.sample(140.0)
    assert list(board.rows[SOL].samples) == [Decimal(150), Decimal(150), None]
    assert list(board.rows[BTC].samples) == []


def test_every_order_puts_unknown_values_last(board: PriceList) -> None:
    board.add(TABLE.resolve("BONK"))
    board.apply(price("SOL", "150", change_24h=Decimal(-1), volume_24h=Decimal(10)))
    board.apply(
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
        board.rows[key].samples.extend((Decimal(first), Decimal(last)))
    for sort, symbols in expected.items():
        board.sort = sort
        assert [row.token.symbol for row in board.ordered()] == symbols
    board.sort, board.backwards = PriceSort.CHANGE, True
    assert [row.token.symbol for row in board.ordered()] == ["SOL", "BTC", "BONK"]


def shown(board: PriceList) -> list[str]:
    return [row.token.symbol for row in board.ordered()]


def test_a_row_can_be_moved_and_the_order_becomes_ones_own(board: PriceList) -> None:
    bonk = TABLE.resolve("BONK")
    board.add(bonk)
    assert board.move(bonk.mint, -1)
    assert shown(board) == ["SOL", "BONK", "BTC"]
    assert not board.move(SOL, -1)
    board.sort = PriceSort.SYMBOL
    assert board.move(SOL, -1)
    assert shown(board) == ["BONK", "SOL", "BTC"]
    assert board.sort is PriceSort.OWN
    assert not board.move("nobody", 1)


def test_moving_among_some_rows_leaves_the_others_in_place(board: PriceList) -> None:
    bonk = TABLE.resolve("BONK")
    board.add(bonk)
    board.group = {SOL, bonk.mint}
    assert board.move(bonk.mint, -1)
    board.group = None
    assert shown(board) == ["BONK", "BTC", "SOL"]


def test_a_group_shows_its_rows_alone_and_totals_count_them(board: PriceList) -> None:
    board.apply(price("SOL", "150", change_24h=Decimal(-1)))
    board.apply(price("BTC", "100000", address=BTC, change_24h=Decimal(2)))
    assert board.totals() == Totals(up=1, down=1)
    board.group = {BTC}
    assert shown(board) == ["BTC"]
    assert board.totals() == Totals(up=1)
    board.apply(price("BTC", "100000", address=BTC, change_24h=Decimal(0)))
    assert board.totals() == Totals(unchanged=1)


def test_a_row_knows_the_extremes_of_the_session(board: PriceList) -> None:
    for value in ("150", "160", "140", None, "155"):
        board.apply(price("SOL", value))
    row = board.rows[SOL]
    assert (row.high, row.low) == (Decimal(160), Decimal(140))


def test_a_filter_looks_at_ticker_and_name(board: PriceList) -> None:
    board.filter = "coinbase"
    assert [row.token.symbol for row in board.ordered()] == ["BTC"]
    board.filter = "sO"
    assert [row.token.symbol for row in board.ordered()] == ["SOL"]


def test_the_common_prefix_ends_where_texts_differ() -> None:
    assert common_prefix("150.50", "150.72") == 4
    assert common_prefix("1", "12") == 1
    assert common_prefix("", "1") == 0


def test_a_ticker_takes_nothing_that_another_source_says_about_a_mint_of_the_same_ticker() -> None:
    board = PriceList(throttle=0.1, ttl=30.0)
    ether, wrapped = Token(symbol="ETH", name="Ether", mint=""), TABLE.resolve("ETH")
    board.add(ether)
    board.add(wrapped)
    board.sources = {"ETH": "kraken", wrapped.mint: "jupiter"}
    (row,) = board.apply(price("ETH", "3600", provider="kraken", address=None))
    assert row.key == "ETH"
    (row,) = board.apply(price("ETH", "3599", provider="jupiter", address=wrapped.mint))
    assert row.key == wrapped.mint
    assert board.rows["ETH"].update.price == Decimal(3600)  # type: ignore[union-attr]
