"""Relays that share one engine over a real NATS server: who leads, and what terminals notice (nothing)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import nats
import pytest
from cluster_bench import errors, leads, led, opened, relay_in
from emulated import WALLET
from nats_server import NatsPath, NatsServer, needs_nats_server
from relay_bench import Terminal, eventually
from websockets.exceptions import InvalidStatus

from streamcore.cluster.lease import LASTS
from streamcore.cluster.member import Member
from streamcore.errors import SettingsError
from streamcore.events import PriceUpdate
from streamcore.manager import StreamManager
from streamcore.relay import Relay
from streamcore.relay.metrics import RelayCollector
from streamcore.streams.checkpoints import Checkpoints
from streamcore.wire.messages import Found, Lookup, Refused, Want
from streamsim import Emulators

pytestmark = [pytest.mark.long, needs_nats_server]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path / "nats") as found:
        yield found


@pytest.fixture
async def emulators() -> AsyncIterator[Emulators]:
    async with Emulators(wallet_rate=0, market_rate=20) as found:
        yield found


class Relays:
    """Relays of one test, each of which may be ended on its own."""

    def __init__(self, folder: Path, url: str, emulators: Emulators) -> None:
        self.folder, self.url, self.emulators = folder, url, emulators
        self.ends: dict[Relay, AsyncExitStack] = {}

    async def start(self, name: str, url: str | None = None, **settings: Any) -> Relay:
        end = AsyncExitStack()
        found = relay_in(self.folder / name, url or self.url, self.emulators, **settings)
        relay = await end.enter_async_context(found)
        self.ends[relay] = end
        await opened(relay)
        return relay

    async def end(self, relay: Relay) -> None:
        await self.ends.pop(relay).aclose()


@pytest.fixture
async def relays(tmp_path: Path, server: NatsServer, emulators: Emulators) -> AsyncIterator[Relays]:
    found = Relays(tmp_path, server.url, emulators)
    yield found
    for relay in tuple(found.ends):
        await found.end(relay)


async def watching(relay: Relay, emulators: Emulators) -> Terminal:
    """Return a terminal that has a price and whose wallet is followed."""
    terminal = await Terminal(relay).open()
    await terminal.want(["SOL"], [WALLET])
    await terminal.until(lambda: terminal.mirror.prices)
    await eventually(lambda: emulators.helius.connections)
    return terminal


def is_cut_off(terminal: Terminal) -> bool:
    return any(status.cut_off for status in terminal.mirror.statuses.values())


def prices(terminal: Terminal) -> int:
    return sum(isinstance(event, PriceUpdate) for event in terminal.events)


async def more_prices(*terminals: Terminal) -> None:
    for terminal in terminals:
        before = prices(terminal)
        await terminal.until(lambda terminal=terminal, before=before: prices(terminal) > before)


async def test_two_relays_tell_the_same_over_one_set_of_connections(
    relays: Relays, emulators: Emulators
) -> None:
    first, second = await relays.start("a"), await relays.start("b")
    await led(first, second)
    terminals = [await watching(one, emulators) for one in (first, second)]
    await eventually(lambda: all(one.log.epoch == first.log.epoch for one in (first, second)))
    happened = [emulators.chain.live(WALLET) for _ in range(5)]
    for terminal in terminals:
        await terminal.until(lambda terminal=terminal: len(terminal.transactions()) == 5)
        assert sorted(terminal.transactions()) == sorted(happened)
    assert terminals[0].transactions() == terminals[1].transactions()
    assert first.log.offset == second.log.offset == 5
    assert [first.unready(), second.unready()] == [[], []]
    assert [leads(first), leads(second)].count(True) == 1
    assert (emulators.birdeye.connections, emulators.helius.connections) == (1, 1)


async def test_a_terminal_goes_on_at_any_relay(relays: Relays, emulators: Emulators) -> None:
    first, second = await relays.start("a"), await relays.start("b")
    terminal = await watching(first, emulators)
    happened = [emulators.chain.live(WALLET)]
    await terminal.until(terminal.transactions)
    told = terminal.transactions()
    await terminal.abort()
    happened += [emulators.chain.live(WALLET) for _ in range(3)]
    back = await Terminal(second, mirror=terminal.mirror).open()
    assert (await back.want(["SOL"], [WALLET])).recovered is True
    await back.until(lambda: len(told) + len(back.transactions()) == len(happened))
    assert sorted(told + back.transactions()) == sorted(happened)


async def test_when_the_leader_leaves_another_leads_at_once_and_nothing_is_lost(
    relays: Relays, emulators: Emulators
) -> None:
    first, second = await relays.start("a"), await relays.start("b")
    leader = await led(first, second)
    other = second if leader is first else first
    terminal = await watching(other, emulators)
    happened = [emulators.chain.live(WALLET)]
    await terminal.until(terminal.transactions)
    await eventually(lambda: other.log.reaches_back(other.log.epoch, other.log.offset, [WALLET]))
    await relays.end(leader)
    happened += [emulators.chain.live(WALLET) for _ in range(3)]
    assert await led(other) is other
    await more_prices(terminal)
    happened += [emulators.chain.live(WALLET) for _ in range(3)]
    await terminal.until(lambda: len(terminal.transactions()) == len(happened))
    assert sorted(terminal.transactions()) == sorted(happened)
    assert terminal.closed is None


async def test_a_server_that_was_restarted_is_used_again_and_nothing_is_lost(
    relays: Relays, emulators: Emulators, server: NatsServer
) -> None:
    first, second = await relays.start("a"), await relays.start("b")
    terminals = [await watching(one, emulators) for one in (first, second)]
    happened = [emulators.chain.live(WALLET)]
    for terminal in terminals:
        await terminal.until(terminal.transactions)
    server.kill()
    for terminal in terminals:
        await terminal.until(lambda terminal=terminal: is_cut_off(terminal))
    assert any("NATS cannot be reached" in reason for reason in first.unready())
    happened += [emulators.chain.live(WALLET) for _ in range(3)]
    server.start()
    await led(first, second)
    await more_prices(*terminals)
    for terminal in terminals:
        await terminal.until(lambda terminal=terminal: len(terminal.transactions()) == len(happened))
        assert sorted(terminal.transactions()) == sorted(happened)
        await terminal.until(lambda terminal=terminal: not is_cut_off(terminal))


async def test_a_server_that_is_started_anew_at_once_costs_no_connection_to_a_provider(
    relays: Relays, emulators: Emulators, server: NatsServer
) -> None:
    relay = await relays.start("a")
    terminal = await watching(relay, emulators)
    await led(relay)
    (before,) = emulators.birdeye.clients
    server.restart()
    await terminal.until(lambda: is_cut_off(terminal))
    await terminal.until(lambda: not is_cut_off(terminal))
    await more_prices(terminal)
    assert emulators.birdeye.clients == (before,)


async def test_a_leader_whose_network_falls_silent_stops_before_another_leads(
    relays: Relays, emulators: Emulators, server: NatsServer
) -> None:
    async with NatsPath(server) as path:
        cut = await relays.start("a", path.nats_url)
        await led(cut)
        terminal = await watching(cut, emulators)
        other = await relays.start("b")
        elsewhere = await watching(other, emulators)
        happened = [emulators.chain.live(WALLET)]
        await elsewhere.until(elsewhere.transactions)
        path.silence()
        began = asyncio.get_running_loop().time()
        while not leads(other):
            await asyncio.sleep(0.02)
            assert not (leads(cut) and leads(other))
        assert not leads(cut)
        await more_prices(elsewhere)
        assert asyncio.get_running_loop().time() - began < 8
        await eventually(lambda: emulators.birdeye.connections == 1)
        assert asyncio.get_running_loop().time() - began < LASTS + 3
        happened.append(emulators.chain.live(WALLET))
        await elsewhere.until(lambda: len(elsewhere.transactions()) == 2)
        await terminal.until(lambda: is_cut_off(terminal))
        told = terminal.transactions()
        assert (await terminal.end())[0] == 1012
        with pytest.raises(InvalidStatus):
            await Terminal(cut, mirror=terminal.mirror).open()
        moved = await Terminal(other, mirror=terminal.mirror).open()
        assert (await moved.want(["SOL"], [WALLET])).recovered is True
        await moved.until(lambda: moved.transactions())
        assert told + moved.transactions() == elsewhere.transactions()
        path.heal()
        await eventually(lambda: cut.gate.opened)
        back = await Terminal(cut, mirror=moved.mirror).open()
        assert (await back.want(["SOL"], [WALLET])).recovered is True
        await back.until(lambda: back.mirror.prices and not is_cut_off(back))
        assert leads(other)
        assert not leads(cut)


async def test_a_stream_that_was_lost_begins_another_epoch_and_terminals_are_told(
    relays: Relays, emulators: Emulators
) -> None:
    relay = await relays.start("a")
    terminal = await watching(relay, emulators)
    emulators.chain.live(WALLET)
    await terminal.until(terminal.transactions)
    before = relay.log.epoch
    await delete_stream(relays.url, "ST_TX")
    emulators.chain.live(WALLET)
    assert (await terminal.end())[0] == 1012
    assert relay.log.epoch != before
    back = await Terminal(relay, mirror=terminal.mirror).open()
    assert (await back.want((), [WALLET])).recovered is False
    await eventually(lambda: relay.log.reaches_back(relay.log.epoch, relay.log.offset, [WALLET]))
    emulators.chain.live(WALLET)
    await back.until(back.transactions)


async def test_lost_buckets_are_made_again_and_prices_go_on(relays: Relays, emulators: Emulators) -> None:
    relay = await relays.start("a")
    terminal = await watching(relay, emulators)
    for bucket in ("st_lease", "st_wants", "st_wallets"):
        await delete_stream(relays.url, f"KV_{bucket}")
    await eventually(lambda: not leads(relay))
    await led(relay)
    await more_prices(terminal)
    happened = emulators.chain.live(WALLET)
    await terminal.until(lambda: happened in terminal.transactions())
    await terminal.abort()
    back = await Terminal(relay, mirror=terminal.mirror).open()
    assert (await back.want(["SOL"], [WALLET])).recovered is True
    await eventually(lambda: relay.requests._log._records.revision(WALLET))


async def test_messages_that_make_no_sense_harm_nobody_and_are_said_once(
    relays: Relays, emulators: Emulators, caplog: pytest.LogCaptureFixture
) -> None:
    relay = await relays.start("a")
    terminal = await watching(relay, emulators)
    client = await nats.connect(relays.url)
    for data in (b"", b"nonsense", b'{"term":"x"}', b'{"term":9e99}', b"[" * 5000):
        for subject in ("st.v1.live", "st.v1.present", "st.v1.ask", "st.v1.tx.w", "$KV.st_wants.x"):
            await client.publish(subject, data)
    await client.flush()
    await client.close()
    await more_prices(terminal)
    happened = emulators.chain.live(WALLET)
    await terminal.until(lambda: terminal.transactions() == [happened])
    said = [record for record in caplog.records if "cannot be read, perhaps" in record.message]
    assert len(said) == 1


async def test_of_several_servers_the_next_one_is_tried(
    tmp_path: Path, server: NatsServer, emulators: Emulators
) -> None:
    dead = NatsServer(tmp_path / "dead").url
    async with relay_in(tmp_path / "a", server.url, emulators, nats=(dead, server.url)) as relay:
        await opened(relay)
        await led(relay)


async def test_a_relay_without_a_server_says_why_it_lets_nobody_in(
    tmp_path: Path, emulators: Emulators
) -> None:
    dead = NatsServer(tmp_path / "dead").url
    async with relay_in(tmp_path / "a", dead, emulators) as relay:
        await eventually(lambda: any("connection refused" in reason for reason in relay.unready()))
        host, port = relay.address
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://{host}:{port}/readyz")
        assert answer.status_code == 503
        (reason,) = (one for one in answer.json()["reasons"] if "NATS" in one)
        assert reason == f"NATS cannot be reached: {urlsplit(dead).netloc}: connection refused"


async def test_a_relay_that_cannot_lead_leaves_it_to_another(
    relays: Relays, emulators: Emulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    unable = await relays.start("a")
    await led(unable)
    member = unable.membership
    assert isinstance(member, Member)

    failed = []

    def fail(checkpoints: Checkpoints) -> StreamManager:
        failed.append(checkpoints)
        raise SettingsError("prices", "birdeye", "cannot be used", "a test")

    monkeypatch.setattr(member, "_make_engine", fail)
    member.candidacy.lease.abandon()
    await eventually(lambda: failed)
    able = await relays.start("b")
    assert await led(able) is able
    await watching(able, emulators)
    assert not leads(unable)


async def test_a_copy_that_cannot_be_read_any_more_is_copied_again_and_its_terminals_miss_nothing(
    relays: Relays, emulators: Emulators
) -> None:
    one = await relays.start("a")
    terminal = await watching(one, emulators)
    first = emulators.chain.live(WALLET)
    await terminal.until(terminal.transactions)
    await terminal.close()
    second = emulators.chain.live(WALLET)
    await eventually(lambda: one.log.offset == 2)
    tables = one.log.transactions  # type: ignore[attr-defined]
    tables._database.execute("UPDATE transactions SET event = 7 WHERE offset = 2")
    away = await Terminal(one, mirror=terminal.mirror).open()
    await away.send(Want(1, (), (WALLET,), away.mirror.since, 100, "test"))
    assert (await away.end())[0] == 1011
    await eventually(lambda: one.log.unreadable is None and one.log.offset == 2)
    await opened(one)
    back = await Terminal(one, mirror=terminal.mirror).open()
    assert (await back.want([], [WALLET])).recovered is True
    await back.until(back.transactions)
    assert (terminal.transactions(), back.transactions()) == ([first], [second])


async def test_relays_with_different_settings_say_so(
    relays: Relays, emulators: Emulators, caplog: pytest.LogCaptureFixture
) -> None:
    one = await relays.start("a")
    other = await relays.start("b", max_symbols=77)
    for relay in (one, other):
        member = relay.membership
        assert member is not None
        await eventually(member.notes)
        assert "(relay.max_symbols)" in member.notes()[0]
        assert relay.unready() == []
    assert caplog.text.count("has other settings than this one (relay.max_symbols)") == 2


async def test_a_full_stream_holds_transactions_back_and_prices_go_on(
    relays: Relays, emulators: Emulators
) -> None:
    relay = await relays.start("a")
    terminal = await watching(relay, emulators)
    first = emulators.chain.live(WALLET)
    await terminal.until(terminal.transactions)
    await limit_stream(relays.url, "ST_TX", 1)
    happened = [first, *(emulators.chain.live(WALLET) for _ in range(3))]
    await terminal.until(lambda: errors(terminal))
    assert "held back" in errors(terminal)[0]
    assert len(terminal.transactions()) == 1
    await more_prices(terminal)
    await limit_stream(relays.url, "ST_TX", 100)
    await terminal.until(lambda: len(terminal.transactions()) == len(happened))
    assert sorted(terminal.transactions()) == sorted(happened)


async def test_what_a_terminal_asks_is_answered_by_the_leader(relays: Relays, emulators: Emulators) -> None:
    first, second = await relays.start("a"), await relays.start("b")
    leader = await led(first, second)
    other = second if leader is first else first
    terminal = await watching(other, emulators)
    await terminal.send(Lookup(77, "search", "bonk"))
    await terminal.until(lambda: terminal.of(Found, Refused))
    (answer,) = terminal.of(Found)
    assert answer.id == 77
    await terminal.send(Lookup(78, "history", "NO SUCH THING", "1d"))
    await terminal.until(lambda: terminal.of(Refused))
    (refusal,) = terminal.of(Refused)
    assert (refusal.id, refusal.code) == (78, "unknown_symbol")


async def delete_stream(url: str, name: str) -> None:
    await asked(url, f"$JS.API.STREAM.DELETE.{name}", b"")


async def limit_stream(url: str, name: str, most: int) -> None:
    """Have a stream refuse more than so many messages."""
    info = json.loads(await asked(url, f"$JS.API.STREAM.INFO.{name}", b""))
    config = {**info["config"], "max_msgs": most, "discard": "new"}
    answer = json.loads(await asked(url, f"$JS.API.STREAM.UPDATE.{name}", json.dumps(config).encode()))
    assert "error" not in answer, answer


async def asked(url: str, subject: str, data: bytes) -> bytes:
    """Ask the server as an operator would."""
    client = await nats.connect(url)
    try:
        return (await client.request(subject, data, timeout=5)).data
    finally:
        await client.close()


async def test_one_relay_is_the_leader_in_the_metrics_and_every_one_says_whether_it_has_the_bus(
    relays: Relays, server: NatsServer
) -> None:
    first, second = await relays.start("a"), await relays.start("b")
    await led(first, second)

    def figures(name: str) -> list[float]:
        return [
            sample.value
            for relay in (first, second)
            for metric in RelayCollector(relay, "0").collect()
            for sample in metric.samples
            if sample.name == name
        ]

    assert sorted(figures("streamtui_relay_leader")) == [0, 1]
    assert figures("streamtui_bus_connected") == [1, 1]
    server.kill()
    await eventually(lambda: figures("streamtui_bus_connected") == [0, 0])
    await eventually(lambda: figures("streamtui_relay_leader") == [0, 0])
