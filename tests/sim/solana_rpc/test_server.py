"""The emulated public Solana node, and the real provider before it, through real sockets."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import Any

import base58
import httpx
import pytest
from busiest import busiest
from virtual_time import VirtualClock, on_virtual_time
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin
from wire_fixtures import public

from streamcore.config.model import Settings
from streamcore.config.sources import SolanaSettings
from streamcore.config.surroundings import NOWHERE
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.dial import Dialler
from streamcore.net.http import HttpClient
from streamcore.net.transport import Socket
from streamcore.net.websocket import open_websocket
from streamcore.providers.reports import (
    Alive,
    Checkpoint,
    CheckpointReport,
    Report,
    SignatureSeen,
    TokenAccounts,
    TokenAccountsRequest,
    TransactionReport,
)
from streamcore.providers.solana_rpc.codec import SolanaCodec
from streamcore.providers.solana_rpc.provider import SolanaProvider
from streamsim import Emulators, Fault
from streamsim.servers.websocket import KEEPALIVE_INTERVAL
from streamsim.solana_rpc.server import SUBSCRIPTIONS

W = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
OTHER = "DFK4931fqk7pnrqdcvDWozDABepb2BeTwE5DYfiRPi4j"
K = ErrorKind


def addresses(count: int) -> list[str]:
    return [base58.b58encode(bytes([9] * 31 + [number])).decode() for number in range(count)]


class Scene:
    """An emulated node on which nothing happens by itself, and a provider before it."""

    def __init__(self, emulators: Emulators, http: HttpClient, clock: VirtualClock) -> None:
        self.node = emulators.solana
        self.chain = emulators.chain
        self.http = http
        self.clock = clock
        settings = Settings(solana=SolanaSettings(ws_url=self.node.ws_url, rpc_url=self.node.rpc_url))
        self.provider = SolanaProvider(settings, http, clock)

    async def fetch(self, *wallets: str, checkpoints: dict[str, Checkpoint] | None = None) -> list[Report]:
        async def collect() -> list[Report]:
            return [report async for report in self.provider.rest.fetch(wallets, checkpoints or {})]

        return await collect()

    async def answer(self, question: SignatureSeen | TokenAccountsRequest) -> list[Report]:
        async def collect() -> list[Report]:
            return [report async for report in self.provider.rest.answer(question)]

        return await collect()

    async def failure(self) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            await self.fetch(W)
        return caught.value


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    clock = VirtualClock()
    async with (
        Emulators(clock=clock, market_rate=0, wallet_rate=0) as emulators,
        HttpClient(clock, timeout=10.0) as http,
    ):
        yield Scene(emulators, http, clock)


class Wire:
    """The provider's codec on a real socket."""

    def __init__(self, socket: Socket, codec: SolanaCodec) -> None:
        self.socket = socket
        self.codec = codec
        self.reports: list[Report] = []

    async def flush(self) -> None:
        for frame in self.codec.frames_to_send():
            await self.socket.send(frame)

    async def until(self, kind: type[Report]) -> Any:
        """Return the next report of that kind, reading as many frames as it takes."""
        while True:
            await self.flush()
            for report in self.reports:
                if isinstance(report, kind):
                    self.reports.remove(report)
                    return report
            self.reports += self.codec.received(await self.socket.receive())


@asynccontextmanager
async def wire(stage: Scene, *wallets: str) -> AsyncIterator[Wire]:
    socket = await open_websocket(
        stage.provider.endpoint(),
        name=stage.provider.name,
        refusal=stage.provider.handshake_refusal,
        within=10.0,
        max_message_bytes=1 << 20,
        clock=stage.clock,
        dialler=Dialler(stage.clock, NOWHERE),
    )
    try:
        codec = stage.provider.codec()
        codec.opened()
        codec.set_topics(wallets)
        yield Wire(socket, codec)
    finally:
        await socket.close()


# The provider before the node


@on_virtual_time
async def test_a_transfer_to_a_wallet_is_hinted_at_and_then_told_in_full() -> None:
    async with scene() as stage, wire(stage, W) as line:
        assert await line.until(Alive) == Alive()
        assert await line.until(TokenAccountsRequest) == TokenAccountsRequest(W)
        signature = stage.chain.sol_in(W, Decimal("1.5"))
        hint = await line.until(SignatureSeen)
        assert (hint.topic, hint.signature) == (W, signature)
        (report,) = await stage.answer(hint)
        assert isinstance(report, TransactionReport)
        assert (report.signature, report.slot, report.topics) == (signature, hint.slot, (W,))
        assert report.block_time is not None


