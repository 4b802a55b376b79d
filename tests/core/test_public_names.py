from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import streamcore
import streamcore.config
import streamtui

PUBLIC = {
    # what a program starts with
    "Settings",
    "StreamManager",
    "RelayClient",
    "DirectFallback",
    # what it may rely on instead of that manager
    "Engine",
    "Snapshot",
    # parts of the settings
    "AlertSettings",
    "Colours",
    "PriceColumn",
    "UiSettings",
    # time, to be replaced in a test
    "Clock",
    "SystemClock",
    # what a consumer receives
    "Event",
    "PriceUpdate",
    "WalletTransaction",
    "StatusChange",
    "StreamError",
    "TokenChange",
    "from_json",
    "to_json",
    # the words in it
    "DataKind",
    "ErrorKind",
    "PriceKind",
    "Source",
    "State",
    "TransactionType",
    # what can be asked
    "BreakerState",
    "ProviderStatus",
    # the past of a price, and what a search finds
    "Candle",
    "CandleSeries",
    "ChartRange",
    "SearchFailure",
    "SearchResult",
    "TokenHit",
    "VolumeUnit",
    "needs_refill",
    "origin_of",
    "with_price",
    # what can be watched, and what it is called
    "Token",
    "TokenTable",
    "address_in",
    "check_address",
    "exchange_name",
    "read_pair",
    "split_names",
    "price_key",
    "short_address",
    "understand",
    "well_known",
    "changed_names",
    "is_plain_name",
    "wallet_name",
    # text that is safe to show
    "HIDDEN",
    "Mask",
    "MaskingFilter",
    "printable",
    "secret_refusal",
    "without_secrets",
    # what can go wrong
    "AlreadyStarted",
    "BadAddress",
    "IllegalTransition",
    "InputError",
    "MalformedEvent",
    "NotRunning",
    "ProviderError",
    "SettingsError",
    "StreamcoreError",
    "UnknownProvider",
    "UnknownSymbol",
}
ABOUT_SETTINGS = {
    "Key",
    "Loaded",
    "choose",
    "config_file",
    "load",
    "read_surroundings",
    "secrets",
    "sections",
    "setting_keys",
    "shown_url",
    "value_of",
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
    assert set(streamcore.config.__all__) == ABOUT_SETTINGS
    # also those that nobody has used yet
    assert set(dir(streamcore)) == PUBLIC
    assert set(dir(streamcore.config)) == ABOUT_SETTINGS


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_public_name_is_there_and_documented(name: str) -> None:
    item = getattr(streamcore, name)
    assert name in ("Event", "HIDDEN") or item.__doc__


@pytest.mark.parametrize("name", sorted(ABOUT_SETTINGS))
def test_every_public_name_about_settings_is_there_and_documented(name: str) -> None:
    assert getattr(streamcore.config, name).__doc__


ABOUT_EXAMINING = {"Check", "Result", "examine", "needed_failed"}
ABOUT_RECORDING = {"Capture"}
ABOUT_SERVING = {
    "Attempts",
    "Bucket",
    "DemoServers",
    "ListenFailed",
    "LogFailed",
    "Plan",
    "Relay",
    "Scope",
    "TokenEntry",
    "Tokens",
    "TokensFailed",
    "forwarded_address",
    "is_loopback",
    "listening_socket",
    "plan",
    "read_tokens",
    "serving",
    "shown_address",
    "why_not_ready",
    "write_tokens",
}


def test_the_app_uses_nothing_of_the_engine_but_its_public_names() -> None:
    app = Path(streamtui.__file__).parent
    public = {
        "streamcore": PUBLIC,
        "streamcore.config": ABOUT_SETTINGS,
        "streamcore.comparison": {"Cost", "UnreadableFile", "compare", "prices_in"},
        "streamcore.doctor": ABOUT_EXAMINING,
        "streamcore.extras": {"lacking"},
        "streamcore.recording": ABOUT_RECORDING,
        "streamcore.cluster": {"check_access", "serving_together"},
        "streamcore.relay": ABOUT_SERVING,
    }
    wrong = []
    for path in sorted(app.rglob("*.py")):
        where = path.relative_to(app).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                wrong += [
                    f"{where}: {name.name}" for name in node.names if name.name.startswith("streamcore.")
                ]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "streamcore":
                allowed = public.get(node.module or "", set())
                wrong += [f"{where}: {node.module} {n.name}" for n in node.names if n.name not in allowed]
    assert wrong == []


def test_the_manager_has_every_promised_door() -> None:
    assert {name for name in MANAGER if not hasattr(streamcore.StreamManager, name)} == set()


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        streamcore.Nothing  # noqa: B018


PROGRAM = """
import sys
import streamcore

print(*sys.modules)
streamcore.Settings, streamcore.PriceUpdate
print(*sys.modules)
streamcore.StreamManager
print(*sys.modules)
"""


@pytest.fixture(scope="module")
def loaded() -> list[set[str]]:
    """What a fresh interpreter has loaded after the package, after the light names, and after the manager."""
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    return [set(line.split()) for line in run.stdout.splitlines()]


def test_importing_the_package_imports_nothing_of_it(loaded: list[set[str]]) -> None:
    ours = {name for name in loaded[0] if name.startswith("streamcore")}
    assert ours == {"streamcore", "streamcore.lazy"}
    assert not loaded[0] & {"msgspec", "asyncio"}


def test_reading_settings_and_events_waits_for_no_network_library(loaded: list[set[str]]) -> None:
    assert not loaded[1] & {"httpcore", "websockets", "msgpack", "streamcore.manager"}


def test_the_engine_loads_neither_the_app_nor_textual_nor_the_emulators(loaded: list[set[str]]) -> None:
    assert "streamcore.manager" in loaded[2]
    assert not loaded[2] & {"textual", "streamtui", "typer", "streamsim"}
