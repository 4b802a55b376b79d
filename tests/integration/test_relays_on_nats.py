"""Three relays on a real NATS server, each fault once: nothing lost or doubled, and one leader."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from nats_server import needs_nats_server
from relay_faults import LEASE, OF_RELAYS, OF_THE_NETWORK, OF_THE_SERVER, Fault, all_started_at_once, happen
from relay_trial import Trial

pytestmark = [needs_nats_server, pytest.mark.long, pytest.mark.timeout(1200)]


async def nothing_is_lost_or_doubled(folder: Path, faults: Sequence[Fault]) -> None:
    async with Trial(folder, relays=3, on_nats=True, every=0.1, seed=15) as trial:
        for fault in faults:
            await happen(trial, fault)
        await trial.settle()
        account = trial.account
        assert account.faults.total() == len(faults)
        assert not account.lost.total(), (account.rows(), trial.said())
        assert not account.doubled.total(), account.rows()
        assert not trial.wanderer.gaps
        assert not [gap for one in trial.onlookers for gap in one.gaps]
        assert trial.longest_overlap <= LEASE


async def test_nothing_is_lost_or_doubled_when_relays_die_or_stand_still(tmp_path: Path) -> None:
    await nothing_is_lost_or_doubled(tmp_path, OF_RELAYS)


async def test_nothing_is_lost_or_doubled_when_the_server_dies_forgets_or_is_full(tmp_path: Path) -> None:
    await nothing_is_lost_or_doubled(tmp_path, OF_THE_SERVER)


async def test_nothing_is_lost_or_doubled_when_the_network_is_cut_dead_or_slow(tmp_path: Path) -> None:
    await nothing_is_lost_or_doubled(tmp_path, OF_THE_NETWORK)


async def test_of_three_relays_that_start_at_once_one_talks_to_the_providers(tmp_path: Path) -> None:
    async with Trial(tmp_path, relays=3, on_nats=True, every=0.1, seed=16) as trial:
        await happen(trial, all_started_at_once)
        leader = await trial.leader()
        assert trial.watch.leaders() == {leader.life}
        assert trial.longest_overlap == 0.0