@on_virtual_time
async def test_a_transfer_of_tokens_that_names_only_the_token_account_is_hinted_at_too() -> None:
    async with scene() as stage:
        stage.chain.spl_in(W, Decimal(5))  # so that there is a token account
        async with wire(stage, W) as line:
            question = await line.until(TokenAccountsRequest)
            (related,) = await stage.answer(question)
            assert isinstance(related, TokenAccounts)
            assert len(related.addresses) > 1
            line.codec.resolved(related)
            await line.flush()
            wanted = set(related.addresses)
            await stage.node.wait_for(lambda: stage.node.wallets >= wanted)
            signature = stage.chain.spl_in(W, Decimal(7))
            hint = await line.until(SignatureSeen)
            assert (hint.topic, hint.signature) == (W, signature)


@on_virtual_time
async def test_what_happened_while_nobody_listened_is_found_afterwards() -> None:
    async with scene() as stage:
        stage.chain.sol_in(W, Decimal(1))
        (beginning,) = [one for one in await stage.fetch(W) if isinstance(one, CheckpointReport)]
        await asyncio.sleep(60.0)
        signatures = [stage.chain.sol_in(W, Decimal(n)) for n in (2, 3)]
        found = await stage.fetch(W, checkpoints={W: beginning.checkpoint})
        assert [report.signature for report in found if isinstance(report, TransactionReport)][
            -2:
        ] == signatures


@on_virtual_time
async def test_many_wallets_are_asked_about_within_both_limits_of_the_node() -> None:
    async with scene() as stage:
        reports = await stage.fetch(*addresses(30))
        assert len([one for one in reports if isinstance(one, CheckpointReport)]) == 30
        requests = stage.node.requests
        assert len(requests) >= 90
        times = [request.at for request in requests]
        assert stage.node.rpc.refused == 0
        assert busiest(times, 10.0) <= 100
        by_method: dict[str, list[float]] = {}
        for request in requests:
            by_method.setdefault(json.loads(request.body)["method"], []).append(request.at)
        assert all(busiest(of_method, 10.0) <= 40 for of_method in by_method.values())
        assert all("api-key" not in request.query for request in requests)


@on_virtual_time
async def test_a_blocked_address_is_told_so_on_both_sides_and_may_try_again() -> None:
    async with scene() as stage:
        stage.node.blocked = True
        error = await stage.failure()
        assert (error.kind, error.parks) == (K.AUTH, False)
        with pytest.raises(ProviderError) as caught:
            async with wire(stage, W):
                pass
        assert (caught.value.kind, caught.value.parks) == (K.AUTH, False)
        stage.node.blocked = False
        assert await stage.fetch(W)


@on_virtual_time
async def test_the_wait_that_the_node_asks_for_is_kept() -> None:
    async with scene() as stage:
        stage.node.faults.set(Fault.HTTP_STATUS, times=1, status=429, retry_after=7)
        error = await stage.failure()
        assert (error.kind, error.retry_after) == (K.RATE_LIMIT, 7.0)
        await stage.fetch(W)
        assert 7.0 <= stage.node.requests[1].at <= 7.0 + 0.1


# The node by itself


