"""What is watched: asking for it, and saving it."""

from __future__ import annotations

from pathlib import Path

from stage import WALLET, on_stage

from streamcore.config.loading import load


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
