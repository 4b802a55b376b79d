from __future__ import annotations

from stage import on_stage


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


async def test_a_symbol_named_twice_is_one_row_and_one_subscription() -> None:
    async with on_stage(symbols=("SOL", "wsol")) as stage:
        assert stage.manager.asked_for("unsubscribe_prices") == [("SOL",)]
        assert "1 price " in stage.lines()[0]
