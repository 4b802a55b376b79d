from __future__ import annotations

from decimal import Decimal

import pytest

from streamcore.providers.token_directory import TokenDirectory, amount, shown_text


async def test_a_provider_without_a_list_finds_and_names_nothing() -> None:
    assert await TokenDirectory().find("SOL") == ()
    assert await TokenDirectory().name(["So11111111111111111111111111111111111111112"]) == ()


@pytest.mark.parametrize(
    ("sent", "read"),
    [("1.5", Decimal("1.5")), (0, Decimal(0)), (None, None), (-1, None), ("much", None), ([], None)],
)
def test_an_amount_that_makes_no_sense_is_none(sent: object, read: Decimal | None) -> None:
    assert amount(sent) == read


def test_a_name_is_shown_without_what_acts_on_a_terminal_and_cut() -> None:
    assert "\x1b" not in shown_text("Dog\x1b[31m", 24)
    assert len(shown_text("D" * 100, 24)) == 24
    assert shown_text(5, 24) == ""
