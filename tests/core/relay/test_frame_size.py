"""How long a frame may become: transactions can be long, and many of them may be missed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from relay_bench import WALLETS, Terminal, running
from relayed_engine import RelayedEngine

from streamcore.wire.encodings import NAMES

LONGEST_FRAME = 2 << 20
"""Bytes; a terminal takes 8 MiB, one that is set otherwise less."""

COUNT = 150


def long_transactions(engine: RelayedEngine) -> list[str]:
    """Publish transactions of about 40 KB each, 6 MB together."""
    parties = tuple(f"{number:044d}" for number in range(850))
    return [engine.transaction(WALLETS[0], counterparties=parties) for _ in range(COUNT)]


@pytest.mark.parametrize("name", NAMES)
async def test_what_a_terminal_has_missed_comes_in_frames_that_it_can_take(tmp_path: Path, name: str) -> None:
    async with running(tmp_path) as (relay, engine):
        first = await Terminal(relay, name).open()
        await first.want(["SOL"], WALLETS[:1])
        await first.close()
        told = long_transactions(engine)
        again = await Terminal(relay, name, mirror=first.mirror).open(max_size=LONGEST_FRAME)
        assert (await again.want(["SOL"], WALLETS[:1])).recovered is True
        await again.until(lambda: len(again.transactions()) >= COUNT or again.closed)
        assert again.transactions() == told
        assert again.mirror.since is not None
        assert again.mirror.since.offset == relay.log.offset


@pytest.mark.parametrize("name", NAMES)
async def test_what_happens_at_once_comes_in_frames_that_a_terminal_can_take(
    tmp_path: Path, name: str
) -> None:
    async with running(tmp_path) as (relay, engine):
        terminal = await Terminal(relay, name).open(max_size=LONGEST_FRAME)
        other = await Terminal(relay, name).open(max_size=LONGEST_FRAME)
        await terminal.want(["SOL"], WALLETS[:1])
        await other.want(["SOL"], WALLETS[1:2])
        told = long_transactions(engine)
        elsewhere = engine.transaction(WALLETS[1])
        price = engine.price("SOL", "99.5")
        await terminal.until(lambda: len(terminal.transactions()) >= COUNT or terminal.closed)
        await other.until(other.transactions)
        assert terminal.transactions() == told
        assert other.transactions() == [elsewhere]
        await terminal.until(lambda: list(terminal.mirror.prices.values()))
        assert [str(one.price) for one in terminal.mirror.prices.values()] == [str(price.price)]
        later = engine.transaction(WALLETS[0])
        await terminal.until(lambda: terminal.transactions()[-1:] == [later])
        await asyncio.sleep(0)
        assert not relay.fan_out.lagging
