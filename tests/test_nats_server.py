"""The NATS server that tests start is a real one, and does what they ask of it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from pathlib import Path
from typing import Any

import pytest
from nats_server import NatsPath, NatsServer, connection_options, needs_nats_server
from own_authority import OwnAuthority

nats = pytest.importorskip("nats", reason="nats-py is not installed: pip install 'streamtui[nats]'")

pytestmark = [needs_nats_server, pytest.mark.long]


async def quiet(error: Exception) -> None:
    """Take an error that the test looks at elsewhere; without this the library logs a traceback."""


async def connected(server: NatsServer, **more: Any) -> Any:
    return await nats.connect(**connection_options(server, error_cb=quiet, **more))


async def test_what_is_on_disk_outlives_a_kill_and_what_is_in_memory_does_not(tmp_path: Path) -> None:
    with NatsServer(tmp_path) as server:
        client = await connected(server)
        streams = client.jetstream()
        await streams.add_stream(name="KEPT", subjects=["kept"], storage="file")
        await streams.add_stream(name="GONE", subjects=["gone"], storage="memory")
        await streams.publish("kept", b"1")
        with contextlib.suppress(Exception):
            await client.close()
        server.restart()
        client = await connected(server)
        streams = client.jetstream()
        assert (await streams.stream_info("KEPT")).state.messages == 1
        with pytest.raises(nats.js.errors.NotFoundError):
            await streams.stream_info("GONE")
        await client.close()


async def test_a_stopped_server_refuses_and_keeps_its_port(tmp_path: Path) -> None:
    with NatsServer(tmp_path) as server:
        url = server.url
        server.stop()
        with pytest.raises(OSError):  # noqa: PT011 - which one is the system's business
            await asyncio.open_connection("127.0.0.1", server.port)
        server.start()
        assert server.url == url
        await (await connected(server)).close()


async def test_a_server_with_users_wants_a_password_and_one_with_tls_wants_tls(tmp_path: Path) -> None:
    authority = OwnAuthority(tmp_path)
    with NatsServer(tmp_path / "one", users={"relay": "secret"}, authority=authority) as server:
        trusting = ssl.create_default_context(cafile=str(authority.file))
        await (await connected(server, tls=trusting, user="relay", password="secret")).close()
        with pytest.raises(nats.errors.Error):
            await connected(server, tls=trusting, user="relay", password="wrong")
        plain = {"servers": [server.url.replace("tls:", "nats:")], "tls": ssl.create_default_context()}
        with pytest.raises((nats.errors.Error, ssl.SSLError)):
            await connected(server, user="relay", password="secret", **plain)


async def test_a_path_that_is_cut_breaks_connections_and_refuses_until_it_is_healed(tmp_path: Path) -> None:
    with NatsServer(tmp_path) as server:
        async with NatsPath(server) as path:
            lost = asyncio.Event()

            async def note() -> None:
                lost.set()

            client = await connected(server, servers=[path.nats_url], disconnected_cb=note)
            path.cut()
            await asyncio.wait_for(lost.wait(), 20)
            await client.close()
            with pytest.raises((OSError, nats.errors.Error)):
                await connected(server, servers=[path.nats_url])
            path.heal()
            await (await connected(server, servers=[path.nats_url], max_reconnect_attempts=100)).close()


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match="did not start; it said: "),
        NatsServer(tmp_path, config="nonsense {"),
    ):
        pass
