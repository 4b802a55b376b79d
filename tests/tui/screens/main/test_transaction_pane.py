"""The pane of the transactions: what it shows, and what keys do in it."""

from __future__ import annotations

from decimal import Decimal

from stage import OTHER_WALLET, WALLET, on_stage, some_life

from streamcore import short_address
from streamcore.events import State, TransactionType
from streamtui.model.transaction_list import CAPACITY
from streamtui.widgets.transaction_table import TransactionTable


async def test_the_feed_shows_one_wallet_one_type_and_hides_dust() -> None:
    async with on_stage(wallets=(WALLET, OTHER_WALLET), labels={OTHER_WALLET: "cold"}) as stage:
        await stage.tell(
            stage.transaction(1),
            stage.transaction(2, wallet=OTHER_WALLET, type=TransactionType.SENT),
            stage.transaction(3, sol_change=Decimal("0.00001"), token_changes=()),
        )
        table = stage.app.screen.query_one(TransactionTable)
        await stage.press("tab", "h")
        assert len(table.order) == 2
        assert "1 hidden as dust" in stage.line("TRANSACTIONS")
        await stage.press("h", "f", "f")
        assert "wallet cold" in stage.line("TRANSACTIONS")
        assert len(table.order) == 1
        await stage.press("f", "t")
        assert "type received" in stage.line("TRANSACTIONS")
        assert len(table.order) == 2
        await stage.press("f", "f")
        assert "No transaction of this selection yet." in stage.text()
        await stage.press("slash", "s", "e", "n", "t")
        assert "No transaction of the chosen wallet or type matches “sent”." in stage.text()
        await stage.press("escape")
        assert len(table.order) == 3


async def test_a_wallet_that_is_watched_already_is_said_to_be() -> None:
    async with on_stage() as stage:
        await stage.press("w")
        await stage.type(WALLET)
        await stage.press("enter")
        await stage.pass_time(0.1)
        assert f"Watched already: {short_address(WALLET)}" in stage.toasts()


async def test_w_watches_wallets() -> None:
    async with on_stage(wallets=()) as stage:
        await stage.press("w")
        await stage.type(f"{WALLET} {OTHER_WALLET}")
        await stage.press("enter")
        assert stage.manager.asked_for("subscribe_wallets") == [(WALLET, OTHER_WALLET)]
        assert "2 wallets" in stage.lines()[0]


async def test_d_on_a_transaction_stops_watching_its_wallet_and_drops_its_rows() -> None:
    async with on_stage() as stage:
        await stage.tell(stage.transaction())
        await stage.press("tab", "d")
        assert not stage.manager.asked_for("unsubscribe_wallets"), "not before it was confirmed"
        await stage.press("enter")
        assert stage.manager.asked_for("unsubscribe_wallets") == [(WALLET,)]
        assert "No wallets are watched." in stage.text()
        await stage.tell(stage.transaction(2))
        assert "received" not in stage.text()


async def test_esc_on_the_table_drops_a_kept_filter() -> None:
    async with on_stage() as stage:
        await stage.tell(*some_life(stage))
        await stage.press("tab", "slash")
        await stage.type("raydium")
        await stage.press("enter")
        assert len(stage.app.screen.query_one(TransactionTable).order) == 1
        await stage.press("escape")
        assert len(stage.app.screen.query_one(TransactionTable).order) == 5


async def test_o_in_the_feed_turns_it_round() -> None:
    async with on_stage() as stage:
        await stage.tell(*some_life(stage))
        table = stage.app.screen.query_one(TransactionTable)
        before = table.order
        await stage.press("tab", "o")
        assert table.order == before[::-1]
        assert "newest last" in stage.line("TRANSACTIONS")


async def test_p_holds_the_feed_still_and_loses_nothing() -> None:
    async with on_stage() as stage:
        await stage.tell(stage.transaction(1))
        await stage.press("p")
        await stage.tell(*(stage.transaction(number) for number in range(2, 14)))
        assert "paused, 12 new" in stage.line("TRANSACTIONS")
        assert len(stage.app.screen.query_one(TransactionTable).order) == 1
        await stage.press("p")
        assert "paused" not in stage.text()
        assert len(stage.app.screen.query_one(TransactionTable).order) == 13


async def test_a_pause_that_lets_something_go_says_how_many() -> None:
    async with on_stage() as stage:
        await stage.press("p")
        await stage.tell(
            *(stage.transaction(1, slot=number, signature=f"s{number}") for number in range(CAPACITY + 2000))
        )
        assert "paused, 7,000 new, 2,000 dropped" in stage.line("TRANSACTIONS")
        await stage.press("p")
        assert len(stage.app.session.transactions) == CAPACITY


async def test_a_label_given_while_watching_renames_the_rows_that_are_there() -> None:
    async with on_stage() as stage:
        await stage.tell(stage.transaction())
        assert "Gfyz…eN6T" in stage.line("received")
        await stage.press("w")
        await stage.type(f"{WALLET} treasury")
        await stage.press("enter")
        assert "treasury" in stage.line("received")


async def test_an_empty_feed_names_the_trouble_of_its_provider() -> None:
    async with on_stage() as stage:
        assert "Waiting for the next transaction of Gfyz…eN6T" in stage.text()
        stage.manager.set_status(
            "helius", state=State.FAILED, parked=True, reason="Helius refused the API key"
        )
        await stage.pass_time(1.0)
        assert "Nothing yet: helius is down." in stage.text()


async def test_a_wallet_is_called_by_its_label() -> None:
    async with on_stage(labels={WALLET: "treasury"}) as stage:
        await stage.tell(stage.transaction())
        assert "treasury" in stage.line("received 1.5 SOL")
