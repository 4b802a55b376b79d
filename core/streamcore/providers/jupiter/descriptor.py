"""What is known of Jupiter before it is asked."""

from __future__ import annotations

from streamcore.providers.descriptor import Descriptor
from streamcore.providers.jupiter.provider import JupiterProvider

JUPITER = Descriptor(
    name=JupiterProvider.name,
    title=JupiterProvider.title,
    make=JupiterProvider,
)
