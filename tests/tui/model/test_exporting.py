"""Files for other programs: exact values, no formulas, nothing overwritten."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import pytest
from candle_series import candle, series_of
from sample_events import price, transaction

from streamtui.model.exporting import Format, NotWritten, export, export_candles, stamp

AT = 1_793_311_200.0


def test_a_csv_file_has_a_line_for_each_price_with_exact_values(tmp_path: Path) -> None:
    path = export([price("SOL", "150.50"), price("BONK", "0.00000123")], "prices", Format.CSV, tmp_path, AT)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["price"] for row in rows] == ["150.50", "0.00000123"]
    assert path.name == "streamtui-prices-20261029-220000.csv"
    assert path.is_absolute()


def test_a_json_file_has_the_shape_of_the_stream(tmp_path: Path) -> None:
    path = export([transaction(sol_change=Decimal("-1.5"))], "transactions", Format.JSON, tmp_path, AT)
    (entry,) = json.loads(path.read_text())
    assert entry["event"] == "transaction"
    assert entry["sol_change"] == "-1.5"
    assert entry["token_changes"][0]["symbol"] == "USDC"


def test_candles_have_the_shape_of_the_history(tmp_path: Path) -> None:
    series = series_of(candle(0, "1.50", 2, "1e-10", "1.75", volume=3), candle(60, 1), symbol="../=X")
    path = export_candles(series, Format.JSON, tmp_path, AT)
    first, second = json.loads(path.read_text())
    assert first == {
        "event": "candle",
        "symbol": "../=X",
        "provider": "kraken",
        "market": "SOL/USD",
        "start": 0,
        "interval": 60,
        "open": "1.50",
        "high": "2",
        "low": "0.0000000001",
        "close": "1.75",
        "volume": "3",
    }
    assert second["volume"] is None
    assert path.parent == tmp_path
    assert path.name == "streamtui-X-1h-20261029-220000.json"
    table = export_candles(series, Format.CSV, tmp_path, AT).read_text().splitlines()
    assert table[1] == "candle,../=X,kraken,SOL/USD,0,60,1.50,2,0.0000000001,1.75,3"


def test_text_from_outside_never_becomes_a_formula(tmp_path: Path) -> None:
    hostile = transaction(summary='=HYPERLINK("http://x")', sol_change=Decimal("-1.5"))
    path = export([hostile], "transactions", Format.CSV, tmp_path, AT)
    with path.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["summary"].startswith("'=")
    assert row["sol_change"] == "-1.5"
    assert json.loads(row["token_changes"])[0]["amount"] == "-171.25"


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    paths = {export([price()], "prices", Format.JSON, tmp_path, AT) for _ in range(3)}
    assert len(paths) == 3
    assert stamp(AT) == "20261029-220000"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk to try")
def test_nothing_is_left_behind_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def onto_a_full_disk(path: Path, mode: str = "r", **more: Any) -> IO[Any]:
        opened(path, mode, **more).close()
        return opened(Path("/dev/full"), "w", **more)

    monkeypatch.setattr(Path, "open", onto_a_full_disk)
    with pytest.raises(NotWritten, match="No space left on device"):
        export([price()], "prices", Format.CSV, tmp_path, AT)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotWritten, match="cannot be written"):
        export([price()], "prices", Format.CSV, tmp_path / "missing", AT)