class Talk:
    """A JSON-RPC conversation over a socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._numbers = itertools.count(1)

    async def ask(self, method: str, *params: Any) -> Any:
        message = {"jsonrpc": "2.0", "id": next(self._numbers), "method": method, "params": params}
        return await self.say(json.dumps(message))

    async def say(self, frame: str) -> Any:
        await self.socket.send(frame)
        return json.loads(await self.socket.recv())


@asynccontextmanager
async def talk(stage: Scene) -> AsyncIterator[Talk]:
    async with connect(stage.node.ws_url, max_queue=None, ping_interval=None) as socket:
        yield Talk(socket)


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return type(value).__name__


@on_virtual_time
async def test_the_documented_requests_have_the_documented_answers() -> None:
    async with scene() as stage, talk(stage) as line:
        acknowledged = shape(json.loads(public("solana_rpc", "s2c_subscribe_result")))
        assert shape(await line.say(public("solana_rpc", "c2s_logs_subscribe"))) == acknowledged
        answer = await line.say(public("solana_rpc", "c2s_account_subscribe"))
        assert shape(answer) == acknowledged
        request = json.loads(public("solana_rpc", "c2s_account_unsubscribe"))
        answer = await line.say(json.dumps({**request, "params": [answer["result"]]}))
        assert answer == json.loads(public("solana_rpc", "s2c_unsubscribe_result"))
        wrong = await line.ask("logsSubscribe", {"mentions": [W, OTHER]})
        documented = json.loads(public("solana_rpc", "s2c_error_invalid_params"))
        assert wrong["error"]["code"] == documented["error"]["code"]


@on_virtual_time
async def test_notifications_have_the_documented_shape() -> None:
    async with scene() as stage, talk(stage) as line:
        await line.ask("logsSubscribe", {"mentions": [W]}, {"commitment": "confirmed"})
        await line.ask("accountSubscribe", W, {"encoding": "jsonParsed", "commitment": "confirmed"})
        stage.chain.sol_in(W, Decimal(1))
        frames = [json.loads(await line.socket.recv()) for _ in range(2)]
        by_method = {frame["method"]: frame for frame in frames}
        for name in ("s2c_logs_notification", "s2c_account_notification_wallet"):
            documented = json.loads(public("solana_rpc", name))
            served = by_method[documented["method"]]
            assert served["params"].keys() == documented["params"].keys()
            assert served["params"]["result"].keys() == documented["params"]["result"].keys()
            value = served["params"]["result"]["value"]
            assert set(documented["params"]["result"]["value"]) <= set(value)


@pytest.mark.parametrize("method", ["transactionSubscribe", "transactionUnsubscribe", "blockSubscribe"])
@on_virtual_time
async def test_a_method_of_helius_own_is_not_known_over_the_socket(method: str) -> None:
    async with scene() as stage, talk(stage) as line:
        answer = await line.ask(method, {"accountInclude": [W]})
        assert answer["error"]["code"] in ({-32602} if method.endswith("Unsubscribe") else {-32601})


async def call(stage: Scene, client: httpx.AsyncClient, method: str, *params: Any) -> httpx.Response:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return await client.post(stage.node.rpc_url, json=body)


@on_virtual_time
async def test_a_method_of_helius_own_is_not_known_over_http() -> None:
    async with scene() as stage, httpx.AsyncClient() as client:
        answer = await call(stage, client, "getTransactionsForAddress", W)
        assert (answer.status_code, answer.json()["error"]["code"]) == (200, -32601)
        assert (await call(stage, client, "getHealth")).json()["result"] == "ok"


@on_virtual_time
async def test_a_browser_is_forbidden_everything() -> None:
    async with scene() as stage, httpx.AsyncClient() as client:
        for headers in ({"Origin": "https://page.example"}, {"User-Agent": "Mozilla/5.0 (X11)"}):
            assert (await client.post(stage.node.rpc_url, json={}, headers=headers)).status_code == 403
        with pytest.raises(InvalidStatus) as refused:
            await connect(stage.node.ws_url, origin=Origin("https://page.example"))
        assert refused.value.response.status_code == 403


@on_virtual_time
async def test_more_subscriptions_than_it_bears_end_the_connection() -> None:
    async with scene() as stage, talk(stage) as line:
        for address in addresses(SUBSCRIPTIONS):
            assert "result" in await line.ask("accountSubscribe", address)
        with pytest.raises(ConnectionClosed):
            await line.ask("slotSubscribe")


@on_virtual_time
async def test_a_connection_on_which_nothing_passes_is_dropped_and_slots_keep_one_alive() -> None:
    async with scene() as stage, talk(stage) as silent, talk(stage) as listening:
        await listening.ask("slotSubscribe")
        for _ in range(3):
            await asyncio.sleep(KEEPALIVE_INTERVAL)
        await stage.node.wait_for(lambda: stage.node.connections == 1)
        with pytest.raises(ConnectionClosed):
            await silent.socket.recv()
        assert json.loads(await listening.socket.recv())["method"] == "slotNotification"


@on_virtual_time
async def test_an_address_may_open_only_so_many_connections() -> None:
    async with scene() as stage, AsyncExitStack() as stack:
        for _ in range(stage.node.limits.sockets):
            await stack.enter_async_context(talk(stage))
        await asyncio.sleep(11.0)
        with pytest.raises(InvalidStatus) as refused:
            await stack.enter_async_context(talk(stage))
        assert refused.value.response.status_code == 429
        assert refused.value.response.headers["retry-after"] == "10"


@on_virtual_time
async def test_it_tells_of_the_same_chain_as_the_emulated_helius() -> None:
    clock = VirtualClock()
    async with (
        Emulators(clock=clock, market_rate=0, wallet_rate=0) as emulators,
        connect(f"{emulators.helius.ws_url}?api-key=dev") as helius,
        connect(emulators.solana.ws_url) as solana,
    ):
        for socket in (helius, solana):
            message = {"jsonrpc": "2.0", "id": 1, "method": "logsSubscribe", "params": [{"mentions": [W]}]}
            await socket.send(json.dumps(message))
            await socket.recv()
        signature = emulators.chain.sol_in(W, Decimal(1))
        told = await asyncio.gather(helius.recv(), solana.recv())
        values = [json.loads(frame)["params"]["result"]["value"] for frame in told]
        assert values[0] == values[1]
        assert values[0]["signature"] == signature
