"""What is known of DefiLlama before it is asked."""

from __future__ import annotations

from streamcore.providers.defillama.prices import DefiLlamaPrices
from streamcore.providers.descriptor import HistoryDescriptor

DEFILLAMA = HistoryDescriptor(
    name=DefiLlamaPrices.name,
    title=DefiLlamaPrices.title,
    make=DefiLlamaPrices,
)
