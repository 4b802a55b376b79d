"""Choosing which wallet to stop watching."""

from __future__ import annotations

from stage import OTHER_WALLET, WALLET, on_stage


async def test_d_without_transactions_lets_one_choose_the_wallet() -> None:
    async with on_stage(wallets=(WALLET, OTHER_WALLET)) as stage:
        await stage.press("tab", "d")
        assert OTHER_WALLET in stage.text()
        await stage.press("down", "enter")
        assert stage.manager.asked_for("unsubscribe_wallets") == [(OTHER_WALLET,)]
        await stage.press("d", "escape")
        assert len(stage.manager.asked_for("unsubscribe_wallets")) == 1


async def test_a_wallet_is_removed_only_after_it_was_chosen_and_the_row_s_own_is_selected() -> None:
    async with on_stage(wallets=(WALLET, OTHER_WALLET)) as stage:
        await stage.tell(stage.transaction(1), stage.transaction(2, wallet=OTHER_WALLET))
        await stage.press("tab", "d", "escape")
        assert not stage.manager.asked_for("unsubscribe_wallets")
        await stage.press("d", "enter")
        assert stage.manager.asked_for("unsubscribe_wallets") == [(OTHER_WALLET,)]
