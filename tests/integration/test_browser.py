"""``streamtui serve`` in a real browser, which has the last word on cookies, origins and policies."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser import PROGRAM, Browser, Page, browsing
from processes import PipedCommand, starting
from shown_tab import processes_of_tabs

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        PROGRAM is None, reason="chromium is not installed (on Debian: apt-get install chromium)"
    ),
]

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
TERMINAL = "document.querySelector('#terminal canvas') !== null"


class Served:
    """A server process, and what it has printed."""

    def __init__(self, command: PipedCommand) -> None:
        self.command = command
        self.url = command.line_with("serving on ").removeprefix("serving on ")
        self.port = urlsplit(self.url).port
        self.token = command.line_with("Log in with this token").rpartition(" ")[2]
        self.once = command.line_with("or, once, by this address: ").rpartition(" ")[2]

    @property
    def tabs(self) -> list[int]:
        return [*processes_of_tabs(self.command.process.pid)]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with starting(tmp_path) as start:
        watched = ("--symbols", "SOL,BTC", "--wallets", WALLET)
        yield Served(start("serve", "--demo", *watched, "--tabs", "2", "--listen", "127.0.0.1:0"))


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    # a stranger's name that was made to lead here
    async with browsing(tmp_path / "profile", "--host-resolver-rules=MAP evil.example 127.0.0.1") as found:
        yield found


@asynccontextmanager
async def foreign_page(body: str) -> AsyncIterator[str]:
    """Serve a page on another port, and yield its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def logged_in(browser: Browser, served: Served) -> Page:
    page = await browser.open(served.url)
    await page.until("document.activeElement.id === 'token'")
    for character in served.token:
        await page.press(character)
    await page.run("document.querySelector('button').click()")
    await page.until(TERMINAL)
    await page.shows("live")
    return page


def only_from(served: Served, page: Page) -> None:
    hosts = {urlsplit(url).netloc for url in page.requests}
    assert hosts == {f"127.0.0.1:{served.port}"}, page.requests
    complaints = [text for text in page.console if "WebGL" not in text]
    assert complaints == []


async def test_log_in_see_prices_press_keys_and_log_out(served: Served, browser: Browser) -> None:
    page = await logged_in(browser, served)
    await page.shows("SOL")
    await page.until("document.fonts.check('16px \"Roboto Mono\"')")
    await page.forget_shown()
    await page.press("?")
    await page.shows("What")
    await page.forget_shown()
    await page.escape()
    await page.shows("PRICES")
    await page.control("s")
    await page.shows("Not in a browser")
    assert await page.run("document.cookie") == "", "no script can read it"
    kept = await page.run("JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})")
    cookies = (await page.send("Network.getCookies"))["cookies"]
    assert [(one["httpOnly"], one["sameSite"]) for one in cookies] == [(True, "Strict")]
    assert served.token not in kept + cookies[0]["value"]
    assert cookies[0]["value"] not in kept
    assert served.token not in await page.run("location.href + document.referrer")
    assert await page.run("window.open('https://example.com')") is None
    await page.run("document.querySelector('#log-out').click()")
    await page.until("document.querySelector('#login') !== null")
    await asyncio.to_thread(_until_none, served)
    only_from(served, page)


def _until_none(served: Served) -> None:
    from time import sleep

    while served.tabs:  # the test's own limit ends it
        sleep(0.02)


async def test_a_second_tab_is_another_process_and_the_third_gets_a_sentence(
    served: Served, browser: Browser
) -> None:
    first = await logged_in(browser, served)
    second = await browser.open(served.url)
    await second.shows("live")
    assert len(served.tabs) == 2
    third = await browser.open(served.url)
    sentence = await third.until("(document.querySelector('#reason') || {}).textContent")
    assert sentence == "All 2 tabs are in use. Close one that nobody needs, then try again."
    assert await third.run("document.querySelector('#terminal')") is None
    await browser.close(second)
    await third.until("fetch('/').then((answer) => answer.text()).then((text) => text.includes('terminal'))")
    await third.run("document.querySelector('a').click()")
    await third.shows("live")
    for page in (first, third):
        only_from(served, page)


async def test_a_tab_whose_process_was_killed_says_so_and_starts_again(
    served: Served, browser: Browser
) -> None:
    page = await logged_in(browser, served)
    (number,) = served.tabs
    os.kill(number, signal.SIGKILL)
    await page.until("getComputedStyle(document.querySelector('#ended')).display !== 'none'")
    reason = await page.run("document.querySelector('#reason').textContent")
    assert reason == "The program behind this tab has ended unexpectedly."
    await page.run("document.querySelector('#again').click()")
    await page.shows("live")
    assert served.tabs != [number]


async def test_the_address_that_works_once_leaves_nothing_behind(served: Served, browser: Browser) -> None:
    page = await browser.open(served.once)
    await page.shows("live")
    code = served.once.rpartition("#")[2]
    assert await page.run("location.href") == f"{served.url}/"
    found = await page.send("Page.getNavigationHistory")
    assert code not in str(found)
    assert not any(code in url for url in page.requests)
    await page.run("document.querySelector('#log-out').click()")
    await page.until("document.querySelector('#login') !== null")
    again = await browser.open(served.once)
    refusal = await again.until("(document.querySelector('#refusal') || {}).textContent")
    assert refusal == "That is not a valid token."


_ATTACK = """
<!DOCTYPE html><title>a page of somebody else</title>
<iframe src="URL/"></iframe>
<script>
window.result = {};
const socket = new WebSocket("WS/ws?width=80&height=24");
socket.onopen = () => window.result.socket = "open";
socket.onerror = () => window.result.socket = "refused";
fetch("URL/logout", { method: "POST", credentials: "include", mode: "no-cors" })
  .then(() => window.result.logout = "answered", () => window.result.logout = "refused");
const script = document.createElement("script");
script.src = "URL/static/tab.js";
script.onload = () => window.result.script = "loaded";
script.onerror = () => window.result.script = "refused";
document.head.append(script);
</script>
"""


async def test_another_page_of_the_same_machine_gets_nowhere(served: Served, browser: Browser) -> None:
    """It is the same site, so that its requests carry the cookie: what refuses them is the origin."""
    page = await logged_in(browser, served)
    attack = _ATTACK.replace("URL", served.url).replace("WS", served.url.replace("http", "ws", 1))
    async with foreign_page(attack) as url:
        evil = await browser.open(url)
        found = await evil.until("Object.keys(window.result || {}).length === 3 && window.result")
        assert found["socket"] == "refused"
        assert found["script"] == "refused"
        assert any("403" in text for text in evil.console)
        assert any("frame" in text.lower() for text in evil.console), evil.console
    assert len(served.tabs) == 1
    again = await browser.open(served.url)
    await again.shows("live")  # nobody was logged out
    await page.press("?")
    await page.shows("What")


async def test_a_name_that_was_made_to_lead_here_is_not_answered(served: Served, browser: Browser) -> None:
    page = await browser.open(f"http://evil.example:{served.port}/")
    assert await page.until("document.body && document.body.textContent") == (
        "This server does not answer to that name."
    )
