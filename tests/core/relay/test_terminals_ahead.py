"""Terminals that know more of the log than the relay they come to, whose copy has not caught up yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from relay_bench import WALLETS, Terminal, running

from streamcore.relay.own_log import OwnLog
from streamcore.wire.messages import Frame, Position

AHEAD = 3
"""How many transactions a terminal has that the relay has not."""


class SharedLog(OwnLog):
    """A log of which other relays have copies: a terminal may come from one that was faster."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.reaches_back = lambda epoch, offset, wallets: epoch == self.epoch


async def test_a_terminal_is_not_told_again_what_another_relay_has_told_it_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay_bench.OwnLog", SharedLog)
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        wanted = await terminal.want(["SOL"], WALLETS[:1], since=Position(relay.log.epoch, AHEAD))
        assert (wanted.recovered, wanted.offset) == (True, AHEAD)
        other = await Terminal(relay).open()
        await other.want(["SOL"], WALLETS[:1])
        engine.price("SOL", "150")
        await terminal.until(lambda: terminal.price(next(iter(engine.prices))) == "150")
        happened = [engine.transaction(WALLETS[0]) for _ in range(AHEAD)]
        await other.until(lambda: other.transactions() == happened)
        engine.price("SOL", "151")
        await terminal.until(lambda: terminal.price(next(iter(engine.prices))) == "151")
        assert terminal.transactions() == []
        happened += [engine.transaction(WALLETS[0]) for _ in range(AHEAD)]
        await terminal.until(lambda: len(terminal.transactions()) >= AHEAD)
        await other.until(lambda: other.transactions() == happened)
        assert terminal.transactions() == happened[AHEAD:]
        offsets = [frame.offset for frame in terminal.of(Frame) if frame.offset is not None]
        assert offsets == sorted(offsets)
        assert min(offsets) >= AHEAD


async def test_a_terminal_that_is_ahead_and_leaves_keeps_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay_bench.OwnLog", SharedLog)
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL"], WALLETS[:1], since=Position(relay.log.epoch, AHEAD))
        assert (await terminal.want(["BTC"], WALLETS[:1])).offset == AHEAD
        happened = [engine.transaction(WALLETS[0]) for _ in range(AHEAD + 1)]
        await terminal.until(terminal.transactions)
        assert terminal.transactions() == happened[AHEAD:]
