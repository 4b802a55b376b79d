"""The emulated Helius, looked at as a client sees it: through real sockets."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx
import pytest
import wire_fixtures
from manual_clock import ManualClock
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streamsim import Emulators, Fault
from streamsim.world.catalog import USDC
from streamsim.world.chain import FIRST_SLOT
from streamsim.world.programs import TOKEN

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
OTHER = "DFK4931fqk7pnrqdcvDWozDABepb2BeTwE5DYfiRPi4j"
UNKNOWN_SIGNATURE = "sjY8Ddp9e3rXGbUZr1CDdBbogdjGNa21D3XdzV8f2oSy2SMaqtr2RyDReRTaujEsojCT9csLjFm5CUQ8Rskekw8"
READABLE = {"encoding": "jsonParsed", "commitment": "confirmed", "maxSupportedTransactionVersion": 1}


class Talk:
    """A JSON-RPC conversation over a socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._numbers = itertools.count(1)

    async def send(self, method: str, *params: Any) -> int:
        number = next(self._numbers)
        await self.socket.send(
            json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        )
        return number

    async def ask(self, method: str, *params: Any) -> Any:
        number = await self.send(method, *params)
        answer = await self.receive()
        assert answer["id"] == number
        return answer.get("result", answer.get("error"))

    async def receive(self) -> Any:
        return json.loads(await self.socket.recv())

    async def signature(self) -> str:
        """Return the signature of the next transaction."""
        return str((await self.receive())["params"]["result"]["signature"])


@asynccontextmanager
async def still(**options: Any) -> AsyncIterator[Emulators]:
    """Emulators in which nothing moves by itself, on a clock moved by hand."""
    async with Emulators(clock=ManualClock(), market_rate=0, wallet_rate=0, **options) as emulators:
        yield emulators


@asynccontextmanager
async def stream(emulators: Emulators, key: str = "dev") -> AsyncIterator[Talk]:
    async with connect(f"{emulators.helius.ws_url}?api-key={key}", max_queue=None) as socket:
        yield Talk(socket)


def advance(emulators: Emulators, seconds: float) -> Any:
    clock = emulators.clock
    assert isinstance(clock, ManualClock)
    return clock.advance(seconds)


def fixture_error(name: str) -> Any:
    return json.loads(wire_fixtures.helius(name))["error"]


# The way in


@pytest.mark.parametrize(
    ("key", "status", "fixture"),
    [
        ("", 401, "401.invalid_api_key"),
        ("bad", 401, "401.invalid_api_key"),
        ("exhausted", 429, "429.max_usage_reached"),
    ],
)
async def test_a_useless_key_is_refused_on_both_sides_with_the_observed_body(
    key: str, status: int, fixture: str
) -> None:
    expected = json.loads(wire_fixtures.helius(f"http.{fixture}"))
    async with still() as emulators, httpx.AsyncClient() as client:
        with pytest.raises(InvalidStatus) as refused:
            async with stream(emulators, key):
                pass
        assert refused.value.response.status_code == status
        assert json.loads(refused.value.response.body or b"") == expected
        answer = await client.post(f"{emulators.helius.rpc_url}?api-key={key}", content=b"{}")
        assert (answer.status_code, answer.json()) == (status, expected)


async def test_a_free_key_may_not_subscribe_transactions_nor_open_a_sixth_socket() -> None:
    async with still() as emulators, AsyncExitStack() as stack:
        talks = [await stack.enter_async_context(stream(emulators, "free")) for _ in range(5)]
        assert await talks[0].ask(
            "transactionSubscribe", {"accountInclude": [WALLET]}, READABLE
        ) == fixture_error("ws.transactionSubscribe.error_free_plan")
        assert isinstance(await talks[0].ask("logsSubscribe", {"mentions": [WALLET]}), int)
        with pytest.raises(InvalidStatus) as refused:
            await stack.enter_async_context(stream(emulators, "free"))
        assert refused.value.response.status_code == 429


# Subscriptions


