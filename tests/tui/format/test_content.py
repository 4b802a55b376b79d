"""One line of two parts, and the mark for invented data."""

from __future__ import annotations

import pytest
from textual.content import Content

from streamtui.format.content import demo_badge, spread


@pytest.mark.parametrize(
    ("left", "right", "width", "line"),
    [
        ("left", "right", 14, "left     right"),
        ("left", "", 6, "left  "),
        ("much too long", "right", 12, "much … right"),
        ("left", "right", 4, "right"),
    ],
)
def test_what_does_not_fit_is_cut_at_the_left_part(left: str, right: str, width: int, line: str) -> None:
    assert spread(Content(left), Content(right), width).plain == line


def test_the_mark_says_what_is_invented() -> None:
    assert demo_badge("DEMO prices").plain == " DEMO prices "
    assert demo_badge("").plain == ""
