from __future__ import annotations

from found_tokens import DOG, HATS, hit
from stage import on_stage

from streamtui.model.alert_requests import add_alert


async def test_an_alert_about_a_ticker_that_was_only_found_is_about_its_mint() -> None:
    async with on_stage(symbols=(HATS,), names={HATS: hit(name="HATS by name")}) as stage:
        await stage.pass_time(1.0)
        assert add_alert(stage.app.session, "hats above 5").symbol == HATS
        await stage.tell(stage.price(HATS, "1", address=HATS))
        await stage.tell(stage.price(HATS, "6", address=HATS))
        assert "Alert" in stage.toasts()


async def test_an_alert_about_a_double_is_about_that_and_not_the_real_token() -> None:
    names = {DOG: hit("USDC", DOG, name="USDC by name", lookalike_of="USDC")}
    async with on_stage(symbols=("USDC", DOG), names=names) as stage:
        await stage.pass_time(1.0)
        assert add_alert(stage.app.session, "≠USDC above 5").symbol == DOG
        assert add_alert(stage.app.session, "USDC above 5").symbol == "USDC"
