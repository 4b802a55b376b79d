"""What is known of DexScreener before it is asked."""

from __future__ import annotations

from streamcore.providers.descriptor import Descriptor
from streamcore.providers.dexscreener.pools import DexScreenerPools
from streamcore.providers.dexscreener.provider import DexScreenerProvider

DEXSCREENER = Descriptor(
    name=DexScreenerProvider.name,
    title=DexScreenerProvider.title,
    make=DexScreenerProvider,
    pools=DexScreenerPools,
)
