"""HTTP/1.1 as a client sees it."""

from __future__ import annotations

import asyncio

from emulated import still


async def test_connections_are_kept_alive_and_nonsense_is_refused() -> None:
    async with still() as emulators:
        reader, writer = await asyncio.open_connection("127.0.0.1", emulators.birdeye.http_port)
        for _ in range(2):
            writer.write(b"GET /nowhere HTTP/1.1\r\nHost: x\r\nX-API-KEY: k\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 404 Not Found")
            await reader.readuntil(b"}")
        writer.write(b"what is this\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()
        await writer.wait_closed()
