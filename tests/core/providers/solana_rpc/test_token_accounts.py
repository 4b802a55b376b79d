"""Which token accounts of a wallet matter, and where something has happened by what they hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from streamcore.providers.solana_rpc.token_accounts import MOST_LOOKS, Amounts, Holding, list_holdings

USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"


def entry(address: str, mint: str, amount: object, decimals: object) -> dict[str, Any]:
    info = {"mint": mint, "tokenAmount": {"amount": amount, "decimals": decimals}}
    return {"pubkey": address, "account": {"data": {"parsed": {"info": info}}}}


class Node:
    def __init__(self, *entries: dict[str, Any]) -> None:
        self._entries = list(entries)

    async def call(self, method: str, params: list[Any], shape: type[Any]) -> Any:
        entries = self._entries if params[1]["programId"].startswith("Tokenkeg") else []
        return msgspec.convert({"value": entries}, shape) if not entries else self._read(entries, shape)

    def _read(self, entries: list[dict[str, Any]], shape: type[Any]) -> Any:
        return msgspec.json.decode(msgspec.json.encode({"value": entries}), type=shape)


async def listed(*entries: dict[str, Any]) -> list[Holding]:
    return await list_holdings(Node(*entries), "w", lambda mint: mint == USDC)


async def test_row_q_money_comes_before_dust_and_nfts() -> None:
    found = await listed(
        entry("nft", "m1", "1", 0),
        entry("empty", "m2", "0", 6),
        entry("dust", "m3", "12", 6),
        entry("money", "m4", "5000000", 6),
        entry("empty usdc", USDC, "0", 6),
        entry("points", "m5", "250", 0),
    )
    assert [holding.address for holding in found if not holding.minor] == ["money", "empty usdc", "points"]
    assert [holding.address for holding in found if holding.minor] == ["nft", "empty", "dust"]
    assert [holding.minor for holding in found] == [False] * 3 + [True] * 3


@pytest.mark.parametrize(
    "account",
    [
        {"pubkey": "a"},
        {"pubkey": "a", "account": {"data": ["AAAA", "base64"]}},
        {"pubkey": "a", "account": None},
        entry("a", "m", "many", 6),
        entry("a", "m", None, 6),
        entry("a", "m", "5", "six"),
        entry("a", "m", "5", 400),
    ],
)
async def test_row_q_an_account_that_cannot_be_read_is_kept_and_counts_as_money(
    account: dict[str, Any],
) -> None:
    (holding,) = await listed(account)
    assert (holding.address, holding.minor) == ("a", False)


def holding(address: str, amount: int) -> Holding:
    return Holding(address, Decimal(amount), minor=False)


def test_row_q_only_accounts_that_hold_something_else_now_are_looked_at() -> None:
    amounts = Amounts()
    amounts.begin("w", [holding("a", 1), holding("b", 2), holding("c", 3)])
    now = [holding("a", 1), holding("b", 5), holding("c", 4), holding("new", 1)]
    assert amounts.changed("w", now, ["a", "b", "new", "gone"]) == ["b", "new"]
    for address in ("b", "new"):
        amounts.looked_at("w", address, found=True)
    assert amounts.changed("w", now, ["a", "b", "c", "new"]) == []


def test_row_q_a_change_that_the_index_does_not_explain_yet_is_looked_at_again_but_not_for_ever() -> None:
    amounts = Amounts()
    amounts.begin("w", [holding("a", 1)])
    for _ in range(MOST_LOOKS):
        assert amounts.changed("w", [holding("a", 2)], ["a"]) == ["a"]
        amounts.looked_at("w", "a", found=False)
    assert amounts.changed("w", [holding("a", 2)], ["a"]) == []
