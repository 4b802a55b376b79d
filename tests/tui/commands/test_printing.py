from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from streamtui.commands.printing import print_rows

ROW: dict[str, Any] = {
    "event": "hit",
    "name": "=2+3\x1b[31m",
    "found_at": ["a", "b"],
    "sure": True,
    "price": None,
}


def printed(capsys: pytest.CaptureFixture[str], form: str) -> str:
    print_rows([ROW], form, columns=("name", "found_at", "sure", "price"), table=lambda _: ("for people",))
    return capsys.readouterr().out


def test_json_has_every_field_of_a_row_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = printed(capsys, "json").splitlines()
    assert json.loads(line) == ROW


def test_csv_has_the_columns_it_was_given_and_nothing_that_acts(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = csv.DictReader(io.StringIO(printed(capsys, "csv")))
    assert row == {"name": "'=2+3\u241b[31m", "found_at": "a b", "sure": "true", "price": ""}


def test_a_table_is_made_only_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "table") == "for people\n"
