"""A relay process that is killed at random while transactions go on: nothing lost, nothing doubled."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from emulated import WALLET
from processes import PipedCommand, leading_to, starting
from relay_bench import Terminal, eventually
from websockets.exceptions import WebSocketException

from streamcore.wire.mirror import Mirror
from streamsim import Emulators


class At:
    """Where a relay process listens, as `Terminal` wants to know it."""

    def __init__(self, command: PipedCommand) -> None:
        host, _, port = command.line_with("serving on ws://").removeprefix("serving on ws://").rpartition(":")
        self.address = (host, int(port))


async def killed_at_random(folder: Path, *, kills: int, every: float) -> str:
    """Kill a relay again and again, with ``every`` seconds from one transaction to the next.

    Returns:
        A row of the table in README.
    """
    chance = random.Random(9)
    async with Emulators(wallet_rate=0, market_rate=10) as emulators:
        happened: list[str] = []
        told: list[str] = []
        mirror = Mirror()
        goes_on = asyncio.Event()

        async def live() -> None:
            await goes_on.wait()
            while goes_on.is_set():
                happened.append(emulators.chain.live(WALLET))
                await asyncio.sleep(chance.expovariate(1 / every))

        living = asyncio.create_task(live())
        with starting(folder) as start:
            arguments = ("relay", "--listen", "127.0.0.1:0", "--state", str(folder / "state"))
            for number in range(kills + 1):
                command = start(*arguments, **leading_to(emulators))
                at = await asyncio.to_thread(At, command)
                terminal = await Terminal(at, mirror=mirror).open()  # type: ignore[arg-type]
                try:
                    wanted = await terminal.want(["SOL"], [WALLET])
                    assert wanted.recovered is not False
                    if not number:
                        await terminal.until(lambda terminal=terminal: terminal.mirror.prices)
                        await eventually(lambda: emulators.helius.connections)
                        await asyncio.sleep(0.5)
                        goes_on.set()
                    if number < kills:
                        await asyncio.sleep(chance.uniform(0.0, 3.0))
                        command.process.kill()
                        await terminal.end()
                    else:
                        goes_on.clear()
                        await living
                        missing = len(happened) - len(told)
                        await terminal.until(
                            lambda terminal=terminal, missing=missing: len(terminal.transactions()) >= missing
                        )
                except WebSocketException:
                    pass  # it was killed before it had answered
                told += terminal.transactions()
    assert len(happened) > 10 * kills
    assert len(told) == len(set(told))
    assert set(told) == set(happened)
    doubled, lost = len(told) - len(set(told)), len({*happened} - {*told})
    return f"| msgpack | {kills} `kill -9` | {len(happened):,} | {len(set(told)):,} | {doubled} | {lost} |"


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_twenty_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    print("\n" + await killed_at_random(tmp_path, kills=20, every=0.1))
