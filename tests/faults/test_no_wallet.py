"""Issue 11, row 20: an address that is no wallet is not followed in silence."""

from __future__ import annotations

import pytest
from bench import BONK, WALLET, Sources, bench
from virtual_time import on_virtual_time

from streamcore import ErrorKind, StreamError, WalletTransaction

JUPITER = "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4"


def told(events: list[StreamError]) -> list[StreamError]:
    return [event for event in events if event.kind is ErrorKind.SUBSCRIPTION]


@pytest.mark.parametrize(("sources", "provider"), [("public", "solana"), ("keyed", "helius")])
@on_virtual_time
async def test_row_20_a_token_account_is_named_with_owner_and_mint_and_followed(
    sources: Sources, provider: str
) -> None:
    async with bench(sources, patience=30.0) as table:
        table.ledger.know(WALLET)
        account, held = next(iter(table.ledger.token_accounts_of(WALLET).items()))
        await table.manager.subscribe_wallets([account])
        await table.until(lambda: told(table.all(StreamError)))
        (error,) = told(table.all(StreamError))
        assert error.provider == provider
        assert not error.retryable
        assert "is a token account, not a wallet" in error.message
        assert WALLET in error.message
        assert held.mint in error.message
        await table.connected(provider)
        table.ledger.spl_in(WALLET, mint=held.mint)
        await table.until(lambda: table.all(WalletTransaction, wallet=account))
        (transaction,) = table.all(WalletTransaction, wallet=account)
        assert (transaction.type, transaction.token_changes[0].mint) == ("received", held.mint)


@pytest.mark.parametrize(("address", "what"), [(BONK, "the mint of BONK"), (JUPITER, "the program Jupiter")])
@on_virtual_time
async def test_row_20_known_mints_and_programs_are_told_without_a_call(address: str, what: str) -> None:
    async with bench("public", patience=30.0) as table:
        await table.manager.subscribe_wallets([address])
        await table.until(lambda: told(table.all(StreamError)))
        (error,) = told(table.all(StreamError))
        assert what in error.message


@on_virtual_time
async def test_row_20_of_a_wallet_nothing_is_told() -> None:
    async with bench("public", patience=30.0) as table:
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("solana")
        await table.clock.sleep(60.0)
        assert told(table.all(StreamError)) == []
