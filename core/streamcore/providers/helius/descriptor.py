"""What is known of Helius before it is asked."""

from __future__ import annotations

from streamcore.providers.descriptor import Descriptor
from streamcore.providers.helius.provider import HeliusProvider

HELIUS = Descriptor(
    name=HeliusProvider.name,
    title=HeliusProvider.title,
    make=HeliusProvider,
    hint="would follow more wallets, sooner",
)
