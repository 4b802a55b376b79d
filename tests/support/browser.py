"""A real browser, Chromium without a window, driven over its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from relay_bench import eventually
from websockets.asyncio.client import ClientConnection, connect

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
"""Where it is; ``None``: it is not installed."""
WITHIN = 30.0
"""Seconds of real time after which a test fails because something has not happened."""

_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--remote-debugging-port=0",
    "--window-size=1200,700",
)


class Page:
    """One tab of the browser."""

    def __init__(self, connection: ClientConnection, target: str) -> None:
        self.target = target
        self.requests: list[str] = []
        """The address of every request, WebSockets included, from when the page was opened."""
        self.console: list[str] = []
        """What the browser complained of, such as what a policy forbids."""
        self._connection = connection
        self._last = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for text in self._connection:
            message = json.loads(text)
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message)
                continue
            told = message["params"]
            match message["method"]:
                case "Network.requestWillBeSent":
                    self.requests.append(told["request"]["url"])
                case "Network.webSocketCreated":
                    self.requests.append(told["url"])
                case "Log.entryAdded":
                    self.console.append(told["entry"]["text"])

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Give a command, and return its result."""
        self._last += 1
        answer = self._answers[self._last] = asyncio.get_running_loop().create_future()
        await self._connection.send(json.dumps({"id": self._last, "method": method, "params": parameters}))
        found = await asyncio.wait_for(answer, WITHIN)
        assert "error" not in found, (method, found["error"])
        result: dict[str, Any] = found["result"]
        return result

    async def start(self) -> None:
        for domain in ("Page", "Network", "Log", "Runtime"):
            await self.send(f"{domain}.enable")
        # what the terminal shows is drawn; the test reads what came over its WebSocket
        await self.send("Page.addScriptToEvaluateOnNewDocument", source=_KEEPS_WHAT_IS_SHOWN)

    async def go(self, url: str) -> None:
        await self.send("Page.navigate", url=url)

    async def run(self, script: str) -> Any:
        """Return the value of an expression in the page; of a promise, what it leads to."""
        found = await self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    async def until(self, script: str) -> Any:
        """Wait until an expression is true in the page, and return its value."""
        found: Any = None
        async with asyncio.timeout(WITHIN):
            while not found:
                with suppress(AssertionError):  # the page is changing
                    found = await self.run(script)
                await asyncio.sleep(0.05)
        return found

    async def press(self, text: str) -> None:
        """Press a key of one character."""
        await self.send("Input.dispatchKeyEvent", type="keyDown", text=text, key=text)
        await self.send("Input.dispatchKeyEvent", type="keyUp", key=text)

    async def escape(self) -> None:
        """Press the escape key."""
        code = {"key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 27}
        await self.send("Input.dispatchKeyEvent", type="rawKeyDown", **code)
        await self.send("Input.dispatchKeyEvent", type="keyUp", **code)

    async def control(self, letter: str) -> None:
        """Press a letter with the control key."""
        code = {"key": letter, "code": f"Key{letter.upper()}", "windowsVirtualKeyCode": ord(letter.upper())}
        await self.send("Input.dispatchKeyEvent", type="rawKeyDown", modifiers=2, **code)
        await self.send("Input.dispatchKeyEvent", type="keyUp", modifiers=2, **code)

    async def shows(self, text: str) -> None:
        """Wait until the terminal was sent a text."""
        await self.until(f"(window.shown || '').includes({json.dumps(text)})")

    async def forget_shown(self) -> None:
        await self.run("window.shown = ''")

    async def picture(self, path: Path) -> None:
        found = await self.send("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(found["data"]))

    async def stop(self) -> None:
        self._reading.cancel()
        await self._connection.close()


_KEEPS_WHAT_IS_SHOWN = """
window.shown = "";
{
  const Given = window.WebSocket;
  window.WebSocket = class extends Given {
    constructor(...what) {
      super(...what);
      const decoder = new TextDecoder();
      this.addEventListener("message", (event) => {
        if (typeof event.data !== "string") window.shown += decoder.decode(event.data, { stream: true });
      });
    }
  };
}
"""


class Browser:
    """A running browser with a profile of its own."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, path: str) -> None:
        self._process = process
        self._port = port
        self._path = path
        self._pages: list[Page] = []

    async def open(self, url: str) -> Page:
        """Open another tab, which shares the cookies with those before."""
        control = await connect(f"ws://127.0.0.1:{self._port}{self._path}", max_size=None, proxy=None)
        try:
            await control.send(
                json.dumps({"id": 1, "method": "Target.createTarget", "params": {"url": "about:blank"}})
            )
            target = json.loads(await control.recv())["result"]["targetId"]
        finally:
            await control.close()
        address = f"ws://127.0.0.1:{self._port}/devtools/page/{target}"
        page = Page(await connect(address, max_size=None, proxy=None), target)
        self._pages.append(page)
        await page.start()
        await page.go(url)
        return page

    async def close(self, page: Page) -> None:
        """Close a tab as a person does."""
        self._pages.remove(page)
        await page.send("Page.close")
        await page.stop()

    async def stop(self) -> None:
        for page in self._pages:
            await page.stop()
        if self._process.returncode is None:
            with suppress(ProcessLookupError):  # its own processes are in its group
                os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()


@asynccontextmanager
async def browsing(profile: Path, *options: str) -> AsyncIterator[Browser]:
    """Run a browser with an empty profile while inside."""
    assert PROGRAM is not None
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *_OPTIONS,
        f"--user-data-dir={profile}",
        *options,
        "about:blank",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        # what it keeps besides the profile, such as reports of crashes, is not for the user's own folder
        env={**os.environ, "HOME": str(profile.parent), "XDG_CONFIG_HOME": str(profile.parent)},
        start_new_session=True,
    )
    found = profile / "DevToolsActivePort"
    try:
        async with asyncio.timeout(WITHIN):
            await eventually(lambda: found.exists() and found.read_text().count("\n"))
        port, path = (await asyncio.to_thread(found.read_text)).split("\n")[:2]
        browser = Browser(process, int(port), path)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    try:
        yield browser
    finally:
        await browser.stop()
