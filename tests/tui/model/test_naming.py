"""Wallets that are given by their names at the start: shown with their addresses, and watched."""

from __future__ import annotations

from pathlib import Path

from stage import WALLET, on_stage

from streamcore import ErrorKind, InputError, ProviderError
from streamcore.config.loading import load
from streamtui.model.naming import FIRST_RETRY

ADDRESS = "A1TMhSGzQxMr1TboBKtgixKz1sS6REASMxPo1qsyTSJd"
NEW = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"


def named(**wallets: str | Exception) -> dict[str, str | Exception]:
    return {f"{name}.sns": found for name, found in wallets.items()}


async def test_a_name_given_at_the_start_is_looked_up_once_told_and_watched() -> None:
    async with on_stage(wallets=(WALLET, "Toly.sns"), named_wallets=named(toly=ADDRESS)) as stage:
        assert stage.app.session.wallets == [WALLET, ADDRESS]
        assert stage.app.session.label(ADDRESS) == "toly.sns"
        assert f"toly.sns is {ADDRESS}" in stage.toasts()
        assert stage.manager.asked_for("subscribe_wallets") == [(WALLET,), (ADDRESS,)]
        assert not stage.app.session.unsaved
        assert stage.app.session.failure is None


async def test_saving_keeps_the_address_and_the_name_as_its_label(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('wallets = ["toly.sns"]\n')
    async with on_stage(wallets=("toly.sns",), named_wallets=named(toly=ADDRESS), config_path=path) as stage:
        await stage.press("ctrl+s")
        await stage.pass_time(0.1)
        if stage.app.screen_stack[1:]:
            await stage.press("r")
            await stage.pass_time(0.1)
    settings = load(path, environ={}).settings
    assert ADDRESS in settings.wallets
    assert settings.labels == {ADDRESS: "toly.sns"}


async def test_one_that_leads_nowhere_is_told_and_the_others_are_watched() -> None:
    wallets = named(nobody=InputError("nobody.sns", "is not registered"), toly=ADDRESS)
    async with on_stage(wallets=("nobody.sns", "toly.sns", WALLET), named_wallets=wallets) as stage:
        assert stage.app.session.wallets == [WALLET, ADDRESS]
        assert "'nobody.sns' is not registered" in stage.toasts()


async def test_one_that_cannot_be_looked_up_is_tried_again() -> None:
    failure = ProviderError(ErrorKind.NETWORK, "no network")
    async with on_stage(wallets=("toly.sns",), named_wallets=named(toly=failure)) as stage:
        assert "toly.sns is not watched yet: no network; it is tried again" in stage.toasts()
        stage.manager.wallets["toly.sns"] = ADDRESS
        await stage.pass_time(FIRST_RETRY)
        assert stage.app.session.wallets == [ADDRESS]


async def test_a_name_that_leads_elsewhere_by_now_is_told_and_the_saved_wallet_stays() -> None:
    async with on_stage(
        wallets=(ADDRESS,), labels={ADDRESS: "toly.sns"}, named_wallets=named(toly=NEW)
    ) as stage:
        assert stage.app.session.wallets == [ADDRESS]
        assert f"toly.sns leads to {NEW} now" in stage.toasts()
        assert stage.manager.asked_for("subscribe_wallets") == [(ADDRESS,)]


async def test_a_label_that_is_no_name_is_never_looked_up() -> None:
    async with on_stage(wallets=(ADDRESS,), labels={ADDRESS: "savings"}) as stage:
        assert stage.manager.looked_up == []
