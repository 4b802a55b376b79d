"""What strangers, and terminals that do not behave, can do to a relay."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from own_authority import OwnAuthority
from relay_bench import PATIENCE, WALLETS, Terminal, eventually, running
from virtual_time import VirtualClock, on_virtual_time
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.frames import Opcode
from websockets.typing import Subprotocol

from streamcore.events import State
from streamcore.relay.connections import MOST_HANDSHAKES, MOST_WAITING
from streamcore.relay.limits import RelayLimits
from streamcore.relay.server import Relay
from streamcore.relay.tokens import Scope, Tokens
from streamcore.wire.encodings import encoding
from streamcore.wire.messages import Hello, Reconnect, Refused, Want

pytestmark = pytest.mark.long


def url(relay: Relay, path: str = "/v1", scheme: str = "ws") -> str:
    host, port = relay.address
    return f"{scheme}://{host}:{port}{path}"


def tokens(*names: str, scope: Scope = Scope.READ) -> tuple[Tokens, list[str]]:
    found = Tokens()
    return found, [found.add(name, scope) for name in names]


def bearer(token: str) -> dict[str, Any]:
    return {"additional_headers": {"Authorization": f"Bearer {token}"}}


async def refusal(relay: Relay, path: str = "/v1", **more: Any) -> httpx.Response:
    """Try to open a WebSocket, and return the answer of the relay that refuses it."""
    with pytest.raises(InvalidStatus) as raised:
        async with connect(url(relay, path), proxy=None, **more):
            pass
    response = raised.value.response
    return httpx.Response(
        response.status_code, headers=list(response.headers.raw_items()), content=bytes(response.body or b"")
    )


async def test_without_a_valid_token_nobody_comes_in_and_with_one_its_scope_holds(tmp_path: Path) -> None:
    known, (reader,) = tokens("reader")
    controller = known.add("controller", Scope.CONTROL)
    async with running(tmp_path, tokens=known) as (relay, engine):
        for wrong in ({}, bearer("st_wrong"), {"additional_headers": {"Authorization": f"Basic {reader}"}}):
            answer = await refusal(relay, **wrong)
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        reading = await Terminal(relay).open(**bearer(reader))
        await reading.want()
        await reading.reconnect("kraken")
        await reading.until(lambda: reading.of(Refused))
        assert (reading.of(Hello)[0].control, reading.of(Refused)[0].code) == (False, "forbidden")
        controlling = await Terminal(relay).open(**bearer(controller))
        await controlling.want()
        await controlling.reconnect("kraken")
        await eventually(lambda: ("reconnect", "kraken") in engine.asked)
        assert controlling.of(Hello)[0].control is True


async def test_a_token_in_the_url_is_refused_so_that_it_is_in_no_log(tmp_path: Path) -> None:
    known, (token,) = tokens("a")
    async with running(tmp_path, tokens=known) as (relay, _):
        assert (await refusal(relay, f"/v1?token={token}")).status_code == 400


async def test_a_web_page_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, _):
        assert (await refusal(relay, origin="http://127.0.0.1:8787")).status_code == 403


async def test_an_encoding_that_is_not_spoken_is_refused_with_those_that_are(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, _):
        answer = await refusal(relay, subprotocols=[Subprotocol("v2.msgpack.streamtui")])
        assert answer.status_code == 400
        assert "v1.msgpack.streamtui" in answer.json()["refused"]


async def test_there_is_nothing_else_to_be_found(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, _):
        for path in ("/", "/v2", "/metrics", "/v1/", "/%2e%2e/etc/passwd"):
            assert (await refusal(relay, path)).status_code == 404


async def test_who_guesses_tokens_has_to_wait(tmp_path: Path) -> None:
    known, (token,) = tokens("a")
    async with running(tmp_path, tokens=known, limits=RelayLimits(refused_attempts_per_minute=3)) as (
        relay,
        _,
    ):
        for _ in range(3):
            assert (await refusal(relay, **bearer("st_guess"))).status_code == 401
        answer = await refusal(relay, **bearer(token))
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")


async def test_behind_a_proxy_those_who_guess_are_told_apart(tmp_path: Path) -> None:
    known, (token,) = tokens("a")
    limits = RelayLimits(refused_attempts_per_minute=1)
    async with running(tmp_path, tokens=known, limits=limits, behind_proxy=True) as (relay, _):

        def coming_from(address: str, token: str) -> dict[str, Any]:
            headers = {"X-Forwarded-For": f"203.0.113.99, {address}", "Authorization": f"Bearer {token}"}
            return {"additional_headers": headers}

        await refusal(relay, **coming_from("198.51.100.1", "st_guess"))
        assert (await refusal(relay, **coming_from("198.51.100.1", token))).status_code == 429
        await Terminal(relay).open(**coming_from("198.51.100.2", token))


async def test_a_full_relay_says_so_and_has_room_again_afterwards(tmp_path: Path) -> None:
    async with running(tmp_path, limits=RelayLimits(clients=2)) as (relay, _):
        first, _second = await Terminal(relay).open(), await Terminal(relay).open()
        answer = await refusal(relay)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        await first.close()
        await Terminal(relay).open()


async def test_one_token_does_not_take_all_the_room(tmp_path: Path) -> None:
    known, (one, other) = tokens("one", "other")
    async with running(tmp_path, tokens=known, limits=RelayLimits(clients_of_a_token=2)) as (relay, _):
        for _ in range(2):
            await Terminal(relay).open(**bearer(one))
        async with connect(url(relay), proxy=None, **bearer(one)) as third:
            assert await end_of(third) == 4502
        await Terminal(relay).open(**bearer(other))


async def test_terminals_whose_token_is_withdrawn_are_closed_and_the_others_stay(tmp_path: Path) -> None:
    known, (one, other) = tokens("one", "other")
    async with running(tmp_path, tokens=known) as (relay, engine):
        leaving, staying = [await Terminal(relay).open(**bearer(token)) for token in (one, other)]
        await staying.want(["SOL"])
        fewer = Tokens(entry for entry in known.entries.values() if entry.name == "other")
        relay.set_tokens(fewer)
        assert (await leaving.end())[0] == 4500
        engine.price("SOL", "150")
        await staying.until(lambda: staying.mirror.prices)
        assert (await refusal(relay, **bearer(one))).status_code == 401


async def test_a_token_that_was_made_anew_under_the_same_name_closes_the_old_ones_terminals(
    tmp_path: Path,
) -> None:
    known, (old,) = tokens("one")
    async with running(tmp_path, tokens=known) as (relay, _):
        terminal = await Terminal(relay).open(**bearer(old))
        relay.set_tokens(tokens("one")[0])
        assert (await terminal.end())[0] == 4500


async def end_of(connection: ClientConnection) -> int | None:
    """Read until the relay closes the connection, and return the code."""
    async with asyncio.timeout(PATIENCE):
        try:
            while True:
                await connection.recv()
        except ConnectionClosed:
            return connection.close_code


@on_virtual_time
async def test_who_wants_nothing_in_time_is_closed(tmp_path: Path) -> None:
    async with running(tmp_path, clock=VirtualClock()) as (relay, _):
        terminal = await Terminal(relay).open()
        assert await terminal.end() == (4001, "nothing was wanted within 5 s")


async def test_who_begins_with_something_else_is_closed(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, _):
        for first in (encoding("msgpack").encode(Reconnect(1)), msgspec.msgpack.encode([77])):
            terminal = await Terminal(relay).open()
            await terminal.connection.send(first)
            assert (await terminal.end())[0] == 4001


@pytest.mark.parametrize(
    "garbage", [b"", b"\x00", b"\xff" * 1000, b"\x91" * 60_000, b"[" * 60_000, b"GET / HTTP"]
)
@pytest.mark.parametrize("name", ["msgpack", "json", "proto"])
async def test_garbage_ends_its_own_connection_and_no_other(
    tmp_path: Path, garbage: bytes, name: str
) -> None:
    async with running(tmp_path) as (relay, engine):
        well = await Terminal(relay).open()
        await well.want(["SOL"])
        bad = await Terminal(relay, name).open()
        await bad.connection.send(garbage)
        # an empty protobuf message is one of a kind that is not known
        assert (await bad.end())[0] in (4501, 4001)
        engine.price("SOL", "150")
        await well.until(lambda: well.mirror.prices)


async def test_after_a_good_start_garbage_is_closed_all_the_same(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, _):
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL"])
        await terminal.connection.send(b"\xc1")
        code, reason = await terminal.end()
        assert code == 4501
        assert reason


async def test_a_message_that_is_too_long_is_closed(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, _):
        terminal = await Terminal(relay, "json").open()
        many = [f"T{number}" for number in range(100_000)]
        await terminal.connection.send(json.dumps({"type": "want", "id": 1, "symbols": many}))
        assert (await terminal.end())[0] == 1009


async def test_a_short_message_that_unpacks_to_a_long_one_is_closed(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, _):
        terminal = await Terminal(relay).open()
        assert terminal.connection.protocol.extensions
        await terminal.connection.send(b"\x00" * 50_000_000)
        assert (await terminal.end())[0] == 1009


async def test_thousands_of_symbols_in_one_message_are_one_refusal(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.send(Want(1, ("X",) * 20_000))
        await terminal.until(lambda: terminal.of(Refused))
        (refused,) = terminal.of(Refused)
        assert (refused.id, refused.code) == (1, "limit")
        assert "200 symbols" in refused.message
        assert engine.asked == []


async def test_a_flood_of_messages_is_closed(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, _):
        terminal = await Terminal(relay).open()
        try:
            for number in range(1000):
                await terminal.send(Want(number))
        except ConnectionClosed:
            pass
        assert (await terminal.end())[0] == 4003
        assert len(terminal.messages) < 60


async def test_a_flood_of_pings_from_somebody_who_takes_nothing_is_cut_off(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        well, flooding = await Terminal(relay).open(), await Terminal(relay).open(compression=None)
        for terminal in (well, flooding):
            await terminal.want(["SOL"])
        (server_side,) = (
            one for one in relay._terminals if one.connection.remote_address[1] == port_of(flooding)
        )
        flooding.connection.transport.pause_reading()
        most = 0
        async with asyncio.timeout(PATIENCE):
            while server_side in relay._terminals:
                for _ in range(200):
                    flooding.connection.protocol.send_ping(b"x" * 125)
                    flooding.connection.send_data()
                most = max(most, server_side.backlog)
                await asyncio.sleep(0.001)
        assert most <= MOST_WAITING + 1024 * 1024
        engine.price("SOL", "150")
        await well.until(lambda: well.mirror.prices)
        flooding.connection.transport.abort()
        await flooding.end()


def port_of(terminal: Terminal) -> int:
    port: int = terminal.connection.local_address[1]
    return port


@on_virtual_time
async def test_who_gives_no_sign_of_life_is_closed(tmp_path: Path) -> None:
    async with running(tmp_path, clock=VirtualClock()) as (relay, _):
        deaf, well = await Terminal(relay).open(), await Terminal(relay).open()
        await well.want(["SOL"])
        await deaf.want(["SOL"])
        answered = deaf.connection.protocol.recv_frame

        def ignore_pings(frame: Any) -> None:
            if frame.opcode is not Opcode.PING:
                answered(frame)

        deaf.connection.protocol.recv_frame = ignore_pings  # type: ignore[method-assign]
        assert (await deaf.end())[0] == 4002
        assert well.closed is None


@on_virtual_time
async def test_strangers_who_say_nothing_do_not_keep_others_out_for_long(tmp_path: Path) -> None:
    async with running(tmp_path, clock=VirtualClock()) as (relay, _):
        host, port = relay.address
        silent = [await asyncio.open_connection(host, port) for _ in range(MOST_HANDSHAKES + 50)]
        try:
            # those on top are cut off at once, the others when their time is up
            for reader, _writer in silent:
                async with asyncio.timeout(PATIENCE):
                    with suppress(ConnectionError):
                        assert await reader.read() == b""
            await Terminal(relay).open()
        finally:
            for _reader, writer in silent:
                writer.close()


@on_virtual_time
async def test_who_does_not_begin_with_tls_is_cut_off_in_time(tmp_path: Path) -> None:
    tls = OwnAuthority(tmp_path).server_context()
    async with running(tmp_path / "relay", clock=VirtualClock(), tls=tls) as (relay, _):
        reader, writer = await asyncio.open_connection(*relay.address)
        async with asyncio.timeout(10.0):
            with suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()


async def test_a_thousand_connections_leave_no_more_than_the_limit(tmp_path: Path) -> None:
    async with running(tmp_path, limits=RelayLimits(clients=20, want_within=600.0)) as (relay, _):

        async def attempt() -> ClientConnection | None:
            try:
                return await connect(url(relay), proxy=None, open_timeout=PATIENCE)
            except (InvalidStatus, InvalidMessage, ConnectionError):
                return None

        found: list[ClientConnection] = []
        for _ in range(33):
            found += [one for one in await asyncio.gather(*(attempt() for _ in range(30))) if one]
        assert len(found) == 20
        assert sum(relay.terminals.values()) == 20
        for connection in found:
            await connection.close()


async def get(relay: Relay, path: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(url(relay, path, "http"), headers=headers)


async def test_health_is_told_on_the_same_port_without_a_token(tmp_path: Path) -> None:
    async with running(tmp_path, tokens=tokens("a")[0]) as (relay, _):
        for path in ("/healthz", "/readyz"):
            answer = await get(relay, path)
            assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")


async def test_a_relay_whose_sources_fail_is_healthy_but_not_ready(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL"], WALLETS[:1])
        engine.set_status("helius", state=State.FAILED)
        assert (await get(relay, "/healthz")).status_code == 200
        answer = await get(relay, "/readyz")
        assert answer.status_code == 503
        assert answer.json() == {"ready": False, "reasons": ["wallets: no source delivers"]}
        engine.set_status("helius", state=State.FALLBACK, fallback=True)
        assert (await get(relay, "/readyz")).status_code == 200


async def test_a_relay_whose_door_is_closed_says_why(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL"], WALLETS[:1])
        engine.set_status("helius", state=State.FAILED)
        relay.gate.opened = False
        answer = await refusal(relay)
        assert answer.status_code == 503
        assert answer.json() == {"refused": "wallets: no source delivers"}
        engine.set_status("helius", state=State.FALLBACK, fallback=True)
        assert (await refusal(relay)).json() == {"refused": "starting or stopping"}


async def test_strangers_are_not_told_why_a_relay_is_not_ready(tmp_path: Path) -> None:
    known, (token,) = tokens("a")
    async with running(tmp_path, tokens=known, behind_proxy=True, served={"symbols": ("SOL",)}) as (
        relay,
        engine,
    ):
        engine.set_status("kraken", state=State.FAILED)
        assert (await get(relay, "/readyz")).json() == {"ready": False}
        assert (await get(relay, "/readyz", Authorization=f"Bearer {token}")).json()["reasons"]


async def test_a_plain_request_for_the_terminals_path_is_answered(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, _):
        assert (await get(relay, "/v1")).status_code == 426
