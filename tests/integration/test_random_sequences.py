"""The real manager against the emulators, through random sequences of everything that can happen."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from bench import NAMES, Sources
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from random_faults import ACTIONS, NETWORK_FAULTS, SERVER_FAULTS
from virtual_time import new_runner
from world import SYMBOLS, WALLETS, World, WorldSetup

pytestmark = pytest.mark.long

symbols = st.sampled_from(SYMBOLS)
wallets = st.sampled_from(WALLETS)
providers = st.sampled_from(NAMES["all"])


class Engine(RuleBasedStateMachine):
    """Deeds as rules; between two of them time stands still."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = new_runner()
        self.stage: WorldSetup | None = None
        self.world: World

    def do(self, work: Coroutine[Any, Any, Any]) -> None:
        self.runner.run(work)

    @initialize(seed=st.integers(0, 2**16), sources=st.sampled_from(sorted(NAMES)))
    def begin(self, seed: int, sources: Sources) -> None:
        async def work() -> None:
            self.stage = WorldSetup(seed, sources)
            self.world = await self.stage.enter()
            await self.world.subscribe_price("SOL")
            await self.world.subscribe_wallet(WALLETS[0])
            await self.world.settle()

        self.do(work())

    @rule(symbol=symbols)
    def subscribe_price(self, symbol: str) -> None:
        self.do(self.world.subscribe_price(symbol))

    @precondition(lambda self: self.world.prices)
    @rule(data=st.data())
    def unsubscribe_price(self, data: st.DataObject) -> None:
        self.do(self.world.unsubscribe_price(data.draw(st.sampled_from(sorted(self.world.prices)))))

    @rule(wallet=wallets)
    def subscribe_wallet(self, wallet: str) -> None:
        self.do(self.world.subscribe_wallet(wallet))

    @precondition(lambda self: self.world.wallets)
    @rule(data=st.data())
    def unsubscribe_wallet(self, data: st.DataObject) -> None:
        self.do(self.world.unsubscribe_wallet(data.draw(st.sampled_from(sorted(self.world.wallets)))))

    @rule(wallet=wallets, count=st.integers(1, 5))
    def transact(self, wallet: str, count: int) -> None:
        async def work() -> None:
            for _ in range(count):
                self.world.transact(wallet)

        self.do(work())

    @rule(symbol=symbols)
    def trade(self, symbol: str) -> None:
        async def work() -> None:
            self.world.trade(symbol)

        self.do(work())

    @rule(provider=providers, switch=st.sampled_from(SERVER_FAULTS))
    def spoil(self, provider: str, switch: tuple[Any, dict[str, Any]]) -> None:
        async def work() -> None:
            if provider in self.world.providers:
                self.world.set_fault(provider, *switch)

        self.do(work())

    @rule(provider=providers, switch=st.sampled_from(NETWORK_FAULTS))
    def spoil_way(self, provider: str, switch: tuple[Any, dict[str, Any]]) -> None:
        async def work() -> None:
            if provider in self.world.providers:
                self.world.set_network_fault(provider, *switch)

        self.do(work())

    @rule(provider=providers, moment=st.sampled_from(ACTIONS))
    def happen(self, provider: str, moment: str) -> None:
        if provider in self.world.providers:
            self.do(self.world.happen(provider, moment))

    @rule(provider=providers)
    def heal(self, provider: str) -> None:
        async def work() -> None:
            if provider in self.world.providers:
                self.world.heal(provider)

        self.do(work())

    @rule(seconds=st.sampled_from([10.0, 3600.0]))
    def sleep_like_a_laptop(self, seconds: float) -> None:
        self.world.sleep_like_a_laptop(seconds)

    @rule(seconds=st.sampled_from([0.0, 0.1, 1.0, 5.0, 30.0, 70.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.do(asyncio.sleep(seconds))

    @rule()
    def settle(self) -> None:
        """Wanted is restored, every transaction has come, every price is the truth."""
        self.do(self.world.settle())

    @invariant()
    def nothing_impossible_was_said(self) -> None:
        if self.stage is not None:
            self.world.look()

    def teardown(self) -> None:
        """All comes right in the end, and nothing is left behind."""
        stage = self.stage
        if stage is not None:

            async def work() -> None:
                try:
                    await self.world.settle()
                finally:
                    await stage.leave()

            self.do(work())
        self.runner.close()


checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


class TestEngine(Engine.TestCase):
    """A handful of runs; the soak makes more and longer ones."""

    settings = settings(
        max_examples=12,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=checks,
    )


@pytest.mark.soak
@pytest.mark.timeout(900)
class TestEngineLonger(Engine.TestCase):
    """The same, long enough to meet rare sequences, and different each time."""

    settings = settings(
        max_examples=80,
        stateful_step_count=40,
        deadline=None,
        derandomize=False,
        database=None,
        suppress_health_check=checks,
    )
