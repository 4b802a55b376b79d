"""Secrets: through every fault, with every library at its most talkative, no key is written anywhere."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote, quote_plus

import msgspec
import pytest
from bench import SOL, WALLET, Bench, bench
from raw_server import answering, raw_server
from replayed_network import read_capture
from virtual_time import VirtualClock, on_virtual_time

from streamcore import ChartRange, ProviderError, Settings, StreamManager, to_json
from streamcore.config.sources import BirdeyeSettings, HeliusSettings
from streamcore.net.http import HttpClient
from streamcore.recording import Capture
from streamcore.recording.lines import Received, Sent
from streamcore.text import Mask, MaskingFilter
from streamsim import Fault
from streamsim.servers.faults import NETWORK_FAULTS

pytestmark = pytest.mark.long

BIRDEYE_KEY = "paid-MARKED/birdeye+key=1"
HELIUS_KEY = "dev-MARKED/helius+key=2"
KEYS = (BIRDEYE_KEY, HELIUS_KEY)


def forms(key: str) -> set[str]:
    """Return a key in every encoding it could be written in."""
    plain = {key, quote(key), quote(key, safe=""), quote_plus(key), repr(key)[1:-1]}
    raw = key.encode()
    coded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(), raw.hex()}
    return plain | {form.lower() for form in plain} | {form.upper() for form in plain} | coded


def leaks(text: str) -> set[str]:
    found = {form for key in KEYS for form in forms(key) if form in text}
    return found | ({"MARKED"} if "MARKED" in text else set())


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything any library logs at its most talkative, masked as the command masks it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(MaskingFilter(Mask(KEYS)))
    root = logging.getLogger()
    names = ["", "httpcore", "websockets", "websockets.client", "asyncio", "streamcore"]
    levels = {name: logging.getLogger(name).level for name in names}
    root.addHandler(handler)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield stream
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    root.removeHandler(handler)


def everything(table: Bench) -> str:
    """All that a consumer can see."""
    parts = [to_json(event).decode() for event in table.seen]
    parts += [repr(event) for event in table.seen]
    for status in table.manager.statuses().values():
        parts += [repr(status), msgspec.json.encode(status).decode()]
    return "\n".join(parts)


@asynccontextmanager
async def capturing(file: Path, clock: VirtualClock) -> AsyncIterator[Capture]:
    with Capture(file, clock=clock) as capture:
        yield capture


def captured(file: Path) -> str:
    """All that a capture holds, also what is base64 in it."""
    lines = read_capture(file)
    assert len(lines) > 3  # frames, or refusals and answers
    frames = [line.frame for line in lines if isinstance(line, Received | Sent)]
    return file.read_text() + "".join(
        frame if isinstance(frame, str) else frame.decode("latin-1") for frame in frames
    )


@pytest.mark.parametrize("fault", Fault)
@on_virtual_time
async def test_no_fault_makes_a_key_visible(fault: Fault, written: io.StringIO, tmp_path: Path) -> None:
    file, clock = tmp_path / "capture", VirtualClock()
    async with (
        capturing(file, clock) as capture,
        bench(clock=clock, birdeye=BIRDEYE_KEY, helius=HELIUS_KEY, proxies=True, capture=capture) as table,
    ):
        await table.manager.subscribe_prices(["SOL"])
        await table.manager.subscribe_wallets([WALLET])
        await asyncio.sleep(3)
        for name, key in zip(("birdeye", "helius"), KEYS, strict=True):
            faults = table.network[name] if fault in NETWORK_FAULTS else getattr(table, name).faults
            # what a provider would say of a key it does not like
            faults.set(fault, message=f"bad key {key}", seconds=0.1, size=300)
        for server in (table.birdeye, table.helius):
            server.drop()
        for _ in range(6):
            await asyncio.sleep(2)
            table.market.trade(SOL)
            table.ledger.sol_in(WALLET)
        for faults in (*table.network.values(), table.birdeye.faults, table.helius.faults):
            faults.clear()
        await asyncio.sleep(5)
        assert not leaks(everything(table))
        assert table.birdeye.handshakes[-1].query["x-api-key"] == BIRDEYE_KEY
        assert table.helius.handshakes[-1].query["api-key"] == HELIUS_KEY
    assert len(written.getvalue()) > 1000
    assert not leaks(written.getvalue())
    assert not leaks(captured(file))


@pytest.mark.parametrize("status", [200, 400, 401, 402, 403, 404, 429, 500, 503])
@on_virtual_time
async def test_a_provider_that_repeats_the_key_does_not_make_it_visible(
    status: int, written: io.StringIO, tmp_path: Path
) -> None:
    file, clock = tmp_path / "capture", VirtualClock()
    async with (
        capturing(file, clock) as capture,
        bench(clock=clock, birdeye=BIRDEYE_KEY, helius=HELIUS_KEY, capture=capture) as table,
    ):
        both = ((table.birdeye, BIRDEYE_KEY), (table.helius, HELIUS_KEY))
        for server, key in both:
            said = f'{{"message":"no such key {key}","error":{{"code":-32000,"message":"{key}"}}}}'
            if status != 200:
                server.faults.set(Fault.REFUSE_UPGRADE, status=status, body=said)
            server.faults.set(Fault.HTTP_STATUS, status=status, body=said)
        await table.manager.subscribe_prices(["SOL"])
        await table.manager.subscribe_wallets([WALLET])
        await asyncio.sleep(15)
        if status == 200:
            for server, key in both:
                await server.send_error(f"odd: api-key={quote(key, safe='')} {key}", code=-32000)
                await server.send_error(f"{'.' * 110}{key}", code=-32000)  # cut off in the middle
                await server.send_error(f"unauthorized origin {key}", code=-32401)
            await asyncio.sleep(3)
            for server, key in both:
                await server.close_clients(4001, key)
        await asyncio.sleep(3)
        assert table.seen
        assert not leaks(everything(table))
    assert not leaks(written.getvalue())
    assert not leaks(captured(file))


@on_virtual_time
async def test_exceptions_and_their_tracebacks_hold_no_key() -> None:
    for url in ("http://127.0.0.1:1/", "http://127.0.0.1:1/\x00"):
        async with HttpClient(VirtualClock(), timeout=1.0) as http:
            with pytest.raises(ProviderError) as caught:
                await http.request("GET", f"{url}?api-key={quote(HELIUS_KEY, safe='')}", secrets=KEYS)
            assert not leaks(str(caught.value) + repr(caught.value))
            rendered = "".join(traceback.format_exception(caught.value, chain=False))
            assert not leaks(rendered)


@on_virtual_time
async def test_a_redirect_to_another_host_never_carries_the_key() -> None:
    reached: list[bytes] = []

    async def thief(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(await reader.readuntil(b"\r\n\r\n"))

    async with raw_server(thief) as elsewhere:
        redirect = (
            f"HTTP/1.1 302 Found\r\nLocation: http://{elsewhere}/?x-api-key=\r\nContent-Length: 0\r\n\r\n"
        )
        async with raw_server(answering(redirect.encode())) as host:
            settings = Settings(
                birdeye=BirdeyeSettings(
                    api_key=BIRDEYE_KEY, ws_url=f"ws://{host}/", rest_url=f"http://{host}"
                ),
                helius=HeliusSettings(api_key=HELIUS_KEY, ws_url=f"ws://{host}/", rpc_url=f"http://{host}/"),
            )
            async with StreamManager(settings, clock=VirtualClock()) as manager:
                await manager.subscribe_prices(["SOL"])
                await manager.subscribe_wallets([WALLET])
                await asyncio.sleep(10)
    assert reached == []


@pytest.mark.parametrize("status", [200, 400, 401, 429, 500])
def test_a_host_that_repeats_the_key_brings_it_into_no_text_about_past_prices(
    status: int, written: io.StringIO
) -> None:
    @on_virtual_time
    async def work() -> None:
        body = f'{{"success":false,"message":"denied to {BIRDEYE_KEY}"}}'.encode()
        head = (
            f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        async with raw_server(answering(head.encode() + body)) as host:
            section = BirdeyeSettings(api_key=BIRDEYE_KEY, ws_url=f"ws://{host}/", rest_url=f"http://{host}")
            settings = Settings(birdeye=section, prices="birdeye", chain="public")
            async with StreamManager(settings, clock=VirtualClock()) as manager:
                with pytest.raises(ProviderError) as caught:
                    await manager.history("SOL", ChartRange.DAY)
        assert not leaks(str(caught.value) + repr(caught.value))
        assert not leaks("".join(traceback.format_exception(caught.value, chain=False)))

    work()
    assert not leaks(written.getvalue())
