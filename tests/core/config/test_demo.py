from __future__ import annotations

from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager

import msgspec
import pytest
from manual_clock import ManualClock

from streamcore import Clock, DataKind, Settings, SettingsError
from streamcore.config.demo import with_demo
from streamcore.config.model import StreamSettings


class Servers:
    """Demo servers that note what they were asked to serve, and until when."""

    def __init__(self) -> None:
        self.asked: list[frozenset[DataKind]] = []
        self.serving = False

    @asynccontextmanager
    async def __call__(
        self, settings: Settings, kinds: Set[DataKind], clock: Clock
    ) -> AsyncIterator[Settings]:
        self.asked.append(frozenset(kinds))
        self.serving = True
        try:
            yield msgspec.structs.replace(settings, symbols=("SERVED",))
        finally:
            self.serving = False


async def test_settings_that_ask_for_no_demo_are_gone_by_as_they_are() -> None:
    servers = Servers()
    settings = Settings()
    async with with_demo(settings, ManualClock(), servers) as gone_by:
        assert gone_by is settings
    assert servers.asked == []


async def test_demo_data_comes_from_the_servers_for_as_long_as_it_is_used() -> None:
    servers = Servers()
    settings = Settings(demo=True, stream=StreamSettings(enable_wallets=False))
    async with with_demo(settings, ManualClock(), servers) as gone_by:
        assert gone_by.symbols == ("SERVED",)
        assert servers.serving
    assert not servers.serving
    assert servers.asked == [frozenset({DataKind.PRICES})]


async def test_without_servers_it_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(SettingsError, match="hand them in") as refused:
        async with with_demo(Settings(demo=True), ManualClock(), None, origin="--demo"):
            pass
    assert (refused.value.key, refused.value.origin) == ("demo", "--demo")
