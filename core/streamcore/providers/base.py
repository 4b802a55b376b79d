"""The provider interface: what a provider must offer.

A provider is three things, none of which knows a socket or a consumer:

* a `Codec`, new for every connection: frames in, `Report` values out; wanted topics in, frames out;
* a `Rest` side for what has to be asked over HTTP: first states, polls, and what a gap has missed;
* facts: its name, the kind of data it serves, its limits, its endpoint, the meaning of its refusals.

All three are base classes; what only some providers need has a default here.

A *topic* is what one subscription of the provider is about, in the provider's own spelling: a mint, a
wallet, an exchange's symbol. `Provider.topic` gives that of an instrument; reports have it, and the trackers
translate back. What a codec and an HTTP side report is in `streamcore.providers.reports`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import ClassVar

import msgspec

from streamcore.assets.instruments import Instrument, Venue
from streamcore.errors import ProviderError
from streamcore.events import DataKind
from streamcore.net.endpoint import Endpoint
from streamcore.net.transport import Frame
from streamcore.providers.history_source import HistorySource
from streamcore.providers.http_errors import refusal
from streamcore.providers.market_directory import MarketDirectory
from streamcore.providers.reports import Checkpoint, Question, Report, TokenAccounts
from streamcore.providers.token_directory import TokenDirectory


class Codec(ABC):
    """Encodes and decodes the messages of one connection. No I/O, no clock, no random numbers.

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
        """Return what one frame says. Never raises for anything a peer can send.

        The figures of a `PriceReport` are `credible` (see `streamcore.providers.figures`): of all that
        report prices a codec alone is not asked again.
        """

    def received_together(self, frames: Sequence[Frame], reports: list[Report]) -> None:
        """Add what frames say that came together, in order; what a mistake cuts short stays added.

        Here: one after the other. A codec of many small messages does this without a call for each.
        """
        for frame in frames:
            reports += self.received(frame)

    @abstractmethod
    def frames_to_send(self) -> list[Frame]:
        """Return the frames to send now, in order, and forget them."""

    @property
    def unanswered(self) -> object:
        """Something that identifies the oldest request without an answer; ``None`` when there is none.

        A connection on which it stays the same for too long is of no use. Here: ``None``, for a provider
        that answers no request.
        """
        return None

    def give_up_unanswered(self) -> list[Report] | None:
        """Take note that what is `unanswered` has been so for too long; return what that means.

        After it you must send `frames_to_send`. Here: ``None``, that the connection is of no use.
        """
        return None

    def rested(self) -> None:  # noqa: B027 - most are never throttled
        """Take note that the seconds of a `Throttled` have passed. Here: do nothing."""

    def resolved(self, related: TokenAccounts) -> None:  # noqa: B027 - most codecs ask nothing
        """Take note of the answer to a `TokenAccountsRequest`, or of news about it. Here: do nothing."""


class Rest(ABC):
    """What a provider answers over HTTP."""

    is_wanted: Callable[[str], bool] = staticmethod(lambda topic: True)
    """Whether a topic is still wanted. Whoever fetches may set it; a long fetch asks it before each topic."""

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

    async def fetch_unfollowed(
        self, unfollowed: Mapping[str, Sequence[str]], checkpoints: Mapping[str, Checkpoint]
    ) -> AsyncIterator[Report]:
        """Yield what happened lately at the addresses of topics that the stream does not cover.

        Made to be called every few seconds, so it may find less than a fetch does. Here: nothing.

        Raises:
            ProviderError: The provider refused or could not be reached.
        """
        return
        yield  # what makes this a generator

    async def check_accounts(self, topics: Sequence[str]) -> AsyncIterator[Report]:
        """Yield an `AccountReport` for each of these new topics that is no wallet.

        Here: nothing, for a provider whose topics are no addresses that a person follows.

        Raises:
            ProviderError: The provider refused or could not be reached.
        """
        return
        yield  # what makes this a generator

    def wanted_anew(self, topics: Sequence[str]) -> None:  # noqa: B027 - most fetch all they are asked
        """Take note that the consumer knows nothing of these topics. Here: do nothing.

        A provider whose `fetch` leaves out what it has answered recently must not leave these out next time.
        """

    def forget(self) -> None:  # noqa: B027 - most learn nothing
        """Forget what refusals have taught about the key's plan. Here: they teach nothing."""


class Limits(msgspec.Struct, frozen=True):
    """What a provider allows."""

    topics_per_connection: int | None
    """More topics than this are spread over further connections; ``None``: no limit is known."""
    debounce: float
    """Seconds to gather changes of the wanted topics before they are sent."""
    silence: float | None = None
    """Seconds without a frame after which a stream with heartbeats is dead; ``None``: it has none."""
    text: str = ""
    """What this program keeps to, for a person to read."""
    sweep: bool = False
    """What its stream leaves out can be found over HTTP, so it is looked for now and then."""


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
    tells_gaps: bool = False
    """Its stream says itself of which topics it has left something out.

    Where it does not, a price that is not told for long is asked for over HTTP.
    """
    has_quotes: bool = False
    """Its HTTP side answers a `QuoteRequest`: it has an order book."""
    metered: bool = False
    """It has no stream for this key, and every request uses up part of a monthly allowance.

    Then it is asked only for what no other provider has. May become true whenever it refuses something.
    """
    markets: MarketDirectory | None = None
    """What it lists, where it has a list; whoever runs the provider must run `MarketDirectory.keep`."""
    history: HistorySource | None = None
    """The past of its prices, where it has that."""

    directory: TokenDirectory | None = None
    """What it knows of tokens by their names, where it does."""

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

    def connection_ended(self, error: ProviderError) -> ProviderError:
        """Return what the end of a connection, or of an attempt, means: whether and when to try again.

        Here: what it says already. A provider whose close codes have a meaning of their own says so.
        """
        return error
