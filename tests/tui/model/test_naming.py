"""What is given at the start without its name, or by its name alone: tokens and wallets."""

from __future__ import annotations

from pathlib import Path

from found_tokens import DOG, HATS, hit
from stage import WALLET, on_stage

from streamcore import ErrorKind, InputError, ProviderError
from streamcore.config.loading import load
from streamtui.model.naming import FIRST_RETRY, LONGEST_RETRY

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


async def test_mints_given_at_the_start_are_named_with_one_request() -> None:
    names = {HATS: hit(name="HATS by name"), DOG: hit("USDC", DOG, name="USDC by name", lookalike_of="USDC")}
    async with on_stage(symbols=("SOL", HATS, DOG), names=names) as stage:
        assert "Hu6x…pump" in stage.text()
        await stage.pass_time(1.0)
        assert stage.manager.named == [(HATS, DOG)]
        assert "HATS by name" in stage.line(" HATS ")
        assert "not USDC: USDC by n" in stage.line("≠USDC")
        await stage.tell(stage.price(HATS, "1", address=HATS))
        assert "HATS by name" in stage.line("1.0000")
        await stage.press("R")
        await stage.pass_time(2.0)
        assert len(stage.manager.named) == 1


async def test_names_that_cannot_be_had_leave_the_mints_and_say_nothing_on_the_screen() -> None:
    failure = ProviderError(ErrorKind.NETWORK, "no network")
    async with on_stage(symbols=(HATS,), breaks_at={"name_tokens": failure}) as stage:
        await stage.pass_time(1.0)
        assert "Hu6x…pump" in stage.text()
        assert stage.toasts() == ""
        assert stage.app.session.failure is None


async def test_names_that_could_not_be_had_are_asked_for_again_ever_more_rarely() -> None:
    failure = ProviderError(ErrorKind.NETWORK, "no network")
    breaks_at: dict[str, Exception] = {"name_tokens": failure}
    names = {HATS: hit(name="HATS by name")}
    async with on_stage(symbols=(HATS,), names=names, breaks_at=breaks_at) as stage:
        await stage.pass_time(60.0)
        assert 2 <= len(stage.manager.named) <= 4
        breaks_at.clear()
        await stage.pass_time(LONGEST_RETRY)
        assert "HATS by name" in stage.text()


async def test_a_mint_that_nobody_knows_is_not_asked_for_again() -> None:
    async with on_stage(symbols=(HATS,)) as stage:
        await stage.pass_time(10.0)
        assert stage.manager.named == [(HATS,)]
