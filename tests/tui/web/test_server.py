"""What browsers are answered, over real sockets; the processes behind the tabs are scripted."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import Any

import pytest
from browser_server import ServedBrowsers, message
from relay_bench import eventually
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streamtui.web.headers import ALWAYS
from streamtui.web.logins import ATTEMPTS_PER_MINUTE
from streamtui.web.server import ENDED, FULL, LARGEST_MESSAGE, LOGGED_OUT, MESSAGES_AT_ONCE, OWN, STATIC
from streamtui.web.tab import NotStarted

EVIL = "http://evil.example"


async def refusal(served: ServedBrowsers, **how: Any) -> int:
    with pytest.raises(InvalidStatus) as refused:
        await served.websocket(**how)
    return refused.value.response.status_code


async def closing(websocket: Any) -> tuple[int, str]:
    """Return code and reason, once the server has closed."""
    with suppress(ConnectionClosed):
        async for _ in websocket:
            pass
    return websocket.close_code, websocket.close_reason


async def test_no_websocket_is_opened_for_another_page_or_without_a_login() -> None:
    async with ServedBrowsers().running() as served:
        assert await refusal(served) == 401
        await served.log_in()
        assert await refusal(served, origin=EVIL) == 403
        assert await refusal(served, origin="null") == 403
        assert await refusal(served, origin=f"http://localhost.evil.example:{served.port}") == 403
        assert await refusal(served, origin="") == 403, "no page at all: not a browser"
        assert await refusal(served, cookie=served.cookie.partition("=")[0] + "=made-up") == 401
        assert await refusal(served, cookie=f"x={served.token}") == 401
        assert await refusal(served, key="made-up") == 401, "a server on another port has seen the cookie"
        assert await refusal(served, key="") == 401
        assert await refusal(served, key=served.cookie.partition("=")[2]) == 401
        assert not served.tabs


async def test_a_name_that_was_made_to_lead_here_is_not_answered() -> None:
    async with ServedBrowsers().running() as served:
        for path in ("/", "/static/page.css", "/ws", "/nothing"):
            answer = await served.ask("GET", path, headers={"Host": f"evil.example:{served.port}"})
            assert answer.status_code == 403
        assert (await served.ask("GET", "/")).status_code == 200


async def test_another_page_can_neither_log_in_nor_out_nor_load_a_file() -> None:
    async with ServedBrowsers().running() as served:
        await served.log_in()
        token = served.token
        login = await served.ask("POST", "/login", content=token, headers={"Origin": EVIL})
        assert login.status_code == 403
        assert (await served.client.post("/login", content=token)).status_code == 403, "no origin"
        out = await served.ask("POST", "/logout", headers={"Origin": EVIL, "Cookie": served.cookie})
        assert out.status_code == 403
        probe = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
        assert (await served.client.get("/static/page.css", headers=probe)).status_code == 403
        link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
        assert (await served.client.get("/", headers=link)).status_code == 200
        await (await served.websocket()).close()  # still logged in


async def test_a_login_gives_a_cookie_that_no_script_and_no_other_site_gets() -> None:
    async with ServedBrowsers().running() as served:
        answer = await served.log_in()
        assert answer.status_code == 200
        given = answer.headers["Set-Cookie"]
        assert served.token not in given + answer.text
        assert answer.text not in given
        parts = {part.strip().lower() for part in given.split(";")[1:]}
        assert {"httponly", "samesite=strict", "path=/", "max-age=3600"} <= parts
        assert "secure" not in parts
        assert not any(part.startswith("domain") for part in parts)
    async with ServedBrowsers(is_encrypted=True).running() as served:
        given = (await served.log_in()).headers["Set-Cookie"]
        assert given.startswith("__Host-")
        assert "secure" in given.lower()


async def test_wrong_tokens_are_refused_in_a_sentence_and_soon_not_looked_at() -> None:
    async with ServedBrowsers().running() as served:
        for _ in range(ATTEMPTS_PER_MINUTE):
            answer = await served.log_in("st_wrong")
            assert (answer.status_code, answer.text) == (403, "That is not a valid token.")
            assert "Set-Cookie" not in answer.headers
        answer = await served.log_in()
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
        assert answer.text == "Too many wrong tokens. Wait a minute."


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"\0", "\U0001f600".encode(), b"x" * 4000],
    ids=["empty", "no text", "zero", "a smile", "long"],
)
async def test_a_login_that_is_none_is_refused(body: bytes) -> None:
    async with ServedBrowsers().running() as served:
        answer = await served.ask("POST", "/login", content=body)
        assert answer.status_code == 403


async def test_a_large_body_is_not_read() -> None:
    async with ServedBrowsers().running() as served:
        answer = await served.ask("POST", "/login", content=b"x" * 100_000)
        assert answer.status_code == 413


async def test_behind_a_proxy_each_address_has_its_own_attempts() -> None:
    async with ServedBrowsers(behind_proxy=True).running() as served:

        async def attempt(forwarded: str) -> int:
            headers = {"X-Forwarded-For": forwarded}
            return (await served.ask("POST", "/login", content="x", headers=headers)).status_code

        found = [await attempt(f"192.0.2.{number}, 10.0.0.1") for number in range(ATTEMPTS_PER_MINUTE + 1)]
        assert found[-1] == 429, "what the stranger claims to be does not count"
        assert await attempt("10.0.0.2") == 403


async def test_whoever_logs_out_has_no_tab_any_more() -> None:
    async with ServedBrowsers().running() as served:
        await served.log_in()
        websocket = await served.websocket()
        answer = await served.ask("POST", "/logout", headers={"Cookie": served.cookie})
        assert answer.status_code == 204
        assert "max-age=0" in answer.headers["Set-Cookie"].lower()
        assert await closing(websocket) == (LOGGED_OUT, "You are logged out.")
        assert served.tabs[0].is_stopped.is_set()
        assert await refusal(served) == 401


async def test_a_tab_closes_when_the_session_ends() -> None:
    async with ServedBrowsers(lifetime=0.3).running() as served:
        await served.log_in()
        assert await closing(await served.websocket()) == (LOGGED_OUT, "You are logged out.")
        assert await refusal(served) == 401


async def test_one_tab_too_many_gets_a_sentence() -> None:
    async with ServedBrowsers(tabs=2).running() as served:
        await served.log_in()
        cookie = {"Cookie": served.cookie}
        first, _second = await served.websocket(), await served.websocket()
        await eventually(lambda: len(served.tabs) == 2)
        sentence = "All 2 tabs are in use. Close one that nobody needs, then try again."
        page = await served.ask("GET", "/", headers=cookie)
        assert page.status_code == 200
        assert sentence in page.text
        assert await closing(await served.websocket()) == (FULL, sentence)
        assert len(served.tabs) == 2
        await first.close()
        await served.tabs[0].is_stopped.wait()
        while 'id="terminal"' not in (await served.ask("GET", "/", headers=cookie)).text:
            pass  # the tab that was closed is still being put away
        await served.websocket()


async def test_what_a_browser_sends_arrives_and_what_is_shown_is_sent() -> None:
    async with ServedBrowsers().running() as served:
        await served.log_in()
        websocket = await served.websocket()
        await eventually(lambda: served.tabs)
        tab = served.tabs[0]
        assert tab.size == (100, 30)
        assert tab.session.holder.name == "alice"
        await websocket.send(message("stdin", "ü\ud800"))
        await websocket.send(message("resize", {"width": 10**9, "height": -5}))
        await websocket.send(message("focus"))
        await websocket.send(message("something new", 1))
        await websocket.send(message("ping", "7"))
        assert await websocket.recv() == '["pong", "7"]'
        assert (tab.typed, tab.sizes) == (["ü?", "<focus>"], [(500, 1)])
        await tab.send(b"a price")
        assert await websocket.recv() == b"a price"


async def test_a_tab_that_is_loaded_anew_waits_for_its_process_before_to_end() -> None:
    async with ServedBrowsers(tabs=1).running() as served:
        await served.log_in()
        before = await served.websocket()
        await eventually(lambda: served.tabs)
        served.may_stop.clear()
        await before.close()
        while 'id="terminal"' not in (await served.ask("GET", "/", headers={"Cookie": served.cookie})).text:
            pass  # the server has not heard yet that the browser is gone
        after = await served.websocket()
        assert len(served.tabs) == 1  # there are never two at once
        served.may_stop.set()
        await eventually(lambda: len(served.tabs) == 2)
        assert served.tabs[0].is_stopped.is_set()
        await after.close()


async def test_a_tab_whose_process_before_does_not_end_says_that_all_are_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streamtui.web.server.ENDS_WITHIN", 0.05)
    async with ServedBrowsers(tabs=1).running() as served:
        await served.log_in()
        before = await served.websocket()
        await eventually(lambda: served.tabs)
        served.may_stop.clear()
        await before.close()
        code, _ = await closing(await served.websocket())
        served.may_stop.set()
        assert code == FULL


async def test_a_tab_whose_program_has_ended_says_so() -> None:
    async with ServedBrowsers().running() as served:
        await served.log_in()
        websocket = await served.websocket()
        await eventually(lambda: served.tabs)
        served.tabs[0].over.set_result("It has ended.")
        assert await closing(websocket) == (ENDED, "It has ended.")
        assert served.tabs[0].is_stopped.is_set()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "7",
        "null",
        "nonsense",
        '["stdin"]',
        '["ping"]',
        '["resize", 3]',
        '["resize", {"width": 1}]',
        '["resize", {"width": Infinity, "height": NaN}]',
        pytest.param("[" * 60_000, id="deep"),
    ],
)
async def test_nonsense_closes_the_tab_of_whoever_sends_it(text: str) -> None:
    async with ServedBrowsers().running() as served:
        await served.log_in()
        websocket = await served.websocket()
        await websocket.send(text)
        assert (await closing(websocket))[0] == 1007
        await served.tabs[0].is_stopped.wait()


async def test_too_large_and_too_many_messages_close_the_tab() -> None:
    async with ServedBrowsers().running() as served:
        await served.log_in()
        large = await served.websocket()
        await large.send(message("stdin", "x" * LARGEST_MESSAGE))
        assert (await closing(large))[0] == 1009
        many = await served.websocket()
        with suppress(ConnectionClosed):
            for _ in range(3 * MESSAGES_AT_ONCE):
                await many.send(message("blur"))
        assert (await closing(many))[0] == 1008
        await eventually(lambda: all(tab.is_stopped.is_set() for tab in served.tabs))


async def test_the_end_of_the_server_ends_every_tab() -> None:
    async with ServedBrowsers().running() as served:
        await served.log_in()
        websocket = await served.websocket()
        await eventually(lambda: served.tabs)
        await served.server.stop()
        assert await closing(websocket) == (1001, "The server has ended.")
        assert served.tabs[0].is_stopped.is_set()


async def test_every_answer_forbids_what_a_browser_can_be_forbidden() -> None:
    async with ServedBrowsers().running() as served:
        await served.log_in()
        cookie = {"Cookie": served.cookie}
        answers = [
            await served.ask("GET", "/"),
            await served.ask("GET", "/", headers=cookie),
            await served.ask("GET", "/?ping=http://evil.example"),
            await served.ask("GET", "/nothing"),
            await served.ask("DELETE", "/"),
            await served.ask("GET", "/", headers={"Host": "evil.example"}),
            *[await served.ask("GET", f"/static/{name}") for name in STATIC],
        ]
        assert [answer.status_code for answer in answers[:6]] == [200, 200, 303, 404, 405, 403]
        for answer in answers:
            for name in ALWAYS:
                assert name in answer.headers
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'; script-src 'self';" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe-eval" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert (
            f"connect-src 'self' ws://127.0.0.1:{served.port}"
            in answers[1].headers["Content-Security-Policy"]
        )


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static",
        "/static/../server.py",
        "/static/..%2fserver.py",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static//etc/passwd",
        "/static/page.css/..",
        "/download/x",
    ],
)
async def test_no_other_file_is_served(path: str) -> None:
    async with ServedBrowsers().running() as served:
        await served.log_in()
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        head = f"Host: 127.0.0.1:{served.port}\r\nCookie: {served.cookie}\r\nConnection: close\r\n\r\n"
        writer.write(f"GET {path} HTTP/1.1\r\n{head}".encode())
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 404 ")


def test_nothing_that_is_served_names_another_host() -> None:
    files = [*STATIC.values(), *OWN.glob("pages/*"), *OWN.glob("static/*")]
    assert len(files) > len(STATIC)
    for file in files:
        content = file.read_bytes()
        if file.suffix == ".css":  # the addresses of authors in comments, which nobody fetches
            content = re.sub(rb"/\*.*?\*/", b"", content, flags=re.DOTALL)
        found = set(re.findall(rb"(?:(?:https?|wss?):)?//[\w-]+(?:\.[\w-]+)+", content))
        if file.suffix == ".ttf":  # the font names its authors and its licence, which nobody fetches
            continue
        assert not found, (file, found)


def test_no_page_has_a_script_or_a_style_in_itself() -> None:
    for file in OWN.glob("pages/*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"<style|<script(?! src=\"/)|\son\w+=|style=", text), file


async def test_a_tab_for_which_no_process_can_be_started_says_so(caplog: pytest.LogCaptureFixture) -> None:
    async with ServedBrowsers(tabs=1).running() as served:
        await served.log_in()
        served.refuses = NotStarted("Cannot allocate memory")
        sentence = "No program can be started for this tab."
        assert await closing(await served.websocket()) == (ENDED, sentence)
        assert "Cannot allocate memory" in caplog.text
        served.refuses = None
        await served.websocket()
        await eventually(lambda: served.tabs)


async def test_a_browser_that_goes_before_it_has_its_answer_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with ServedBrowsers().running() as served:
        await served.log_in()
        websocket = await served.websocket()
        await eventually(lambda: served.tabs)
        for _ in range(500):
            await websocket.send(message("ping", "x" * 1000))
        websocket.transport.abort()
        await served.tabs[0].is_stopped.wait()
    assert [record for record in caplog.records if record.name.startswith("streamtui")] == []
