"""Which providers are searched: those in use within their own limits, and beside a local one no other."""

from __future__ import annotations

from typing import Any

from manual_clock import ManualClock
from scripted_http import Asked, ScriptedHttp

from streamcore.config.model import Settings, StreamSettings
from streamcore.config.selection import choose
from streamcore.config.sources import JupiterSettings
from streamcore.net.transport import Answer
from streamcore.providers import PROVIDERS, create
from streamcore.search.sources import search_sources
from streamcore.search.token_search import Searched


def refuse(asked: Asked) -> Answer:
    raise AssertionError(f"{asked.url} was asked")


def sources(settings: Settings) -> tuple[list[Searched], dict[str, Any]]:
    clock = ManualClock()
    http = ScriptedHttp(refuse, clock.monotonic)
    names = [one.provider for one in choose(settings).prices]
    in_use = {name: create(name, settings, http, clock) for name in names}
    return search_sources(settings, http, clock, in_use, PROVIDERS), in_use


def test_a_provider_in_use_is_searched_by_the_list_it_shares_its_limits_with() -> None:
    found, in_use = sources(Settings())
    assert [(one.name, one.is_exchange) for one in found] == [
        ("kraken", True),
        ("coinbase", True),
        ("jupiter", False),
        ("dexscreener", False),
        ("solana", False),  # which has a mint's own word for itself
    ]
    shared = {one.name: one.directory for one in found if one.name in in_use}
    assert shared == {name: provider.directory for name, provider in in_use.items()}


def test_what_knows_tokens_by_name_is_searched_whoever_serves_the_prices() -> None:
    found, in_use = sources(Settings(prices="dexscreener"))
    assert [one.name for one in found] == ["dexscreener", "jupiter", "solana"]
    assert set(in_use) == {"dexscreener"}


def test_beside_a_source_on_this_machine_no_public_host_is_searched() -> None:
    here = JupiterSettings(rest_url="http://127.0.0.1:9000")
    found, _ = sources(Settings(prices="jupiter", jupiter=here))
    assert [one.name for one in found] == ["jupiter"]


def test_without_prices_nobody_is_searched() -> None:
    assert sources(Settings(stream=StreamSettings(enable_prices=False)))[0] == []
