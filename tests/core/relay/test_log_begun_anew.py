"""A log that is begun anew under its terminals: a copy of one that has lost its end, or is another."""

from __future__ import annotations

from pathlib import Path

import pytest
from relay_bench import WALLETS, Terminal, running

from streamcore.relay.own_log import OwnLog
from streamcore.relay.terminal import Terminal as ServedTerminal
from streamcore.wire.messages import Frame

pytestmark = pytest.mark.long


async def test_when_the_log_loses_what_nobody_was_told_terminals_come_back_and_know_of_the_gap(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL"], WALLETS[:1])
        engine.transaction(WALLETS[0])
        await terminal.until(terminal.transactions)
        assert isinstance(relay.log, OwnLog)
        relay.log.transactions.pruned_to = relay.log.transactions.offset = 50
        engine.price("SOL", "150")
        assert (await terminal.end())[0] == 1012
        back = await Terminal(relay, mirror=terminal.mirror).open()
        assert (await back.want(["SOL"], WALLETS[:1])).recovered is False


async def test_a_terminal_that_leaves_while_the_log_is_begun_anew_moves_no_other_terminal_back(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as (relay, engine):
        stays, goes = await Terminal(relay).open(), await Terminal(relay).open()
        for terminal in (stays, goes):
            await terminal.want(["SOL"], WALLETS[:1])
        happened = [engine.transaction(WALLETS[0]) for _ in range(2)]
        await stays.until(lambda: stays.transactions() == happened)
        assert isinstance(relay.log, OwnLog)
        tables, leave = relay.log.transactions, relay.fan_out.leave

        def begin_anew_and_leave(terminal: ServedTerminal) -> None:
            engine.price("SOL", "150")
            relay.fan_out.collect()  # the price waits for its group's next moment
            tables.pruned_to = tables.offset = 1
            leave(terminal)

        relay.fan_out.leave = begin_anew_and_leave  # type: ignore[method-assign]
        await goes.close()
        assert (await stays.end())[0] == 1012
        offsets = [frame.offset for frame in stays.of(Frame) if frame.offset is not None]
        assert offsets == sorted(offsets)
