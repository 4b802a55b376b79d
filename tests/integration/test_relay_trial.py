"""The trial of relays does what it is for, with one relay that shares nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from relay_faults import ALONE, happen
from relay_trial import Trial

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]


async def test_one_relay_alone_loses_and_doubles_nothing_whatever_happens(tmp_path: Path) -> None:
    async with Trial(tmp_path, relays=1, on_nats=False, every=0.05, seed=1) as trial:
        for fault in ALONE:
            await happen(trial, fault)
        await trial.settle()
        account = trial.account
        assert len(account.happened) > 50
        assert account.faults.total() == len(ALONE)
        assert not account.lost.total(), account.rows()
        assert not account.doubled.total(), account.rows()
        assert set(account.lost) == {"terminal 1", "terminal 2", "wanderer"}
        assert trial.wanderer.visits.total()
        assert not trial.wanderer.gaps


async def test_a_trial_notices_a_transaction_that_is_lost_and_one_that_is_doubled(tmp_path: Path) -> None:
    async with Trial(tmp_path, relays=1, on_nats=False, every=0.05, seed=2) as trial:
        await happen(trial, ALONE[1])
        await trial.settle()
        first, second, *_ = trial.account.happened
        trial.onlookers[0].told[first] += 1
        del trial.wanderer.told[second]
        trial.count()
        assert trial.account.doubled == {"terminal 1": 1, "terminal 2": 0, "wanderer": 0}
        assert trial.account.lost == {"terminal 1": 0, "terminal 2": 0, "wanderer": 1}
