"""The real ``streamtui relay`` as a process: ended, killed, and told to read its tokens again."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import httpx
import pytest
from emulated import WALLET
from processes import PipedCommand, leading_to, starting
from relay_bench import Terminal, eventually

from streamcore.wire.messages import Frame, Restart
from streamcore.wire.mirror import Mirror
from streamsim import Emulators

pytestmark = pytest.mark.long


class At:
    """Where a relay process listens, as `Terminal` wants to know it."""

    def __init__(self, command: PipedCommand) -> None:
        line = command.line_with("serving on ws://")
        host, _, port = line.removeprefix("serving on ws://").rpartition(":")
        self.address = (host, int(port))


async def at(command: PipedCommand) -> At:
    return await asyncio.to_thread(At, command)


async def test_a_relay_that_is_told_to_stop_says_so_and_ends_in_time(tmp_path: Path) -> None:
    with starting(tmp_path) as start:
        command = start("relay", "--demo", "--listen", "127.0.0.1:0")
        terminal = await Terminal(await at(command)).open()  # type: ignore[arg-type]
        await terminal.want(["SOL"])
        await terminal.until(lambda: terminal.mirror.prices)
        status, _, errors = await asyncio.to_thread(command.end, signal.SIGTERM)
        assert (status, errors) == (0, b"")
        assert (await terminal.end())[0] == 1012
        assert terminal.of(Restart)


async def test_check_says_whether_a_relay_is_ready(tmp_path: Path) -> None:
    with starting(tmp_path) as start:
        relay = await at(start("relay", "--demo", "--listen", "127.0.0.1:0"))
        host, port = relay.address
        check = start("relay", "--demo", "--check", "--listen", f"{host}:{port}")
        status, out, _ = await asyncio.to_thread(check.end)
        assert (status, out) == (0, b"ready\n")


async def test_tokens_are_read_again_on_a_hang_up(tmp_path: Path) -> None:
    file = str(tmp_path / "tokens")
    with starting(tmp_path) as start:
        added = [start("relay", "token", "add", name, "--tokens", file) for name in ("alice",)]
        (alice,) = [(await asyncio.to_thread(one.end))[1].decode().strip() for one in added]
        command = start("relay", "--demo", "--listen", "127.0.0.1:0", "--tokens", file)
        relay = await at(command)
        bearer = {"additional_headers": {"Authorization": f"Bearer {alice}"}}
        terminal = await Terminal(relay).open(**bearer)  # type: ignore[arg-type]
        await terminal.want()
        for words in (("add", "bob"), ("revoke", "alice")):
            await asyncio.to_thread(start("relay", "token", *words, "--tokens", file).end)
        assert terminal.closed is None
        command.process.send_signal(signal.SIGHUP)
        assert (await terminal.end())[0] == 4500
        assert command.process.poll() is None


async def test_a_second_relay_with_the_same_log_does_not_start(tmp_path: Path) -> None:
    arguments = ("relay", "--demo", "--listen", "127.0.0.1:0", "--state", str(tmp_path / "state"))
    with starting(tmp_path) as start:
        await at(start(*arguments))
        status, _, errors = await asyncio.to_thread(start(*arguments).end)
        assert status == 1
        assert b"another relay uses it" in errors


@pytest.mark.timeout(300)
async def test_a_relay_killed_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Transactions happen while it runs, while it is dead, and while it starts again; three times."""
    async with Emulators(wallet_rate=0, market_rate=20) as emulators:
        happened: list[str] = []
        mirror = Mirror()
        told: list[str] = []
        with starting(tmp_path) as start:
            state = str(tmp_path / "state")
            environment = leading_to(emulators)
            for _ in range(3):
                command = start("relay", "--listen", "127.0.0.1:0", "--state", state, **environment)
                relay = await at(command)
                terminal = await Terminal(relay, mirror=mirror).open()  # type: ignore[arg-type]
                wanted = await terminal.want(["SOL"], [WALLET])
                assert wanted.recovered in (None, True)
                await terminal.until(lambda terminal=terminal: terminal.mirror.prices)
                await eventually(lambda: emulators.helius.connections)
                for _ in range(5):
                    happened.append(emulators.chain.live(WALLET))
                    await asyncio.sleep(0.02)
                enough = len(happened) - 2 - len(told)  # the last ones may be on their way when it is killed
                await terminal.until(
                    lambda terminal=terminal, enough=enough: len(terminal.transactions()) >= enough
                )
                command.process.kill()
                await terminal.end()
                told += terminal.transactions()
                happened += [emulators.chain.live(WALLET) for _ in range(4)]
            command = start("relay", "--listen", "127.0.0.1:0", "--state", state, **environment)
            relay = await at(command)
            terminal = await Terminal(relay, mirror=mirror).open()  # type: ignore[arg-type]
            assert (await terminal.want(["SOL"], [WALLET])).recovered is True
            await terminal.until(lambda: len(told) + len(terminal.transactions()) >= len(happened))
            told += terminal.transactions()
            assert terminal.of(Frame)
            host, port = relay.address
            async with httpx.AsyncClient(trust_env=False) as client:
                assert (await client.get(f"http://{host}:{port}/healthz")).status_code == 200
    assert len(told) == len(set(told))
    assert set(told) == set(happened)
