from decimal import Decimal

from msgspec.structs import replace

from streamcore import Candle, CandleSeries, ChartRange


def _candle(start: int, price: str) -> Candle:
    value = Decimal(price)
    return Candle(start=start, open=value, high=value, low=value, close=value)


def _series(*candles: Candle, begin: int = 0) -> CandleSeries:
    return CandleSeries(
        symbol="SOL",
        address=None,
        range=ChartRange.HOUR,
        provider="kraken",
        market="SOL/USD",
        interval=60,
        candles=candles,
        running=False,
        begin=begin,
        fetched_at=3600.0,
    )


def test_the_change_is_from_the_first_open_to_the_last_close() -> None:
    assert _series(_candle(0, "150"), _candle(60, "165")).change == Decimal(10)


def test_without_candles_or_with_a_price_of_zero_there_is_no_change() -> None:
    assert _series().change is None
    assert _series(_candle(0, "0"), _candle(60, "1")).change is None


def test_a_series_that_begins_later_than_its_range_says_so() -> None:
    assert _series(_candle(60, "150")).covered
    assert not _series(_candle(120, "150")).covered
    assert not _series().covered


def test_a_line_that_begins_at_the_sample_after_the_one_nearest_to_its_range_covers_it() -> None:
    def day(first: int, *, line: bool) -> CandleSeries:
        return replace(_series(_candle(first, "150")), range=ChartRange.DAY, interval=900, line=line)

    assert day(902, line=True).covered
    assert not day(902, line=False).covered
    assert not day(1801, line=True).covered
    hour = replace(_series(_candle(302, "150")), interval=300, line=True)
    assert not hour.covered, "a 12th of the range is the most that may be missing"
