from __future__ import annotations

from decimal import Decimal

import pytest

from streamcore.config.model import Settings, StreamSettings
from streamcore.config.screen import AlertSettings
from streamcore.config.sources import BirdeyeSettings, KrakenSettings, SolanaSettings
from streamcore.events import DataKind


def test_the_defaults_are_the_promised_ones():
    settings = Settings()
    assert settings.stream.ping_interval == 30.0
    assert settings.stream.stale_after == 60.0
    assert settings.stream.max_message_bytes == 33_554_432
    assert settings.backoff.max_attempts == 100
    assert settings.ui.frames_per_second is None
    assert settings.birdeye.ws_url == "wss://public-api.birdeye.so/socket/solana"
    assert settings.kraken.ws_url == "wss://ws.kraken.com/v2"
    assert settings.coinbase.ws_url == "wss://ws-feed.exchange.coinbase.com"
    assert settings.jupiter.rest_url == "https://api.jup.ag"
    assert settings.dexscreener.rest_url == "https://api.dexscreener.com"
    assert settings.solana.rpc_url == "https://api.mainnet.solana.com"


def test_settings_do_not_change_and_know_no_other_keys():
    with pytest.raises(AttributeError):
        StreamSettings().stale_after = 1.0
    with pytest.raises(TypeError):
        StreamSettings(stale=1.0)


def test_the_section_of_a_source_says_what_it_serves_and_that_is_no_setting():
    assert BirdeyeSettings.serves is KrakenSettings.serves is DataKind.PRICES
    assert SolanaSettings.serves is DataKind.WALLETS
    assert KrakenSettings.is_exchange
    assert not BirdeyeSettings.is_exchange
    with pytest.raises(TypeError):
        KrakenSettings(serves=DataKind.WALLETS)


@pytest.mark.parametrize(
    ("alert", "mistake"),
    [
        ({"symbol": "SOL", "above": Decimal(1)}, None),
        ({"wallet": "x"}, None),
        ({"symbol": "SOL"}, "a symbol needs one of above, below and change"),
        ({"above": Decimal(1)}, "name either a symbol or a wallet"),
        ({"symbol": "SOL", "above": Decimal(0)}, "a limit is a number above 0"),
        ({"symbol": "SOL", "above": Decimal("NaN")}, "a limit is a number above 0"),
        ({"wallet": "x", "below": Decimal(1)}, "a wallet has no other limit than above, in SOL"),
    ],
)
def test_an_alert_says_what_does_not_go_together(alert, mistake):
    assert AlertSettings(**alert).mistake() == mistake
