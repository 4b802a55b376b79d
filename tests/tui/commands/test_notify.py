from __future__ import annotations

import asyncio
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from streamtui.commands.notify import READY, ServiceManager


@pytest.fixture
def manager() -> Iterator[tuple[socket.socket, str]]:
    """A socket as systemd has it; the path of a test would be too long for one."""
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel,
    ):
        path = str(Path(folder) / "notify")
        channel.bind(path)
        channel.settimeout(20)
        yield channel, path


def nothing_waits(channel: socket.socket) -> bool:
    channel.setblocking(False)
    with suppress(BlockingIOError):
        return not channel.recv(100)
    return True


def test_a_message_is_one_datagram(manager: tuple[socket.socket, str]) -> None:
    channel, path = manager
    ServiceManager({"NOTIFY_SOCKET": path}).tell(READY)
    assert channel.recv(100) == b"READY=1"


def test_an_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        name = f"streamtui-test-{os.getpid()}"
        channel.bind("\0" + name)
        channel.settimeout(20)
        ServiceManager({"NOTIFY_SOCKET": "@" + name}).tell(READY)
        assert channel.recv(100) == b"READY=1"


async def test_the_watchdog_is_kept_quiet_twice_in_each_period(manager: tuple[socket.socket, str]) -> None:
    channel, path = manager
    channel.setblocking(False)
    environ = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "100000", "WATCHDOG_PID": str(os.getpid())}
    task = asyncio.create_task(ServiceManager(environ).keep_watchdog_quiet())
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(60):
        assert [await loop.sock_recv(channel, 100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
    task.cancel()


async def test_a_service_says_that_it_is_ready_and_that_it_stops(
    manager: tuple[socket.socket, str],
) -> None:
    channel, path = manager
    stopped = asyncio.Event()
    stopped.set()
    await ServiceManager({"NOTIFY_SOCKET": path}).served_until(stopped)
    assert [channel.recv(100), channel.recv(100)] == [b"READY=1", b"STOPPING=1"]


@pytest.mark.parametrize("usec", ["", "x", "-5", "0"])
async def test_without_a_watchdog_nothing_is_told(manager: tuple[socket.socket, str], usec: str) -> None:
    channel, path = manager
    await ServiceManager({"NOTIFY_SOCKET": path, "WATCHDOG_USEC": usec}).keep_watchdog_quiet()
    assert nothing_waits(channel)


async def test_the_watchdog_of_another_process_is_none_of_ours(manager: tuple[socket.socket, str]) -> None:
    channel, path = manager
    environ = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}
    await ServiceManager(environ).keep_watchdog_quiet()
    assert nothing_waits(channel)


def test_without_systemd_or_without_a_listener_nothing_happens(tmp_path: Path) -> None:
    ServiceManager({}).tell(READY)
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "none")}).tell(READY)
