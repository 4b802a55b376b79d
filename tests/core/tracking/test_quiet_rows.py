"""Which rows are asked for over HTTP because their stream says nothing, and what is made of the answers."""

from __future__ import annotations

import pytest
from scripted_source import ScriptedSource

from streamcore.events import ErrorKind
from streamcore.tracking.price_state import NEVER
from streamcore.tracking.quiet_rows import LATE, QuietRows, StreamedRow

AFTER = 120.0


@pytest.fixture
def kraken() -> ScriptedSource:
    return ScriptedSource("kraken")


def rows(source: ScriptedSource, **told_at: float) -> dict[str, StreamedRow]:
    return {key: StreamedRow(source, f"{key}/USD", at) for key, at in told_at.items()}


def test_a_row_is_asked_for_when_nothing_was_told_of_it_for_long_and_then_as_rarely(
    kraken: ScriptedSource,
) -> None:
    quiet = QuietRows(AFTER)
    for now in range(0, 500, 10):
        quiet.ask(rows(kraken, SOL=float(now), BONK=NEVER), float(now))
    assert kraken.refreshed == [("BONK/USD",)] * 4


def test_the_rows_of_one_source_are_asked_for_together(kraken: ScriptedSource) -> None:
    quiet, other = QuietRows(AFTER), ScriptedSource("other")
    for now in (0.0, AFTER):
        quiet.ask(rows(kraken, SOL=0.0, BTC=NEVER) | rows(other, WIF=NEVER), now)
    assert (kraken.refreshed, other.refreshed) == ([("SOL/USD", "BTC/USD")], [("WIF/USD",)])


def test_a_row_that_was_away_begins_anew(kraken: ScriptedSource) -> None:
    quiet = QuietRows(AFTER)
    quiet.ask(rows(kraken, SOL=NEVER), 0.0)
    quiet.ask({}, 60.0)
    quiet.ask(rows(kraken, SOL=NEVER), AFTER)
    assert kraken.refreshed == []


@pytest.mark.parametrize(("told_at", "left_out"), [(NEVER, True), (99.0, True), (101.0, False)])
def test_what_moved_is_left_out_unless_the_stream_tells_it_in_time(
    kraken: ScriptedSource, told_at: float, left_out: bool
) -> None:
    quiet = QuietRows(AFTER)
    quiet.ask(rows(kraken, SOL=NEVER), 0.0)
    quiet.moved("SOL", 100.0)
    quiet.moved("BTC", 100.0)  # of no concern here
    now = rows(kraken, SOL=told_at)
    assert quiet.left_out(now, 100.0 + LATE - 1) == []
    found = quiet.left_out(now, 100.0 + LATE)
    assert [row.topic for row in found] == ["SOL/USD"] * left_out
    assert all(row.left_out().kind is ErrorKind.GAP and row.topic in row.left_out().message for row in found)
    assert quiet.left_out(now, 500.0) == []
