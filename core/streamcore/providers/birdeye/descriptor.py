"""What is known of Birdeye before it is asked."""

from __future__ import annotations

from streamcore.providers.birdeye.provider import BirdeyeProvider
from streamcore.providers.descriptor import Descriptor

BIRDEYE = Descriptor(
    name=BirdeyeProvider.name,
    title=BirdeyeProvider.title,
    make=BirdeyeProvider,
    hint="would stream every Solana token",
)
