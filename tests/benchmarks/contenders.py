"""The programs whose cost per message is compared: each reads a `blaster` to its end in a process of its own.

``python contenders.py NAME FEED PORT COUNT`` prints the microseconds of CPU a message took, and of how many
messages its consumer heard.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import msgspec
from feeds import symbols

WARM_UP = 1000
"""Messages before the measurement."""
POLL = 0.02
"""Seconds between two looks at the engine's counter."""


class KrakenRow(msgspec.Struct):
    symbol: str
    last: Decimal
    change_pct: Decimal
    volume: Decimal
    vwap: Decimal
    high: Decimal
    low: Decimal


class KrakenMessage(msgspec.Struct):
    channel: str
    data: list[KrakenRow]


class CoinbaseMessage(msgspec.Struct):
    type: str
    product_id: str
    price: Decimal
    open_24h: Decimal
    volume_24h: Decimal
    high_24h: Decimal
    low_24h: Decimal


class BirdeyeRow(msgspec.Struct):
    address: str
    c: Decimal


class BirdeyeMessage(msgspec.Struct):
    type: str
    data: BirdeyeRow


SHAPES = {"kraken": KrakenMessage, "coinbase": CoinbaseMessage, "birdeye": BirdeyeMessage}


def cpu_seconds() -> float:
    """Return the seconds of CPU that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Meter:
    """Counts messages, and knows what they cost after the first ones."""

    def __init__(self) -> None:
        self.count = 0
        self._start = 0.0

    def one(self) -> None:
        """Count one."""
        self.count += 1
        if self.count == WARM_UP:
            self._start = cpu_seconds()

    def microseconds(self) -> float:
        """Return the CPU a message took."""
        return (cpu_seconds() - self._start) / (self.count - WARM_UP) * 1e6


async def bare(feed: str, port: int, count: int, given: argparse.Namespace) -> tuple[float, int]:
    """``recv`` of the library websockets, and msgspec to decimals."""
    import websockets

    decode, meter = msgspec.json.Decoder(SHAPES[feed]).decode, Meter()
    async with websockets.connect(f"ws://127.0.0.1:{port}/", compression=None) as connection:
        await connection.send("{}")
        try:
            while True:
                decode(await connection.recv(decode=False))
                meter.one()
        except websockets.ConnectionClosed:
            return meter.microseconds(), meter.count


async def limit(feed: str, port: int, count: int, given: argparse.Namespace) -> tuple[float, int]:
    """The picows callback for a frame, and msgspec to decimals: about the least that Python can do."""
    import picows

    decode, meter = msgspec.json.Decoder(SHAPES[feed]).decode, Meter()

    class Listener(picows.WSListener):  # type: ignore[misc]
        def on_ws_connected(self, transport: Any) -> None:
            transport.send(picows.WSMsgType.TEXT, b"{}")

        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            if frame.msg_type == picows.WSMsgType.TEXT:
                decode(frame.get_payload_as_bytes())
                meter.one()
            elif frame.msg_type == picows.WSMsgType.CLOSE:
                transport.disconnect()

    transport, _ = await picows.ws_connect(Listener, f"ws://127.0.0.1:{port}/")
    await transport.wait_disconnected()
    return meter.microseconds(), meter.count


async def keeping(feed: str, port: int, count: int, given: argparse.Namespace) -> tuple[float, int]:
    """What `limit` does with Kraken's frames, and the last message of each symbol is kept."""
    import picows

    decode, meter = msgspec.json.Decoder(KrakenMessage).decode, Meter()
    kept: dict[str, KrakenMessage] = {}

    class Listener(picows.WSListener):  # type: ignore[misc]
        def on_ws_connected(self, transport: Any) -> None:
            transport.send(picows.WSMsgType.TEXT, b"{}")

        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            if frame.msg_type == picows.WSMsgType.TEXT:
                message = decode(frame.get_payload_as_bytes())
                kept[message.data[0].symbol] = message
                meter.one()
            elif frame.msg_type == picows.WSMsgType.CLOSE:
                transport.disconnect()

    transport, _ = await picows.ws_connect(Listener, f"ws://127.0.0.1:{port}/")
    await transport.wait_disconnected()
    return meter.microseconds(), meter.count


