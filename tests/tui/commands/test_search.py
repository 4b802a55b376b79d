from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest

from streamcore import SearchFailure, SearchResult, TokenHit
from streamtui.commands.search import run, show

USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
DOG = "8cmK4vWFRPMttT49MuDG5p6c2zMnr4xg9eVE8DgMpump"

REAL = TokenHit(
    symbol="USDC",
    name="USD Coin",
    mint=USDC,
    provider="table",
    verified=True,
    liquidity=Decimal("480000000"),
    volume_24h=Decimal("1E+9"),
    also_at=("jupiter",),
)
SCAM = TokenHit(
    symbol="USDC",
    name="=2+3\x1b[31m Dog",
    mint=DOG,
    provider="jupiter",
    verified=False,
    lookalike_of="USDC",
    doubts=("less than a day old",),
)
MARKET = TokenHit(symbol="XMR", name="Monero", mint=None, provider="kraken", verified=True)
FAILED = SearchFailure(provider="jupiter", message="Jupiter has trouble of its own (HTTP 503)")


def test_a_table_says_in_words_what_can_be_trusted_and_has_the_whole_mint(capsys) -> None:
    status = show(SearchResult(hits=(REAL, MARKET, SCAM)), "usdc", form="table", demo=False)
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    title, *rows = out.splitlines()
    assert title.split()[:2] == ["ticker", "what"]
    assert rows[0].startswith("USDC    verified    USD Coin")
    assert USDC in rows[0]
    assert "$480M  $1.00B  table, jupiter" in rows[0]
    assert "listed" in rows[1]
    assert "XMR in US dollars" in rows[1]
    assert "not USDC" in rows[2]
    assert DOG in rows[2]
    assert "looks like USDC and is another token" in " ".join(" ".join(rows[2:]).split())
    assert "\x1b" not in out


def test_json_is_one_object_a_line_with_exact_texts_for_amounts(capsys) -> None:
    show(SearchResult(hits=(REAL, MARKET, SCAM)), "usdc", form="json", demo=True)
    real, market, scam = map(json.loads, capsys.readouterr().out.splitlines())
    assert real == {
        "event": "hit",
        "symbol": "USDC",
        "name": "USD Coin",
        "mint": USDC,
        "provider": "table",
        "also_at": ["jupiter"],
        "verified": True,
        "lookalike_of": None,
        "liquidity": "480000000",
        "volume_24h": "1000000000",
        "doubts": [],
        "demo": True,
    }
    assert (market["mint"], market["liquidity"], market["volume_24h"]) == (None, None, None)
    assert (scam["lookalike_of"], scam["verified"], scam["doubts"]) == (
        "USDC",
        False,
        ["less than a day old"],
    )


def test_csv_has_no_formula_and_no_control_character(capsys) -> None:
    show(SearchResult(hits=(REAL, SCAM)), "usdc", form="csv", demo=False)
    titles, real, scam = csv.reader(io.StringIO(capsys.readouterr().out))
    assert titles[:3] == ["symbol", "name", "mint"]
    assert real[4:] == ["jupiter", "true", "", "480000000", "1000000000"]
    assert scam[1] == "'=2+3\u241b[31m Dog"
    assert scam[-2:] == ["", ""]


@pytest.mark.parametrize(
    ("hits", "failures", "status", "said"),
    [
        ((REAL,), (FAILED,), 0, "streamtui: Jupiter has trouble of its own (HTTP 503)\n"),
        ((), (), 0, "streamtui: no source lists anything called 'hats'\n"),
        (
            (),
            (FAILED,),
            1,
            (
                "streamtui: Jupiter has trouble of its own (HTTP 503)\n"
                "streamtui: no source that answered lists anything called 'hats'\n"
            ),
        ),
    ],
)
@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_who_could_not_be_asked_is_said_beside_what_was_found(
    capsys, form: str, hits, failures, status: int, said: str
) -> None:
    assert show(SearchResult(hits=hits, failures=failures), "hats", form=form, demo=False) == status
    assert capsys.readouterr().err == said


def test_the_table_and_each_row_of_csv_say_in_the_demo_that_they_are_invented(capsys) -> None:
    show(SearchResult(hits=(REAL,)), "usdc", form="table", demo=True)
    assert "DEMO" in capsys.readouterr().out
    show(SearchResult(hits=(REAL,)), "usdc", form="csv", demo=True)
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["demo"] == "true"


def test_without_prices_the_table_is_searched_and_nobody_is_asked(capsys) -> None:
    from streamcore import Settings
    from streamcore.config.model import StreamSettings

    assert run(Settings(stream=StreamSettings(enable_prices=False)), "bonk", form="json") == 0
    assert json.loads(capsys.readouterr().out)["mint"] == "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"


def test_a_relay_that_is_not_there_is_a_sentence(capsys, monkeypatch) -> None:
    from fake_manager import FakeManager

    from streamcore import ErrorKind, ProviderError, Settings

    engine = FakeManager(Settings())
    engine.breaks_at["search"] = ProviderError(ErrorKind.NETWORK, "the relay did not answer within 30 s")
    monkeypatch.setattr("streamtui.commands.search.real_engine", lambda settings: engine)
    assert run(Settings(), "bonk") == 1
    assert capsys.readouterr().err == "streamtui: the relay did not answer within 30 s\n"


@pytest.mark.parametrize("width", [80, 100, 139])
def test_in_a_narrow_terminal_the_mint_stands_whole_below_the_name(width: int) -> None:
    from rich.console import Console

    from streamtui.commands.search import table

    console = Console(width=width, file=io.StringIO())
    with console.capture() as captured:
        console.print(table([REAL, MARKET, SCAM], demo=False, width=console.width))
    lines = [line.strip() for line in captured.get().splitlines()]
    assert USDC in lines
    assert DOG in lines
    assert any(line.startswith("USDC") and "not USDC" in line for line in lines)
    assert "looks like USDC and is another token" in " ".join(lines)
