from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from fake_manager import FakeManager
from scripted_history import flat, series

from streamcore import Candle, CandleSeries, ChartRange, ErrorKind, ProviderError, Settings, VolumeUnit
from streamtui.commands.history import run, show, summary
from streamtui.model.exporting import candle_fields

BEGIN = 1_793_307_600

TINY = Candle(
    start=BEGIN,
    open=Decimal("1.2E-7"),
    high=Decimal("0.00000013"),
    low=Decimal("1E-7"),
    close=Decimal("0.00000012"),
    volume=Decimal("1E+9"),
)


def pool(*candles: Candle, **more: Any) -> CandleSeries:
    known = {
        "symbol": "BONK",
        "provider": "geckoterminal",
        "title": "GeckoTerminal",
        "market": "Bonk/SOL on orca",
        "volume_unit": VolumeUnit.USD,
        "begin": BEGIN,
    }
    return series(*candles, **{**known, **more})


def test_a_line_of_json_has_just_the_fields_of_a_candle_and_exact_texts_for_amounts(capsys) -> None:
    show(pool(TINY, flat(BEGIN + 60, "3", None)), form="json")
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {
        "event": "candle",
        "symbol": "BONK",
        "provider": "geckoterminal",
        "market": "Bonk/SOL on orca",
        "start": BEGIN,
        "interval": 60,
        "open": "0.00000012",
        "high": "0.00000013",
        "low": "0.0000001",
        "close": "0.00000012",
        "volume": "1000000000",
    }
    assert second["volume"] is None


def test_what_is_invented_says_so_in_every_form(capsys) -> None:
    demo = pool(TINY, demo=True)
    assert [told["demo"] for told in candle_fields(demo)] == [True]
    for form in ("table", "csv"):
        show(demo, form=form)
        assert "demo" in capsys.readouterr().out.lower()
    show(demo, form="csv")
    assert next(csv.DictReader(io.StringIO(capsys.readouterr().out)))["demo"] == "true"


def test_csv_has_the_same_values_and_no_formula(capsys) -> None:
    show(pool(TINY, market="=2+3\x1b/SOL"), form="csv")
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row["open"], row["start"], row["market"]) == ("0.00000012", str(BEGIN), "'=2+3\u241b/SOL")
    assert "demo" not in row


def test_a_table_says_what_it_is_from_where_and_how_it_changed(capsys) -> None:
    show(pool(flat(BEGIN, "2"), flat(BEGIN + 60, "3")), form="table")
    title, heads, first, last = capsys.readouterr().out.splitlines()
    assert title.rstrip() == (
        "BONK ▲ +50.00 % in 1 h; candles: GeckoTerminal Bonk/SOL on orca, 1 min, times in UTC"
    )
    assert heads.split() == ["begins", "open", "high", "low", "close", "volume,", "USD"]
    assert first.split() == ["2026-10-29", "21:00", "2.0000", "2.0000", "2.0000", "2.0000", "7"]
    assert last.split()[1] == "21:01"


def test_a_shorter_past_says_since_when_and_never_the_range() -> None:
    young = pool(flat(BEGIN, "2"), range=ChartRange.YEAR, interval=86_400, begin=BEGIN - 300 * 86_400)
    assert "0.00 % since 2026-10-29" in summary(young)
    assert "1 y" not in summary(young)


def test_a_line_of_single_prices_is_called_that_and_has_one_column(capsys) -> None:
    show(pool(flat(BEGIN, "2", None), line=True, volume_unit=None), form="table")
    title, heads, _ = capsys.readouterr().out.splitlines()
    assert "prices: GeckoTerminal" in title
    assert heads.split() == ["begins", "price"]


@pytest.fixture
def engine(monkeypatch) -> FakeManager:
    fake = FakeManager(Settings())
    monkeypatch.setattr("streamcore.StreamManager", lambda *_, **__: fake)
    return fake


def test_the_range_that_was_asked_for_is_printed(engine, capsys) -> None:
    engine.fresh_series["SOL", ChartRange.WEEK] = series(flat(BEGIN))
    assert run(Settings(), "sol", span="7d", form="json") == 0
    assert json.loads(capsys.readouterr().out)["symbol"] == "SOL"
    assert engine.asked_for("history") == [("SOL", ChartRange.WEEK)]
    assert engine.closed


def test_what_cannot_be_had_is_status_1_with_the_reason(engine, capsys) -> None:
    engine.breaks_at["history"] = ProviderError(ErrorKind.NETWORK, "Kraken could not be\x1b reached")
    assert run(Settings(), "SOL") == 1
    assert capsys.readouterr() == ("", "streamtui: Kraken could not be\u241b reached\n")


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["SOL"], ("SOL", "24h", "table")),
        (["SOL", "--range", "1y", "--format", "csv"], ("SOL", "1y", "csv")),
    ],
)
def test_the_command_line_takes_a_symbol_a_range_and_a_form(arguments, asked, monkeypatch, tmp_path) -> None:
    from streamtui.cli import main
    from streamtui.programs import Programs

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    seen: list[SimpleNamespace] = []

    def note(settings: Settings, symbol: str, span: str, form: str) -> int:
        seen.append(SimpleNamespace(asked=(symbol, span, form), demo=settings.demo))
        return 0

    with pytest.raises(SystemExit) as end:
        main(["history", *arguments, "--demo"], Programs(history=note))
    assert (end.value.code, seen[0].asked, seen[0].demo) == (0, asked, True)


def test_every_range_of_the_library_is_one_of_the_command_line() -> None:
    from streamtui.format.texts import RANGE_NAMES
    from streamtui.options import RANGE

    assert RANGE.choices == tuple(ChartRange)
    assert set(RANGE_NAMES) == set(ChartRange)