@pytest.mark.parametrize(
    ("request_text", "fixture"),
    [
        ("{", "ws.parse_error"),
        (wire_fixtures.helius("ws.ping.json_request"), "ws.ping.json_error_response"),
        (
            '{"id":1,"method":"accountSubscribe","params":["nobody"]}',
            "ws.accountSubscribe.error_invalid_pubkey",
        ),
        ('{"id":2,"method":"logsUnsubscribe","params":[99]}', "ws.anyUnsubscribe.error_unknown_id"),
        (
            f'{{"id":3,"method":"logsSubscribe","params":[{{"mentions":["{WALLET}","{OTHER}"]}}]}}',
            "ws.logsSubscribe.error_two_addresses",
        ),
        (
            '{"id":420,"method":"transactionSubscribe","params":[{"tokenAccounts":"yes"}]}',
            "ws.transactionSubscribe.error_invalid_tokenAccounts",
        ),
    ],
)
async def test_a_bad_request_gets_the_known_error_and_the_socket_stays_open(
    request_text: str, fixture: str
) -> None:
    async with still() as emulators, stream(emulators) as talk:
        await talk.socket.send(request_text)
        assert await talk.receive() == json.loads(wire_fixtures.helius(fixture))
        assert isinstance(await talk.ask("slotSubscribe"), int)


async def test_a_subscribed_wallet_gets_what_concerns_it_and_nothing_else() -> None:
    async with still() as emulators, stream(emulators) as talk:
        wanted = {"vote": False, "accountInclude": [WALLET], "tokenAccounts": "balanceChanged"}
        number = await talk.ask("transactionSubscribe", wanted, READABLE)
        assert 10**14 <= number < 2**53
        assert emulators.helius.wallets == {WALLET}
        chain = emulators.chain
        made = [
            chain.sol_in(WALLET),
            chain.spl_in(WALLET),
            chain.failed_swap(WALLET),
            chain.sol_out_v1(WALLET),
        ]
        chain.sol_in(OTHER)
        made.append(chain.memo(WALLET))
        for signature in made:
            message = await talk.receive()
            assert message["method"] == "transactionNotification"
            assert message["params"]["subscription"] == number
            result = message["params"]["result"]
            assert result["signature"] == result["transaction"]["transaction"]["signatures"][0] == signature
            assert result["slot"] == FIRST_SLOT
            assert "blockTime" not in result
        assert await talk.ask("transactionUnsubscribe", number) is True
        assert emulators.helius.subscriptions == ()


async def test_the_documented_requests_are_understood() -> None:
    async with still() as emulators, stream(emulators) as talk:
        for name in ("request", "request_all_filters", "request_documented"):
            await talk.socket.send(wire_fixtures.helius(f"ws.transactionSubscribe.{name}"))
            assert isinstance((await talk.receive())["result"], int)
        assert len(emulators.helius.subscriptions) == 3


@pytest.mark.parametrize(
    ("wanted", "options", "kinds"),
    [
        ({"accountInclude": [WALLET]}, READABLE, ["sol_in", "failed_swap", "sol_out_v1"]),
        ({"accountInclude": [WALLET], "failed": False}, READABLE, ["sol_in", "sol_out_v1"]),
        ({"accountInclude": [WALLET], "failed": True}, READABLE, ["failed_swap"]),
        (
            {"accountInclude": [WALLET], "tokenAccounts": "all"},
            READABLE,
            ["sol_in", "spl_in", "failed_swap", "sol_out_v1"],
        ),
        ({"accountInclude": [WALLET], "accountRequired": [TOKEN]}, READABLE, ["failed_swap"]),
        ({"accountInclude": [WALLET], "accountExclude": [TOKEN]}, READABLE, ["sol_in", "sol_out_v1"]),
        (
            {"accountInclude": [WALLET]},
            {**READABLE, "maxSupportedTransactionVersion": 0},
            ["sol_in", "failed_swap"],
        ),
        ({"accountInclude": [WALLET]}, {"encoding": "jsonParsed"}, ["sol_in"]),
    ],
)
async def test_filters_mean_what_the_documentation_says(
    wanted: dict[str, Any], options: dict[str, Any], kinds: list[str]
) -> None:
    async with still() as emulators, stream(emulators) as talk:
        await talk.ask("transactionSubscribe", wanted, options)
        chain = emulators.chain
        for kind in ("sol_in", "spl_in", "failed_swap", "sol_out_v1"):
            signature = getattr(chain, kind)(WALLET)
            if kind in kinds:
                assert await talk.signature() == signature
        assert await talk.ask("ping") == {"code": -32601, "message": "Method not found"}


