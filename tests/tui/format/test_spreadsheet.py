from __future__ import annotations

import pytest

from streamtui.format.spreadsheet import no_formula


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2+3", "@sum", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_compute_becomes_text(text: str) -> None:
    assert no_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", ["SOL", "-1.5", "+2", "", "1=2"])
def test_numbers_and_other_texts_stay_as_they_are(text: str) -> None:
    assert no_formula(text) == text
