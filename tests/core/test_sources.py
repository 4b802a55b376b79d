from __future__ import annotations

import msgspec
import pytest

from streamcore.errors import SettingsError
from streamcore.events import DataKind
from streamcore.settings import BirdeyeSettings, HeliusSettings, Settings, StreamSettings
from streamcore.sources import Choice, Sources, choose

BIRDEYE_KEY = BirdeyeSettings(api_key="abcdefgh")
HELIUS_KEY = HeliusSettings(api_key="abcdefgh")


def chosen(**settings: object) -> tuple[tuple[str, bool], ...]:
    return tuple((choice.provider, choice.demo) for choice in choose(Settings(**settings)))


PUBLIC = ("kraken", "coinbase", "jupiter", "dexscreener")


def test_auto_takes_the_provider_whose_key_is_set_and_else_the_demo():
    assert chosen() == (("birdeye", True), ("helius", True))
    assert chosen(birdeye=BIRDEYE_KEY) == (("birdeye", False), ("helius", True))
    assert chosen(birdeye=BIRDEYE_KEY, helius=HELIUS_KEY) == (("birdeye", False), ("helius", False))


def test_public_takes_the_sources_without_keys_one_stepping_in_for_the_other():
    public = chosen(prices="public", chain="public")
    assert public == tuple((name, False) for name in (*PUBLIC, "solana"))
    assert choose(Settings(prices="public")).exchanges
    assert not choose(Settings(birdeye=BIRDEYE_KEY)).exchanges


def test_demo_puts_the_emulators_in_the_place_of_both():
    assert chosen(demo=True, birdeye=BIRDEYE_KEY, helius=HELIUS_KEY) == (("birdeye", True), ("helius", True))
    assert chosen(demo=True, prices="birdeye", chain="helius") == (("birdeye", True), ("helius", True))


def test_a_named_provider_with_a_key_serves():
    assert chosen(prices="birdeye", birdeye=BIRDEYE_KEY) == (("birdeye", False), ("helius", True))


@pytest.mark.parametrize("name", PUBLIC)
def test_a_named_provider_stands_alone_and_needs_no_key_where_there_is_none(name):
    assert chosen(prices=name, chain="solana") == ((name, False), ("solana", False))


@pytest.mark.parametrize(
    ("option", "name", "variable"),
    [("prices", "birdeye", "BIRDEYE_API_KEY"), ("chain", "helius", "HELIUS_API_KEY")],
)
def test_a_named_provider_without_its_key_is_an_error_that_names_the_variable(option, name, variable):
    with pytest.raises(SettingsError, match=variable) as caught:
        choose(Settings(**{option: name}), {option: f"option --{option}"})
    assert caught.value.key == option
    assert caught.value.value == name
    assert caught.value.origin == f"option --{option}"


@pytest.mark.parametrize(
    ("option", "name"), [("prices", "helius"), ("chain", "birdeye"), ("prices", ""), ("chain", "x")]
)
def test_a_provider_that_does_not_serve_the_kind_is_an_error_that_lists_those_that_do(option, name):
    with pytest.raises(SettingsError, match="expected one of: auto, "):
        choose(Settings(**{option: name}, birdeye=BIRDEYE_KEY, helius=HELIUS_KEY))


def test_a_kind_that_is_switched_off_is_served_by_nobody():
    stream = StreamSettings(enable_prices=False)
    sources = choose(Settings(stream=stream))
    assert sources == Sources(prices=(), wallets=(Choice(DataKind.WALLETS, "helius", demo=True),))
    assert [choice.kind for choice in sources] == [DataKind.WALLETS]
    with pytest.raises(SettingsError):
        choose(msgspec.structs.replace(Settings(stream=stream), prices="nonsense"))
