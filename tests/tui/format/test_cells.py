from __future__ import annotations

import pytest
from rich.cells import cell_len

from streamtui.format.cells import Span, cell, fitted, literal


@pytest.mark.parametrize(
    "text", ["SOL", "", "日本語トークン", "🚀🚀🚀🚀🚀🚀", "e\u0301galite", "a\x1b[31mb\tc\u202ed"]
)
@pytest.mark.parametrize("width", [0, 1, 2, 5, 9, 40])
def test_a_cell_is_exactly_as_wide_as_asked(text: str, width: int) -> None:
    assert cell_len("".join(span.text for span in fitted(cell(text), width))) == width


def test_what_does_not_fit_ends_with_an_ellipsis() -> None:
    assert fitted(cell("Coinbase Wrapped BTC"), 9) == [Span("Coinbase…")]
    assert fitted((Span("ab", "up"), Span("cdef")), 4) == [Span("ab", "up"), Span("c…")]


def test_numbers_stand_at_the_right() -> None:
    assert fitted(cell("1.2M", "dim"), 6, "right") == [Span("  1.2M", "dim")]


def test_control_characters_are_shown_not_sent() -> None:
    assert "\x1b" not in "".join(span.text for span in fitted(cell("a\x1b[2Jb"), 20))
    assert "\x1b" not in literal("a\x1b[2J").plain


def test_markup_from_outside_is_only_text() -> None:
    assert literal("[bold red]x[/]").plain == "[bold red]x[/]"


def test_a_text_that_is_cut_within_an_ellipsis_has_one_and_not_two() -> None:
    assert fitted(cell("from 4QXs…DsUQ"), 11) == [Span("from 4QXs… ")]
    assert fitted(cell("from 4QXs…DsUQ"), 10) == [Span("from 4QXs…")]
    assert fitted(cell("from 4QXs…DsUQ"), 12) == [Span("from 4QXs…D…")]
