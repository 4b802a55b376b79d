"""The real ``streamtui serve`` as a process: ended, killed, and told to read its tokens again."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from pathlib import Path

import pytest
from processes import PipedCommand, starting
from relay_bench import eventually
from shown_tab import ShownTab, is_there, log_in, open_tab, processes_of_tabs

from streamtui.web.server import LOGGED_OUT

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]

HERE = ("serve", "--demo", "--symbols", "SOL,BTC", "--listen", "127.0.0.1:0")


class Server:
    """A server process, and a tab of it."""

    def __init__(self, command: PipedCommand) -> None:
        self.command = command
        self.url = command.line_with("serving on ").removeprefix("serving on ")

    def owner_token(self) -> str:
        found = re.search(r"st_\S+", self.command.line_with("Log in with this token"))
        assert found is not None
        return found.group()

    async def tab(self, token: str) -> ShownTab:
        tab = await open_tab(self.url, await log_in(self.url, token))
        await tab.shows("live")
        return tab

    @property
    def tabs(self) -> list[int]:
        return [*processes_of_tabs(self.command.process.pid)]


async def started(command: PipedCommand) -> Server:
    return await asyncio.to_thread(Server, command)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_server_that_is_told_to_stop_ends_its_tabs_and_itself(
    number: signal.Signals, tmp_path: Path
) -> None:
    with starting(tmp_path) as start:
        server = await started(start(*HERE))
        tab = await server.tab(server.owner_token())
        processes = server.tabs
        assert len(processes) == 1
        status, _, errors = await asyncio.to_thread(server.command.end, number)
        assert (status, errors) == (0, b"")
        assert await tab.end() == (1001, "The server has ended.")
        assert not any(map(is_there, processes))


async def test_no_tab_outlives_a_server_that_was_killed(tmp_path: Path) -> None:
    with starting(tmp_path) as start:
        server = await started(start(*HERE))
        await server.tab(server.owner_token())
        (process,) = server.tabs
        server.command.process.kill()
        await eventually(lambda: not is_there(process))


async def test_the_token_is_told_once_and_is_in_no_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with starting(tmp_path) as start:
        server = await started(start(*HERE, "--log-file", str(log), "--log-level", "debug"))
        token = server.owner_token()
        with pytest.raises(AssertionError, match="That is not a valid token"):
            await log_in(server.url, token[:-1])
        await server.tab(token)
        line = server.command.line_with("or, once, by this address:")
        code = line.rpartition("#")[2]
        login = await log_in(server.url, code)
        _, out, errors = await asyncio.to_thread(server.command.end, signal.SIGTERM)
    kept = await asyncio.to_thread(log.read_text)
    assert kept
    for secret in (token, code, login.cookie.partition("=")[2], login.key):
        assert secret.encode() not in out + errors
        assert secret not in kept
    assert not re.search(r"\bst_[\w-]{20}", kept), "nor is one of those that tabs have"


async def test_tokens_are_read_again_on_a_hang_up(tmp_path: Path) -> None:
    file = str(tmp_path / "tokens")
    with starting(tmp_path) as start:

        async def token(*words: str) -> str:
            command = start("relay", "token", *words, "--tokens", file)
            return (await asyncio.to_thread(command.end))[1].decode().strip()

        alice = await token("add", "alice")
        server = await started(start(*HERE, "--tokens", file))
        tab = await server.tab(alice)
        bob = await token("add", "bob")
        await token("revoke", "alice")
        server.command.process.send_signal(signal.SIGHUP)
        assert await tab.end() == (LOGGED_OUT, "You are logged out.")
        await server.tab(bob)


async def test_tabs_may_be_terminals_of_a_relay_elsewhere(tmp_path: Path) -> None:
    file = str(tmp_path / "tokens")
    with starting(tmp_path) as start:
        add = start("relay", "token", "add", "browsers", "--tokens", file)
        token = (await asyncio.to_thread(add.end))[1].decode().strip()
        relay = start("relay", "--demo", "--listen", "127.0.0.1:0", "--tokens", file)
        line = await asyncio.to_thread(relay.line_with, "serving on ws://")
        given = ("--relay", line.removeprefix("serving on "), "--symbols", "SOL", "--listen", "127.0.0.1:0")
        server = await started(start("serve", *given, STREAMTUI_RELAY_TOKEN=token))
        tab = await server.tab(server.owner_token())
        await eventually(lambda: "relay" in tab.text and "DEMO" in tab.text)
        words = processes_of_tabs(server.command.process.pid).values()
        assert token not in str([*words])
