"""What a relay needs of a log: every transaction that terminals are told, with its place, for a while.

Nothing is told to a terminal before it is in the log, so a terminal that comes back gets what it has missed.
A relay that is alone writes its own, see `streamcore.relay.own_log`; the log of several relays is one stream,
of which each keeps a copy, see `streamcore.cluster.log_copy`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from streamcore.errors import StreamcoreError
from streamcore.events import StreamError, WalletTransaction

KEEP = 7 * 86_400.0
"""Seconds a transaction is kept, unless `MOST` come sooner."""

MOST = 100_000
"""Transactions kept: about 70 MB on disk."""


class LogFailed(StreamcoreError):
    """The log cannot be opened, read or written; the text is a sentence for the operator."""


class LogDamaged(LogFailed):
    """What is in the file cannot be: a disk has failed, or something else has written into it."""


class Logged(NamedTuple):
    """A transaction with its place in the log."""

    offset: int
    event: WalletTransaction


class Log(Protocol):
    """The transactions of a relay. It is used from one thread."""

    @property
    def epoch(self) -> str:
        """Which log this is, eight hexadecimal digits: offsets of another epoch mean nothing here."""
        ...

    @property
    def offset(self) -> int:
        """That of the newest transaction; it grows in `write` alone, and begins again with another epoch."""
        ...

    @property
    def pruned_to(self) -> int:
        """Up to this offset everything has been deleted."""
        ...

    @property
    def size(self) -> int:
        """Bytes on disk."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why the log cannot be written at present, as a sentence."""
        ...

    @property
    def unreadable(self) -> str | None:
        """Why the log could not be read, as a sentence; from then on it counts as damaged."""
        ...

    @property
    def waiting(self) -> int:
        """Transactions that wait until the log can be written."""
        ...

    def write(
        self, events: Sequence[WalletTransaction], *, save: bool = False
    ) -> tuple[list[Logged], list[StreamError]]:
        """Write transactions, and those that wait.

        It must be called when everything that the bus has brought so far is in ``events``, because where the
        next fetch starts is written with them; ``save``: also when there is no transaction.

        Returns:
            What is new in the log, and what terminals have to be told about it.
        """
        ...

    def follow(self, wallet: str) -> None:
        """Take note that a wallet is followed from now on. To be called before it is subscribed.

        Raises:
            LogFailed: The log cannot be written: what nobody can be told later must not begin.
        """
        ...

    def keep(self, wallets: Sequence[str]) -> None:
        """Take note that wallets are still followed. To be called every second."""
        ...

    def reaches_back(self, epoch: str, offset: int, wallets: Iterable[str]) -> bool:
        """Whether everything of these wallets since that position is here, or will be fetched."""
        ...

    def after(
        self, offset: int, wallets: Sequence[str], *, most: int, most_bytes: int
    ) -> tuple[list[Logged], bool]:
        """Return the next transactions of these wallets after an offset, in the order of the log.

        Args:
            offset: Where to go on.
            wallets: Whose.
            most: How many at most.
            most_bytes: With the one that reaches as many bytes, in the log, it is enough.

        Returns:
            The transactions, and whether these are all.

        Raises:
            LogFailed: The log cannot be read.
        """
        ...

    def prune(self, *, now: float, keep: float = KEEP, most: int = MOST) -> bool:
        """Delete some of what is older than ``keep`` seconds or beyond the newest ``most``.

        Returns:
            Whether there may be more to delete: call it again a little later.

        Raises:
            LogFailed: The log cannot be written.
        """
        ...

    def checkpoint_file(self) -> None:
        """Move what was written into the main file, and wait for the disk. May be called from any thread.

        Raises:
            LogFailed: The disk is full, or fails; nothing is lost, and it may be tried again.
        """
        ...

    def close(self) -> None:
        """Write what can be written before the end."""
        ...
