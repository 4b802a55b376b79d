"""The reports in which a provider answers: what a codec reads from frames, and its HTTP side from answers.

Topics are in the provider's own spelling: see `streamcore.providers.base`.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

import msgspec

from streamcore.errors import ProviderError

if TYPE_CHECKING:  # large, and nothing that watches prices alone needs it
    from streamcore.solana.accounts import AccountFacts
    from streamcore.solana.wire import SolanaTransaction
    from streamcore.wire.messages import Answer


class PriceReport(msgspec.Struct, frozen=True, gc=False):
    """Some fields of one token, as the provider said them; ``None`` means it said nothing about a field."""

    topic: str
    price: Decimal | None = None
    change_24h: Decimal | None = None
    volume_24h: Decimal | None = None
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    complete: bool = False
    """This is the whole state of the token, not a change to it."""
    bid: Decimal | None = None
    ask: Decimal | None = None
    vwap_24h: Decimal | None = None
    trades_24h: int | None = None

    @property
    def knows_nothing(self) -> bool:
        """Whether this says that the provider knows no figure at all, as of a token that nobody trades."""
        return self.complete and self.price is self.change_24h is self.volume_24h is None


class TransactionReport(msgspec.Struct, frozen=True):
    """One transaction as the chain told it.

    Attributes:
        signature: Its first signature, which identifies it.
        slot: The slot of its block.
        transaction: What it did; without content if it is unreadable.
        block_time: Unix seconds, if they are known.
        topics: The wallets it was fetched for; empty where its accounts tell whom it concerns.
        unreadable: Why nothing but its signature could be read, as a phrase; empty when it could.
    """

    signature: str
    slot: int
    transaction: SolanaTransaction
    block_time: int | None = None
    topics: tuple[str, ...] = ()
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The newest transaction known of a topic: where filling a gap starts."""

    signature: str
    slot: int
    known: Container[str] = field(default=frozenset(), compare=False)
    """Signatures that have been reported already and need not be fetched again."""
    since: float | None = None
    """Where news begins is not known yet: it is what happened after this moment (Unix seconds), and in
    ``slot`` and after it where that is not zero: the stream has told of it."""

    def is_news(self, slot: int, block_time: int | None) -> bool:
        """Whether a transaction is news, where ``since`` says what news is.

        The chain's times are whole seconds, so that of the first second only the slot tells.
        """
        return (block_time or 0) > (self.since or 0.0) or 0 < self.slot <= slot


class CheckpointReport(msgspec.Struct, frozen=True):
    """``topic`` had this newest transaction when watching began; what is older is history, not news."""

    topic: str
    checkpoint: Checkpoint
    history: tuple[str, ...] = ()
    """Signatures at and before the checkpoint that a later fetch may come across again."""


class PartialFetch(msgspec.Struct, frozen=True):
    """A fetch could not get everything about ``topic``; fetch again later, from the same checkpoint."""

    topic: str
    error: ProviderError


class Progress(msgspec.Struct, frozen=True):
    """A fetch about ``topic`` has reported everything it was told of from its checkpoint up to ``slot``.

    What comes after ``slot`` may still be missing. If the fetch is interrupted, the next one may begin
    from there.
    """

    topic: str
    slot: int
    """Including it: no transaction of this slot is left to be reported."""


class SignatureSeen(msgspec.Struct, frozen=True):
    """The stream told only the signature of a transaction of ``topic``; it must be fetched over HTTP."""

    topic: str
    signature: str
    slot: int


class TokenAccountsRequest(msgspec.Struct, frozen=True):
    """To watch ``topic`` the codec must know which addresses belong to it; the answer is `TokenAccounts`."""

    topic: str


class TokenAccounts(msgspec.Struct, frozen=True):
    """The addresses that belong to ``topic``, all of them; for the codec that watches it."""

    topic: str
    addresses: tuple[str, ...]
    """``topic`` itself first, then those most worth watching."""
    minor: frozenset[str] = frozenset()
    """Those to leave out first where not all can be watched: NFTs, and accounts with almost nothing."""


class Unfollowed(msgspec.Struct, frozen=True):
    """The stream does not cover these addresses of ``topic`` and covers all others: fetch these over HTTP."""

    topic: str
    addresses: tuple[str, ...]


class AccountReport(msgspec.Struct, frozen=True):
    """``topic`` is an address, but not of a wallet."""

    topic: str
    facts: AccountFacts


@dataclass(frozen=True, slots=True)
class PriceRequest:
    """The stream has left out trades of ``topic``: its last price is out of date, fetch the present one."""

    topic: str
    trade: int = field(compare=False)
    """The number of a trade that has happened; an answer from before it is of no use."""


class QuoteRequest(msgspec.Struct, frozen=True):
    """A person looks at ``topic``: fetch its present bid and ask, which the stream tells with a trade."""

    topic: str


Question: TypeAlias = SignatureSeen | TokenAccountsRequest | PriceRequest | QuoteRequest
"""What a provider's HTTP side may be asked, by its codec or for a person."""


class Alive(msgspec.Struct, frozen=True):
    """Proof of life: the provider has answered, not just the socket."""


class Refusal(msgspec.Struct, frozen=True):
    """The provider said no.

    With ``topics`` it refused just those, and the others go on. Without, the connection is of no use:
    it is closed, and ``error`` decides about the next attempt.
    """

    error: ProviderError
    topics: tuple[str, ...] = ()


class Throttled(msgspec.Struct, frozen=True):
    """The provider wants fewer frames; the connection is kept.

    Whoever runs the codec reports ``error``, and calls `Codec.rested` when ``seconds`` have passed.
    """

    error: ProviderError
    seconds: float


class Notice(msgspec.Struct, frozen=True):
    """Something a person should know that changes nothing about the connection."""

    error: ProviderError


class Malformed(msgspec.Struct, frozen=True):
    """A frame, or part of one, that could not be decoded and was left out."""

    reason: str


class Delivery(msgspec.Struct, frozen=True):
    """A finished message of a relay, to be passed on as it is."""

    answer: Answer


Report: TypeAlias = (
    PriceReport
    | TransactionReport
    | CheckpointReport
    | PartialFetch
    | Progress
    | TokenAccounts
    | Unfollowed
    | AccountReport
    | Question
    | Alive
    | Refusal
    | Throttled
    | Notice
    | Malformed
    | Delivery
)


def only_prices(reports: Sequence[Report]) -> TypeGuard[Sequence[PriceReport]]:
    """Return whether there is nothing but prices among them, as there is in nearly every batch.

    To ask this once is cheaper than to look at each of a thousand prices a second.
    """
    return set(map(type, reports)) == {PriceReport}
