"""What is watched: asking for it, and saving it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stage import WALLET, on_stage

from streamcore.config.loading import load
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.token_hits import TokenHit
from streamtui.model.naming import LONGEST_RETRY


async def test_a_symbol_that_is_watched_already_stays_one_subscription() -> None:
    async with on_stage() as stage:
        await stage.press("s")
        await stage.type("sol")
        await stage.press("enter")
        assert stage.manager.asked_for("unsubscribe_prices") == [("SOL",)]
        await stage.press("d")
        assert "SOL " not in stage.text().split("TRANSACTIONS")[0].split("SYMBOL")[1]


async def test_a_price_that_comes_before_the_subscription_has_returned_is_not_lost() -> None:
    async with on_stage(symbols=()) as stage:
        subscribe = stage.manager.subscribe_prices

        async def slow(symbols: object) -> object:
            tokens = await subscribe(symbols)  # type: ignore[arg-type]
            stage.manager.tell(stage.price("SOL", "150.5"))
            await stage.clock.settle()
            return tokens

        stage.manager.subscribe_prices = slow  # type: ignore[method-assign, assignment]
        await stage.press("s")
        await stage.type("sol")
        await stage.press("enter")
        await stage.pass_time(0.2)
        assert "150.50" in stage.line(" SOL ")


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


async def test_a_symbol_named_twice_is_one_row_and_one_subscription() -> None:
    async with on_stage(symbols=("SOL", "wsol")) as stage:
        assert stage.manager.asked_for("unsubscribe_prices") == [("SOL",)]
        assert "1 price " in stage.lines()[0]


HATS = "Hu6xf6bNiJ5ErRaG7Yhos89jgfAdCG1tu8DCips2pump"
DOG = "8cmK4vWFRPMttT49MuDG5p6c2zMnr4xg9eVE8DgMpump"


def hit(symbol: str, mint: str, **more: Any) -> TokenHit:
    fields: dict[str, Any] = {"name": f"{symbol} by name", "provider": "jupiter", "verified": False}
    return TokenHit(symbol=symbol, mint=mint, **fields | more)


async def test_mints_given_at_the_start_are_named_with_one_request() -> None:
    names = {HATS: hit("HATS", HATS), DOG: hit("USDC", DOG, lookalike_of="USDC")}
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
    async with on_stage(symbols=(HATS,), names={HATS: hit("HATS", HATS)}, breaks_at=breaks_at) as stage:
        await stage.pass_time(60.0)
        assert 2 <= len(stage.manager.named) <= 4
        breaks_at.clear()
        await stage.pass_time(LONGEST_RETRY)
        assert "HATS by name" in stage.text()


async def test_a_mint_that_nobody_knows_is_not_asked_for_again() -> None:
    async with on_stage(symbols=(HATS,)) as stage:
        await stage.pass_time(10.0)
        assert stage.manager.named == [(HATS,)]


async def test_what_was_found_is_saved_with_its_name_and_offline_there_again(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    names = {HATS: hit("HATS", HATS), DOG: hit("HATS", DOG)}
    async with on_stage(symbols=(HATS, DOG), wallets=(), config_path=path, names=names) as stage:
        await stage.pass_time(1.0)
        await stage.press("ctrl+s")
        await stage.pass_time(0.1)
        assert f"Saved to {path}" in stage.toasts()
    settings = load(path, environ={}).settings
    assert settings.symbols == (HATS, DOG)
    assert settings.tokens == {"HATS": HATS, "HATS-pump": DOG}
    again = {"symbols": settings.symbols, "tokens": settings.tokens}
    async with on_stage(**again, breaks_at={"name_tokens": ProviderError(ErrorKind.NETWORK, "off")}) as stage:
        rows = stage.app.session.prices.rows
        assert [(row.key, row.token.symbol) for row in rows.values()] == [(HATS, "HATS"), (DOG, "HATS-pump")]


async def test_an_alert_about_a_ticker_that_was_only_found_is_about_its_mint() -> None:
    async with on_stage(symbols=(HATS,), names={HATS: hit("HATS", HATS)}) as stage:
        await stage.pass_time(1.0)
        assert stage.app.session.add_alert("hats above 5").symbol == HATS
        await stage.tell(stage.price(HATS, "1", address=HATS))
        await stage.tell(stage.price(HATS, "6", address=HATS))
        assert "Alert" in stage.toasts()


async def test_names_of_the_demo_are_never_those_of_real_data_nor_saved(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    names = {HATS: hit("HATS", HATS)}
    async with on_stage(
        symbols=(HATS,),
        wallets=("toly.sns",),
        named_wallets={"toly.sns": DOG},
        names=names,
        demo=True,
        config_path=path,
    ) as stage:
        await stage.pass_time(1.0)
        assert "HATS by name" in stage.text()
        assert stage.app.session.label(DOG) == "toly.sns"
        await stage.press("ctrl+s")
        await stage.pass_time(0.1)
        settings = load(path, environ={}).settings
        assert (settings.symbols, settings.tokens, settings.labels) == ((HATS,), {}, {})
        stage.names.clear()
        await stage.press("D")
        await stage.pass_time(2.0)
        assert "HATS by name" not in stage.text()
        assert "Hu6x…pump" in stage.text()
        assert stage.app.session.label(DOG) == "8cmK…pump"


async def test_an_alert_about_a_double_is_about_that_and_not_the_real_token() -> None:
    names = {DOG: hit("USDC", DOG, lookalike_of="USDC")}
    async with on_stage(symbols=("USDC", DOG), names=names) as stage:
        await stage.pass_time(1.0)
        assert stage.app.session.add_alert("≠USDC above 5").symbol == DOG
        assert stage.app.session.add_alert("USDC above 5").symbol == "USDC"
