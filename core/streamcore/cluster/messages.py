"""What relays say to each other over NATS, in JSON."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from streamcore.errors import MalformedEvent, MalformedMessage
from streamcore.events import Event
from streamcore.json_lines import from_newer_json
from streamcore.newer_words import with_known_words
from streamcore.providers.reports import Checkpoint
from streamcore.status import STATUS_STAND_INS, ProviderStatus
from streamcore.streams.checkpoints import SavedCheckpoint

_T = TypeVar("_T")

MOST_TERM = 2**53
"""Terms grow from the milliseconds of a bucket's making, one with each write: that is far away."""

Term = Annotated[int, Meta(ge=0, le=MOST_TERM)]
MOST_SETTINGS = 500

Name = Annotated[str, Meta(max_length=128)]
Text = Annotated[str, Meta(max_length=4096)]


class Live(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the leader tells: at once when there is something, and every second."""

    term: Term
    """Which leader says it: that of a later one is greater."""
    events: Sequence[Event] = ()
    """Prices and errors in order; each price has everything that is known of it."""
    statuses: Sequence[ProviderStatus] | None = None
    """Of all providers; ``None``: as before."""
    sources: dict[str, str | None] | None = None
    """See `Engine.price_sources`; ``None``: as before."""
    leaves: bool = False
    """It stops leading, in order, and its lease is free."""


class _LiveInParts(msgspec.Struct):
    """A `Live` of which not everything can be understood here."""

    term: Term
    events: list[msgspec.Raw] = []
    statuses: list[msgspec.Raw] | None = None
    sources: dict[str, str | None] | None = None
    leaves: bool = False


class Wants(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that the terminals of one relay want."""

    symbols: tuple[str, ...] = ()
    """Each as every relay understands it as the same instrument."""
    wallets: tuple[str, ...] = ()
    settings: Annotated[dict[str, str], Meta(max_length=MOST_SETTINGS)] = {}
    """See `streamcore.cluster.team_settings.settings_told`; empty: it is not said."""


class WalletRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Where the next fetch of a wallet starts, and from where on its transactions are in the stream."""

    epoch: str
    """Of the stream that ``covered_from`` is about."""
    covered_from: int
    """After this offset none of its transactions is missing in the stream."""
    followed_until: float
    """Unix seconds at which it was last known to be followed."""
    watched_at: float
    verified: tuple[str, int] | None = None
    """Signature and slot."""
    history: tuple[str, ...] = ()
    history_to: int = 0
    unsure: tuple[int, int] | None = None

    @property
    def saved(self) -> SavedCheckpoint:
        """What `Checkpoints.restore` needs of it."""
        verified = None if self.verified is None else Checkpoint(*self.verified)
        return SavedCheckpoint(
            self.watched_at, verified, frozenset(self.history), self.history_to, self.unsure
        )


def first_term(now: float, newest: int) -> int:
    """Return where the terms of a new bucket begin.

    Args:
        now: Unix seconds.
        newest: The newest term that was heard. It is not counted on when that leaves no room for later ones.
    """
    by_clock = int(now * 1000)
    return max(by_clock, newest + 1) if newest < MOST_TERM // 2 else by_clock


def record_of(saved: SavedCheckpoint, *, epoch: str, covered_from: int, now: float) -> WalletRecord:
    """Return a wallet's record; ``now``: Unix seconds."""
    verified = saved.verified
    return WalletRecord(
        epoch=epoch,
        covered_from=covered_from,
        followed_until=now,
        watched_at=saved.watched_at,
        verified=None if verified is None else (verified.signature, verified.slot),
        history=tuple(sorted(saved.history)),
        history_to=saved.history_to,
        unsure=saved.unsure,
    )


MOST_KEYS = 1_000
"""Rows in one question."""


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a relay asks the leader; see `streamcore.relay.answers.Answers.find`, and ``reconnect``."""

    what: Name
    text: Text | None = None
    span: Name | None = None
    keys: Annotated[tuple[Name, ...], Meta(max_length=MOST_KEYS)] = ()


class Trouble(msgspec.Struct, frozen=True):
    """Why a question was not answered."""

    message: str
    kind: str | None = None
    """An `ErrorKind`, of which a newer relay may know more; ``None``: what was asked for cannot be, and
    ``message`` says why."""
    retryable: bool = False


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a `Question`."""

    items: Sequence[dict[str, Any]] = ()
    trouble: Trouble | None = None


def write(message: msgspec.Struct) -> bytes:
    """Return a message as it is sent."""
    return msgspec.json.encode(message)


class LivePart(NamedTuple):
    """A `Live` as it is sent."""

    data: bytes
    events: Sequence[Event]
    """Those in it."""
    is_shortened: bool
    """It could not be split, and something that was too long was left out."""


def in_parts(live: Live, *, most: int) -> Iterator[LivePart]:
    """Yield what a leader tells in as many messages as it takes, of ``most`` bytes each, in order."""
    waiting = deque([live])
    while waiting:
        part = waiting.popleft()
        events, is_shortened = part.events, False
        data = write(part)
        if len(data) > most and len(events) > 1:
            middle = len(events) // 2
            waiting.appendleft(Live(term=part.term, events=events[middle:], leaves=part.leaves))
            waiting.appendleft(msgspec.structs.replace(part, events=events[:middle], leaves=False))
            continue
        if len(data) > most:
            is_shortened = True
            data = write(msgspec.structs.replace(part, statuses=None, sources=None))
        if len(data) > most:
            events = ()
            data = write(Live(term=part.term, leaves=part.leaves))
        yield LivePart(data, events, is_shortened)


def read_live(data: bytes) -> tuple[Live, str | None]:
    """Return what a leader tells, and why some of it was passed over, if it was: a newer one may tell more.

    Raises:
        MalformedMessage: Nothing of it can be read.
    """
    try:
        return read(data, Live), None
    except MalformedMessage:
        found = read(data, _LiveInParts)
    reason = None
    events: list[Event] = []
    for line in found.events:
        try:
            events.append(from_newer_json(bytes(line)))
        except MalformedEvent as error:
            reason = error.reason
    statuses: list[ProviderStatus] = []
    for status in found.statuses or ():
        try:
            fields = with_known_words(read(bytes(status), dict[str, Any]), STATUS_STAND_INS)
            statuses.append(msgspec.convert(fields, ProviderStatus))
        except (MalformedMessage, msgspec.ValidationError) as error:
            reason = str(error)
    live = Live(
        term=found.term,
        events=events,
        statuses=None if found.statuses is None else statuses,
        sources=found.sources,
        leaves=found.leaves,
    )
    return live, reason


def read(data: bytes, kind: type[_T]) -> _T:
    """Return a message that was sent.

    Raises:
        MalformedMessage: It makes no sense; whoever may write here is of another version, or none of ours.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise MalformedMessage(str(error)) from None
