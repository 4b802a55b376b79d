"""The dialogs that take names of tokens and wallets."""

from __future__ import annotations

import re
from collections.abc import Sequence

import base58
import pytest
from rotated import rotated
from stage import WALLET, on_stage
from textual import events
from textual.widgets import Input

from streamtui.screens.main.screen import MainScreen
from streamtui.widgets.entry_line import PAUSE


async def test_s_subscribes_several_symbols_at_once() -> None:
    async with on_stage(symbols=()) as stage:
        await stage.press("s")
        assert "Subscribe symbols" in stage.text()
        await stage.type("sol, $btc bonk")
        await stage.press("enter")
        assert stage.manager.asked_for("subscribe_prices") == [("SOL", "BTC", "BONK")]
        assert isinstance(stage.app.screen, MainScreen)
        for symbol in ("SOL", "BTC", "BONK"):
            assert "waiting" in stage.line(f" {symbol} ")


async def test_a_bad_symbol_is_refused_with_the_reason_and_the_dialog_stays() -> None:
    async with on_stage(symbols=()) as stage:
        await stage.press("s")
        await stage.type("SOL nope")
        await stage.press("enter")
        assert "✗ 'nope' is not a ticker in the token table" in stage.text()
        assert stage.manager.asked_for("subscribe_prices") == []
        await stage.press("backspace", "backspace", "backspace", "backspace")
        assert "✗" not in stage.text()
        await stage.press("enter")
        assert stage.manager.asked_for("subscribe_prices") == [("SOL",)]


async def test_nothing_typed_is_refused_too() -> None:
    async with on_stage() as stage:
        await stage.press("s", "enter")
        assert "type at least one" in stage.text()


async def test_suggestions_follow_the_word_being_typed_and_tab_takes_the_first() -> None:
    async with on_stage(symbols=()) as stage:
        await stage.press("s")
        await stage.type("sol bon")
        assert "Bonk" in stage.text()
        await stage.press("tab", "enter")
        assert stage.manager.asked_for("subscribe_prices") == [("SOL", "BONK")]


@pytest.mark.parametrize("bad", ["abc", "0xdeadbeef", "[red]"])
async def test_a_bad_address_is_refused_with_the_reason(bad: str) -> None:
    async with on_stage(wallets=()) as stage:
        await stage.press("w")
        await stage.type(bad)
        await stage.press("enter")
        assert f"✗ '{bad}' is not a Solana address" in stage.text()
        assert stage.manager.asked_for("subscribe_wallets") == []


async def test_asking_before_the_engine_is_there_is_answered_in_the_dialog() -> None:
    async with on_stage() as stage:
        await stage.tell(RuntimeError("gone"))
        await stage.press("s")
        await stage.type("bonk")
        await stage.press("enter")
        assert "✗ the engine failed: gone" in stage.text()


async def test_enter_takes_the_suggestion_that_is_selected() -> None:
    async with on_stage(symbols=()) as stage:
        await stage.press("s")
        await stage.type("jito")
        await stage.press("enter")
        assert stage.manager.asked_for("subscribe_prices") == [("JitoSOL",)]


async def test_a_list_pasted_line_by_line_is_taken_whole() -> None:
    async with on_stage(symbols=()) as stage:
        await stage.press("s")
        await stage.type("PYTH\nJTO\r\nRAY\n\nBONK\n")
        await stage.press("enter")
        assert stage.manager.asked_for("subscribe_prices") == [("PYTH", "JTO", "RAY", "BONK")]


PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
KEY = base58.b58encode(bytes([77] * 63 + [200])).decode()
LINES = ["s", "w", "a", "slash", "ctrl+p"]
"""The keys that open a line to type into."""
MIXED_KEY = base58.b58encode(bytes(range(101, 165))).decode()


@pytest.mark.parametrize("key", ["s", "w", "a"])
@pytest.mark.parametrize(
    ("secret", "around"),
    [
        (PHRASE, "{}"),
        (PHRASE.replace(" ", ", "), f"{WALLET} {{}}"),
        (KEY, "{} above 5"),
        (str([7] * 64), "{}"),
        ("ab" * 32, "{}"),
    ],
)
async def test_a_secret_is_refused_in_every_line_and_nothing_of_it_stays(
    secret: str, key: str, around: str
) -> None:
    async with on_stage() as stage:
        asked = list(stage.manager.asked)
        await stage.press(key)
        await stage.type(around.format(secret))
        await stage.press("enter")
        await stage.pass_time(0.1)
        assert "looks like a wallet's secret" in " ".join(stage.text().replace("│", " ").split())
        shown = stage.text()
        assert not any(piece in shown for piece in (*secret.split(), secret[:12]) if len(piece) > 4)
        assert stage.app.screen.query_one(Input).value == ""
        assert stage.manager.asked == asked
        assert stage.app.session.labels == {}
        assert stage.app.session.alerts.rules == []


