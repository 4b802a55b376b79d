from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streamcore.status import Health
from streamcore.tracking.price_state import NEVER
from streamcore.tracking.quiet_rows import LATE, QuietRows, StreamedRow

AFTER = 120.0


class Source:
    """A source whose requests are written down."""

    name = "acme"
    health = Health.UP
    provider: Any = None

    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []

    def refresh(self, topics: Sequence[str]) -> None:
        self.asked.append(topics)


def rows(source: Source, **told_at: float) -> dict[str, StreamedRow]:
    return {key: StreamedRow(source, key.upper(), at) for key, at in told_at.items()}


def test_rows_that_were_not_told_for_long_are_asked_for_together_and_again_after_as_long() -> None:
    source, quiet = Source(), QuietRows(AFTER)
    all_rows = rows(source, sol=0.0, btc=NEVER, jup=60.0)
    for now in (0.0, AFTER - 1, AFTER, AFTER + 59, AFTER + 60, 2 * AFTER):
        quiet.ask(all_rows, now)
    assert source.asked == [["SOL", "BTC"], ["JUP"], ["SOL", "BTC"]]


def test_a_row_that_comes_late_is_given_as_long_as_the_others() -> None:
    source, quiet = Source(), QuietRows(AFTER)
    quiet.ask(rows(source, sol=NEVER), 1000.0)
    quiet.ask(rows(source, sol=NEVER), 1000.0 + AFTER - 1)
    assert source.asked == []


def test_a_price_that_moved_is_left_out_only_if_the_stream_does_not_tell_it_in_its_time() -> None:
    source, quiet = Source(), QuietRows(AFTER)
    quiet.ask(rows(source, sol=0.0, btc=0.0), 0.0)
    quiet.moved("sol", 130.0)
    quiet.moved("btc", 130.0)
    later = rows(source, sol=0.0, btc=131.0)
    assert quiet.left_out(later, 130.0 + LATE - 1) == []
    assert quiet.left_out(later, 130.0 + LATE) == [later["sol"]]
    assert quiet.left_out(later, 130.0 + LATE) == [], "it is told once"
    assert "acme streamed on but left out trades of SOL" in later["sol"].left_out().message


def test_what_was_known_of_a_row_is_forgotten_with_it() -> None:
    source, quiet = Source(), QuietRows(AFTER)
    quiet.ask(rows(source, sol=0.0), 0.0)
    quiet.moved("sol", 130.0)
    quiet.ask({}, 131.0)
    assert quiet.left_out(rows(source, sol=0.0), 200.0) == []
    quiet.moved("btc", 130.0)
    assert quiet.left_out(rows(source, btc=0.0), 200.0) == []
