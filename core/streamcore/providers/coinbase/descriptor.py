"""What is known of Coinbase before it is asked."""

from __future__ import annotations

from streamcore.providers.coinbase.provider import CoinbaseProvider
from streamcore.providers.descriptor import Descriptor

COINBASE = Descriptor(
    name=CoinbaseProvider.name,
    title=CoinbaseProvider.title,
    make=CoinbaseProvider,
    has_history=True,
)
