"""What is known of a Solana node without a key before it is asked."""

from __future__ import annotations

from streamcore.providers.descriptor import Descriptor
from streamcore.providers.solana_rpc.provider import SolanaProvider

SOLANA = Descriptor(
    name=SolanaProvider.name,
    title=SolanaProvider.title,
    make=SolanaProvider,
)