@pytest.mark.parametrize(
    ("secret", "key"),
    rotated(
        [
            PHRASE,
            KEY,
            str([7] * 64).replace(", ", ",\n"),
            "\n".join(PHRASE.split()),
            f"{MIXED_KEY[:40]}\n{MIXED_KEY[40:80]}\n{MIXED_KEY[80:]}",
            "0" + MIXED_KEY[1:],
        ],
        LINES,
    ),
    ids=["words", "base58", "numbers line by line", "words line by line", "broken base58", "mistyped base58"],
)
async def test_row_1_a_secret_is_gone_the_moment_it_is_pasted(secret: str, key: str) -> None:
    async with on_stage() as stage:
        await stage.press(key)
        await stage.type(secret)
        await stage.pass_time(0.1)
        (line,) = stage.app.screen.query(Input)
        assert line.value == ""
        told = " ".join((stage.text() + stage.toasts()).replace("│", " ").split())
        assert "looks like a wallet's secret" in told
        assert not any(
            piece in told for piece in (*PHRASE.split(), KEY[:12], "7, 7", MIXED_KEY[1:12]) if len(piece) > 3
        )
        assert stage.app.session.prices.filter == ""


@pytest.mark.parametrize(("secret", "key"), rotated([PHRASE, f"{PHRASE} {PHRASE}", KEY, MIXED_KEY], LINES))
async def test_nothing_of_a_secret_stays_that_a_terminal_pastes_key_by_key(secret: str, key: str) -> None:
    async with on_stage() as stage:
        asked = list(stage.manager.asked)
        await stage.press(key)
        line = stage.app.screen.query_one(Input)

        async def press(keys: Sequence[str], at: float) -> None:
            for one in keys:
                event = events.Key(one, one if len(one) == 1 else None)
                event.time = at
                line.post_message(event)
            await stage.pass_time(0.1)

        await press([*secret, "enter"], 10.0)
        assert line.value == ""
        told = " ".join((stage.text() + stage.toasts()).replace("│", " ").split())
        assert "looks like a wallet's secret" in told
        assert not any(piece in told for piece in (*PHRASE.split(), secret[-12:]) if len(piece) > 4)
        assert stage.manager.asked == asked
        await press("SOL", 10.0 + PAUSE)
        assert line.value == "SOL", "who types something else is heard"


@pytest.mark.parametrize(
    ("size", "key"), rotated([(60, 18), (80, 24), (100, 30), (120, 40)], ["s", "w", "a"])
)
async def test_the_advice_about_a_secret_is_shown_to_its_end(size: tuple[int, int], key: str) -> None:
    async with on_stage(size=size) as stage:
        await stage.press(key)
        await stage.type(KEY)
        await stage.pass_time(0.1)
        told = re.sub(r"[│\s▁▂▃▄▅▆▇█]+", "", "".join(line.partition("│")[2] for line in stage.lines()))
        assert "andgivethewallet'saddresshere" in told, stage.text()


async def test_row_1_a_secret_that_is_typed_is_gone_with_its_last_word() -> None:
    async with on_stage() as stage:
        await stage.press("s")
        line = stage.app.screen.query_one(Input)
        line.value = PHRASE.rpartition(" ")[0] + " "
        await stage.press("y")
        assert line.value == ""
        await stage.press("enter")
        assert "looks like a wallet's secret" in " ".join(stage.text().replace("│", " ").split())


async def test_a_signature_that_is_shown_can_be_looked_for() -> None:
    async with on_stage() as stage:
        transaction = stage.transaction(1)
        await stage.tell(transaction)
        await stage.press("tab", "slash")
        await stage.type(transaction.signature)
        assert stage.app.screen.query_one(Input).value == transaction.signature


async def test_row_21_a_pair_is_read_and_what_changes_is_told() -> None:
    async with on_stage(symbols=()) as stage:
        await stage.press("s")
        await stage.type("btc-usd SOL/USDT")
        await stage.press("enter")
        await stage.pass_time(0.1)
        assert isinstance(stage.app.screen, MainScreen)
        assert [row.token.symbol for row in stage.app.session.prices.rows.values()] == ["BTC", "SOL"]
        assert "SOL/USDT is read as SOL: prices here are in US dollars" in stage.toasts()
        assert "btc-usd" not in stage.toasts()


async def test_under_a_pair_that_cannot_be_read_stands_what_can() -> None:
    async with on_stage(symbols=()) as stage:
        await stage.press("s")
        await stage.type("JUP/USDT BTC/EUR")
        assert "No token begins like this" not in stage.text()
        assert "Prices are in US dollars: type BTC alone, or BTC/USDT." in stage.text()


async def test_row_21_links_and_quotes_are_taken_away() -> None:
    async with on_stage(symbols=(), wallets=()) as stage:
        await stage.press("w")
        await stage.type(f"https://solscan.io/account/{WALLET}?cluster=mainnet")
        await stage.press("enter")
        assert stage.app.session.wallets == [WALLET]


async def test_the_name_of_a_file_is_said_to_be_one() -> None:
    async with on_stage(wallets=()) as stage:
        await stage.press("w")
        await stage.type("~/.config/solana/id.json")
        await stage.press("enter")
        assert "the name of a file, which was not read" in " ".join(stage.text().replace("│", " ").split())
