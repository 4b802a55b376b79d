"""A wallet with more token accounts than one connection may follow: money first, the rest looked at often."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from bench import WALLET, Bench, bench
from virtual_time import on_virtual_time

from streamcore import StreamError, WalletTransaction
from streamcore.providers.solana_rpc.provider import LOGS_PER_CONNECTION
from streamsim.world.catalog import USDC


def give_accounts(table: Bench, count: int) -> list[str]:
    """Give the wallet so many empty accounts of tokens that nobody knows."""
    table.ledger.know(WALLET)
    return [table.ledger.account_of(WALLET, table.ledger.new_key()) for _ in range(count)]


@pytest.mark.long
@on_virtual_time
async def test_row_q_a_transfer_to_an_account_that_is_not_followed_comes_soon() -> None:
    async with bench("public", patience=60.0) as table:
        mints = [table.ledger.new_key() for _ in range(300)]
        table.ledger.know(WALLET)
        for mint in mints:
            table.ledger.account_of(WALLET, mint)
        await table.manager.subscribe_wallets([WALLET])
        await asyncio.sleep(180)
        followed = table.solana.wallets
        assert len(followed) == LOGS_PER_CONNECTION
        assert {WALLET, table.ledger.account_of(WALLET, USDC)} <= followed
        (told,) = [error.message for error in table.all(StreamError) if "not followed" in error.message]
        assert "NFTs or hold next to nothing" in told
        mint = next(mint for mint in mints if table.ledger.account_of(WALLET, mint) not in followed)
        before = table.manager.status("solana").reconnects
        signature = table.ledger.spl_in(WALLET, mint=mint, amount=Decimal(5))
        await table.first(WalletTransaction, signature=signature, within=25.0)
        await asyncio.sleep(120)
        assert len(table.all(WalletTransaction, signature=signature)) == 1
        assert table.manager.status("solana").reconnects == before
