from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import pytest

from streamcore.clock import SystemClock
from streamcore.config.libraries import check_library, library_for
from streamcore.config.loading import load
from streamcore.config.model import Settings, StreamSettings, StreamTransport
from streamcore.errors import SettingsError
from streamcore.manager import StreamManager
from streamcore.net.network import Network
from streamcore.providers import PROVIDERS, create

AUTO, WEBSOCKETS, PICOWS = StreamTransport.AUTO, StreamTransport.WEBSOCKETS, StreamTransport.PICOWS


def installed(monkeypatch: pytest.MonkeyPatch, version: str | None) -> None:
    if version is None:
        monkeypatch.setitem(sys.modules, "picows", None)
    else:
        monkeypatch.setattr(importlib.metadata, "version", lambda name: version)


@pytest.mark.parametrize("version", [None, "2.2.0", "2.4.0"])
def test_without_a_picows_that_can_be_used_it_is_websockets(
    monkeypatch: pytest.MonkeyPatch, version: str | None
) -> None:
    installed(monkeypatch, version)
    assert library_for(AUTO, compressible=False) is WEBSOCKETS


@pytest.mark.parametrize("choice", [WEBSOCKETS, PICOWS])
@pytest.mark.parametrize("compressible", [False, True])
def test_what_is_asked_for_is_used_for_every_stream(choice: StreamTransport, compressible: bool) -> None:
    assert library_for(choice, compressible=compressible) is choice


def test_of_itself_prices_go_by_picows_and_transactions_by_what_can_compress_them() -> None:
    settings = load(None, environ={"BIRDEYE_API_KEY": "k", "HELIUS_API_KEY": "k"}).settings
    network = Network(SystemClock(), timeout=1.0)
    chosen = {}
    for name in PROVIDERS:
        endpoint = create(name, settings, network, SystemClock()).endpoint()
        if endpoint is not None:
            chosen[name] = library_for(AUTO, compressible=endpoint.compressible)
    assert chosen == {
        "birdeye": PICOWS,
        "kraken": PICOWS,
        "coinbase": PICOWS,
        "helius": WEBSOCKETS,
        "solana": WEBSOCKETS,
    }


@pytest.mark.parametrize(
    ("version", "text"),
    [
        (None, "picows is not installed: pip install 'streamtui[fast]'"),
        ("2.4.1", "picows 2.4.1 is installed, but it must be 2.3: pip install 'streamtui[fast]'"),
    ],
)
def test_asking_for_picows_without_it_is_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, version: str | None, text: str
) -> None:
    installed(monkeypatch, version)
    with pytest.raises(SettingsError) as caught:
        check_library(PICOWS, "option --x")
    assert str(caught.value) == f"stream.transport = 'picows' (option --x): {text}"
    with pytest.raises(SettingsError, match="STREAMTUI_STREAM_TRANSPORT"):
        load(None, environ={"STREAMTUI_STREAM_TRANSPORT": "picows"})


async def test_an_engine_that_was_given_such_settings_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, None)
    settings = Settings(stream=StreamSettings(transport=PICOWS))
    with pytest.raises(SettingsError, match="not installed"):
        await StreamManager(settings).__aenter__()


def test_another_word_is_an_error_that_names_the_three(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[stream]\ntransport = "aiohttp"\n')
    with pytest.raises(SettingsError, match="auto, websockets, picows"):
        load(file, environ={})
