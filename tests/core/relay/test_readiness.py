"""Asking the relay of this machine whether it is ready."""

from __future__ import annotations

import asyncio
import ssl
from functools import partial
from pathlib import Path

import pytest
from own_authority import OwnAuthority
from relay_bench import eventually, running

from streamcore import Settings
from streamcore.config.serving import RelaySettings
from streamcore.events import State
from streamcore.relay.readiness import why_not_ready
from streamcore.relay.service import Plan
from streamcore.relay.tokens import Tokens


def reached_at(address: tuple[str, int], tls: ssl.SSLContext | None = None) -> Plan:
    return Plan(listen=address, tokens_file=None, tokens=Tokens(), tls=tls, state=None)


async def asked(address: tuple[str, int]) -> str | None:
    return await asyncio.to_thread(why_not_ready, Settings(), reached_at(address))


async def test_a_relay_that_has_nothing_to_do_is_ready(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, _):
        assert await asked(relay.address) is None


async def test_a_relay_without_a_source_for_what_is_wanted_says_so(tmp_path: Path) -> None:
    async with running(tmp_path, served={"symbols": ("SOL",)}) as (relay, engine):
        engine.set_status("kraken", state=State.DISCONNECTED)
        assert await asked(relay.address) == "prices: no source delivers"


class Member:
    """A relay that others have other settings than, and nothing else."""

    leads = is_connected = True

    def troubles(self) -> list[str]:
        return []

    def notes(self) -> list[str]:
        return ["another relay has other settings (prices)"]

    async def caught_up(self) -> None:
        """At once."""

    async def cut_off(self) -> None:
        await asyncio.Event().wait()


async def test_what_its_operator_should_know_is_told_although_it_is_ready(tmp_path: Path) -> None:
    async with running(tmp_path, membership=Member()) as (relay, _):
        await eventually(lambda: relay.gate.opened)
        notes: list[str] = []
        asking = partial(why_not_ready, Settings(), reached_at(relay.address), note=notes.append)
        assert await asyncio.to_thread(asking) is None
        assert notes == ["another relay has other settings (prices)"]


@pytest.mark.long
async def test_the_issuer_of_the_relays_certificate_need_not_be_known(tmp_path: Path) -> None:
    authority = OwnAuthority(tmp_path)
    certificate, _ = authority.server_files
    settings = Settings(relay=RelaySettings(cert=str(certificate)))
    async with running(tmp_path, tls=authority.server_context()) as (relay, _):
        planned = reached_at(relay.address, tls=authority.server_context())
        assert await asyncio.to_thread(why_not_ready, settings, planned) is None


async def test_where_nothing_listens_the_address_is_named() -> None:
    assert "127.0.0.1:1" in (await asked(("127.0.0.1", 1)) or "")


@pytest.mark.parametrize("body", [b"hi", b"[]", b"{}"])
async def test_another_server_at_the_address_is_no_relay(body: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        assert await asked((host, port)) == f"what answers at {host}:{port} is no relay"
