"""What is known of Kraken before it is asked."""

from __future__ import annotations

from streamcore.providers.descriptor import Descriptor
from streamcore.providers.kraken.provider import KrakenProvider

KRAKEN = Descriptor(
    name=KrakenProvider.name,
    title=KrakenProvider.title,
    make=KrakenProvider,
    has_history=True,
)
