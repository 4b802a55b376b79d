"""The list of alerts, and the line to add one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from stage import WALLET, on_stage

from streamcore.config.screen import AlertSettings


async def test_an_alert_is_added_fires_once_and_is_removed() -> None:
    async with on_stage() as stage:
        await stage.tell(stage.price("SOL", "150"))
        await stage.press("a")
        assert "SOL above" in stage.text()
        await stage.type("200")
        await stage.press("enter")
        assert "armed" in stage.text(), "the price is known already"
        await stage.press("escape")
        await stage.tell(stage.price("SOL", "200"), stage.price("SOL", "205"))
        assert stage.toasts().count("SOL is above 200.00: 200.00 USD") == 1
        assert "1 alert · a" in stage.lines()[0]
        await stage.press("a")
        assert "SOL is above 200.00" in stage.text().partition("Told lately:")[2]
        await stage.pass_time(1.0)
        assert "1 alert · a" not in stage.lines()[0]
        await stage.press("ctrl+d")
        assert "No alerts yet." in stage.text()
        await stage.press("ctrl+d")
        assert "no alert to remove" in stage.text()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "type an alert"),
        ("nonsense", "is not an alert"),
        ("BONK > 1", "is not watched yet; s watches it"),
    ],
)
async def test_a_bad_alert_is_refused_with_the_reason(text: str, reason: str) -> None:
    async with on_stage() as stage:
        await stage.press("a", "ctrl+u")
        await stage.type(text)
        await stage.press("enter")
        assert reason in " ".join(stage.text().split())
        assert stage.app.session.alerts.rules == []


async def test_alerts_of_the_configuration_fire_for_prices_and_wallets() -> None:
    alerts = (
        AlertSettings(symbol="BTC", below=Decimal(100)),
        AlertSettings(wallet=WALLET, above=Decimal(1)),
    )
    async with on_stage(alerts=alerts, labels={WALLET: "treasury"}) as stage:
        await stage.tell(stage.price("BTC", "120"), stage.price("BTC", "99"), stage.transaction())
        await stage.press("a")
        assert "BTC is below 100.00: 99.0000 USD" in stage.text()
        assert "treasury: received 1.5 SOL" in stage.toasts()
        assert "armed" in stage.line("treasury above 1 SOL"), "it has fired, and does so again"
        assert "waiting" not in stage.line("treasury above 1 SOL")


async def test_the_example_is_a_limit_that_the_price_has_not_passed_long_ago() -> None:
    async with on_stage(symbols=("BTC", "BONK")) as stage:
        await stage.tell(stage.price("BTC", "104231.17"), stage.price("BONK", "0.00001602"))
        await stage.press("a")
        assert "BTC above 110000, or just 110000" in stage.text()
        await stage.press("escape", "down", "a")
        assert "BONK above 0.000018, or just 0.000018" in stage.text()


async def test_an_alert_that_was_added_to_a_long_list_is_in_view() -> None:
    async with on_stage(size=(100, 30)) as stage:
        await stage.press("a")
        for limit in range(201, 217):
            await stage.type(f"SOL above {limit}".ljust(20))  # pasted, which is quicker
            await stage.press("enter")
        assert "SOL above 216" in stage.text()
