"""Background work never dies unheard: a failure is told, the work goes on, nothing is left in the end."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bench import OTHER_WALLET, WALLET, Bench, bench
from virtual_time import VirtualClock, on_virtual_time

import streamcore
from streamcore import ErrorKind, Source, State, StatusChange, StreamError, WalletTransaction
from streamcore.tracking.wallets import WalletTracker
from streamsim import Fault

TOLD = "internal error (RuntimeError); the log has the details"


def fail_once(what: Any, method: str) -> None:
    """Have one method of one object raise the next time it is called, and never again."""
    real: Callable[..., Any] = getattr(what, method)

    def fail(*arguments: Any, **named: Any) -> Any:
        setattr(what, method, real)
        raise RuntimeError("a mistake of our own")

    setattr(what, method, fail)


def internal_errors(table: Bench) -> list[StreamError]:
    return table.all(StreamError, kind=ErrorKind.PROTOCOL, message=TOLD)


def our_tasks() -> list[str]:
    """The tasks of the engine that are not done."""
    folder = str(Path(streamcore.__file__).parent)
    return [
        task.get_name()
        for task in asyncio.all_tasks()
        if (coroutine := task.get_coro()) is not None and coroutine.cr_code.co_filename.startswith(folder)  # type: ignore[union-attr]
    ]


@on_virtual_time
async def test_a_status_every_ten_seconds_that_fails_is_told_and_goes_on() -> None:
    async with bench(clock=VirtualClock()) as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("birdeye")
        await asyncio.sleep(15)
        fail_once(table.manager._streams["birdeye"], "status")
        await asyncio.sleep(15)
        assert len(internal_errors(table)) == 1
        since = table.clock.time()
        await asyncio.sleep(30)
        assert [event for event in table.all(StatusChange, provider="birdeye") if event.ts > since]


@on_virtual_time
async def test_a_failure_that_lasts_is_told_once_and_the_work_is_tried_ever_more_rarely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with bench(clock=VirtualClock()) as table:
        await asyncio.sleep(5)
        tries: list[float] = []

        def fail(_: WalletTracker) -> None:
            tries.append(table.clock.monotonic())
            raise RuntimeError("a mistake of our own")

        monkeypatch.setattr(WalletTracker, "pass_time", fail)
        await asyncio.sleep(600)
        assert len(internal_errors(table)) == 1
        assert len(tries) < 20
        monkeypatch.undo()
        since = table.clock.time()
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("birdeye")
        await asyncio.sleep(100)
        assert [event for event in table.all(StatusChange, provider="birdeye") if event.ts > since + 20]


@on_virtual_time
async def test_a_watch_for_jumps_of_time_that_fails_is_told_and_goes_on() -> None:
    async with bench(clock=VirtualClock()) as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("birdeye")
        stream = table.manager._streams["birdeye"]
        fail_once(stream, "check")
        table.clock.jump(3600)
        await asyncio.sleep(10)
        assert len(internal_errors(table)) == 1
        asked = len(table.birdeye.requests)
        table.clock.jump(3600)
        await asyncio.sleep(10)
        assert len(table.birdeye.requests) > asked


@on_virtual_time
async def test_a_sweep_that_fails_is_told_and_the_next_one_finds_what_was_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with bench(clock=VirtualClock(), sweep_interval=60.0) as table:
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("helius")
        await asyncio.sleep(30)
        fail_once(table.manager._streams["helius"].provider.rest, "fetch")
        table.helius.faults.set(Fault.STALL)
        left_out = table.ledger.sol_in(WALLET)
        await asyncio.sleep(40)
        (told,) = internal_errors(table)
        assert told.provider == "helius"
        assert table.manager.status("helius").state is State.CONNECTED
        assert "a mistake of our own" in caplog.text
        assert "Traceback" in caplog.text
        await table.first(WalletTransaction, within=200, signature=left_out, source=Source.BACKFILL)


@on_virtual_time
async def test_a_connection_whose_own_loop_fails_is_told_and_connects_again() -> None:
    async with bench(clock=VirtualClock()) as table:
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("helius")
        fail_once(table.manager._streams["helius"], "connection_lost")
        table.helius.drop()
        await table.until(lambda: internal_errors(table), within=10)
        await table.until(lambda: table.manager.status("helius").reconnects == 1, within=30)
        signature = table.ledger.sol_in(WALLET)
        await table.first(WalletTransaction, within=30, signature=signature)


@pytest.mark.parametrize("moment", [0.0, 0.5, 3.0, 40.0])
@on_virtual_time
async def test_closing_leaves_no_task_and_nothing_unheard(moment: float) -> None:
    problems: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: problems.append(context))
    async with bench(clock=VirtualClock(), helius="free", sweep_interval=5.0, wallet_rate=2.0) as table:
        table.helius.faults.set(Fault.HTTP_SLOW, seconds=4.0)
        await table.manager.subscribe_prices(["SOL", "BTC"])
        await table.manager.subscribe_wallets([WALLET, OTHER_WALLET])
        await asyncio.sleep(moment)
        table.birdeye.drop()
        await asyncio.sleep(moment / 10)
        await table.manager.__aexit__(None, None, None)
        assert our_tasks() == []
    await asyncio.sleep(1)
    assert problems == []


def test_the_engine_starts_no_task_that_is_not_supervised() -> None:
    """Only `tasks.py` may start one; `clock.py` and `net/dial.py` wait for those they make."""
    folder = Path(streamcore.__file__).parent
    starting = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("create_task", "ensure_future", "TaskGroup")
    }
    assert starting == {"tasks.py", "clock.py", "net/dial.py"}
