from __future__ import annotations

from pathlib import Path

import pytest
from loading_settings import loader

from streamcore.config.keys import secrets, sections, setting_keys, sources, value_of

SOL = "So11111111111111111111111111111111111111112"
WALLET = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"


@pytest.fixture
def loaded(tmp_path: Path):
    """Load from a file with the given text, an environment and options; nothing comes from outside."""
    return loader(tmp_path)


def test_every_key_can_be_set_by_its_variable(loaded):
    given = {
        "int": "12",
        "float": "12.5",
        "bool": "false",
        "str": "some-text",
    }
    for key in setting_keys().values():
        if (
            key.is_table
            or key.is_array
            or key.name
            in ("prices", "chain", "ui.colours", "stream.transport", "relay.encoding", "relay.interval")
        ):
            continue
        if key.schemes:  # also of a list of them
            text = f"{key.schemes[0]}://example.org"
        elif key.name == "ui.columns":
            text = "price,symbol"
        elif key.is_list:
            text = "one,two"
        elif key.optional:
            text = "12" if "frames" in key.name else "some-text"
        elif key.name == "backoff.jitter":
            text = "0.5"
        elif key.name in ("stream.max_message_bytes", "relay.keep"):
            text = "4096"
        else:
            text = given[type(key.default).__name__]
        result = loaded(environ={key.variable: text})
        assert result.origins[key.name] == f"environment variable {key.variable}"
        assert value_of(result.settings, key) != "", key.name


def test_every_key_says_what_it_means_and_what_is_allowed():
    for key in setting_keys().values():
        assert key.description, key.name
        assert key.allowed, key.name
    assert all(sections().values())


def test_only_the_secret_values_are_secrets(loaded):
    result = loaded(environ={"BIRDEYE_API_KEY": "first-key", "HELIUS_API_KEY": "second-key"})
    assert secrets(result.settings) == ("first-key", "second-key")


def test_a_source_is_a_section_that_says_whom_it_serves_in_the_order_of_preference():
    assert list(sources()) == ["birdeye", "helius", "kraken", "coinbase", "jupiter", "dexscreener", "solana"]
    assert set(sources()) < set(sections())


@pytest.mark.parametrize(
    ("key", "variables"),
    [
        ("birdeye.api_key", ("BIRDEYE_API_KEY", "STREAMTUI_BIRDEYE_API_KEY")),
        ("helius.api_key", ("HELIUS_API_KEY", "STREAMTUI_HELIUS_API_KEY")),
        ("birdeye.ws_url", ("STREAMTUI_BIRDEYE_WS_URL",)),
    ],
)
def test_an_api_key_has_a_familiar_variable_beside_ours_which_is_the_stronger(key, variables):
    assert setting_keys()[key].variables == variables
