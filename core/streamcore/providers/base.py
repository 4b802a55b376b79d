"""The seam: what a provider must offer, and the words it may answer in.

A provider is three things, none of which knows a socket or a consumer:

* a `Codec`, new for every connection: frames in, `Report` values out; wanted topics in, frames out;
* a `Rest` side for what has to be asked over HTTP: the first state, polling, what a gap swallowed;
* facts: its name, the kind of data it serves, its limits, its endpoint, the meaning of its refusals.

All three are base classes; what only some providers need has a default here.

A *topic* is what one subscription of the provider is about, in the provider's own spelling: a mint, a
wallet, an exchange's symbol. Whoever connects providers to consumers translates, nobody else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar, TypeAlias

import msgspec

from streamcore.assets.instruments import Instrument, Venue
from streamcore.errors import ProviderError
from streamcore.events import DataKind
from streamcore.net.endpoint import Endpoint
from streamcore.net.transport import Frame
from streamcore.providers.http_errors import refusal
from streamcore.providers.market_directory import MarketDirectory
from streamcore.solana.accounts import AccountFacts
from streamcore.solana.interpretation import SolanaTransaction


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

    @property
    def knows_nothing(self) -> bool:
        """Whether the whole state of the token is that no figure is known, as where nobody trades it."""
        return self.complete and self.price is self.change_24h is self.volume_24h is None


@dataclass(frozen=True, slots=True)
class TransactionReport:
    """One transaction as the chain told it.

    Attributes:
        signature: What names it.
        slot: Where in the chain it is.
        transaction: What it did; without content if it is unreadable.
        block_time: Unix seconds, if they are known.
        topics: The wallets it was asked for; empty: the transaction tells.
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
    """No transaction is known yet: news is what happened after this moment (Unix seconds)."""


@dataclass(frozen=True, slots=True)
class CheckpointReport:
    """``topic`` had this newest transaction when watching began; what is older is history, not news."""

    topic: str
    checkpoint: Checkpoint
    history: tuple[str, ...] = ()
    """Signatures at and before the checkpoint that a later fetch may come across again."""


@dataclass(frozen=True, slots=True)
class PartialFetch:
    """A fetch could not tell everything about ``topic``; ask again later, from the same checkpoint."""

    topic: str
    error: ProviderError


@dataclass(frozen=True, slots=True)
class SignatureSeen:
    """The stream said only that a transaction of ``topic`` happened; what it was must be asked over HTTP."""

    topic: str
    signature: str
    slot: int


@dataclass(frozen=True, slots=True)
class TokenAccountsRequest:
    """To watch ``topic`` the codec must know which addresses belong to it; the answer is `TokenAccounts`."""

    topic: str


@dataclass(frozen=True, slots=True)
class TokenAccounts:
    """The addresses that belong to ``topic``, all of them; for the codec that watches it."""

    topic: str
    addresses: tuple[str, ...]
    """``topic`` itself first, then those most worth watching."""
    minor: frozenset[str] = frozenset()
    """Those of them that are watched last, where not all can be: NFTs, and accounts with next to nothing."""


@dataclass(frozen=True, slots=True)
class Unfollowed:
    """The stream does not tell of these addresses of ``topic``, all of them: look at them over HTTP."""

    topic: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountReport:
    """``topic`` is an address, but not of a wallet."""

    topic: str
    facts: AccountFacts


@dataclass(frozen=True, slots=True)
class PriceRequest:
    """The stream has left out trades of ``topic``, so the last price it told is not the price."""

    topic: str
    trade: int = field(compare=False)
    """The number of a trade that has happened; an answer from before it is of no use."""


Question: TypeAlias = SignatureSeen | TokenAccountsRequest | PriceRequest
"""What a codec may ask its provider's HTTP side."""


@dataclass(frozen=True, slots=True)
class Alive:
    """Proof of life: the provider has answered, not just the socket."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The provider said no.

    With ``topics`` it refused just those, and the rest lives on. Without, the connection is of no use:
    it is closed, and ``error`` decides about the next attempt.
    """

    error: ProviderError
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Throttled:
    """The provider wants fewer frames; the connection is kept.

    Whoever runs the codec tells ``error``, and calls `Codec.rested` when ``seconds`` have passed.
    """

    error: ProviderError
    seconds: float


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth telling a person that changes nothing about the connection."""

    error: ProviderError


@dataclass(frozen=True, slots=True)
class Malformed:
    """A frame, or part of one, that makes no sense and was left out."""

    reason: str


Report: TypeAlias = (
    PriceReport
    | TransactionReport
    | CheckpointReport
    | PartialFetch
    | TokenAccounts
    | Unfollowed
    | AccountReport
    | Question
    | Alive
    | Refusal
    | Throttled
    | Notice
    | Malformed
)


class Codec(ABC):
    """One connection's worth of a provider's words, both directions. No I/O, no clock, no chance.

    Call `opened` once when the socket is open, `set_topics` whenever the wanted topics change (also before),
    `resolved` for every answer to what it asked, `rested` some time after a `Throttled`, `received` for every
    frame; after each of them you must call `frames_to_send` and send what it returns.
    """

    @abstractmethod
    def opened(self) -> None:
        """Take note that the socket is open; frames may be sent from now on."""

    @abstractmethod
    def set_topics(self, topics: Sequence[str]) -> None:
        """Make these the wanted topics, all of them; never more than the provider's limit."""

    @abstractmethod
    def received(self, frame: Frame) -> list[Report]:
        """Return what one frame says. Never raises for anything a peer can send."""

    @abstractmethod
    def frames_to_send(self) -> list[Frame]:
        """Return the frames to send now, in order, and forget them."""

    @property
    def unanswered(self) -> object:
        """What names the oldest request that waits for its answer; ``None`` when none does.

        A connection on which it stays the same for too long is of no use. Here: ``None``, for a provider
        that answers no request.
        """
        return None

    def rested(self) -> None:  # noqa: B027 - most are never throttled
        """Take note that the seconds of a `Throttled` have passed. Here: do nothing."""

    def resolved(self, related: TokenAccounts) -> None:  # noqa: B027 - most codecs ask nothing
        """Take note of the answer to a `TokenAccountsRequest`, or of news about it. Here: do nothing."""


