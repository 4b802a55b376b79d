from __future__ import annotations

import subprocess
import sys

import pytest

import streamcore

PUBLIC = {
    # what a program starts with
    "Settings",
    "StreamManager",
    # what a consumer receives
    "Event",
    "PriceUpdate",
    "WalletTransaction",
    "StatusChange",
    "StreamError",
    "TokenChange",
    "to_json",
    # the words in it
    "ErrorKind",
    "PriceKind",
    "Source",
    "State",
    "TransactionType",
    # what can be asked
    "ProviderStatus",
    # what can go wrong
    "BadAddress",
    "IllegalTransition",
    "InputError",
    "ProviderError",
    "SettingsError",
    "StreamcoreError",
    "UnknownProvider",
    "UnknownSymbol",
}
MANAGER = {
    "subscribe_prices",
    "unsubscribe_prices",
    "subscribe_wallets",
    "unsubscribe_wallets",
    "events",
    "statuses",
    "status",
    "is_any_connected",
    "is_fallback_active",
    "reconnect",
    "drain",
    "__aenter__",
    "__aexit__",
}


def test_the_public_names_are_just_these() -> None:
    assert set(streamcore.__all__) == PUBLIC
    assert list(streamcore.__all__) == sorted(streamcore.__all__)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_public_name_is_there_and_documented(name: str) -> None:
    item = getattr(streamcore, name)
    assert name == "Event" or item.__doc__


def test_the_manager_has_every_promised_door() -> None:
    assert {name for name in MANAGER if not hasattr(streamcore.StreamManager, name)} == set()


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        streamcore.Nothing  # noqa: B018


PROGRAM = """
import sys
import streamcore

streamcore.Settings, streamcore.PriceUpdate
print(*sys.modules)
streamcore.StreamManager
print(*sys.modules)
"""


@pytest.fixture(scope="module")
def loaded() -> list[set[str]]:
    """What a fresh interpreter has loaded after the light names, and after the manager."""
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    return [set(line.split()) for line in run.stdout.splitlines()]


def test_reading_settings_and_events_waits_for_no_network_library(loaded: list[set[str]]) -> None:
    assert not loaded[0] & {"httpx", "websockets", "msgpack", "streamcore.manager"}


def test_the_engine_loads_neither_the_app_nor_textual_nor_the_emulators(loaded: list[set[str]]) -> None:
    assert "streamcore.manager" in loaded[1]
    assert not loaded[1] & {"textual", "streamtui", "typer", "streamsim"}
