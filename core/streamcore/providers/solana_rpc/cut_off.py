"""What a connection leaves out, as a node allows it only so many subscriptions: told when it changes."""

from __future__ import annotations

from collections.abc import Container, Sequence

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.reports import Notice, Report, Unfollowed


class CutOff:
    """Makes the news of what is left out. Keep one for each connection."""

    def __init__(self, title: str) -> None:
        """``title`` names the node to a person."""
        self._title = title
        self._left_out: dict[str, tuple[str, ...]] = {}
        """Wallet to its accounts that are not followed."""

    def news(self, left_out: Sequence[tuple[str, str]], minor: Container[str]) -> list[Report]:
        """Return what has changed since the last call; a person is told when there is more than nothing.

        Args:
            left_out: Each wallet and account that is not followed.
            minor: The accounts of which that is no great loss.
        """
        before = self._left_out
        accounts: dict[str, list[str]] = {}
        for wallet, account in left_out:
            accounts.setdefault(wallet, []).append(account)
        self._left_out = {wallet: tuple(left) for wallet, left in accounts.items()}
        news: list[Report] = [
            Unfollowed(wallet, self._left_out.get(wallet, ()))
            for wallet in {**before, **self._left_out}
            if self._left_out.get(wallet) != before.get(wallet)
        ]
        if left_out and not before:
            text = f"the wallets have more token accounts than {self._title} lets one connection follow;"
            text += f" {_counted([account in minor for _, account in left_out])} are not followed, but looked"
            text += " at over HTTP every few seconds"
            news.append(Notice(ProviderError(ErrorKind.SUBSCRIPTION, text)))
        return news


def _counted(are_minor: Sequence[bool]) -> str:
    """Return how many of which kind there are, those first that are left out first."""
    minor = sum(are_minor)
    kinds = []
    if minor:
        kinds.append(f"{minor} that are NFTs or hold next to nothing")
    if minor < len(are_minor):
        kinds.append(f"{len(are_minor) - minor} that hold more")
    return " and ".join(kinds)
