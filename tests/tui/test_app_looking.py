"""Details with a chart, copies, files and pictures; alerts; saving."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest
from stage import WALLET, full_transaction, on_stage, some_life, without_keys

from streamcore.config.loading import load
from streamcore.config.model import AlertSettings
from streamcore.events import State


async def test_the_chart_has_time_frames_and_two_ways_to_be_drawn() -> None:
    async with on_stage() as stage:
        await stage.press("enter")
        assert "no price has come yet" in stage.text()
        for value in ("150", "152", "149", "151"):
            await stage.tell(stage.price("SOL", value))
            await stage.pass_time(4.0)
        assert "candles of 4 s · nothing older than 22:00:" in stage.text()
        assert any(glyph in stage.text() for glyph in "┃╹╻")
        assert "high 152.00, low 149.00" in stage.text()
        await stage.press("v")
        assert any("⠀" < character <= "⣿" for character in stage.text())
        await stage.press("v", "3")
        assert "candles of 16 min" in stage.text()
        await stage.press("right")
        assert "candles of 4 s" in stage.text()
        await stage.press("y")
        assert stage.app.clipboard == stage.feed_key("SOL")


async def test_a_transaction_gives_signature_link_and_wallet_to_the_clipboard() -> None:
    async with on_stage() as stage:
        transaction = full_transaction(stage)
        await stage.tell(transaction)
        await stage.press("tab", "y")
        assert stage.app.clipboard == transaction.signature
        await stage.press("enter", "l")
        assert stage.app.clipboard == f"https://solscan.io/tx/{transaction.signature}"
        await stage.press("m")
        assert stage.app.clipboard == WALLET
        await stage.press("y")
        assert stage.app.clipboard == transaction.signature


async def test_an_invented_transaction_has_no_link() -> None:
    async with on_stage() as stage:
        await stage.tell(full_transaction(stage, demo=True))
        await stage.press("tab", "enter", "l")
        assert stage.app.clipboard == ""
        assert "No explorer knows an invented transaction" in stage.toasts()


async def test_y_copies_the_mint_of_the_selected_price_or_says_that_there_is_none() -> None:
    async with on_stage(symbols=("SOL",)) as stage:
        await stage.press("y")
        assert stage.app.clipboard == stage.feed_key("SOL")
        await stage.press("d", "y")
        assert "No row is selected." in stage.toasts()


async def test_the_pane_is_exported_as_csv_or_json_and_it_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with on_stage() as stage:
        await stage.press("e")
        assert "There are no prices to export." in stage.toasts()
        await stage.tell(*some_life(stage))
        await stage.press("e", "tab", "E", "S")
        await stage.pass_time(0.1)
        names = sorted(os.listdir(tmp_path))  # noqa: PTH208 - a handful of files of this test
        assert [name.rpartition(".")[2] for name in names] == ["svg", "csv", "json"]
        assert f"2 prices written to {tmp_path / names[1]}" in stage.toasts()
        assert len(json.loads((tmp_path / names[2]).read_text())) == 5


async def test_an_alert_is_added_fires_once_and_is_removed() -> None:
    async with on_stage() as stage:
        await stage.tell(stage.price("SOL", "150"))
        await stage.press("a")
        assert "SOL above" in stage.text()
        await stage.type("200")
        await stage.press("enter")
        assert "armed" in stage.text(), "the price is known already"
        await stage.press("escape")
        await stage.tell(stage.price("SOL", "200"), stage.price("SOL", "205"))
        assert stage.toasts().count("SOL is above 200.00: 200.00 USD") == 1
        assert "1 alert · a" in stage.lines()[0]
        await stage.press("a")
        assert "SOL is above 200.00" in stage.text().partition("Told lately:")[2]
        await stage.pass_time(1.0)
        assert "1 alert · a" not in stage.lines()[0]
        await stage.press("ctrl+d")
        assert "No alerts yet." in stage.text()
        await stage.press("ctrl+d")
        assert "no alert to remove" in stage.text()


async def test_the_detail_of_a_transaction_tells_rent_tip_action_and_everybody_on_the_other_side() -> None:
    async with on_stage() as stage:
        everybody = tuple(f"{number}{WALLET[1:]}" for number in range(1, 6))
        await stage.tell(
            stage.transaction(
                1,
                summary="sent 15 SOL to 5 wallets (3 each)",
                rent=Decimal("-0.0101964"),
                tip=Decimal("0.0001"),
                action="stake",
                counterparty=None,
                counterparties=everybody,
            )
        )
        assert sum("15 SOL to 5 wallets" in line for line in stage.lines()) == 1
        await stage.press("tab", "enter")
        text = stage.text()
        assert "0.0101964 SOL paid for new accounts" in text
        assert "0.0001 SOL, counted in the SOL above" in text
        assert "action       stake" in text
        assert all(address in text for address in everybody)


async def test_a_burst_of_alerts_is_one_toast_and_a_number_until_somebody_looks() -> None:
    async with on_stage() as stage:
        await stage.press("a")
        await stage.type(f"{WALLET} any")
        await stage.press("enter", "escape")
        await stage.tell(*(stage.transaction(number) for number in range(1, 9)))
        assert stage.toasts().count("Alert:") == 1
        assert "7 more; a shows them" in stage.toasts()
        assert "8 alerts · a" in stage.lines()[0]
        await stage.press("escape")
        assert not stage.toasts()
        assert "8 alerts · a" in stage.lines()[0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "type an alert"),
        ("nonsense", "is not an alert"),
        ("BONK > 1", "is not watched yet; s watches it"),
    ],
)
async def test_a_bad_alert_is_refused_with_the_reason(text: str, reason: str) -> None:
    async with on_stage() as stage:
        await stage.press("a", "ctrl+u")
        await stage.type(text)
        await stage.press("enter")
        assert reason in " ".join(stage.text().split())
        assert stage.app.session.alerts.rules == []


async def test_alerts_of_the_configuration_fire_for_prices_and_wallets() -> None:
    alerts = (
        AlertSettings(symbol="BTC", below=Decimal(100)),
        AlertSettings(wallet=WALLET, above=Decimal(1)),
    )
    async with on_stage(alerts=alerts, labels={WALLET: "treasury"}) as stage:
        await stage.tell(stage.price("BTC", "120"), stage.price("BTC", "99"), stage.transaction())
        await stage.press("a")
        assert "BTC is below 100.00: 99.0000 USD" in stage.text()
        assert "treasury: received 1.5 SOL" in stage.toasts()


async def test_what_is_watched_is_saved_and_there_again_next_time(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    async with on_stage(symbols=("SOL", "BTC"), wallets=(), config_path=path) as stage:
        await stage.press("w")
        await stage.type(f"{WALLET} my treasury")
        await stage.press("enter", "J", "ctrl+s")
        await stage.pass_time(0.1)
        assert f"Saved to {path}" in stage.toasts()
    settings = load(path, environ={}).settings
    assert settings.symbols == ("BTC", "SOL")
    assert settings.wallets == (WALLET,)
    assert settings.labels == {WALLET: "my treasury"}


async def test_what_only_a_watchlist_brought_is_not_saved_a_second_time(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    async with on_stage(symbols=("SOL",), config_path=path, watchlists={"memes": ("BONK",)}) as stage:
        await stage.press("right_square_bracket", "ctrl+s")
        await stage.pass_time(0.1)
    assert load(path, environ={}).settings.symbols == ("SOL",)


async def test_saving_that_fails_says_why(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("symbols = [")
    async with on_stage(config_path=path) as stage:
        await stage.press("ctrl+s")
        await stage.pass_time(0.1)
        assert "not saved" in stage.toasts()
    async with on_stage() as stage:
        await stage.press("ctrl+s")
        assert "no configuration file" in stage.toasts()


async def test_a_label_given_while_watching_renames_the_rows_that_are_there() -> None:
    async with on_stage() as stage:
        await stage.tell(stage.transaction())
        assert "Gfyz…eN6T" in stage.line("received")
        await stage.press("w")
        await stage.type(f"{WALLET} treasury")
        await stage.press("enter")
        assert "treasury" in stage.line("received")


async def test_the_first_start_shows_known_tokens_and_what_a_key_would_bring() -> None:
    async with on_stage(symbols=(), wallets=(), starter=True, size=(120, 30)) as stage:
        without_keys(stage)
        await stage.pass_time(1.0)
        assert "BONK" in stage.text()
        assert "BIRDEYE_API_KEY would" in stage.line("kraken")
        assert "HELIUS_API_KEY would" in stage.line("solana")
        assert "DEMO" not in stage.text()


async def test_capital_d_shows_invented_data_and_brings_the_real_one_back() -> None:
    async with on_stage() as stage:
        without_keys(stage)
        await stage.tell(*some_life(stage))
        assert "150.5" in stage.text()
        await stage.press("D")
        await stage.pass_time(1.0)
        assert [manager.settings.demo for manager in stage.managers] == [False, True]
        assert stage.managers[0].closed
        assert "150.5" not in stage.text(), "a real price must not stay among invented ones"
        assert "TRANSACTIONS" in stage.text()
        assert not len(stage.app.session.transactions)
        assert stage.manager.asked_for("subscribe_prices") == [("SOL", "BTC")]
        await stage.tell(stage.price("SOL", "99.5", demo=True))
        assert "99.5" in stage.line("SOL")
        await stage.press("D")
        await stage.pass_time(1.0)
        assert stage.manager.settings.demo is False
        assert "99.5" not in stage.text()


async def test_without_a_network_the_panes_say_why_and_what_d_does() -> None:
    async with on_stage() as stage:
        without_keys(stage)
        for name in ("kraken", "solana"):
            reason = f"name lookup of {name}.example failed"
            down = {"state": State.FALLBACK, "fallback": True, "poll_failed": True, "reason": reason}
            stage.manager.set_status(name, **down)
        await stage.pass_time(1.0)
        assert stage.text().count("○ down") == 2
        assert "D shows invented data" in stage.line("No price yet")
        assert "kraken: name lookup of kraken.example failed" in stage.text()
        assert "D for invented data" in stage.text()
        await stage.tell(stage.price("SOL", "150.5"))
        assert "No price yet" not in stage.text()


async def test_the_name_of_a_row_follows_what_its_price_is_the_price_of() -> None:
    async with on_stage(symbols=("BTC",)) as stage:
        await stage.tell(stage.price("BTC", "104231"))
        assert "Coinbase Wrapped BTC" in stage.line("104,231")
        await stage.tell(stage.price("BTC", "104240", address=None, provider="kraken"))
        assert "Bitcoin" in stage.line("104,240")
        assert "Wrapped" not in stage.text()
        await stage.press("enter")
        assert "none: this is the price of no Solana token" in stage.text()
