"""The dialog that takes wallets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from streamtui.screens.entry import EntryDialog
from streamtui.screens.wallet_input import names_and_labels


class WalletDialog(EntryDialog):
    """Takes addresses, each perhaps followed by a name to show for it."""

    def __init__(
        self,
        watch: Callable[[Sequence[str]], Awaitable[object]],
        *,
        demo: str,
        present: Sequence[str] = (),
    ) -> None:
        """Make the dialog.

        Args:
            watch: Called with the wallets, each as its address and perhaps a space and a name.
            demo: What the mark for invented data says.
            present: What is watched already.
        """
        super().__init__(
            "Watch wallets",
            "Solana addresses, several at once with commas; a name may follow each:",
            "7xKXtg2C…gAsU treasury",
            hint="esc cancels · enter adds",
            demo=demo,
            present=present,
        )
        self._watch = watch

    def names(self, text: str) -> list[str]:
        """Return the wallets in a text, each with its name."""
        return names_and_labels(text)

    async def submit(self, names: Sequence[str]) -> bool:
        """Watch the wallets."""
        await self._watch(names)
        return True
