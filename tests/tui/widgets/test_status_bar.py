"""The lines of the providers."""

from __future__ import annotations

import re

import pytest
from fake_manager import status
from stage import on_stage, without_keys

from streamcore.events import State


async def test_a_hostile_reason_is_shown_as_it_is() -> None:
    async with on_stage() as stage:
        stage.manager.set_status("birdeye", state=State.FAILED, reason="[red]no[/red] \x1b]0;x\x07")
        await stage.pass_time(1.0)
        assert "[red]no[/red] ␛]0;x␇" in stage.line("birdeye  ")


async def test_a_provider_that_reconnects_tells_the_attempt_the_wait_and_the_reason() -> None:
    async with on_stage() as stage:
        stage.manager.set_status(
            "birdeye",
            state=State.FALLBACK,
            fallback=True,
            attempt=2,
            retry_at=stage.clock.time() + 8.5,
            reason="connection lost: no close frame",
        )
        await stage.pass_time(1.0)
        assert "◐ polling" in stage.line("birdeye  ")
        assert "try 2 in 8 s · connection lost: no close frame" in stage.line("birdeye  ")
        await stage.pass_time(3.0)
        assert "try 2 in 5 s" in stage.line("birdeye  ")


@pytest.mark.parametrize("width", [46, 60, 80, 100, 120])
async def test_what_a_key_would_add_is_told_whole_or_the_key_is_named(width: int) -> None:
    async with on_stage(size=(width, 24)) as stage:
        without_keys(stage)
        stage.manager.set_status("solana", state=State.DISCONNECTED, idle=True, subscriptions=0, topics=())
        await stage.pass_time(1.0)
        for name, key, whole in (
            ("kraken", "BIRDEYE_API_KEY", "would stream every Solana token"),
            ("solana", "HELIUS_API_KEY", "would follow more wallets, sooner"),
        ):
            line = stage.line(f" {name}  ")
            assert "…" not in line
            assert width < 80 or line.endswith((f"{key} {whole}", f"{key} adds more"))
            assert width < 100 or line.endswith(whole)


async def test_more_providers_than_there_is_room_for_are_counted_and_each_kind_keeps_its_first() -> None:
    async with on_stage(size=(80, 12)) as stage:
        without_keys(stage)
        for name in ("coinbase", "jupiter", "dexscreener"):
            stage.manager.current[name] = status(name)
        await stage.pass_time(1.0)
        shown = "\n".join(stage.lines()[-4:-1])
        assert "kraken" in shown
        assert "4 more, 4 of them well" in shown


async def test_the_line_of_a_relay_counts_everything_that_is_watched() -> None:
    async with on_stage(size=(120, 24)) as stage:
        stage.manager.current["relay"] = status("relay", relay="127.0.0.1:8787", subscriptions=9)
        await stage.pass_time(1.0)
        line = stage.line(" relay  ")
        assert "9 " not in line
        assert re.search(r"\d prices? · \d wallets?$", line.rstrip())


async def test_the_line_of_a_relay_is_not_cut_off_in_a_narrow_terminal() -> None:
    async with on_stage(size=(60, 18)) as stage:
        stage.manager.current["relay"] = status("relay", relay="127.0.0.1:8787", subscriptions=9)
        await stage.pass_time(1.0)
        assert stage.line(" relay  ").rstrip().endswith("9 watched")


async def test_a_provider_never_serves_more_than_is_subscribed() -> None:
    async with on_stage(size=(120, 24)) as stage:
        stage.manager.price_sources = {stage.feed_key(symbol): "birdeye" for symbol in ("SOL", "BTC")}
        stage.manager.set_status("birdeye", subscriptions=1)  # the relay tells the new one seconds later
        await stage.pass_time(1.0)
        assert stage.line(" birdeye  ").rstrip().endswith(" 2 prices")
        stage.manager.set_status("birdeye", subscriptions=3)
        await stage.pass_time(1.0)
        assert stage.line(" birdeye  ").rstrip().endswith(" 2 of 3 prices")