async def test_no_filter_at_all_is_the_whole_network() -> None:
    async with still() as emulators, stream(emulators) as talk:
        await talk.ask("transactionSubscribe", {"accountInclude": []}, READABLE)
        signature = emulators.chain.sol_in(OTHER)
        assert await talk.signature() == signature


async def test_logs_name_every_mention_failed_ones_too() -> None:
    async with still() as emulators, stream(emulators) as talk:
        number = await talk.ask("logsSubscribe", {"mentions": [WALLET]}, {"commitment": "confirmed"})
        assert await talk.ask("logsSubscribe", {"mentions": [WALLET]}, {"commitment": "confirmed"}) == number
        emulators.chain.spl_in(WALLET)
        signature = emulators.chain.failed_swap(WALLET)
        message = await talk.receive()
        expected = json.loads(wire_fixtures.helius("ws.logsNotification.failed"))
        assert message["params"].keys() == expected["params"].keys()
        assert message["params"]["result"]["value"].keys() == expected["params"]["result"]["value"].keys()
        assert message["params"]["result"]["value"]["signature"] == signature


async def test_an_account_tells_its_new_state_and_only_when_it_changed() -> None:
    async with still() as emulators, stream(emulators) as talk:
        chain = emulators.chain
        chain.know(WALLET)
        (held,) = [key for key, account in chain.token_accounts_of(WALLET).items() if account.mint == USDC]
        await talk.ask("accountSubscribe", WALLET, {"encoding": "jsonParsed"})
        await talk.ask("accountSubscribe", held, {"encoding": "jsonParsed"})
        await talk.ask("accountSubscribe", held, {"encoding": "base64"})
        await talk.ask("accountSubscribe", held)
        chain.failed_swap(WALLET)
        value = (await talk.receive())["params"]["result"]["value"]
        assert value == {
            **json.loads(wire_fixtures.helius("ws.accountNotification.system_account"))["params"]["result"][
                "value"
            ],
            "lamports": chain.balance(WALLET),
        }
        chain.spl_in(WALLET, Decimal(5))
        parsed, packed, bare = [(await talk.receive())["params"]["result"]["value"] for _ in range(3)]
        example = json.loads(wire_fixtures.helius("ws.accountNotification.token_account"))
        assert parsed.keys() == example["params"]["result"]["value"].keys()
        info = parsed["data"]["parsed"]["info"]
        assert (info["owner"], info["tokenAmount"]["amount"]) == (
            WALLET,
            str(chain.token_accounts[held].amount),
        )
        assert packed["data"][1] == "base64"
        assert bare["data"] == "error: data too large for bs58 encoding"


async def test_a_signature_is_told_once_and_the_subscription_is_gone() -> None:
    async with still() as emulators, stream(emulators) as talk:
        signature = emulators.chain.failed_swap(WALLET)
        number = await talk.ask("signatureSubscribe", signature, {"commitment": "confirmed"})
        message = await talk.receive()
        expected = json.loads(wire_fixtures.helius("ws.signatureNotification.failed"))["params"]["result"][
            "value"
        ]
        assert message["params"]["result"]["value"] == expected
        assert (await talk.ask("signatureUnsubscribe", number))["message"] == "Invalid subscription id."


async def test_slots_come_as_the_clock_goes() -> None:
    async with still() as emulators, stream(emulators) as talk:
        number = await talk.ask("slotSubscribe")
        await advance(emulators, 0.9)
        slots = [(await talk.receive())["params"] for _ in range(2)]
        assert slots[0] == {
            "subscription": number,
            "result": {"parent": FIRST_SLOT, "root": FIRST_SLOT - 31, "slot": FIRST_SLOT + 1},
        }
        assert slots[1]["result"]["slot"] == FIRST_SLOT + 2


async def test_a_client_that_is_silent_for_ten_minutes_is_cut_off() -> None:
    async with still() as emulators, stream(emulators) as talk:
        await advance(emulators, 590)
        assert emulators.helius.connections == 1
        await advance(emulators, 60)
        with pytest.raises(ConnectionClosed):
            await talk.socket.recv()


