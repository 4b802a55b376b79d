"""Somebody who may write on the bus, and writes nonsense: relays and terminals go on with what is true."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import nats
import pytest
from cluster_bench import errors, led, opened, relay_in
from emulated import WALLET
from nats.aio.client import Client
from nats_server import NatsServer, connection_options, needs_nats_server
from relay_bench import Terminal, eventually
from sample_events import price, transaction

from streamcore.cluster.names import Names, key_subject
from streamcore.json_lines import to_json
from streamcore.relay import Relay
from streamcore.wire.messages import Lookup
from streamsim import Emulators

pytestmark = [pytest.mark.long, needs_nats_server, pytest.mark.timeout(120)]

NAMES = Names(demo=False)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path / "nats") as found:
        yield found


@pytest.fixture
async def hostile(server: NatsServer) -> AsyncIterator[Client]:
    client = await nats.connect(**connection_options(server))
    yield client
    await client.close()


class Team:
    """Two relays, and a terminal at the one that does not lead."""

    leader: Relay
    follower: Relay
    terminal: Terminal
    term: int

    async def check(self) -> None:
        """Check that prices made from now on come, and that the terminal is the same as before."""
        known = len(self.terminal.of(object))
        before = self.terminal.mirror.prices["So11111111111111111111111111111111111111112"].ts
        await self.terminal.until(
            lambda: (
                self.terminal.mirror.prices["So11111111111111111111111111111111111111112"].ts > before + 0.5
            )
        )
        assert len(self.terminal.of(object)) > known
        assert self.terminal.closed is None
        assert not [text for text in errors(self.terminal) if "internal" in text]


@pytest.fixture
async def team(
    tmp_path: Path, server: NatsServer, hostile: Client, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[Team]:
    found = Team()
    terms: list[int] = []

    async def look(message: Any) -> None:
        terms.append(json.loads(message.data)["term"])

    async with AsyncExitStack() as stack:
        emulators = await stack.enter_async_context(Emulators(wallet_rate=0, market_rate=20))
        relays = [
            await stack.enter_async_context(relay_in(tmp_path / name, server.url, emulators))
            for name in ("a", "b")
        ]
        await opened(*relays)
        found.leader = await led(*relays)
        (found.follower,) = [one for one in relays if one is not found.leader]
        found.terminal = await Terminal(found.follower).open()
        await found.terminal.want(["SOL"], [WALLET])
        await found.terminal.until(lambda: found.terminal.mirror.prices)
        await eventually(lambda: emulators.helius.wallets)
        subscription = await hostile.subscribe(NAMES.live, cb=look)
        await eventually(lambda: terms)
        await subscription.unsubscribe()
        found.term = terms[0]
        yield found
        assert not [one.getMessage() for one in caplog.records if one.exc_info]
        await found.terminal.close()


PRICES: list[dict[str, Any]] = [
    {"price": "NaN"},
    {"price": "sNaN"},
    {"price": "-Infinity"},
    {"price": "1E+999999"},
    {"price": "0"},
    {"price": "-1"},
    {"volume_24h": "-1"},
    {"change_24h": "-101"},
    {"bid": "1" * 5000},
    {"trades_24h": 2**70},
    {"trades_24h": -1},
    {"ts": 1e308},
    {"ts": -1e308},
    {"provider": "p" * 5000},
    {"source": "backfill"},
    {"address": "a" * 5000},
]


async def test_prices_that_cannot_be_reach_no_terminal(team: Team, hostile: Client) -> None:
    plain = msgspec.to_builtins(price("SOL", provider="birdeye"))
    for change in PRICES:
        live = {"term": team.term, "events": [{**plain, "event": "price", **change}]}
        await hostile.publish(NAMES.live, json.dumps(live).encode())
        await hostile.flush()
        await asyncio.sleep(0.15)
    await team.check()


STATUSES: list[dict[str, Any]] = [
    {"messages_received": 2**70},
    {"bytes_sent": -(2**70)},
    {"uptime": 1e300},
    {"retry_at": 1e300},
    {"since": -1e300},
    {"reason": "\x1b[2J" * 300_00},
    {"provider": "p" * 5000},
]


async def test_statuses_that_cannot_be_reach_no_terminal(team: Team, hostile: Client) -> None:
    status = msgspec.to_builtins(next(iter(team.leader.statuses().values())))
    for change in STATUSES:
        live = {"term": team.term, "statuses": [{**status, **change}]}
        await hostile.publish(NAMES.live, json.dumps(live).encode())
        await hostile.flush()
        await asyncio.sleep(0.15)
    many = [{**status, "provider": f"p{number}"} for number in range(500)]
    await hostile.publish(NAMES.live, json.dumps({"term": team.term, "statuses": many}).encode())
    await team.check()


TRANSACTIONS: list[dict[str, Any]] = [
    {"slot": 2**64},
    {"slot": -1},
    {"ts": 1e308},
    {"block_time": 2**62},
    {"summary": "s" * 5000},
    {"signature": "s" * 500},
    {"provider": "p" * 500},
    {"sol_change": "9" * 700},
    {"counterparties": ["c" * 500]},
    {"wallet": "w" * 500},
    {"summary": "s" * 500_000},
]


async def test_transactions_that_cannot_be_reach_no_terminal_and_no_log(
    tmp_path: Path, server: NatsServer, team: Team, hostile: Client
) -> None:
    for number, change in enumerate(TRANSACTIONS):
        plain = json.loads(to_json(transaction(f"bad{number}", wallet=WALLET)))
        await hostile.publish(NAMES.transactions_of(WALLET), json.dumps({**plain, **change}).encode())
        await hostile.flush()
        await asyncio.sleep(0.15)
    await hostile.publish(NAMES.transactions_of(WALLET), b"\xff" * 100)
    good = to_json(transaction("good", wallet=WALLET))
    await hostile.publish(NAMES.transactions_of(WALLET), good)
    await team.terminal.until(lambda: team.terminal.transactions())
    assert team.terminal.transactions() == ["good"]
    await team.check()
    async with relay_in(tmp_path / "late", server.url) as late:
        await opened(late)


async def test_terms_that_cannot_be_end_no_leader(team: Team, hostile: Client) -> None:
    for term in (2**63, 2**70, 2**53 - 2, 2**52):
        await hostile.publish(NAMES.live, b'{"term":%d}' % term)
    await hostile.flush()
    await asyncio.sleep(0.5)
    async with asyncio.timeout(15):
        await team.check()


async def test_wants_and_records_that_cannot_be_hold_nobody_up(team: Team, hostile: Client) -> None:
    many = {"symbols": [f"T{number}" for number in range(100_000)]}
    for key, data in (
        ("relay", json.dumps(many).encode()),
        ("garbage", b"\xff\x00"),
        ("other", json.dumps({"wallets": ["\x1b[2J", "w" * 100_000]}).encode()),
        ("*", json.dumps(many).encode()),
        (">", b"{}"),
    ):
        await hostile.publish(key_subject(NAMES.wants, key), data)
        await hostile.publish(key_subject(NAMES.wallets, key), data)
    record = {"epoch": "x", "covered_from": -(2**70), "followed_until": 1e308, "watched_at": -1e308}
    await hostile.publish(key_subject(NAMES.wallets, WALLET), json.dumps(record).encode())
    await hostile.flush()
    await team.terminal.want(["SOL", "BONK"], [WALLET])
    async with asyncio.timeout(15):
        await team.terminal.until(lambda: len(team.terminal.mirror.prices) == 2)
    await team.check()
    assert len(errors(team.terminal)) < 20


QUESTIONS: list[dict[str, Any]] = [
    {"what": "history", "text": "x" * 500_000},
    {"what": "search", "text": "\x1b[2J" * 1000},
    {"what": "names", "text": "," * 500_000},
    {"what": "trends", "keys": ["k"] * 100_000},
    {"what": "quote", "keys": [], "text": ""},
    {"what": "x" * 500_000},
    {"what": "reconnect", "text": "nobody" * 10_000},
    {"what": "history", "text": "SOL", "span": "x" * 100_000},
]


async def test_questions_that_cannot_be_are_answered_with_a_sentence(team: Team, hostile: Client) -> None:
    for question in QUESTIONS:
        answer = await hostile.request(NAMES.ask, json.dumps(question).encode(), timeout=15)
        assert len(answer.data) < 2000, question
    for data in (b"", b"\xff", b"[]"):
        assert b"trouble" in (await hostile.request(NAMES.ask, data, timeout=15)).data
        await hostile.publish(NAMES.present, data, reply=NAMES.live)
        await hostile.publish(NAMES.ask, data, reply=NAMES.live)
    await team.terminal.send(Lookup(77, "history", "SOL", "1d"))
    await team.check()


@pytest.mark.parametrize("max_age", [0, 1_000_000_000])
async def test_a_lease_that_somebody_else_has_made_otherwise_is_refused_until_it_is_gone(
    tmp_path: Path, server: NatsServer, hostile: Client, max_age: int
) -> None:
    stream = "KV_stdemo_lease"
    config = {"name": stream, "subjects": ["$KV.stdemo_lease.>"], "max_age": max_age}
    await hostile.request(f"$JS.API.STREAM.CREATE.{stream}", json.dumps(config).encode(), timeout=10)
    async with relay_in(tmp_path / "a", server.url) as relay:
        assert relay.membership is not None
        await eventually(lambda: stream in "".join(relay.membership.troubles()))  # type: ignore[union-attr]
        await hostile.request(f"$JS.API.STREAM.DELETE.{stream}", b"", timeout=10)
        await led(relay)
        await eventually(relay.statuses)  # not to be ended while it begins to lead
