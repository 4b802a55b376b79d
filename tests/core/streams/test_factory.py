from __future__ import annotations

from typing import Any

import pytest
from manual_clock import ManualClock
from scripted_transport import ScriptedTransport

from streamcore import Settings, State
from streamcore.config.sources import BirdeyeSettings, HeliusSettings
from streamcore.providers import PROVIDERS, create
from streamcore.streams.checkpoints import Checkpoints
from streamcore.streams.factory import make_stream
from streamcore.streams.polled_stream import PolledStream
from streamcore.streams.provider_stream import ProviderStream

SETTINGS = Settings(birdeye=BirdeyeSettings(api_key="key"), helius=HeliusSettings(api_key="key"))


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_provider_streams_where_it_has_a_stream_and_is_polled_where_not(name: str) -> None:
    clock = ManualClock()
    network = ScriptedTransport(lambda asked: pytest.fail("nothing is wanted of it"), clock.monotonic)
    provider = create(name, SETTINGS, network, clock)
    nobody: Any = object()
    stream = make_stream(provider, SETTINGS, network, clock, Checkpoints(), nobody, demo=True)
    assert isinstance(stream, PolledStream if provider.endpoint() is None else ProviderStream)
    status = stream.status(0)
    assert (status.provider, status.state, status.idle, status.demo) == (
        name,
        State.DISCONNECTED,
        True,
        True,
    )
    await stream.close()
    assert (network.dialled, network.asked) == ((), [])
