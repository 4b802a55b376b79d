from __future__ import annotations

import msgspec
import pytest

from streamcore.config.model import Settings, StreamSettings
from streamcore.config.selection import Choice, Sources, candidates, choose, token_lists
from streamcore.config.sources import (
    BirdeyeSettings,
    HeliusSettings,
    JupiterSettings,
    KrakenSettings,
    SolanaSettings,
)
from streamcore.errors import SettingsError
from streamcore.events import DataKind

BIRDEYE_KEY = BirdeyeSettings(api_key="abcdefgh")
HELIUS_KEY = HeliusSettings(api_key="abcdefgh")


def chosen(**settings: object) -> tuple[tuple[str, bool], ...]:
    return tuple((choice.provider, choice.demo) for choice in choose(Settings(**settings)))


PUBLIC = ("kraken", "coinbase", "jupiter", "dexscreener")


def real(*names: str) -> tuple[tuple[str, bool], ...]:
    return tuple((name, False) for name in names)


def test_auto_takes_the_provider_whose_key_is_set_and_after_it_those_without_keys():
    assert chosen() == real(*PUBLIC, "solana")
    assert chosen(birdeye=BIRDEYE_KEY) == real("birdeye", *PUBLIC, "solana")
    assert chosen(helius=HELIUS_KEY) == real(*PUBLIC, "helius", "solana")
    assert chosen(birdeye=BIRDEYE_KEY, helius=HELIUS_KEY) == real("birdeye", *PUBLIC, "helius", "solana")


def test_for_a_stream_on_this_machine_no_public_host_steps_in():
    here = BirdeyeSettings(api_key="abcdefgh", ws_url="ws://127.0.0.1:9/socket/solana")
    assert chosen(birdeye=here) == real("birdeye", "solana")
    kraken = KrakenSettings(ws_url="ws://127.0.0.1:9/v2")
    assert chosen(birdeye=here, kraken=kraken) == real("birdeye", "kraken", "solana")
    assert chosen(birdeye=BIRDEYE_KEY, kraken=kraken) == real("birdeye", *PUBLIC, "solana")
    node = SolanaSettings(ws_url="ws://localhost:9/", rpc_url="http://localhost:9/")
    helius = HeliusSettings(api_key="abcdefgh", ws_url="ws://[::1]:9/")
    assert chosen(helius=helius)[-1:] == real("helius")
    assert chosen(helius=helius, solana=node)[-2:] == real("helius", "solana")


def test_invented_data_is_never_chosen_unasked():
    for keys in ({}, {"birdeye": BIRDEYE_KEY}, {"helius": HELIUS_KEY}, {"prices": "public"}):
        assert not any(demo for _, demo in chosen(**keys))


def test_public_takes_the_sources_without_keys_one_stepping_in_for_the_other():
    public = chosen(prices="public", chain="public")
    assert public == tuple((name, False) for name in (*PUBLIC, "solana"))
    assert choose(Settings(prices="public")).exchanges
    assert choose(Settings(birdeye=BIRDEYE_KEY)).exchanges
    assert not choose(Settings(birdeye=BIRDEYE_KEY, prices="birdeye")).exchanges


def test_demo_puts_the_emulators_in_the_place_of_both():
    assert chosen(demo=True, birdeye=BIRDEYE_KEY, helius=HELIUS_KEY) == (("birdeye", True), ("helius", True))
    assert chosen(demo=True, prices="birdeye", chain="helius") == (("birdeye", True), ("helius", True))
    assert chosen(demo=True) == (("birdeye", True), ("helius", True))
    assert chosen(demo=True, prices="public", chain="public") == tuple(
        (name, True) for name in (*PUBLIC, "solana")
    )


def test_a_named_provider_with_a_key_serves():
    assert chosen(prices="birdeye", birdeye=BIRDEYE_KEY) == real("birdeye", "solana")


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
    assert sources == Sources(prices=(), wallets=(Choice(DataKind.WALLETS, "solana", demo=False),))
    assert [choice.kind for choice in sources] == [DataKind.WALLETS]
    with pytest.raises(SettingsError):
        choose(msgspec.structs.replace(Settings(stream=stream), prices="nonsense"))


def test_what_can_be_chosen_is_what_the_settings_have_a_section_for_the_most_wanted_first():
    assert [one.name for one in candidates(DataKind.PRICES)] == ["birdeye", *PUBLIC]
    assert [one.name for one in candidates(DataKind.WALLETS)] == ["helius", "solana"]
    assert [one.name for one in candidates(DataKind.PRICES) if one.is_exchange] == ["kraken", "coinbase"]


def test_a_candidate_can_serve_when_it_needs_no_key_or_has_it():
    birdeye, kraken, *_ = candidates(DataKind.PRICES)
    assert kraken.can_serve(Settings())
    assert not birdeye.can_serve(Settings())
    assert birdeye.can_serve(Settings(birdeye=BIRDEYE_KEY))


def test_tokens_are_looked_for_where_prices_come_from_and_where_names_are_known() -> None:
    assert token_lists(Settings())[:4] == ("kraken", "coinbase", "jupiter", "dexscreener")
    assert "solana" in token_lists(Settings())
    assert token_lists(Settings(prices="kraken")) == ("kraken",)
    birdeye = Settings(prices="birdeye", birdeye=BirdeyeSettings(api_key="k"))
    assert token_lists(birdeye) == ("birdeye", "jupiter", "dexscreener", "solana")
    assert token_lists(Settings(stream=StreamSettings(enable_prices=False))) == ()


def test_beside_a_stream_on_this_machine_no_public_list_is_searched() -> None:
    here = BirdeyeSettings(api_key="k", ws_url="ws://127.0.0.1:1/", rest_url="http://127.0.0.1:1")
    assert token_lists(Settings(birdeye=here)) == ("birdeye",)
    lists = JupiterSettings(rest_url="http://localhost:2")
    assert token_lists(Settings(birdeye=here, jupiter=lists)) == ("birdeye", "jupiter")
    node = SolanaSettings(ws_url="ws://localhost:3", rpc_url="http://localhost:3")
    assert "jupiter" in token_lists(Settings(solana=node))
    assert token_lists(Settings(demo=True)) == ("birdeye",)
