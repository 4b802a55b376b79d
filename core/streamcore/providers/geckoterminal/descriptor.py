"""What is known of GeckoTerminal before it is asked."""

from __future__ import annotations

from streamcore.providers.descriptor import HistoryDescriptor
from streamcore.providers.geckoterminal.api import GeckoTerminal

GECKOTERMINAL = HistoryDescriptor(
    name=GeckoTerminal.name,
    title=GeckoTerminal.title,
    make=GeckoTerminal,
)
