"""What is Helius' own in its WebSocket: where it starts on the ladder."""

from __future__ import annotations

from collections.abc import Callable

from streamcore.providers.helius.error_meanings import TITLE, meaning_of_error
from streamcore.providers.solana_rpc.codec import SolanaCodec
from streamcore.providers.solana_rpc.rung import Rung


class HeliusCodec(SolanaCodec):
    """One Helius connection: whole transactions where the plan allows them, else logs."""

    def __init__(
        self,
        batch_size: int,
        *,
        rung: Rung = Rung.TRANSACTIONS,
        stepped_down: Callable[[], None] | None = None,
    ) -> None:
        """See `SolanaCodec`."""
        super().__init__(
            batch_size, title=TITLE, rung=rung, understand=meaning_of_error, stepped_down=stepped_down
        )
