"""Row 9 of issue 11: a host whose first address is dead was not reached, for ever."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any

import pytest
from dead_address import dead_address, lead_to
from raw_server import raw_server, silent
from venue import EXPECTED, WAYS, network, venue
from virtual_time import VirtualClock, on_virtual_time

from streamcore.config.surroundings import NOWHERE
from streamcore.errors import ProviderError
from streamcore.net.dial import ATTEMPT_DELAY, Dialler, first_to_answer, hand_over, look_up, waiting_on
from streamcore.net.tunnel import Waiting


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dead", [("::1",), ("127.0.0.2",), ("::1", "127.0.0.2", "127.0.0.3")])
@on_virtual_time
async def test_the_next_address_is_tried_after_a_quarter_of_a_second(
    monkeypatch: pytest.MonkeyPatch, way: str, dead: tuple[str, ...]
) -> None:
    clock = VirtualClock()
    async with venue(None) as place, network({}, clock) as net:
        port = int(place.rpartition(":")[2])
        lead_to(monkeypatch, {"venue.example": (*dead, "127.0.0.1"), "127.0.0.1": ("127.0.0.1",)})
        with dead_address(dead[0], port):
            began = clock.monotonic()
            assert await WAYS[way](net, f"venue.example:{port}", encrypted=False) == EXPECTED[way]
            took = clock.monotonic() - began
    # of several the second and third refuse at once, so the one after them is tried at once
    assert ATTEMPT_DELAY <= took < 2 * ATTEMPT_DELAY


@on_virtual_time
async def test_an_address_that_refuses_is_not_waited_for() -> None:
    clock = VirtualClock()
    async with raw_server(silent) as address:
        port = int(address.rpartition(":")[2])
        transport = await first_to_answer(("127.0.0.2", "127.0.0.3", "127.0.0.1"), port, clock)
    assert transport.get_extra_info("peername")[0] == "127.0.0.1"
    assert clock.monotonic() < ATTEMPT_DELAY
    transport.abort()


@on_virtual_time
async def test_of_several_reasons_the_most_telling_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def create_connection(_: object, address: str, port: int) -> None:
        code = errno.ENETUNREACH if ":" in address else errno.ECONNREFUSED
        raise OSError(code, "reason")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", create_connection)
    with pytest.raises(ConnectionRefusedError):
        await first_to_answer(("::2", "192.0.2.1", "::3"), 1, VirtualClock())


@on_virtual_time
async def test_no_connection_is_left_open_when_two_addresses_answer_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop, opened = asyncio.get_running_loop(), list[asyncio.Transport]()
    connect = loop.create_connection

    async def at_the_same_time(factory: Any, address: str, port: int) -> Any:
        transport, protocol = await connect(factory, address, port)
        opened.append(transport)
        await asyncio.sleep(1.0 - loop.time())
        return transport, protocol

    monkeypatch.setattr(loop, "create_connection", at_the_same_time)
    async with raw_server(silent) as address:
        port = int(address.rpartition(":")[2])
        transport = await first_to_answer(("127.0.0.1", "127.0.0.1"), port, VirtualClock())
    assert len(opened) == 2
    assert [one for one in opened if not one.is_closing()] == [transport]
    transport.abort()


@on_virtual_time
async def test_an_attempt_that_is_given_up_leaves_nothing_behind() -> None:
    with dead_address("127.0.0.2") as port:
        attempt = asyncio.ensure_future(first_to_answer(("127.0.0.2",), port, VirtualClock()))
        await asyncio.sleep(1)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("turns", range(6))
@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("127.0.0.1", "127.0.0.1")])
@on_virtual_time
async def test_a_connection_that_nobody_waits_for_any_more_is_not_left_open(
    monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...], turns: int
) -> None:
    """Whenever the attempt is cancelled, so many turns of the loop after the connection was made."""
    loop, opened = asyncio.get_running_loop(), list[asyncio.Transport]()
    connect = loop.create_connection

    def cancel_after(left: int) -> None:
        if left:
            loop.call_soon(cancel_after, left - 1)
        else:
            attempt.cancel()

    async def note(factory: Any, address: str, port: int) -> Any:
        transport, protocol = await connect(factory, address, port)
        opened.append(transport)
        cancel_after(turns)
        return transport, protocol

    monkeypatch.setattr(loop, "create_connection", note)
    async with raw_server(silent) as address:
        port = int(address.rpartition(":")[2])
        attempt = asyncio.ensure_future(first_to_answer(addresses, port, VirtualClock()))
        await asyncio.wait({attempt})
        await asyncio.sleep(1)
        kept = [] if attempt.cancelled() else [attempt.result()]
        assert [one for one in opened if not one.is_closing()] == kept
        for one in kept:
            one.abort()


async def test_the_families_of_addresses_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    lead_to(monkeypatch, {"venue.example": ("::1", "::2", "::3", "192.0.2.1", "192.0.2.1", "192.0.2.2")})
    found = await look_up("venue.example", 443)
    assert found == ("::1", "192.0.2.1", "::2", "192.0.2.2", "::3")


@pytest.mark.parametrize("way", WAYS)
async def test_a_name_that_nobody_knows_is_told_as_that(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    async with network({}) as net:
        lead_to(monkeypatch, {})
        with pytest.raises(ProviderError, match=r"^name lookup of venue\.example failed$"):
            await WAYS[way](net, "venue.example")


async def test_a_host_that_speaks_before_it_is_greeted_by_tls_is_no_tls() -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await reader.read()

    async with raw_server(speak) as address:
        host, _, port = address.rpartition(":")
        dialler = Dialler(VirtualClock(), NOWHERE)
        transport = await dialler.dial(host, int(port))
        while not transport.get_protocol().received:  # type: ignore[attr-defined]  # noqa: ASYNC110
            await asyncio.sleep(0)
        with pytest.raises(OSError, match="does not speak TLS"):
            await dialler.encrypt(transport, host, int(port))


def test_the_double_for_a_dead_address_is_dead() -> None:
    with dead_address("127.0.0.2") as port, socket.socket() as knocking:
        knocking.settimeout(0.05)
        with pytest.raises(TimeoutError):
            knocking.connect(("127.0.0.2", port))


async def test_a_connection_that_has_ended_meanwhile_is_handed_over_to_nobody() -> None:
    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(lambda reader, writer: writer.transport.abort(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        transport, _ = await loop.create_connection(Waiting, "127.0.0.1", port)
        transport.abort()
        await asyncio.sleep(0)
        with pytest.raises(OSError, match="ended already"):
            hand_over(transport, asyncio.Protocol())
        with pytest.raises(OSError, match="ended already"):
            waiting_on(transport)
