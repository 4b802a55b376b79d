"""Three relays on a NATS server and hundreds of random faults; ``pytest -m soak -s`` prints the table."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from nats_server import needs_nats_server
from relay_faults import LEASE, ON_NATS, happen, leader_killed, leader_stands_still, named
from relay_trial import Trial

pytestmark = [needs_nats_server, pytest.mark.soak]

SEED = int(os.environ.get("SOAK_SEED", "1"))
FAULTS = int(os.environ.get("SOAK_FAULTS", "200"))
EVERY = float(os.environ.get("SOAK_EVERY", "0.08"))
"""Seconds from one transaction to the next: a shorter trial with as many transactions takes fewer."""

TRANSACTIONS = 50
"""For each fault."""

IN_THE_WAKE = 0.25
"""The share of faults that do not wait until all is well after the one before; they are not timed."""

LONGEST_WITHOUT_PRICES = 8.0
"""Seconds from the leader's death until every terminal has a new price."""


@pytest.mark.timeout(7200)
async def test_two_hundred_faults_over_ten_thousand_transactions_lose_and_double_nothing(
    tmp_path: Path,
) -> None:
    async with Trial(tmp_path, relays=3, on_nats=True, every=EVERY, seed=SEED) as trial:
        account = trial.account
        # once for as long as a machine may be away; later ones stand still for little more than the lease
        trial.beyond_lease = (25.0, 25.0)
        await happen(trial, leader_stands_still)
        trial.beyond_lease = (1.0, 3.0)
        order = [fault for fault in ON_NATS for _ in range(-(-FAULTS // len(ON_NATS)))]
        trial.chance.shuffle(order)
        for number, fault in enumerate(order, 1):
            await happen(trial, fault, in_the_wake=trial.chance.random() < IN_THE_WAKE)
            print(f"{number} of {len(order)}: {named(fault)}", flush=True)
        while len(account.happened) < FAULTS * TRANSACTIONS:
            await happen(trial, trial.chance.choice(ON_NATS))
        await trial.settle()
        print("\n| | |\n|---|---|")
        for name, value in [*account.rows(), *trial.overlap_rows()]:
            print(f"| {name} | {value} |")
        gaps = [gap for one in trial.onlookers for gap in one.gaps] + trial.wanderer.gaps
        assert account.faults.total() >= FAULTS
        assert not account.lost.total()
        assert not account.doubled.total()
        assert not gaps
        assert trial.longest_overlap <= LEASE
        assert max(account.recoveries[named(leader_killed)]) <= LONGEST_WITHOUT_PRICES
