"""Connections that end while something waits to be sent: the library leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from nats_server import NatsServer, needs_nats_server

from streamcore.clock import SystemClock
from streamcore.cluster.errors import SessionEnded
from streamcore.cluster.nats_connection import Access, Connection

pytestmark = [pytest.mark.long, needs_nats_server]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path / "nats") as found:
        yield found


async def listening(server: NatsServer, drain: Callable[[Any], Awaitable[None]]) -> Connection:
    """Return a connection with subscriptions, whose sending fails in a test's own way from now on."""
    connection = await Connection.open(Access(server.url), SystemClock())
    for subject in ("a", "b"):
        await connection.listen(subject, lambda _: None)
    client: Any = connection._client
    client._transport.drain = lambda: drain(client)
    return connection


def others() -> set[str]:
    return {str(task.get_coro()) for task in asyncio.all_tasks() if task is not asyncio.current_task()}


async def test_a_reset_while_something_waits_to_be_sent_leaves_no_task(server: NatsServer) -> None:
    before = others()

    async def reset(client: Any) -> None:
        client._pending.append(b"PING\r\n")  # somebody else has sent something meanwhile
        client._pending_data_size += 6
        raise ConnectionResetError(104, "Connection reset by peer")

    connection = await listening(server, reset)
    flusher: Any = connection._client._flusher_task
    await connection.publish("c", b"")
    with pytest.raises(SessionEnded):
        await asyncio.wait_for(connection.ended(), 20)
    await connection.close()
    await asyncio.sleep(0)
    assert others() == before
    assert flusher.exception() is None


async def test_a_line_that_takes_nothing_leaves_no_task_either(server: NatsServer) -> None:
    before = others()

    async def hang(client: Any) -> None:
        await asyncio.Event().wait()

    connection = await listening(server, hang)
    sending = asyncio.create_task(connection.publish("c", b""))
    await asyncio.sleep(0)
    await connection.close()
    sending.cancel()
    await asyncio.wait({sending})
    await asyncio.sleep(0)
    assert others() == before
