"""Errors of the engine reach those whom they concern."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import sample_events
from relay_bench import WALLETS, Terminal, running
from relayed_engine import RelayedEngine

from streamcore.assets.tokens import Token, short_address
from streamcore.events import ErrorKind, StreamError


class Unwilling(RelayedEngine):
    """An engine that says at once why something cannot be watched."""

    async def subscribe_prices(self, symbols: Iterable[str]) -> list[Token]:
        found = await super().subscribe_prices(symbols)
        for token in found:
            if token.symbol == "XYZ":
                text = f"no source in use has {token.symbol} at the moment"
                self.say(sample_events.trouble(text, provider="", kind=ErrorKind.SUBSCRIPTION))
        return found

    async def subscribe_wallets(self, addresses: Iterable[str]) -> list[str]:
        found = await super().subscribe_wallets(addresses)
        for address in found:
            text = f"{short_address(address)} is a mint, no wallet"
            self.say(sample_events.trouble(text, provider="", kind=ErrorKind.SUBSCRIPTION))
        return found


def told_errors(terminal: Terminal) -> list[str]:
    return [event.message for event in terminal.events if isinstance(event, StreamError)]


async def test_what_is_wrong_with_a_wish_is_told_to_who_wishes_it_also_later_and_to_nobody_else(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, Unwilling()) as (relay, engine):
        bystander = await Terminal(relay).open()
        await bystander.want(["SOL"])
        first = await Terminal(relay).open()
        await first.want(["XYZ"], WALLETS[:1])
        await first.want(["XYZ", "SOL"], WALLETS[:1])
        second = await Terminal(relay, "json").open()
        await second.want(["XYZ"], WALLETS[:1])
        both = ["no source in use has XYZ at the moment", f"{short_address(WALLETS[0])} is a mint, no wallet"]
        assert told_errors(first) == both
        assert told_errors(second) == both
        engine.price("SOL", "150")
        await bystander.until(lambda: bystander.mirror.prices)
        assert told_errors(bystander) == []
        engine.price("XYZ", "1")
        await first.until(lambda: first.price("XYZ"))
        third = await Terminal(relay).open()
        await third.want(["XYZ"])
        assert told_errors(third) == []


async def test_an_error_of_any_kind_that_names_a_ticker_names_it_to_those_who_watch_it(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as (relay, engine):
        mine, others = await Terminal(relay).open(), await Terminal(relay).open()
        await mine.want(["BTC", "SOL"])
        await others.want(["SOL"])
        halted, late = "Kraken reported an error: BTC/USD is halted", "SOL and BTC are late"
        engine.say(
            sample_events.trouble("updates of BTC/USD were missed", kind=ErrorKind.GAP),
            sample_events.trouble("Kraken does not list BTC/USD", kind=ErrorKind.SUBSCRIPTION),
            sample_events.trouble(halted, kind=ErrorKind.SERVER),
            sample_events.trouble(late, kind=ErrorKind.NETWORK),
        )
        await mine.until(lambda: len(told_errors(mine)) == 4)
        await others.until(lambda: len(told_errors(others)) == 2)
        assert told_errors(mine)[2:] == [halted, late]
        assert told_errors(others) == [
            "Kraken reported an error: another symbol is halted",
            "SOL and another symbol are late",
        ]
