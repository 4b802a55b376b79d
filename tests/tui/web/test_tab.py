"""The real processes behind tabs, and the real sockets in front of them."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from own_authority import OwnAuthority
from relay_bench import eventually
from shown_tab import Login, ShownTab, is_there, log_in, open_tab, processes_of_tabs, read

from streamcore import Settings
from streamcore.config.serving import WebSettings
from streamsim.demo import embedded
from streamtui.web.plan import plan
from streamtui.web.server import ENDED
from streamtui.web.service import CONNECTIONS, WebService, serving_browsers

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]


class Serving:
    def __init__(self, service: WebService) -> None:
        self.service = service
        self.url = service.url
        self.login: Login | None = None

    async def tab(self) -> ShownTab:
        if self.login is None:
            assert self.service.logins.owner_token is not None
            self.login = await log_in(self.url, self.service.logins.owner_token)
        return await open_tab(self.url, self.login)


@asynccontextmanager
async def serving(**more: Any) -> AsyncIterator[Serving]:
    web = WebSettings(listen="127.0.0.1:0", **more.pop("web", {}))
    settings = Settings(demo=True, symbols=("SOL", "BTC"), web=web, **more)
    async with serving_browsers(
        settings, plan(settings), program="streamtui", demo=partial(embedded)
    ) as found:
        yield Serving(found)


def prices_in(text: str) -> set[str]:
    return set(re.findall(r"\d{3}\.\d\d", text))


async def test_a_tab_shows_prices_takes_keys_and_ends_with_its_process() -> None:
    async with serving() as served:
        tab = await served.tab()
        await tab.shows("SOL")
        await tab.shows("live")
        (number,) = processes_of_tabs()
        await tab.press("?")
        await tab.shows("What is watched")
        await tab.press("\x1b")
        await eventually(lambda: "What is watched" not in tab.text)
        await eventually(lambda: prices_in(tab.text))
        before = prices_in(tab.text)
        await eventually(lambda: prices_in(tab.text) - before)
        await tab.websocket.close()
        await eventually(lambda: not is_there(number))


async def test_only_cells_that_change_are_sent() -> None:
    async with serving() as served:
        tab = await served.tab()
        await tab.shows("live")
        await eventually(lambda: prices_in(tab.text))
        at_start = tab.bytes
        before = prices_in(tab.text)
        await eventually(lambda: prices_in(tab.text) - before)
        assert 0 < tab.bytes - at_start < at_start / 4


async def test_who_quits_or_loses_the_process_is_told_and_may_start_again() -> None:
    async with serving() as served:
        tab = await served.tab()
        await tab.shows("live")
        await tab.press("q")
        assert await tab.end() == (ENDED, "You have left the app.")
        tab = await served.tab()
        await tab.shows("live")
        (number,) = processes_of_tabs()
        os.kill(number, signal.SIGKILL)
        assert await tab.end() == (ENDED, "The program behind this tab has ended unexpectedly.")
        await (await served.tab()).shows("live")


async def test_a_process_that_hangs_ends_with_its_tab_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as served:
        tab = await served.tab()
        await tab.shows("live")
        (number,) = processes_of_tabs()
        os.kill(number, signal.SIGSTOP)
        await tab.websocket.close()
        await eventually(lambda: not is_there(number))
    told = [record.message for record in caplog.records if record.name.startswith("streamtui")]
    assert told == ["the process of a tab does not leave, and is killed"]


async def test_no_token_is_in_an_argument_and_each_tab_has_another_that_ends_with_it() -> None:
    async with serving() as served:
        first, second = await served.tab(), await served.tab()
        await first.shows("live")
        await second.shows("live")
        found = processes_of_tabs()
        assert len(found) == 2
        used = set()
        for number, words in found.items():
            assert "st_" not in " ".join(words)
            assert os.getsid(number) == number, "Ctrl+C in the server's terminal is not for it"
            lines = read(f"/proc/{number}/environ").rstrip("\0").split("\0")
            surroundings = dict(line.split("=", 1) for line in lines)
            used.add(surroundings.pop("STREAMTUI_RELAY_TOKEN"))
            assert "st_" not in str(surroundings)
            assert served.service.logins.owner_token not in used
            config = words[words.index("--config") + 1]
            assert os.stat(config).st_mode & 0o077 == 0  # noqa: PTH116
            assert "st_" not in read(config)
        assert len(used) == 2


async def test_what_writes_files_is_refused_in_a_sentence_and_by_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with serving() as served:
        tab = await served.tab()
        await tab.shows("live")
        for key in ("\x13", "e", "E", "S"):
            await tab.press(key)
            await tab.shows("Not in a browser")
            await tab.press("\x1b")  # puts the sentence away
            await eventually(lambda: "Not in a browser" not in tab.text)
        await tab.press("\x1a")  # nothing is suspended
        (number,) = processes_of_tabs()
        limits = read(f"/proc/{number}/limits")
        for what in ("Max file size", "Max core file size"):
            assert re.search(rf"{what} +0 +0", limits)
        assert re.search(r"Max data size +1073741824", limits)
        assert is_there(number)
    assert os.listdir(tmp_path) == []  # noqa: PTH208


async def test_the_end_of_the_server_ends_every_process_and_its_folder() -> None:
    async with serving() as served:
        first, second = await served.tab(), await served.tab()
        await first.shows("live")
        await second.shows("live")
        found = processes_of_tabs()
        (config,) = {words[words.index("--config") + 1] for words in found.values()}
    assert (await first.end())[1] == "The server has ended."
    assert not any(map(is_there, found))
    assert not Path(config).parent.exists()


async def test_whoever_opens_a_thousand_connections_shuts_nobody_out() -> None:
    async with serving() as served:
        tab = await served.tab()
        await tab.shows("live")
        host, port = served.service.address
        opened = [await asyncio.open_connection(host, port) for _ in range(CONNECTIONS * 3)]
        for _, writer in opened:
            writer.write(b"GET / HTTP/1.1\r\n")  # and never an end
        await (await served.tab()).shows("live")
        numbers = await asyncio.to_thread(os.listdir, "/proc/self/fd")
        assert len(numbers) < 2 * CONNECTIONS + len(opened), "ours at the other end are among them"
        await tab.press("?")
        await tab.shows("What is watched")
        for _, writer in opened:
            writer.close()


async def test_with_a_certificate_the_cookie_is_for_encrypted_connections_only(tmp_path: Path) -> None:
    authority = await asyncio.to_thread(OwnAuthority, tmp_path)
    cert, key = authority.server_files
    async with serving(web={"cert": str(cert), "key": str(key)}) as served:
        assert served.url.startswith("https://")
        trust = ssl.create_default_context(cafile=str(authority.file))
        token = served.service.logins.owner_token
        async with httpx.AsyncClient(trust_env=False, verify=trust) as client:
            origin = {"Origin": served.url}
            answer = await client.post(f"{served.url}/login", content=token, headers=origin)
            page = await client.get(served.url)
        assert answer.headers["Set-Cookie"].startswith("__Host-streamtui=")
        assert "Secure" in answer.headers["Set-Cookie"]
        assert (
            f"connect-src 'self' {served.url.replace('http', 'ws', 1)}"
            in page.headers["Content-Security-Policy"]
        )


async def test_nobody_fills_the_log_with_nonsense(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as served:
        for nonsense in (b"\x16\x03\x01\x02\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"y" * 40_000 + b"\r\n\r\n"):
            reader, writer = await asyncio.open_connection(*served.service.address)
            writer.write(nonsense)
            assert (await reader.read()).startswith(b"HTTP/1.0 400 ")
            writer.close()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
