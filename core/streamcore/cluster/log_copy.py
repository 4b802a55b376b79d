"""The log of several relays as each of them has it: a copy of one stream, whose sequence is the offset.

Groups read the log within one turn of the event loop, and a stream answers over the network; so it is copied
into the same tables that a relay which is alone writes.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from streamcore.clock import Clock
from streamcore.cluster.copied_transactions import CopiedTransactions
from streamcore.cluster.credible import LONGEST_TRANSACTION, check_transaction
from streamcore.cluster.names import Names
from streamcore.cluster.nats_session import Batch, Stored, StreamFacts
from streamcore.cluster.wallet_records import WalletRecords
from streamcore.errors import MalformedEvent, MalformedMessage
from streamcore.events import StreamError, WalletTransaction
from streamcore.json_lines import from_newer_json
from streamcore.relay.log import Log, LogFailed, Logged
from streamcore.relay.log_in_tables import LogInTables
from streamcore.relay.log_trouble import TRIED_AGAIN_AFTER

MOST_WAITING = 2_000
"""Transactions that were read and wait to be written; while there are more, no more are read."""

log = logging.getLogger(__name__)


class LogCopy(LogInTables):
    """A `Log` that is read from a stream."""

    def __init__(self, transactions: CopiedTransactions, records: WalletRecords, clock: Clock) -> None:
        """``transactions``: open, whoever hands it in closes it; ``records``: of the same stream."""
        super().__init__(transactions, clock)
        self.transactions: CopiedTransactions = transactions
        self.is_current = False
        """Everything that was in the stream a moment ago has been read, if not written."""
        self.tell: Callable[[WalletTransaction], None] = lambda event: None
        """Has whoever calls `write` know that it is time to; set by who knows them."""
        self._records = records
        self._arrived: list[Logged] = []
        self._read_to = transactions.offset
        self._lost = range(0)
        self._has_readers = False
        self._tried_at = float("-inf")

    # --- from the stream --------------------------------------------------------------------------------

    def begin(self, facts: StreamFacts) -> int:
        """Take note of the stream as it is now, and return the offset after which it has to be read.

        Raises:
            LogFailed: It is another one than before, and the copy cannot be begun anew.
        """
        self.is_current = False
        epoch = epoch_of(facts)
        # beyond its end there is nothing to go on from, and before its beginning something is missing
        continues = facts.first <= self._read_to + 1 and self._read_to <= facts.last
        if epoch != self.epoch or not continues or self.unreadable is not None:
            # offsets that the stream has had and will have again, for other transactions
            self._lost = range(facts.last + 1, self._read_to + 1) if epoch == self.epoch else range(0)
            self.transactions.begin_anew(epoch, max(0, facts.first - 1))
            self._arrived, self._read_to, self.unreadable = [], self.transactions.offset, None
        return self._read_to

    def arrived(self, batch: Batch) -> None:
        """Take in what was read of the stream."""
        for message in batch.messages:
            self._read_to = message.sequence
            try:
                event = _transaction_of(message)
            except (MalformedEvent, MalformedMessage) as error:
                log.warning("transaction %d of the stream cannot be read: %s", message.sequence, error)
                continue
            self._arrived.append(Logged(message.sequence, event))
            if self._has_readers:
                self.tell(event)
        if not self._has_readers:
            self.write([])  # nobody has a position yet, so it may grow between two rounds of telling
        self.is_current = self.is_current or batch.is_last

    def open(self) -> None:
        """Let the offset grow in `write` alone from now on: terminals come."""
        self._has_readers = True

    async def has_room(self) -> None:
        """Return when more may be read."""
        while len(self._arrived) > MOST_WAITING:
            await self._clock.sleep(0.05)

    # --- as a log ---------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """See `Log.waiting`."""
        return len(self._arrived)

    def write(
        self, events: Sequence[WalletTransaction], *, save: bool = False
    ) -> tuple[list[Logged], list[StreamError]]:
        """See `Log.write`; what has come from the stream is written, which alone knows the offsets."""
        now = self._clock.monotonic()
        if self._read_to == self.offset or (
            self.trouble is not None and now - self._tried_at < TRIED_AGAIN_AFTER
        ):
            return [], []
        self._tried_at = now
        try:
            new = self.transactions.copy(self._arrived, newest=self._read_to)
        except LogFailed as error:
            self._trouble.began(str(error))
            return [], self._trouble.to_tell()
        self._arrived = []
        self._trouble.ended()
        return new, []

    def follow(self, wallet: str) -> None:
        """See `Log.follow`: the leader does it."""

    def keep(self, wallets: Sequence[str]) -> None:
        """See `Log.keep`: the leader does it."""

    def reaches_back(self, epoch: str, offset: int, wallets: Iterable[str]) -> bool:
        """See `Log.reaches_back`.

        A position that this copy has not reached yet is that of a terminal that comes from another relay,
        which was a moment faster.
        """
        if epoch != self.epoch or offset < self.pruned_to or offset in self._lost:
            return False
        return all(self._records.is_covered(wallet, epoch, offset) for wallet in wallets)

    def close(self) -> None:
        """See `Log.close`; what is not written is read again at the next start."""
        self.write([])


def _transaction_of(message: Stored) -> WalletTransaction:
    """Return a transaction of the stream.

    Raises:
        MalformedEvent: It cannot be read.
        MalformedMessage: No terminal would take it, or it is not where it belongs.
    """
    if len(message.data) > LONGEST_TRANSACTION:
        raise MalformedMessage(f"it has more than {LONGEST_TRANSACTION} bytes")
    event = from_newer_json(message.data)
    if not isinstance(event, WalletTransaction):
        raise MalformedMessage("it is none")
    if message.subject == Names(demo=False).transactions_of(event.wallet):
        if event.demo:
            raise MalformedMessage("it is made up")
    elif message.subject != Names(demo=True).transactions_of(event.wallet):
        raise MalformedMessage("it is of another wallet than it says")
    check_transaction(event, message.sequence)
    return event


def epoch_of(facts: StreamFacts) -> str:
    """Return the epoch of a stream: eight hexadecimal digits, the same at every relay."""
    return hashlib.sha256(facts.created.encode()).hexdigest()[:8]


if TYPE_CHECKING:
    _LOG: type[Log] = LogCopy  # so that the type checker compares it with the protocol