async def test_pings_keep_a_silent_client_connected() -> None:
    async with still() as emulators, stream(emulators) as talk:
        for _ in range(3):
            await advance(emulators, 400)
            await (await talk.socket.ping())
        assert emulators.helius.connections == 1


async def test_data_is_counted_in_credits() -> None:
    async with still() as emulators, stream(emulators) as talk:
        await talk.ask("transactionSubscribe", {"accountInclude": [WALLET]}, READABLE)
        for _ in range(100):
            emulators.chain.sol_out(WALLET, Decimal("0.001"))
        assert emulators.helius.bytes_sent > 150_000
        assert emulators.helius.credits == 2 * -(-emulators.helius.bytes_sent // 100_000)


# Acknowledgements that come wrong


async def test_an_acknowledgement_can_come_late_and_counts_from_then_on() -> None:
    async with still() as emulators, stream(emulators) as talk:
        emulators.helius.faults.set(Fault.DELAY_ACK, seconds=3)
        await talk.send("transactionSubscribe", {"accountInclude": [WALLET]}, READABLE)
        await emulators.helius.wait_for(lambda: emulators.helius.frames_received)
        emulators.chain.sol_in(WALLET)
        await advance(emulators, 3)
        assert isinstance((await talk.receive())["result"], int)
        signature = emulators.chain.sol_in(WALLET)
        assert await talk.signature() == signature


async def test_an_acknowledgement_can_fail_to_come() -> None:
    async with still() as emulators, stream(emulators) as talk:
        emulators.helius.faults.set(Fault.WITHHOLD_ACK, times=1)
        await talk.send("transactionSubscribe", {"accountInclude": [WALLET]}, READABLE)
        assert isinstance(await talk.ask("slotSubscribe"), int)
        assert [held.kind for held in emulators.helius.subscriptions] == ["slot"]


async def test_a_notification_can_come_before_the_acknowledgement() -> None:
    async with still() as emulators, stream(emulators) as talk:
        emulators.helius.faults.set(Fault.NOTIFY_BEFORE_ACK, times=1)
        await talk.send("transactionSubscribe", {"accountInclude": [WALLET]}, READABLE)
        await emulators.helius.wait_for(lambda: emulators.helius.subscriptions)
        emulators.chain.sol_in(WALLET)
        first, second = await talk.receive(), await talk.receive()
        assert first["params"]["subscription"] == second["result"]


async def test_a_subscription_can_be_rejected() -> None:
    async with still() as emulators, stream(emulators) as talk:
        emulators.helius.faults.set(Fault.REJECT_SUBSCRIBE, code=-32603, message="Internal Error", times=1)
        assert await talk.ask("slotSubscribe") == {"code": -32603, "message": "Internal Error"}
        assert isinstance(await talk.ask("slotSubscribe"), int)


async def test_slots_can_stop_while_transactions_go_on_and_the_other_way_round() -> None:
    async with still() as emulators, stream(emulators) as talk:
        await talk.ask("slotSubscribe")
        await talk.ask("transactionSubscribe", {"accountInclude": [WALLET]}, READABLE)
        emulators.helius.faults.set(Fault.STALL_SLOTS)
        await advance(emulators, 2)
        emulators.chain.sol_in(WALLET)
        assert (await talk.receive())["method"] == "transactionNotification"
        emulators.helius.faults.clear()
        emulators.helius.faults.set(Fault.STALL)
        emulators.chain.sol_in(WALLET)
        await advance(emulators, 1)
        assert (await talk.receive())["method"] == "slotNotification"


async def test_a_watched_wallet_comes_to_life_within_a_second() -> None:
    clock = ManualClock()
    async with Emulators(clock=clock) as emulators, stream(emulators) as talk:
        await talk.ask("transactionSubscribe", {"accountInclude": [WALLET], "tokenAccounts": "all"}, READABLE)
        await clock.advance(1)
        async with asyncio.timeout(60):
            assert await talk.signature() in emulators.chain.signatures_of(WALLET, history=False)
        await clock.advance(60)
        assert 15 < len(emulators.chain.signatures_of(WALLET, history=False)) < 50
