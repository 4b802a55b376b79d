"""An emulated Helius: its WebSocket. The HTTP side is `streamsim.helius.rpc`."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec

from streamcore.clock import Clock
from streamsim.helius import messages
from streamsim.helius.messages import RpcError, TransactionFilter
from streamsim.helius.rpc import HeliusRpc, error_reply
from streamsim.servers.clients import Client, Connection, Handshake, Profile, Unreadable
from streamsim.servers.faults import Fault
from streamsim.servers.http11 import LOOPBACK, HttpReply, HttpRequest
from streamsim.servers.websocket import ProviderServer
from streamsim.wire import is_address
from streamsim.world.chain import FINAL_AFTER, SLOT_SECONDS, Transaction, account_value
from streamsim.world.wallets import WalletChain

FREE_CONNECTIONS = 5
"""WebSockets a free key may hold open at once."""

_FREE_PLAN = "transactionSubscribe is not available on the free plan"


@dataclass(eq=False)
class Subscription:
    """One subscription of one connection."""

    number: int
    kind: str
    """``transaction``, ``logs``, ``account``, ``signature`` or ``slot``."""
    subject: str | None = None
    """The address or signature; ``None``: everything."""
    filter: TransactionFilter | None = None
    encoding: str | None = None
    ack: str | None = None
    """An answer kept back until the first notification has gone out."""


@dataclass(eq=False)
class HeliusClient(Client):
    """A connection with its subscriptions."""

    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    """By subscription id."""


class HeliusServer(ProviderServer[HeliusClient]):
    """Helius on loopback.

    Args:
        clock: Time.
        chain: The chain it serves.
        watch: Called with the addresses a client asks for.
        seed: Equal seeds give equal subscription numbers.
        rpc: The HTTP side; ``None`` makes one.
    """

    name: ClassVar[str] = "Helius"
    key_parameter: ClassVar[str] = "api-key"
    # a connection is dropped after ten minutes without a client frame; the server does not ping
    rounds_until_dropped: ClassVar[int] = 20
    pings: ClassVar[bool] = False

    def __init__(
        self,
        clock: Clock,
        chain: WalletChain,
        watch: Callable[[list[str]], None],
        seed: int,
        rpc: HeliusRpc | None = None,
    ) -> None:
        super().__init__(clock)
        self._chain = chain
        self._watch = watch
        self._rng = random.Random(f"{seed}/{self.name.lower()}")
        self._next_number = self._rng.randint(20_000, 30_000)
        self.rpc = rpc or HeliusRpc(clock, chain, watch)
        """The HTTP side; its ``lag`` and ``rate`` may be changed at any time."""
        self._slots_wanted = asyncio.Event()
        chain.listen(self._recorded)

    @property
    def ws_url(self) -> str:
        """The WebSocket URL, without a key."""
        return f"ws://{LOOPBACK}:{self.ws_port}/"

    @property
    def rpc_url(self) -> str:
        """The JSON-RPC URL, without a key."""
        return f"http://{LOOPBACK}:{self.http_port}/"

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """The subscriptions all clients hold now."""
        return tuple(held for client in self.clients for held in client.subscriptions.values())

    @property
    def wallets(self) -> frozenset[str]:
        """The addresses that ``transactionSubscribe`` of some client includes now."""
        return frozenset(
            address
            for held in self.subscriptions
            if held.filter is not None
            for address in held.filter.include
        )

    @property
    def credits(self) -> int:
        """What the data sent so far would have cost: two credits per 0.1 MB."""
        return 2 * -(-self.bytes_sent // 100_000)

    async def start(self, port: int) -> None:
        """Listen; see `ProviderServer.start`."""
        await super().start(port)
        self._tasks.spawn(self._tell_slots())

    # The way in

    def _refusal(self, handshake: Handshake, key: str) -> HttpReply | None:
        profile = Profile.of(key)
        if handshake.path not in {"", "/"}:
            return HttpReply(404, b"")
        if profile is Profile.BAD:
            return error_reply(401)
        if profile is Profile.EXHAUSTED:
            return error_reply(429, "max usage reached")
        held = sum(client.key == key for client in self._clients)
        if profile is Profile.FREE and held >= FREE_CONNECTIONS:
            return error_reply(429)
        return None

    def _error_body(self, status: int) -> bytes:
        return error_reply(status).body

    def _client(self, number: int, connection: Connection, handshake: Handshake, key: str) -> HeliusClient:
        return HeliusClient(number, connection, handshake, key)

    def _opened(self, client: HeliusClient) -> None:
        """Do nothing: Helius sends no greeting."""

    def _error_frame(self, message: str, code: int) -> str:
        return _json(messages.error(None, RpcError(code, message)))

    # What clients say

    def _received(self, client: HeliusClient, message: Any) -> None:
        identifier = message.get("id") if isinstance(message, Mapping) else None
        try:
            identifier, kind, subscribes, params = _read(message)
            if subscribes:
                self._subscribe(client, identifier, kind, params)
            else:
                self._unsubscribe(client, identifier, kind, params)
        except RpcError as refusal:
            self._send((client,), _json(messages.error(identifier, refusal)))

    def _subscribe(self, client: HeliusClient, identifier: object, kind: str, params: list[Any]) -> None:
        if kind == "transaction" and client.profile is Profile.FREE:
            raise RpcError(messages.INVALID_REQUEST, _FREE_PLAN)
        if terms := self.faults.take(Fault.REJECT_SUBSCRIBE):
            raise RpcError(terms.code, terms.message)
        wanted = _READERS[kind](params)
        if self.faults.take(Fault.WITHHOLD_ACK):
            return
        if terms := self.faults.take(Fault.DELAY_ACK):
            self._tasks.spawn(self._accept_later(terms.seconds, client, identifier, wanted))
        else:
            self._accept(client, identifier, wanted)

    async def _accept_later(
        self, seconds: float, client: HeliusClient, identifier: object, wanted: Subscription
    ) -> None:
        await self.clock.sleep(seconds)
        self._accept(client, identifier, wanted)
        self.check_waiters()

    def _accept(self, client: HeliusClient, identifier: object, wanted: Subscription) -> None:
        subscription = self._same(client, wanted)
        if subscription is None:
            subscription = wanted
            subscription.number = self._number(wanted.kind)
            client.subscriptions[subscription.number] = subscription
        ack = _json(messages.result(identifier, subscription.number))
        if self.faults.take(Fault.NOTIFY_BEFORE_ACK):
            subscription.ack = ack
        else:
            self._send((client,), ack)
        self._begin(client, subscription)

    def _same(self, client: HeliusClient, wanted: Subscription) -> Subscription | None:
        """Return the subscription with the same parameters, if any: standard methods reuse its id."""
        if wanted.kind == "transaction":
            return None
        same = (wanted.kind, wanted.subject, wanted.encoding)
        held = client.subscriptions.values()
        return next((known for known in held if (known.kind, known.subject, known.encoding) == same), None)

    def _number(self, kind: str) -> int:
        if kind == "transaction":
            return self._rng.randint(10**14, 9 * 10**15)
        self._next_number += 1
        return self._next_number

    def _begin(self, client: HeliusClient, subscription: Subscription) -> None:
        if subscription.kind == "slot":
            self._slots_wanted.set()
        elif subscription.kind == "signature":
            known = self._chain.transaction(subscription.subject or "")
            if known is not None:
                self._notify_signature(client, subscription, known)
        elif subscription.filter is not None:
            self._ask_for(subscription.filter.include)
        elif subscription.subject is not None:
            self._ask_for({subscription.subject})

    def _ask_for(self, addresses: frozenset[str] | set[str]) -> None:
        self._watch(sorted(addresses))

    def _unsubscribe(self, client: HeliusClient, identifier: object, kind: str, params: list[Any]) -> None:
        held = client.subscriptions.get(params[0]) if params and isinstance(params[0], int) else None
        if held is None or held.kind != kind:
            raise RpcError(messages.INVALID_PARAMS, "Invalid subscription id.")
        del client.subscriptions[held.number]
        self._send((client,), _json(messages.result(identifier, True)))

    # What the chain says

    def _recorded(self, transaction: Transaction) -> None:
        texts: dict[bool, bytes] = {}
        for client in self.clients:
            for held in tuple(client.subscriptions.values()):
                if held.filter is not None and held.filter.matches(transaction):
                    full = held.filter.full
                    if full not in texts:
                        texts[full] = messages.streamed(transaction, full=full)
                    self._notify(client, held, texts[full])
                elif held.kind == "logs" and (held.subject is None or held.subject in transaction.keys):
                    self._notify_logs(client, held, transaction)
                elif held.kind == "account" and held.subject in transaction.keys:
                    self._notify_account(client, held, transaction)
                elif held.kind == "signature" and held.subject == transaction.signature:
                    self._notify_signature(client, held, transaction)

    def _notify_logs(self, client: HeliusClient, held: Subscription, transaction: Transaction) -> None:
        value = {"signature": transaction.signature, "err": transaction.err, "logs": transaction.logs}
        self._notify(client, held, _in_context(transaction.slot, value))

    def _notify_account(self, client: HeliusClient, held: Subscription, transaction: Transaction) -> None:
        subject = held.subject or ""
        position = transaction.keys.index(subject)
        moved = transaction.balances_before[position] != transaction.balances_after[position]
        if moved or subject in transaction.accounts_changed:
            value = account_value(self._chain, subject, held.encoding)
            self._notify(client, held, _in_context(transaction.slot, value))

    def _notify_signature(self, client: HeliusClient, held: Subscription, transaction: Transaction) -> None:
        del client.subscriptions[held.number]
        self._notify(client, held, _in_context(transaction.slot, {"err": transaction.err}))

    def _notify(self, client: HeliusClient, held: Subscription, content: bytes) -> None:
        self.publish((client,), _notification(held, content.decode()))
        if held.ack is not None:
            ack, held.ack = held.ack, None
            self._send((client,), ack)

    async def _tell_slots(self) -> None:
        while True:
            await self._slots_wanted.wait()
            await self.clock.sleep(SLOT_SECONDS)
            slot = self._chain.slot
            content = _json({"parent": slot - 1, "root": slot - FINAL_AFTER, "slot": slot})
            listening = False
            for client in self.clients:
                for held in tuple(client.subscriptions.values()):
                    if held.kind == "slot":
                        listening = True
                        self._notify_slot(client, held, content)
            if not listening:
                self._slots_wanted.clear()

    def _notify_slot(self, client: HeliusClient, held: Subscription, content: str) -> None:
        if self.faults.take(Fault.STALL_SLOTS):
            return
        self._send((client,), _notification(held, content))

    # HTTP

    async def answer(self, request: HttpRequest) -> HttpReply:
        """Return the answer to an HTTP request."""
        return self.rpc.answer(request)


def _json(content: Any) -> str:
    return msgspec.json.encode(content).decode()


def _read(message: object) -> tuple[object, str, bool, list[Any]]:
    """Return identifier, kind of subscription, whether it begins one, and parameters of a request."""
    if isinstance(message, Unreadable):
        raise RpcError(messages.PARSE_ERROR, "Parse error")
    identifier, method, params = messages.read_request(message)
    for kind in _READERS:
        if method in {f"{kind}Subscribe", f"{kind}Unsubscribe"}:
            return identifier, kind, method.endswith("Subscribe"), params
    raise RpcError(messages.METHOD_NOT_FOUND, "Method not found")


def _notification(held: Subscription, content: str) -> str:
    return (
        f'{{"jsonrpc":"2.0","method":"{held.kind}Notification",'
        f'"params":{{"subscription":{held.number},"result":{content}}}}}'
    )


def _in_context(slot: int, value: Any) -> bytes:
    return msgspec.json.encode({"context": {"slot": slot}, "value": value})


def _read_transaction(params: list[Any]) -> Subscription:
    return Subscription(0, "transaction", filter=TransactionFilter.read(params))


def _read_logs(params: list[Any]) -> Subscription:
    wanted = params[0] if params else None
    if wanted in ("all", "allWithVotes"):
        return Subscription(0, "logs")
    mentions = wanted.get("mentions") if isinstance(wanted, Mapping) else None
    if not isinstance(mentions, list):
        raise RpcError(messages.INVALID_PARAMS, "Invalid params: invalid filter")
    if len(mentions) != 1:
        raise RpcError(messages.INVALID_PARAMS, "Invalid Request: Only 1 address supported")
    if not is_address(mentions[0]):
        raise RpcError(messages.INVALID_PARAMS, "Invalid Request: Invalid mentions provided")
    return Subscription(0, "logs", mentions[0])


def _read_account(params: list[Any]) -> Subscription:
    if not params or not is_address(params[0]):
        raise RpcError(messages.INVALID_PARAMS, "Invalid Request: Invalid pubkey provided")
    encoding = messages.parameter(params, 1).get("encoding")
    if encoding not in {None, "base58", "base64", "jsonParsed"}:
        raise RpcError(messages.INVALID_PARAMS, f"Invalid params: unknown variant `{encoding}`")
    return Subscription(0, "account", params[0], encoding=encoding)


def _read_signature(params: list[Any]) -> Subscription:
    if not params or not messages.is_signature(params[0]):
        raise RpcError(messages.INVALID_PARAMS, "Invalid Request: Invalid signature provided")
    return Subscription(0, "signature", params[0])


def _read_slot(params: list[Any]) -> Subscription:
    return Subscription(0, "slot")


_READERS: dict[str, Callable[[list[Any]], Subscription]] = {
    "transaction": _read_transaction,
    "logs": _read_logs,
    "account": _read_account,
    "signature": _read_signature,
    "slot": _read_slot,
}
