"""The dialog that takes wallets: a name is shown as its address, and watched only then."""

from __future__ import annotations

import asyncio
import re

import pytest
from stage import OTHER_WALLET, WALLET, Stage, on_stage
from textual.widgets import Input

from streamcore import ErrorKind, InputError, ProviderError
from streamtui.screens.main.screen import MainScreen

ADDRESS = "A1TMhSGzQxMr1TboBKtgixKz1sS6REASMxPo1qsyTSJd"


def words(stage: Stage) -> str:
    return " ".join(stage.text().replace("│", " ").split())


def joined(stage: Stage) -> str:
    return re.sub(r"[│\s]+", "", stage.text())


async def typed(stage: Stage, text: str) -> None:
    await stage.press("w")
    stage.manager.wallets["toly.sns"] = ADDRESS
    stage.app.screen.query_one(Input).value = text
    await stage.press("enter")
    await stage.pass_time(0.1)


async def test_a_name_is_shown_as_its_whole_address_and_watched_by_a_second_enter() -> None:
    async with on_stage(wallets=()) as stage:
        await typed(stage, "Toly.sns")
        assert f"toly.sns is {ADDRESS}. Enter watches it, esc leaves." in words(stage)
        assert stage.app.screen.query_one(Input).value == f"{ADDRESS} toly.sns"
        assert stage.manager.asked_for("subscribe_wallets") == []
        await stage.press("enter")
        assert isinstance(stage.app.screen, MainScreen)
        assert stage.app.session.wallets == [ADDRESS]
        assert stage.app.session.labels == {ADDRESS: "toly.sns"}
        assert stage.manager.looked_up == ["toly.sns"]


async def test_esc_after_the_address_was_shown_watches_nothing() -> None:
    async with on_stage(wallets=()) as stage:
        await typed(stage, "toly.sns")
        await stage.press("escape")
        assert stage.app.session.wallets == []


async def test_a_name_among_addresses_and_with_a_name_of_ones_own() -> None:
    async with on_stage(wallets=()) as stage:
        await typed(stage, f"{WALLET} mine, toly.sns the boss, {OTHER_WALLET}")
        await stage.press("enter")
        assert stage.app.session.wallets == [WALLET, ADDRESS, OTHER_WALLET]
        assert stage.app.session.labels == {WALLET: "mine", ADDRESS: "the boss"}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InputError("toly.sns", "is not registered"), "✗ 'toly.sns' is not registered"),
        (ProviderError(ErrorKind.SERVER, "the name service has trouble"), "✗ the name service has trouble"),
    ],
)
async def test_a_name_that_leads_nowhere_is_refused_with_the_reason(error: Exception, said: str) -> None:
    async with on_stage(wallets=()) as stage:
        await stage.press("w")
        stage.manager.wallets["toly.sns"] = error
        await stage.type("toly.sns")
        await stage.press("enter")
        await stage.pass_time(0.1)
        assert said in words(stage)
        assert stage.app.session.wallets == []


async def test_while_it_is_looked_up_a_word_stands_there_and_esc_works() -> None:
    async with on_stage(wallets=()) as stage:
        await stage.press("w")
        never = asyncio.Event()

        async def resolve(name: str) -> str:
            await never.wait()
            return ADDRESS

        stage.manager.resolve_wallet = resolve  # type: ignore[method-assign]
        await stage.type("toly.sns")
        await stage.press("enter")
        await stage.pass_time(0.1)
        assert "looking up toly.sns …" in stage.text()
        await stage.type("x")
        assert "looking up" not in stage.text()
        await stage.press("escape")
        assert isinstance(stage.app.screen, MainScreen)


async def test_a_name_in_other_letters_is_warned_of() -> None:
    async with on_stage(wallets=()) as stage:
        await stage.press("w")
        stage.manager.wallets["t\u043ely.sns"] = ADDRESS
        stage.app.screen.query_one(Input).value = "t\u043ely.sns"
        await stage.press("enter")
        await stage.pass_time(0.1)
        assert "it has letters besides a to z, which may be doubles of others" in words(stage)
        assert stage.app.session.wallets == []


async def test_an_address_cannot_be_called_by_the_name_of_another_one() -> None:
    async with on_stage(wallets=()) as stage:
        await typed(stage, f"{WALLET} toly.sns")
        assert f"toly.sns stands for {ADDRESS}, and not for Gfyz…eN6T: take one of them away" in words(stage)
        assert stage.app.session.wallets == []
        stage.app.screen.query_one(Input).value = f"{ADDRESS} toly.sns"
        await stage.press("enter")
        assert stage.app.session.wallets == [ADDRESS]


async def test_an_address_with_a_name_is_watched_while_names_cannot_be_looked_up() -> None:
    failure = ProviderError(ErrorKind.NETWORK, "no network")
    async with on_stage(wallets=(), breaks_at={"resolve_wallet": failure}) as stage:
        await stage.press("w")
        await stage.type(f"{WALLET} toly.sns")
        await stage.press("enter")
        await stage.pass_time(0.1)
        assert stage.app.session.wallets == [WALLET]


async def test_a_name_that_could_not_be_looked_up_as_a_label_is_looked_up_again_as_a_wallet() -> None:
    async with on_stage(wallets=()) as stage:
        await stage.press("w")
        stage.manager.wallets["toly.sns"] = ProviderError(ErrorKind.NETWORK, "no network")
        stage.app.screen.query_one(Input).value = f"{WALLET} toly.sns, nope"
        await stage.press("enter")
        await stage.pass_time(0.1)
        stage.manager.wallets["toly.sns"] = ADDRESS
        stage.app.screen.query_one(Input).value = "toly.sns"
        await stage.press("enter")
        await stage.pass_time(0.1)
        assert f"toly.sns is {ADDRESS}" in words(stage)


@pytest.mark.parametrize("size", [(60, 18), (80, 24)])
async def test_the_whole_address_can_be_read_on_small_screens(size: tuple[int, int]) -> None:
    async with on_stage(wallets=(), size=size) as stage:
        await typed(stage, "toly.sns")
        assert f"toly.snsis{ADDRESS}.Enterwatchesit,escleaves." in joined(stage)


async def test_names_of_other_chains_are_refused_and_never_looked_up() -> None:
    async with on_stage(wallets=()) as stage:
        for name in ("vitalik.eth", "jesse.base.eth", "binance.bnb"):
            await typed(stage, name)
            assert "only wallets and tokens of Solana can be watched" in words(stage)
            await stage.press("escape")
        assert stage.manager.looked_up == []


async def test_a_long_name_does_not_fill_the_list_of_what_is_watched() -> None:
    async with on_stage(labels={WALLET: "the treasury of a club with many words in its name"}) as stage:
        await stage.press("w")
        assert "Watched now: the treasury of a club …" in stage.text()
