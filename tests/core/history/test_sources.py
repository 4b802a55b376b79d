"""Which sources of candles are in use: all that ask for no key, unless the market is one on this machine."""

from __future__ import annotations

from typing import Any

import pytest
from manual_clock import ManualClock
from scripted_history import instrument
from scripted_http import Asked, ScriptedHttp

from streamcore.candles import ChartRange
from streamcore.config.model import Settings, StreamSettings
from streamcore.config.selection import choose
from streamcore.config.sources import BirdeyeSettings, GeckoterminalSettings, JupiterSettings, KrakenSettings
from streamcore.errors import ProviderError
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


def test_sources_without_a_key_are_all_there_and_one_with_a_key_is_asked_before_a_mere_line() -> None:
    assert sources() == ["kraken", "coinbase", "geckoterminal", "defillama"]
    keyed = sources(birdeye=BirdeyeSettings(api_key="k"))
    assert keyed == ["kraken", "coinbase", "geckoterminal", "birdeye", "defillama"]


def test_an_exchange_has_candles_also_where_it_is_not_in_use_for_live_prices() -> None:
    assert "kraken" in sources(prices="jupiter")


def test_where_the_live_market_is_one_on_this_machine_no_public_host_is_asked() -> None:
    assert sources(prices="jupiter", jupiter=JupiterSettings(rest_url="http://127.0.0.1:9000")) == []
    here = KrakenSettings(ws_url="ws://127.0.0.1:9000/v2", rest_url="http://127.0.0.1:9001")
    assert sources(prices="kraken", kraken=here) == ["kraken"]
    half = KrakenSettings(ws_url="ws://127.0.0.1:9000/v2")
    assert sources(prices="kraken", kraken=half) == ["kraken"], "which has no HTTP side that belongs to it"
    pools = GeckoterminalSettings(rest_url="http://localhost:9002")
    assert sources(prices="kraken", kraken=here, geckoterminal=pools) == ["kraken", "geckoterminal"]


def test_where_no_prices_are_watched_nobody_is_asked_for_past_ones_in_the_demo_least_of_all() -> None:
    off = StreamSettings(enable_prices=False)
    assert sources(stream=off) == sources(stream=off, demo=True) == []
    assert sources(demo=True, prices="public") == [], "the URLs are those of public hosts"


async def test_where_no_public_host_is_asked_pools_are_not_looked_for_at_one_either() -> None:
    clock = ManualClock()
    settings = Settings(
        prices="jupiter",
        jupiter=JupiterSettings(rest_url="http://127.0.0.1:9000"),
        geckoterminal=GeckoterminalSettings(rest_url="http://127.0.0.1:9002"),
    )
    http = ScriptedHttp(lambda _: Answer(404, {}, b""), clock.monotonic)
    in_use = [create("jupiter", settings, http, clock)]
    (asked,) = history_sources(settings, http, clock, in_use, PROVIDERS)
    with pytest.raises(ProviderError):
        await asked.candles(instrument("BONK"), ChartRange.DAY)
    assert all(one.url.startswith("http://127.0.0.1:9002/") for one in http.asked)
    assert http.asked
