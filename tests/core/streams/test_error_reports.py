from __future__ import annotations

from manual_clock import ManualClock

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.streams.error_reports import MOST_REMEMBERED, ErrorReports


class Told:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.texts: list[str] = []
        self.reports = ErrorReports(self.clock, lambda error: self.texts.append(error.message))

    def fail(self, text: str = "no", subject: str = "requests") -> None:
        self.reports.report(ProviderError(ErrorKind.SERVER, text), subject)


async def test_an_error_that_lasts_is_told_once() -> None:
    told = Told()
    for _ in range(100):
        told.fail()
        await told.clock.advance(5)
    assert told.texts == ["no"]


async def test_an_error_that_comes_back_after_all_was_well_is_told_again() -> None:
    told = Told()
    told.fail()
    told.reports.well("requests")
    await told.clock.advance(60)
    told.fail()
    told.fail()
    assert told.texts == ["no", "no"]


async def test_an_error_that_comes_and_goes_is_told_once_a_minute() -> None:
    told = Told()
    for _ in range(180):
        told.fail()
        told.reports.well("requests")
        await told.clock.advance(1)
    assert told.texts == ["no"] * 3


async def test_one_that_came_back_too_soon_is_told_when_the_minute_is_over() -> None:
    told = Told()
    told.fail()
    told.reports.well("requests")
    await told.clock.advance(10)
    told.fail()
    assert told.texts == ["no"]
    await told.clock.advance(50)
    told.fail()
    assert told.texts == ["no", "no"]


async def test_what_went_well_elsewhere_makes_no_error_new() -> None:
    told = Told()
    told.fail(subject="requests")
    told.reports.well("stream")
    await told.clock.advance(100)
    told.fail(subject="requests")
    assert told.texts == ["no"]


async def test_an_error_not_seen_for_long_is_told_again() -> None:
    told = Told()
    told.fail()
    await told.clock.advance(600)
    told.fail()
    assert told.texts == ["no", "no"]


async def test_different_errors_are_told_apart_by_kind_and_text() -> None:
    told = Told()
    told.fail("a")
    told.fail("b")
    told.reports.report(ProviderError(ErrorKind.NETWORK, "a"))
    assert told.texts == ["a", "b", "a"]


async def test_however_many_different_errors_there_are_only_so_many_are_remembered() -> None:
    told = Told()
    for number in range(10 * MOST_REMEMBERED):
        told.fail(str(number))
        told.fail("the same all the time")
    assert len(told.texts) == 10 * MOST_REMEMBERED + 1
    assert len(told.reports._reported) == MOST_REMEMBERED


async def test_of_damaged_data_one_report_a_minute_passes_whatever_it_says() -> None:
    told = Told()
    for second in range(121):
        told.reports.malformed(f"nonsense {second}")
        await told.clock.advance(1)
    assert told.texts == ["nonsense 0", "nonsense 60", "nonsense 120"]
