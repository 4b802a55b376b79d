"""Saving to the configuration file: what is watched is there, and everything else is as it was."""

from __future__ import annotations

import stat
from decimal import Decimal
from pathlib import Path

import pytest

from streamcore.assets.tokens import TokenTable
from streamcore.config.loading import load
from streamcore.config.screen import AlertSettings, PriceColumn
from streamtui.commands.config import write_starter
from streamtui.model.config_merge import Watched
from streamtui.model.config_writer import Conflict, NotSaved, OnConflict, save

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
OTHER = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"
EVERYTHING = Watched(
    symbols=["SOL", "BONK"],
    wallets=[WALLET],
    labels={WALLET: 'my "treasury"'},
    alerts=[
        AlertSettings(symbol="BONK", above=Decimal("0.00000123")),
        AlertSettings(symbol="SOL", change=Decimal(5), minutes=30.0),
        AlertSettings(wallet=WALLET),
    ],
)


def check(path: Path, watched: Watched) -> None:
    settings = load(path, environ={}).settings
    assert settings.symbols == tuple(watched.symbols)
    assert settings.wallets == tuple(watched.wallets)
    assert settings.labels == watched.labels
    assert settings.alerts == tuple(watched.alerts)


def test_a_new_file_is_made_with_its_folders_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    save(path, EVERYTHING)
    check(path, EVERYTHING)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_starter_file_keeps_every_comment(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    write_starter(path)
    before = path.read_text().splitlines()
    save(path, EVERYTHING)
    check(path, EVERYTHING)
    after = path.read_text().splitlines()
    assert [line for line in before if line] == [line for line in after if line in before and line]
    assert after[after.index('# symbols = ["SOL", "BTC"]') + 1] == 'symbols = ["SOL", "BONK"]'


def test_saving_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    save(path, EVERYTHING)
    first = path.read_text()
    save(path, EVERYTHING)
    assert path.read_text() == first


def test_comments_in_lists_and_everything_unknown_survive(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        "# mine\nsymbols = [\n  'SOL', # the king\n  'BTC', # gold\n]\n\n"
        "[helius]\napi_key = 'abcdefgh' # work\n\n[labels]\n# friends\n"
        f"{OTHER} = 'ann' # since 2021\n\n[[alerts]]\nsymbol = 'SOL' # moon\nabove = 200\n"
    )
    keep = AlertSettings(symbol="SOL", above=Decimal(200))
    more = AlertSettings(symbol="BONK", below=Decimal("0.5"))
    save(path, Watched(["BTC", "JUP"], [], {WALLET: "treasury"}, [keep, more]))
    text = path.read_text()
    for kept in ("# mine", "# gold", "api_key = 'abcdefgh' # work", "# friends", "# since 2021", "# moon"):
        assert kept in text
    settings = load(path, environ={}).settings
    assert settings.symbols == ("BTC", "JUP")
    assert settings.labels == {OTHER: "ann", WALLET: "treasury"}
    assert settings.alerts == (keep, more)


def test_what_is_no_longer_watched_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    save(path, EVERYTHING)
    save(path, Watched([], [], {}, EVERYTHING.alerts[1:2]))
    settings = load(path, environ={}).settings
    assert (settings.symbols, settings.wallets) == ((), ())
    assert settings.alerts == tuple(EVERYTHING.alerts[1:2])
    save(path, Watched([], []))
    assert load(path, environ={}).settings.alerts == ()


def test_a_list_written_as_one_text_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('symbols = "SOL, BTC"\n')
    save(path, Watched(["ETH"], []))
    assert load(path, environ={}).settings.symbols == ("ETH",)


def test_ones_own_order_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("symbols = ['SOL', 'BTC', 'ETH']\n")
    save(path, Watched(["ETH", "SOL", "BTC"], []))
    assert load(path, environ={}).settings.symbols == ("ETH", "SOL", "BTC")


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "config.toml"
    real.write_text("demo = true\n")
    link.symlink_to(real)
    save(link, EVERYTHING)
    assert link.is_symlink()
    assert load(real, environ={}).settings.demo


@pytest.mark.parametrize("content", [b"symbols = [", b"\xff\xfe"])
def test_a_file_that_cannot_be_understood_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(NotSaved, match="not saved"):
        save(path, EVERYTHING)
    assert path.read_bytes() == content


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotSaved, match="cannot be"):
        save(tmp_path / "file" / "config.toml", EVERYTHING)


def test_what_an_editor_has_added_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    before = Watched(symbols=["SOL"], wallets=[])
    path.write_text('symbols = ["SOL", "ETH"]\n\n[[alerts]]\nsymbol = "ETH"\nabove = 5000\n')
    rule = AlertSettings(symbol="SOL", above=Decimal(200))
    saved = save(path, Watched(symbols=["SOL", "BTC"], wallets=[], alerts=[rule]), before)
    settings = load(path, environ={}).settings
    assert settings.symbols == ("SOL", "ETH", "BTC")
    assert settings.alerts == (AlertSettings(symbol="ETH", above=Decimal(5000)), rule)
    assert save(path, Watched(symbols=["BTC"], wallets=[], alerts=[rule]), saved).symbols == ["BTC"]


