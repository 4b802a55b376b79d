"""Groups of terminals: what has changed is encoded once for all that share an encoding and an interval.

A group has cohorts: the terminals that want exactly the same, which get the very same bytes. Whoever cannot
keep up leaves its cohort until it has taken what was sent; then it gets whole rows and the rest of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeAlias

from websockets.asyncio.server import broadcast

from streamcore.assets.tokens import pinned_mint
from streamcore.events import PriceUpdate, StreamError
from streamcore.relay.discretion import errors_for, own_addresses
from streamcore.relay.limits import Close, RelayLimits
from streamcore.relay.log import Log, LogFailed, Logged
from streamcore.relay.measures import Traffic
from streamcore.relay.status_board import StatusBoard, changes
from streamcore.relay.terminal import MOST_ERRORS, Terminal
from streamcore.relay.upstream import NamedRows, UpstreamRow
from streamcore.wire.encoding import Encoding, Pieces
from streamcore.wire.messages import HEARTBEAT
from streamcore.wire.row_pieces import RowPieces
from streamcore.wire.transactions import error_message, transaction_message

_Error: TypeAlias = tuple[StreamError, NamedRows]
"""An error, and the rows that its text names."""

HEARTBEAT_SECONDS = HEARTBEAT / 1000

REPLAYED_AT_ONCE = 1000
"""Transactions of the log that go into one frame: about 260 KB."""

FRAME_BYTES = 1 << 20
"""Bytes of transactions in one frame, all but the last of them; a terminal may take as little as 8 MiB."""


class Cohort:
    """The terminals of a group that want exactly the same and are up to date."""

    def __init__(self, rows: frozenset[int], wallets: tuple[str, ...], names: Collection[str]) -> None:
        """``names``: the wallets, mints and tickers of what is wanted, for the topics in statuses."""
        self.rows = rows
        self.wallets = frozenset(wallets)
        self.wallet_list = wallets
        self.names = names
        self.own = own_addresses((*wallets, *names))
        self.members: set[Terminal] = set()
        self.offset_told = 0
        self.sent_at = 0.0
        self.topics: dict[str, list[str]] = {}
        self.topics_version = -1

    @property
    def connections(self) -> list[Any]:
        """Those of its members."""
        return [terminal.connection for terminal in self.members]


class Group:
    """All terminals with one encoding and one interval."""

    def __init__(
        self,
        encoding: Encoding,
        interval: int,
        log: Log,
        board: StatusBoard,
        traffic: Traffic,
        limits: RelayLimits,
        *,
        close: Callable[[Terminal, int, str], None],
        now: float,
    ) -> None:
        """``interval``: milliseconds; ``close`` closes a terminal's connection with a code and a reason."""
        self.encoding = encoding
        self.interval = interval / 1000
        self._log = log
        self._board = board
        self._traffic = traffic
        self._limits = limits
        self._close = close
        self._pieces = RowPieces(encoding)
        self._cohorts: dict[tuple[frozenset[int], tuple[str, ...]], Cohort] = {}
        self._cohort_of: dict[Terminal, Cohort] = {}
        self._behind: set[Terminal] = set()
        self._users: dict[int, int] = {}
        """Row to the number of terminals that want it."""
        self._transactions: list[Logged] = []
        self._errors: list[_Error] = []
        self._statuses: dict[str, dict[str, Any]] = dict(board.shown)
        self._heard: dict[str, float | None] = dict(board.heard_at)
        self._heard_told_at = now
        self._offset = log.offset
        """The end of the log as of the last flush."""
        self._statuses_are_new = False
        self.flushed_at = now - self.interval

    @property
    def terminals(self) -> int:
        """How many there are."""
        return len(self._cohort_of)

    @property
    def lagging(self) -> int:
        """How many of them are behind."""
        return len(self._behind)

    @property
    def has_news(self) -> bool:
        """Whether something waits to be told."""
        return bool(
            self._pieces.has_news
            or self._transactions
            or self._errors
            or self._statuses_are_new
            or self._behind
        )

    @property
    def free_at(self) -> float:
        """Monotonic seconds from which on it may send again."""
        return self.flushed_at + self.interval

    @property
    def due_at(self) -> float:
        """Monotonic seconds at which it must be flushed, as far as is known now."""
        if self.has_news:
            return self.free_at
        sent_at = min((cohort.sent_at for cohort in self._cohorts.values()), default=float("inf"))
        return max(sent_at + HEARTBEAT_SECONDS, self.free_at)

    # --- news -------------------------------------------------------------------------------------------

    def price(self, row: int, event: PriceUpdate) -> None:
        """Take in a price that is wanted by somebody here; others are passed over."""
        if row in self._users:
            self._pieces.update(row, event)

    def transactions(self, logged: Sequence[Logged]) -> None:
        """Take in what is new in the log."""
        self._transactions += logged

    def error(self, error: StreamError, named: NamedRows) -> None:
        """Take in an error; ``named``: the rows that its text names."""
        self._errors.append((error, named))

    def statuses_changed(self) -> None:
        """Take note that the board has something that should not wait for a heartbeat."""
        self._statuses_are_new = True

    def forget(self, rows: Iterable[int]) -> None:
        """Drop what is known of rows that are not subscribed any more."""
        for row in rows:
            self._pieces.forget(row)

    # --- terminals --------------------------------------------------------------------------------------

    def join(
        self,
        terminal: Terminal,
        rows: Sequence[UpstreamRow],
        wallets: Sequence[str],
        troubles: Sequence[_Error] = (),
        *,
        now: float,
        t: int,
    ) -> None:
        """Add a terminal, and send it everything as of now. The group must have been flushed in this turn.

        Its ``position`` says from where on it needs the log; ``troubles`` is what was said before about what
        it wants.
        """
        numbers = frozenset(row.number for row in rows)
        listed = tuple(sorted(wallets))
        cohort = self._cohorts.get((numbers, listed))
        if cohort is None:
            names = {*listed, *(row.key for row in rows)}
            for ticker in (row.token.symbol.upper() for row in rows):
                names |= {ticker, pinned_mint(ticker) or ticker}  # by which of them depends on the source
            cohort = self._cohorts[numbers, listed] = Cohort(numbers, listed, names)
            cohort.offset_told, cohort.sent_at = self._offset, now
            self._topics_for(cohort)
        self._cohort_of[terminal] = cohort
        for row in rows:
            self._users[row.number] = self._users.get(row.number, 0) + 1
            if row.latest is not None:
                self._pieces.adopt(row.number, row.latest)
        terminal.owed = set(numbers)
        terminal.errors = [*terminal.errors, *errors_for(cohort.rows, cohort.own, troubles)][-MOST_ERRORS:]
        self._behind.add(terminal)
        if terminal.progress_at is None:
            terminal.least_backlog, terminal.progress_at = terminal.backlog, now
        self._catch_up(terminal, now, t, waits=terminal.is_lagging(now))

    def leave(self, terminal: Terminal) -> bool:
        """Remove a terminal; return whether it was behind, so that its position says what it has."""
        cohort = self._cohort_of.pop(terminal)
        was_behind = terminal in self._behind
        cohort.members.discard(terminal)
        self._behind.discard(terminal)
        for row in cohort.rows:
            self._users[row] -= 1
            if not self._users[row]:
                del self._users[row]
                self._pieces.forget(row)
        if cohort not in self._cohort_of.values():
            self._cohorts.pop((cohort.rows, cohort.wallet_list), None)
        return was_behind

    # --- sending ----------------------------------------------------------------------------------------

    def flush(self, now: float, t: int) -> None:
        """Send everything that is new.

        Args:
            now: Monotonic seconds.
            t: Unix milliseconds.
        """
        self.flushed_at = now
        for ts in self._pieces.told_at:
            self._traffic.price_ages.observe(max(0.0, t / 1000 - ts))
        for one in self._transactions:
            self._traffic.transaction_ages.observe(max(0.0, t / 1000 - one.event.ts))
        changed = self._pieces.tick(t)
        told = [
            (one.event.wallet, self.encoding.transaction(transaction_message(one.event, one.offset, t)))
            for one in self._transactions
        ]
        statuses = [self.encoding.status(status) for status in changes(self._statuses, self._board.shown)]
        if statuses:
            self._statuses = dict(self._board.shown)
        errors, self._errors = self._errors, []
        heard = self._newly_heard(now)
        for cohort in tuple(self._cohorts.values()):
            own = [piece for wallet, piece in told if wallet in cohort.wallets]
            # too much for one frame: it comes from the log, as much at once as each terminal takes
            self._drop_behind(cohort, now, everybody=sum(map(len, own)) > FRAME_BYTES)
            own_errors = errors_for(cohort.rows, cohort.own, errors)[-MOST_ERRORS:]
            for terminal in self._behind:
                if self._cohort_of[terminal] is cohort:
                    terminal.owed |= cohort.rows & changed.keys()
                    terminal.errors = [*terminal.errors, *own_errors][-MOST_ERRORS:]
            if cohort.members:
                pieces = Pieces(
                    [piece for row, piece in changed.items() if row in cohort.rows],
                    own,
                    [*statuses, *self._topics_for(cohort)],
                    [self.encoding.error(error_message(error, t)) for error in own_errors],
                )
                self._send(cohort, pieces, heard, now, t)
        self._transactions = []
        self._offset = self._log.offset
        self._statuses_are_new = False
        for terminal in tuple(self._behind):
            self._catch_up(terminal, now, t, waits=not terminal.has_read_all)

    def _send(self, cohort: Cohort, pieces: Pieces, heard: Sequence[str], now: float, t: int) -> None:
        if not (pieces or heard or now >= cohort.sent_at + HEARTBEAT_SECONDS):
            return
        offset = self._log.offset
        frame = self.encoding.frame(
            t, pieces, offset=offset if offset != cohort.offset_told else None, heard=heard
        )
        cohort.offset_told, cohort.sent_at = offset, now
        connections = cohort.connections
        broadcast(connections, frame, text=self.encoding.is_text)
        self._traffic.count(self.encoding.name, len(frame), len(connections))
        for terminal in cohort.members:
            terminal.mark(now)

    def _drop_behind(self, cohort: Cohort, now: float, *, everybody: bool) -> None:
        for terminal in [one for one in cohort.members if everybody or one.is_lagging(now)]:
            terminal.mark(now, every=0.0)
            cohort.members.discard(terminal)
            terminal.position = self._offset
            terminal.owed = set()
            terminal.least_backlog, terminal.progress_at = terminal.backlog, now
            self._behind.add(terminal)

    def _catch_up(self, terminal: Terminal, now: float, t: int, *, waits: bool) -> None:
        """Send a terminal what it has missed, unless it ``waits``, having not read the rest."""
        cohort, backlog = self._cohort_of[terminal], terminal.backlog
        if terminal.closing:
            return
        if waits:
            self._traffic.skipped += 1
            if terminal.progress_at is None or backlog < terminal.least_backlog:
                terminal.least_backlog, terminal.progress_at = backlog, now
            elif now - terminal.progress_at >= self._limits.too_slow_after:
                seconds = f"{self._limits.too_slow_after:g}"
                self._close(terminal, Close.TOO_SLOW, f"nothing was taken for {seconds} s")
            return
        if terminal.position < self._log.pruned_to:
            # when it comes back it is told that something is missing
            self._close(terminal, Close.TOO_SLOW, "the log does not reach back any more")
            return
        try:
            missed, complete = self._log.after(
                terminal.position, cohort.wallet_list, most=REPLAYED_AT_ONCE, most_bytes=FRAME_BYTES
            )
        except LogFailed:
            self._close(terminal, Close.INTERNAL, "the log cannot be read")
            return
        # a terminal that comes from another relay may be ahead of this log: it must not be told that again
        offset = max(terminal.position, self._offset if complete else missed[-1].offset)
        topics = self._board.topics(cohort.names)
        pieces = Pieces(
            self._pieces.whole(sorted(terminal.owed), t),
            [
                self.encoding.transaction(transaction_message(one.event, one.offset, t))
                for one in missed
                if one.offset <= offset  # what is newer comes with the next flush
            ],
            [
                self.encoding.status({**status, "topics": topics.get(provider, [])})
                for provider, status in self._statuses.items()
            ],
            [self.encoding.error(error_message(error, t)) for error in terminal.errors],
        )
        frame = self.encoding.frame(t, pieces, offset=offset)
        terminal.send(frame)
        terminal.mark(now, every=0.0)
        self._traffic.count(self.encoding.name, len(frame), 1)
        terminal.position, terminal.owed, terminal.errors = offset, set(), []
        terminal.least_backlog, terminal.progress_at = terminal.backlog, now
        if complete and offset == self._offset:
            terminal.progress_at = None
            self._behind.discard(terminal)
            cohort.members.add(terminal)

    def _newly_heard(self, now: float) -> list[str]:
        if now - self._heard_told_at < HEARTBEAT_SECONDS:
            return []
        self._heard_told_at = now
        before, self._heard = self._heard, dict(self._board.heard_at)
        return [name for name, at in self._heard.items() if at is not None and before.get(name) != at]

    def _topics_for(self, cohort: Cohort) -> list[bytes]:
        if cohort.topics_version == self._board.topics_version:
            return []
        before, cohort.topics = cohort.topics, self._board.topics(cohort.names)
        cohort.topics_version = self._board.topics_version
        return [
            self.encoding.status({"provider": provider, "topics": own})
            for provider, own in cohort.topics.items()
            if before.get(provider) != own
        ]
