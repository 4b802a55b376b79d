"""The streaming engine of streamtui: provider connections, prices, wallet transactions. No screen.

::

    async with StreamManager(Settings.load()) as manager:
        await manager.subscribe_prices(["SOL", "BTC"])
        async for event in manager.events():
            ...

These names are all there is to rely on; each is imported when it is first used. What only a program that
shows or writes settings needs is in `streamcore.config`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamcore.lazy import lazily

if TYPE_CHECKING:
    from streamcore.assets.instruments import read_pair, understand
    from streamcore.assets.listings import exchange_name
    from streamcore.assets.names import address_in, split_names
    from streamcore.assets.tokens import Token, TokenTable, check_address, short_address
    from streamcore.assets.wallet_names import is_plain_name, wallet_name
    from streamcore.candles import Candle, CandleSeries, ChartRange, VolumeUnit
    from streamcore.clock import Clock, SystemClock
    from streamcore.config.model import Settings
    from streamcore.config.screen import AlertSettings, Colours, PriceColumn, UiSettings
    from streamcore.direct_fallback import DirectFallback
    from streamcore.engine import Engine, Snapshot
    from streamcore.errors import (
        AlreadyStarted,
        BadAddress,
        IllegalTransition,
        InputError,
        MalformedEvent,
        NotRunning,
        ProviderError,
        SettingsError,
        StreamcoreError,
        UnknownProvider,
        UnknownSymbol,
    )
    from streamcore.events import (
        DataKind,
        ErrorKind,
        Event,
        PriceKind,
        PriceUpdate,
        Source,
        State,
        StatusChange,
        StreamError,
        TokenChange,
        TransactionType,
        WalletTransaction,
        price_key,
    )
    from streamcore.history.live import needs_refill, with_price
    from streamcore.history.packed_series import origin_of
    from streamcore.json_lines import from_json, to_json
    from streamcore.manager import StreamManager
    from streamcore.relay_client.client import RelayClient
    from streamcore.search.changed_names import changed_names
    from streamcore.search.lookalikes import well_known
    from streamcore.status import BreakerState, ProviderStatus
    from streamcore.text import HIDDEN, Mask, MaskingFilter, printable
    from streamcore.token_hits import SearchFailure, SearchResult, TokenHit
    from streamcore.wallet_secrets import secret_refusal, without_secrets

__all__ = [
    "HIDDEN",
    "AlertSettings",
    "AlreadyStarted",
    "BadAddress",
    "BreakerState",
    "Candle",
    "CandleSeries",
    "ChartRange",
    "Clock",
    "Colours",
    "DataKind",
    "DirectFallback",
    "Engine",
    "ErrorKind",
    "Event",
    "IllegalTransition",
    "InputError",
    "MalformedEvent",
    "Mask",
    "MaskingFilter",
    "NotRunning",
    "PriceColumn",
    "PriceKind",
    "PriceUpdate",
    "ProviderError",
    "ProviderStatus",
    "RelayClient",
    "SearchFailure",
    "SearchResult",
    "Settings",
    "SettingsError",
    "Snapshot",
    "Source",
    "State",
    "StatusChange",
    "StreamError",
    "StreamManager",
    "StreamcoreError",
    "SystemClock",
    "Token",
    "TokenChange",
    "TokenHit",
    "TokenTable",
    "TransactionType",
    "UiSettings",
    "UnknownProvider",
    "UnknownSymbol",
    "VolumeUnit",
    "WalletTransaction",
    "address_in",
    "changed_names",
    "check_address",
    "exchange_name",
    "from_json",
    "is_plain_name",
    "needs_refill",
    "origin_of",
    "price_key",
    "printable",
    "read_pair",
    "secret_refusal",
    "short_address",
    "split_names",
    "to_json",
    "understand",
    "wallet_name",
    "well_known",
    "with_price",
    "without_secrets",
]

_HOMES = {
    "streamcore.assets.instruments": ("read_pair", "understand"),
    "streamcore.assets.listings": ("exchange_name",),
    "streamcore.assets.names": ("address_in", "split_names"),
    "streamcore.assets.tokens": ("Token", "TokenTable", "check_address", "short_address"),
    "streamcore.assets.wallet_names": ("is_plain_name", "wallet_name"),
    "streamcore.candles": ("Candle", "CandleSeries", "ChartRange", "VolumeUnit"),
    "streamcore.clock": ("Clock", "SystemClock"),
    "streamcore.config.model": ("Settings",),
    "streamcore.config.screen": ("AlertSettings", "Colours", "PriceColumn", "UiSettings"),
    "streamcore.direct_fallback": ("DirectFallback",),
    "streamcore.engine": ("Engine", "Snapshot"),
    "streamcore.errors": (
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
    ),
    "streamcore.events": (
        "DataKind",
        "ErrorKind",
        "Event",
        "PriceKind",
        "PriceUpdate",
        "Source",
        "State",
        "StatusChange",
        "StreamError",
        "TokenChange",
        "TransactionType",
        "WalletTransaction",
        "price_key",
    ),
    "streamcore.history.live": ("needs_refill", "with_price"),
    "streamcore.history.packed_series": ("origin_of",),
    "streamcore.json_lines": ("from_json", "to_json"),
    "streamcore.manager": ("StreamManager",),
    "streamcore.search.changed_names": ("changed_names",),
    "streamcore.relay_client.client": ("RelayClient",),
    "streamcore.search.lookalikes": ("well_known",),
    "streamcore.status": ("BreakerState", "ProviderStatus"),
    "streamcore.text": ("HIDDEN", "Mask", "MaskingFilter", "printable"),
    "streamcore.token_hits": ("SearchFailure", "SearchResult", "TokenHit"),
    "streamcore.wallet_secrets": ("secret_refusal", "without_secrets"),
}

__getattr__ = lazily(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__
