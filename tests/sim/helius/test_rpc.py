"""The JSON-RPC side of the emulated Helius, as a client sees it."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import wire_fixtures
from manual_clock import START, ManualClock

from streamsim import Emulators
from streamsim.world.catalog import USDC
from streamsim.world.chain import FIRST_SLOT
from streamsim.world.programs import TOKEN

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
OTHER = "DFK4931fqk7pnrqdcvDWozDABepb2BeTwE5DYfiRPi4j"
UNKNOWN_SIGNATURE = "sjY8Ddp9e3rXGbUZr1CDdBbogdjGNa21D3XdzV8f2oSy2SMaqtr2RyDReRTaujEsojCT9csLjFm5CUQ8Rskekw8"
READABLE = {"encoding": "jsonParsed", "commitment": "confirmed", "maxSupportedTransactionVersion": 1}


@asynccontextmanager
async def still(**options: Any) -> AsyncIterator[Emulators]:
    """Emulators in which nothing moves by itself, on a clock moved by hand."""
    async with Emulators(clock=ManualClock(), market_rate=0, wallet_rate=0, **options) as emulators:
        yield emulators


@asynccontextmanager
async def rpc(emulators: Emulators, key: str = "dev") -> AsyncIterator[Any]:
    numbers = itertools.count(1)
    async with httpx.AsyncClient() as client:

        async def call(method: str, *params: Any) -> Any:
            body = {"jsonrpc": "2.0", "id": next(numbers), "method": method, "params": params}
            answer = await client.post(emulators.helius.rpc_url, params={"api-key": key}, json=body)
            return answer.json().get("result", answer.json().get("error"))

        yield call


def advance(emulators: Emulators, seconds: float) -> Any:
    clock = emulators.clock
    assert isinstance(clock, ManualClock)
    return clock.advance(seconds)


def fixture_error(name: str) -> Any:
    return json.loads(wire_fixtures.helius(name))["error"]


async def test_signatures_come_newest_first_and_can_be_paged() -> None:
    async with still() as emulators, rpc(emulators) as call:
        chain = emulators.chain
        made = [chain.sol_in(WALLET), chain.failed_swap(WALLET), chain.memo(WALLET)]
        chain.spl_in(WALLET)
        confirmed = {"commitment": "confirmed"}
        found = await call("getSignaturesForAddress", WALLET, confirmed)
        assert [entry["signature"] for entry in found[:3]] == made[::-1], "not those of its token accounts"
        assert len(found) > len(made), "a wallet has a past"
        example = json.loads(wire_fixtures.helius("http.getSignaturesForAddress.response"))["result"][0]
        assert found[0].keys() == example.keys()
        assert [found[0]["memo"][:4], found[1]["err"]] == [
            "[85]",
            {"InstructionError": [2, {"Custom": 6001}]},
        ]
        assert (found[0]["confirmationStatus"], found[-1]["confirmationStatus"]) == ("confirmed", "finalized")
        assert found[0]["blockTime"] == START
        page = await call("getSignaturesForAddress", WALLET, {**confirmed, "limit": 1, "before": made[2]})
        assert [entry["signature"] for entry in page] == [made[1]]
        new = await call("getSignaturesForAddress", WALLET, {**confirmed, "until": made[0]})
        assert [entry["signature"] for entry in new] == [made[2], made[1]]
        assert len(await call("getSignaturesForAddress", WALLET)) == len(found) - 3, (
            "the default is finalized"
        )


@pytest.mark.parametrize(
    ("options", "fixture"),
    [
        ({"limit": 1001}, "error_limit"),
        ({"commitment": "processed"}, "error_processed"),
        ({"until": UNKNOWN_SIGNATURE}, "error_cursor_not_found"),
    ],
)
async def test_a_bad_page_request_gets_the_known_error(options: dict[str, Any], fixture: str) -> None:
    async with still() as emulators, rpc(emulators) as call:
        answer = await call("getSignaturesForAddress", WALLET, options)
        assert answer == fixture_error(f"http.getSignaturesForAddress.{fixture}")


async def test_a_context_slot_of_the_future_is_not_reached() -> None:
    async with still() as emulators, rpc(emulators) as call:
        answer = await call("getSignaturesForAddress", WALLET, {"minContextSlot": FIRST_SLOT + 1})
        assert (answer["code"], answer["data"]) == (-32016, {"contextSlot": FIRST_SLOT})


async def test_a_transaction_can_be_fetched_once_it_is_visible() -> None:
    async with still() as emulators, rpc(emulators) as call:
        emulators.helius.rpc.lag = 2.0
        signature = emulators.chain.sol_out(WALLET)
        assert await call("getTransaction", signature, READABLE) is None
        assert await call("getTransaction", UNKNOWN_SIGNATURE, READABLE) is None
        await advance(emulators, 2)
        found = await call("getTransaction", signature, READABLE)
        example = json.loads(wire_fixtures.helius("http.getTransaction.response"))["result"]
        assert found.keys() == example.keys()
        assert found["transaction"]["signatures"] == [signature]
        assert found["version"] == 0
        assert await call("getTransaction", signature, {}) is None, "the default is finalized"


async def test_a_version_the_client_cannot_read_is_an_error() -> None:
    async with still() as emulators, rpc(emulators) as call:
        signature = emulators.chain.sol_out_v1(WALLET)
        answer = await call("getTransaction", signature, {**READABLE, "maxSupportedTransactionVersion": 0})
        assert answer == fixture_error("http.getTransaction.error_unsupported_version")
        legacy = emulators.chain.sol_in(WALLET)
        assert "version" not in await call("getTransaction", legacy, {"commitment": "confirmed"})


async def test_a_gap_can_be_filled_page_by_page_in_both_directions() -> None:
    async with still() as emulators, rpc(emulators) as call:
        made = [emulators.chain.spl_in(WALLET) for _ in range(5)]
        await advance(emulators, 4)
        made += [emulators.chain.sol_out(WALLET), emulators.chain.failed_swap(WALLET)]
        filters = {"slot": {"gte": FIRST_SLOT}, "tokenAccounts": "balanceChanged"}
        for order, expected in (("asc", made), ("desc", made[::-1])):
            options = {
                **READABLE,
                "transactionDetails": "full",
                "sortOrder": order,
                "limit": 3,
                "filters": filters,
            }
            found: list[str] = []
            token = None
            while True:
                page = await call("getTransactionsForAddress", WALLET, {**options, "paginationToken": token})
                found += [entry["transaction"]["signatures"][0] for entry in page["data"]]
                token = page["paginationToken"]
                if token is None:
                    break
            assert found == expected
        narrowed = {"slot": {"gt": FIRST_SLOT}, "status": "succeeded"}
        page = await call(
            "getTransactionsForAddress", WALLET, {"commitment": "confirmed", "filters": narrowed}
        )
        assert [entry["signature"] for entry in page["data"]] == [made[5]]


async def test_the_state_of_a_wallet_can_be_asked_for() -> None:
    async with still() as emulators, rpc(emulators) as call:
        assert await call("getHealth") == "ok"
        assert await call("getSlot", {"commitment": "confirmed"}) == FIRST_SLOT
        assert (await call("getBalance", WALLET))["value"] == emulators.chain.balance(WALLET) > 0
        answer = await call(
            "getTokenAccountsByOwner", WALLET, {"programId": TOKEN}, {"encoding": "jsonParsed"}
        )
        example = json.loads(wire_fixtures.helius("http.getTokenAccountsByOwner.response"))["result"]
        assert answer["context"].keys() == example["context"].keys()
        assert answer["value"][0]["account"].keys() == example["value"][0]["account"].keys()
        of_mint = await call("getTokenAccountsByOwner", WALLET, {"mint": USDC}, {"encoding": "jsonParsed"})
        assert [account["account"]["data"]["parsed"]["info"]["mint"] for account in of_mint["value"]] == [
            USDC
        ]
        signature = emulators.chain.failed_swap(WALLET)
        (status,) = (await call("getSignatureStatuses", [signature]))["value"]
        assert status["confirmationStatus"] == "confirmed"
        assert await call("getBlockTime", FIRST_SLOT) == START
        assert (await call("getAccountInfo", OTHER[:-1] + "j", {"encoding": "base64"}))["value"]["space"] == 0
        assert (await call("getBlock", 1))["code"] == -32601
        assert "solana-core" in await call("getVersion")


async def test_accounts_are_told_in_one_call_whatever_they_are() -> None:
    async with still() as emulators, rpc(emulators) as call:
        emulators.chain.know(WALLET)
        account = next(iter(emulators.chain.token_accounts_of(WALLET)))
        answer = await call("getMultipleAccounts", [WALLET, account, USDC, TOKEN], {"encoding": "jsonParsed"})
        wallet, held, mint, program = answer["value"]
        assert (wallet["owner"], wallet["executable"]) == ("1" * 32, False)
        assert held["data"]["parsed"]["type"] == "account"
        assert held["data"]["parsed"]["info"]["owner"] == WALLET
        assert (mint["owner"], mint["data"]["parsed"]["type"]) == (TOKEN, "mint")
        assert mint["data"]["parsed"]["info"]["decimals"] == 6
        assert program["executable"] is True
        assert (await call("getAccountInfo", USDC, {"encoding": "jsonParsed"}))["value"] == mint
        assert (await call("getMultipleAccounts", [WALLET] * 101))["code"] == -32602
        assert (await call("getMultipleAccounts", ["nonsense"]))["code"] == -32602


async def test_batches_are_answered_call_by_call() -> None:
    async with still() as emulators, httpx.AsyncClient() as client:
        signature = emulators.chain.sol_in(WALLET)
        batch = json.loads(wire_fixtures.helius("http.getTransaction.batch_request"))
        batch[0]["params"][0] = signature
        answer = (await client.post(f"{emulators.helius.rpc_url}?api-key=dev", json=batch)).json()
        assert [entry["id"] for entry in answer] == [1, 2]
        assert [entry["result"] is None for entry in answer] == [False, True]


async def test_a_key_that_asks_too_often_is_told_so() -> None:
    async with still() as emulators, httpx.AsyncClient() as client:
        emulators.helius.rpc.rate = 2.0
        url, body = f"{emulators.helius.rpc_url}?api-key=dev", {"id": 1, "method": "getHealth"}
        answers = [await client.post(url, json=body) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].json() == json.loads(wire_fixtures.helius("http.429.rate_limited"))
        await advance(emulators, 1)
        assert (await client.post(url, json=body)).status_code == 200


async def test_a_free_key_has_no_method_of_helius_own() -> None:
    async with still() as emulators, rpc(emulators, "free") as call:
        assert (await call("getTransactionsForAddress", WALLET))["code"] == -32600
