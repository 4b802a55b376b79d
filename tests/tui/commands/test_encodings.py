from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import msgspec
import pytest
from sample_events import price

from streamcore import Settings, to_json
from streamtui.commands.encodings import run


def recorded(folder: Path) -> Path:
    """A file with a minute of prices of two tokens."""
    path = folder / "events.jsonl"
    events = [
        msgspec.structs.replace(price("SOL" if n % 2 else "BTC", f"{100 + n}.5"), ts=1000.0 + n / 2)
        for n in range(120)
    ]
    path.write_bytes(b"".join(to_json(event) + b"\n" for event in events))
    return path


def compared(path: Path | None, form: str, speed: float = 1.0) -> int:
    return run(Settings(), file=path, duration=0.0, speed=speed, form=form)


def test_the_table_says_what_was_measured_and_has_every_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compared(recorded(tmp_path), "table") == 0
    shown = capsys.readouterr().out
    assert "120 updates in 60 s, 2.0/s" in shown
    assert "wire MessagePack" in shown
    assert "JSON snapshot" in shown


def test_lines_and_rows_have_the_same_figures_for_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = recorded(tmp_path)
    compared(path, "json")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    compared(path, "csv")
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [line["way"] for line in lines] == [row["way"] for row in rows]
    assert lines[0]["saved"] == 0.0
    assert float(rows[0]["plain"]) == lines[0]["plain"]


def test_a_faster_market_has_more_bytes_a_second(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recorded(tmp_path)
    compared(path, "json")
    slow = json.loads(capsys.readouterr().out.splitlines()[0])
    compared(path, "json", speed=10.0)
    fast = json.loads(capsys.readouterr().out.splitlines()[0])
    assert fast["plain"] == pytest.approx(10 * slow["plain"], rel=0.1)


def test_a_file_that_cannot_be_used_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compared(tmp_path / "none", "table") == 1
    assert "cannot be read" in capsys.readouterr().err
