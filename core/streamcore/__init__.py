"""The streaming engine of streamtui: provider connections, prices, wallet transactions. No screen.

::

    async with StreamManager(Settings.load()) as manager:
        await manager.subscribe_prices(["SOL", "BTC"])
        async for event in manager.events():
            ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streamcore.config.model import Settings
from streamcore.errors import (
    BadAddress,
    IllegalTransition,
    InputError,
    ProviderError,
    SettingsError,
    StreamcoreError,
    UnknownProvider,
    UnknownSymbol,
)
from streamcore.events import (
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
    to_json,
)
from streamcore.status import ProviderStatus

if TYPE_CHECKING:
    from streamcore.manager import StreamManager

__all__ = [
    "BadAddress",
    "ErrorKind",
    "Event",
    "IllegalTransition",
    "InputError",
    "PriceKind",
    "PriceUpdate",
    "ProviderError",
    "ProviderStatus",
    "Settings",
    "SettingsError",
    "Source",
    "State",
    "StatusChange",
    "StreamError",
    "StreamManager",
    "StreamcoreError",
    "TokenChange",
    "TransactionType",
    "UnknownProvider",
    "UnknownSymbol",
    "WalletTransaction",
    "to_json",
]


def __getattr__(name: str) -> Any:
    # the manager brings the network libraries; who only reads settings or events need not wait for them
    if name == "StreamManager":
        from streamcore.manager import StreamManager

        return StreamManager
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