def test_what_would_be_lost_is_asked_about_and_nothing_is_written_before(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    text = 'symbols = ["BTC", "ETH"]\n'
    path.write_text(text)
    shown, unknown = Watched(symbols=["SOL"], wallets=[]), Watched(symbols=None, wallets=None)
    with pytest.raises(Conflict, match="there are symbols that this session does not have: BTC, ETH"):
        save(path, shown, unknown)
    assert path.read_text() == text
    save(path, shown, unknown, OnConflict.ADD)
    assert load(path, environ={}).settings.symbols == ("BTC", "ETH", "SOL")
    save(path, shown, unknown, OnConflict.REPLACE)
    assert load(path, environ={}).settings.symbols == ("SOL",)


def test_an_alert_in_the_file_that_makes_no_sense_is_no_reason_to_lose_it(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[[alerts]]\nsymbol = "ETH"\nabve = 5000\n')
    with pytest.raises(NotSaved, match="an alert that makes no sense"):
        save(path, EVERYTHING, Watched(symbols=[], wallets=[]))


def test_the_lines_of_windows_stay(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf# mine\r\nsymbols = []\r\n")
    save(path, Watched(symbols=["SOL"], wallets=[]))
    assert path.read_bytes().startswith(b'\xef\xbb\xbf# mine\r\nsymbols = ["SOL"]\r\n')


def test_columns_are_written_where_they_belong_and_comments_stay(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        "# mine\n[ui]\ncolumns = [\n  'symbol', # the ticker\n  'price',\n]\nbell = false # quiet\n"
    )
    columns = [PriceColumn.SYMBOL, PriceColumn.SPREAD, PriceColumn.AGE]
    save(path, Watched([], [], columns=columns))
    settings = load(path, environ={}).settings
    assert settings.ui.columns == tuple(columns)
    assert not settings.ui.bell
    for comment in ("# mine", "# the ticker", "# quiet"):
        assert comment in path.read_text()
    starter = tmp_path / "new.toml"
    write_starter(starter)
    before = starter.read_text().splitlines()
    save(starter, Watched([], [], columns=columns))
    assert load(starter, environ={}).settings.ui.columns == tuple(columns)
    assert set(before) <= set(starter.read_text().splitlines())


def test_columns_of_the_file_stay_when_nobody_has_chosen_others(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[ui]\ncolumns = ['price']\n")
    save(path, Watched(["SOL"], []), Watched([], [], columns=[PriceColumn.PRICE]))
    assert load(path, environ={}).settings.ui.columns == (PriceColumn.PRICE,)


HATS = "Hu6xf6bNiJ5ErRaG7Yhos89jgfAdCG1tu8DCips2pump"
DOG = "8cmK4vWFRPMttT49MuDG5p6c2zMnr4xg9eVE8DgMpump"


def saved_tokens(path: Path, tickers: dict[str, str]) -> dict[str, str]:
    watched = Watched(symbols=list(tickers), wallets=[], tokens=tickers)
    save(path, watched, Watched(symbols=[], wallets=[]), OnConflict.ADD)
    settings = load(path, environ={}).settings
    assert set(tickers) <= set(settings.symbols)
    return dict(settings.tokens)


def test_a_token_that_was_found_is_kept_with_its_name_and_known_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    write_starter(path)
    assert saved_tokens(path, {HATS: "HATS"}) == {"HATS": HATS}
    token = TokenTable(load(path, environ={}).settings.tokens).resolve(HATS)
    assert (token.symbol, token.mint) == ("HATS", HATS)
    assert saved_tokens(path, {HATS: "OTHER"}) == {"HATS": HATS}
    assert load(path, environ={}).warnings == ()


def test_a_found_ticker_never_replaces_a_known_one_or_another_found_one(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    tokens = saved_tokens(path, {HATS: "USDC", DOG: "USD\u0421"})
    assert sorted(tokens.values()) == sorted([HATS, DOG])
    assert load(path, environ={}).warnings == ()
    assert TokenTable(tokens).resolve("USDC").name == "USD Coin"
    assert {"USDC", "USD\u0421"}.isdisjoint(tokens)


def test_a_found_ticker_never_gives_another_meaning_to_what_the_file_names(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        'symbols = ["HATS"]\n[watchlists]\nmine = ["CAPS"]\n'
        f'[tokens]\n# kept\nSHOES = "{WALLET}"\n[[alerts]]\nsymbol = "VEST"\nabove = 1\n'
    )
    other = "FAb1w1X5YzQo53Lvv4CfRRSS4Brbm6NBKk2Fs8gLpiJ1"
    tickers = {HATS: "hats", DOG: "CAPS", other: "SHOES"}
    tokens = saved_tokens(path, tickers)
    assert tokens == {"SHOES": WALLET, "hats-pump": HATS, "CAPS-pump": DOG, "SHOES-piJ1": other}
    assert "# kept" in path.read_text()
    assert load(path, environ={}).settings.symbols[0] == "HATS"


@pytest.mark.parametrize("ticker", ["\u9a6c", "a.b", "\U0001f438", "x\x1b[31m\n]", '"', "[tokens]"])
def test_every_ticker_makes_a_file_that_can_be_read(tmp_path: Path, ticker: str) -> None:
    assert list(saved_tokens(tmp_path / "config.toml", {HATS: ticker}).values()) == [HATS]
