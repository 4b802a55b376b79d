"""Which sources of candles are in use: all that ask for no key, unless the market is one on this machine."""

from __future__ import annotations

from typing import Any

from manual_clock import ManualClock
from scripted_http import Asked, ScriptedHttp

from streamcore.config.model import JupiterSettings, KrakenSettings, Settings
from streamcore.config.selection import choose
from streamcore.history.sources import history_sources
from streamcore.net.transport import Answer
from streamcore.providers import PROVIDERS, create


def refuse(asked: Asked) -> Answer:
    raise AssertionError(f"{asked.url} was asked")


def sources(**given: Any) -> list[str]:
    settings = Settings(**given)
    clock = ManualClock()
    http = ScriptedHttp(refuse, clock.monotonic)
    in_use = [create(one.provider, settings, http, clock) for one in choose(settings).prices]
    return [one.name for one in history_sources(settings, http, clock, in_use, PROVIDERS)]


def test_an_exchange_has_candles_also_where_it_is_not_in_use_for_live_prices() -> None:
    assert "kraken" in sources(prices="jupiter")


def test_where_the_live_market_is_one_on_this_machine_no_public_host_is_asked() -> None:
    assert sources(prices="jupiter", jupiter=JupiterSettings(rest_url="http://127.0.0.1:9000")) == []
    here = KrakenSettings(ws_url="ws://127.0.0.1:9000/v2", rest_url="http://127.0.0.1:9001")
    assert sources(prices="kraken", kraken=here) == ["kraken"]