class Rest(ABC):
    """What a provider answers over HTTP."""

    is_wanted: Callable[[str], bool] = staticmethod(lambda topic: True)
    """Whether a topic is still wanted; whoever fetches may set it, and a long fetch asks it as it goes on."""

    @abstractmethod
    def fetch(self, topics: Sequence[str], checkpoints: Mapping[str, Checkpoint]) -> AsyncIterator[Report]:
        """Yield the present state of the topics, or what happened since their checkpoints.

        Yields as answers arrive, oldest first for each topic, so that a long fetch shows its first results
        early. Where the kind of data has checkpoints, a topic of which nothing is known yet first yields a
        `CheckpointReport`.

        Raises:
            ProviderError: The provider refused or could not be reached. What was yielded before stands.
        """

    async def answer(self, question: Question) -> AsyncIterator[Report]:
        """Yield what answers a codec's question: the transaction, `TokenAccounts` (perhaps both), the price.

        Here: nothing, for a provider whose codec asks nothing.

        Raises:
            ProviderError: The provider refused or could not be reached.
        """
        return
        yield  # what makes this a generator

    async def look(
        self, unfollowed: Mapping[str, Sequence[str]], checkpoints: Mapping[str, Checkpoint]
    ) -> AsyncIterator[Report]:
        """Yield what happened lately to addresses of topics that the stream does not tell of.

        Made to be called every few seconds, so it may find less than a fetch does. Here: nothing.

        Raises:
            ProviderError: The provider refused or could not be reached.
        """
        return
        yield  # what makes this a generator

    async def examine(self, topics: Sequence[str]) -> AsyncIterator[Report]:
        """Yield what is odd about topics that are new: an `AccountReport` for each that is no wallet.

        Here: nothing, for a provider whose topics cannot be taken for something else.

        Raises:
            ProviderError: The provider refused or could not be reached.
        """
        return
        yield  # what makes this a generator

    def wanted_anew(self, topics: Sequence[str]) -> None:  # noqa: B027 - most always tell all they are asked
        """Take note that nothing is known of these topics, so the next fetch tells them. Here: nothing."""

    def forget(self) -> None:  # noqa: B027 - most learn nothing
        """Forget what refusals have taught about the key's plan. Here: they teach nothing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a provider allows."""

    topics_per_connection: int | None
    """More topics than this are spread over further connections; ``None``: no limit is known."""
    debounce: float
    """Seconds to gather changes of the wanted topics before they are sent."""
    silence: float | None = None
    """Seconds without a frame after which a stream with heartbeats is dead; ``None``: it has none."""
    words: str = ""
    """What this program keeps to, for a person to read."""
    sweep: bool = False
    """What its stream left out can be found over HTTP, so it is looked for now and then."""


class Provider(ABC):
    """One source of one kind of data.

    A subclass names itself, has `limits` and a `rest` side, and, if it streams, an `endpoint` and a `codec`;
    a source of prices also says what it calls an instrument. Everything else has a default here. It is made
    by its `streamcore.providers.descriptor.Descriptor`.
    """

    name: ClassVar[str]
    """The name in events, settings and options."""
    title: ClassVar[str]
    """The name as a person writes it, for texts."""
    kind: ClassVar[DataKind]
    """The kind of data it serves."""
    venue: ClassVar[Venue] = Venue.CHAIN
    """Where its prices are made; for wallets, the chain."""
    limits: Limits
    """What it allows."""
    rest: Rest
    """Its HTTP side."""
    streams_change: bool = False
    """Its stream tells a change over 24 hours that is another figure than that of its HTTP side.

    Then a row has it from the stream, and from HTTP only where the stream has never told it.
    """
    metered: bool = False
    """It cannot be streamed, and every request costs something of a month's allowance.

    Then it is asked only for what no other source has. May become so whenever it refuses something.
    """
    markets: MarketDirectory | None = None
    """What it lists, where it has a list; whoever runs it must have that kept known."""

    def topic(self, instrument: Instrument) -> str | None:
        """Return what it calls an instrument; ``None`` if it cannot have exactly that, as far as is known.

        May change whenever `markets` does. Here: nothing, for a provider that has no prices.
        """
        return None

    def endpoint(self) -> Endpoint | None:
        """Return where its stream is; ``None`` for a provider that has none and can only be polled."""
        return None

    def codec(self) -> Codec:
        """Return a new codec, for one new connection; called only where there is an `endpoint`."""
        raise NotImplementedError(f"{self.name} has no stream")

    def forget(self) -> None:
        """Forget what refusals have taught about the key's plan: a person asked to try everything again."""
        self.rest.forget()

    def handshake_refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        """Return what an HTTP answer other than 101 to the upgrade means. Here: what its status says.

        Args:
            status: The status.
            headers: Names in lower case.
            body: As it came.
        """
        return refusal(self.title, status, headers, key_setting=None)