async def engine(feed: str, port: int, count: int, given: argparse.Namespace) -> tuple[float, int]:
    """This engine as it is installed, from the socket to the consumers."""
    from streamcore import Settings, StreamManager

    for suffix, scheme in (("WS", "ws"), ("REST", "http")):
        os.environ[f"STREAMTUI_{feed.upper()}_{suffix}_URL"] = f"{scheme}://127.0.0.1:{port}"
    os.environ["STREAMTUI_STREAM_TRANSPORT"] = given.library
    os.environ |= {"STREAMTUI_PRICES": feed, "BIRDEYE_API_KEY": "a-key-of-the-benchmark"}
    heard = 0

    async def consume(events: AsyncIterator[Any]) -> None:
        nonlocal heard
        async for _ in events:
            heard += 1

    async with StreamManager(Settings.load()) as manager:
        await manager.subscribe_prices(symbols(feed, given.symbols))
        consumers = [asyncio.create_task(consume(manager.events())) for _ in range(given.consumers)]
        received: Callable[[], int] = lambda: manager.status(feed).messages_received  # noqa: E731
        while received() < WARM_UP:  # noqa: ASYNC110 - the counter has no event
            await asyncio.sleep(POLL / 10)
        first, start, before = received(), cpu_seconds(), heard
        while received() < count - WARM_UP:  # noqa: ASYNC110
            await asyncio.sleep(POLL)
        used, messages = cpu_seconds() - start, received() - first
        share = (heard - before) / given.consumers / messages
        for task in consumers:
            task.cancel()
        return used / messages * 1e6, round(share * messages)


def cryptofeed(port: int, count: int, *, uvloop: bool) -> None:
    """cryptofeed 3 from the socket to the callback of its ticker, on Kraken's frames; ends the process."""
    import cryptofeed.connection as connections
    from cryptofeed import FeedHandler
    from cryptofeed.connection import WebsocketEndpoint
    from cryptofeed.defines import TICKER
    from cryptofeed.exchanges import Kraken
    from cryptofeed.symbols import Symbols

    pairs = {f"{symbol}-USD": f"{symbol}/USD" for symbol in symbols("kraken", 3)}
    Symbols.set("KRAKEN", pairs, {"instrument_type": dict.fromkeys(pairs, "spot")})
    connect, meter = connections.connect, Meter()
    connections.connect = lambda url, **options: connect(url.replace("wss://", "ws://"), **options)
    Kraken.websocket_endpoints = [
        WebsocketEndpoint(f"wss://127.0.0.1:{port}/", options={"compression": None})
    ]

    async def ticker(_: Any, __: float) -> None:
        meter.one()
        if meter.count == count - WARM_UP:
            print(meter.microseconds(), meter.count, flush=True)
            os._exit(0)

    quiet = {"disabled": True, "filename": os.devnull, "level": "ERROR"}
    handler = FeedHandler(config={"log": quiet, "uvloop": uvloop})
    handler.add_feed(Kraken(symbols=list(pairs), channels=[TICKER], callbacks={TICKER: ticker}))
    handler.run()


def main() -> None:
    """Run one and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "name", choices=("engine", "bare", "limit", "keeping", "cryptofeed", "cryptofeed-uvloop")
    )
    parser.add_argument("feed", choices=sorted(SHAPES))
    parser.add_argument("port", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--symbols", type=int, default=3)
    parser.add_argument("--consumers", type=int, default=1)
    parser.add_argument("--library", default="websockets", help="what carries the engine's stream")
    given = parser.parse_args()
    if given.name.startswith("cryptofeed"):
        cryptofeed(given.port, given.count, uvloop=given.name.endswith("uvloop"))
        return
    contender = {"engine": engine, "bare": bare, "limit": limit, "keeping": keeping}[given.name]
    cost, heard = asyncio.run(contender(given.feed, given.port, given.count, given))
    print(cost, heard, flush=True)


if __name__ == "__main__":
    main()
