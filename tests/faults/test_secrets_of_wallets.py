"""Issue 11, row 1: a wallet's secret that a program hands over is refused, not repeated and never sent."""

from __future__ import annotations

import pytest
from bench import bench
from virtual_time import on_virtual_time

from streamcore import InputError, UnknownProvider

PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
KEY = "2PaScuqSuAzbxAh8KkYezizTra2HJLSw2zrhUCTmwHGBqqGHFPMZjtWEdHw5dWWmSDp35rUmToscBsbohZCToaih"


@pytest.mark.parametrize(
    "names", [PHRASE, PHRASE.split(), [KEY], [str(byte) for byte in range(64)], ["SOL", PHRASE, "BTC"]]
)
@on_virtual_time
async def test_row_1_a_program_that_hands_over_a_secret_is_refused_and_nothing_is_sent(
    names: list[str] | str,
) -> None:
    async with bench("public", patience=30.0) as table:
        manager = table.manager
        calls = (
            manager.subscribe_wallets,
            manager.unsubscribe_wallets,
            manager.subscribe_prices,
            manager.unsubscribe_prices,
        )
        for call in calls:
            with pytest.raises(InputError, match="looks like a wallet's secret") as caught:
                await call(names)
            assert not any(
                piece in f"{caught.value!r} {vars(caught.value)}" for piece in ("sausage", KEY[:12])
            )
        together = names if isinstance(names, str) else " ".join(names)
        with pytest.raises(InputError) as unknown_symbol:
            manager.describe(together)
        with pytest.raises(UnknownProvider) as unknown_provider:
            await manager.reconnect(together)
        for refused in (unknown_symbol, unknown_provider):
            assert not any(piece in f"{refused.value!r} {refused.value}" for piece in ("sausage", KEY[:12]))
        await table.clock.sleep(5.0)
        assert not table.solana.wallets
        assert not table.kraken.subscriptions
