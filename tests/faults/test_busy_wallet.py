"""A wallet to which more happens than the public node lets anybody read."""

from __future__ import annotations

import asyncio

import pytest
from bench import OTHER_WALLET, WALLET, bench
from virtual_time import on_virtual_time

from streamcore import StreamError, WalletTransaction


@pytest.mark.long
@on_virtual_time
async def test_row_12_a_lag_is_told_the_newest_come_first_and_a_quiet_wallet_is_not_kept_waiting() -> None:
    async with bench("public", patience=60.0) as table:
        await table.manager.subscribe_wallets([WALLET, OTHER_WALLET])
        await table.connected("solana")
        await asyncio.sleep(60)
        ages: list[float] = []
        for second in range(90):
            newest = ""
            for _ in range(15):
                newest = table.ledger.sol_in(WALLET)
            if second in (40, 80):
                at = table.clock.time()
                quiet = table.ledger.sol_in(OTHER_WALLET)
                event = await table.first(WalletTransaction, wallet=OTHER_WALLET, signature=quiet, within=15)
                ages.append(event.ts - at)
                await table.first(WalletTransaction, wallet=WALLET, signature=newest, within=15)
            await asyncio.sleep(1)
        assert max(ages) < 12.0  # the node takes ten calls in ten seconds
        status = table.manager.status("solana")
        assert (status.waiting > 100, status.lag > 30) == (True, True)
        told = [error.message for error in table.all(StreamError) if "more happens than" in error.message]
        assert WALLET in told[0]
        assert "the newest are told first" in told[0]
