"""The messages of the relay's wire, version 1.

Each structure lists its fields in the order of the wire: MessagePack writes them as an array with the kind
in front, JSON as an object of the same names, protobuf as ``relay.proto`` says. Fields are only ever added at
the end; whoever does not know them passes over them. Points in time are Unix milliseconds; ``ms`` inside a
frame counts from the frame's ``t`` and may be negative.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta

VERSION = 1

MAX_REQUEST_BYTES = 65_536
"""The longest message of a terminal."""

INTERVALS = (100, 250, 500, 1000)
"""Milliseconds between two frames that a terminal may ask for; few, so that groups of terminals stay few."""

DEFAULT_INTERVAL = 250

HEARTBEAT = 3000
"""Milliseconds after which a relay that has nothing to say sends an empty frame."""

Packed: TypeAlias = int | str
"""A number as it is written: see `streamcore.wire.numbers`."""

Offset = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A position in the relay's log of transactions."""
Number32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Milliseconds = Annotated[int, Meta(ge=-(2**53), le=2**53)]
Text = Annotated[str, Meta(max_length=4096)]
Name = Annotated[str, Meta(max_length=128)]
"""An address, a signature, a ticker, or the name of a provider."""


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The base of what stands inside a message."""


class Message(msgspec.Struct, frozen=True, array_like=True):
    """The base of every message."""


class Position(Part, frozen=True):
    """A place in the log of one relay: everything up to ``offset`` has been received.

    Another ``epoch`` is another log, whose offsets mean nothing here.
    """

    epoch: Name
    offset: Offset


# --- terminal → relay -----------------------------------------------------------------------------------


class Want(Message, frozen=True, tag=0):
    """Everything a terminal wants; it replaces what it wanted before. The first message, within 5 s."""

    id: Number32
    symbols: tuple[Text, ...] = ()
    """Tickers or mint addresses, as a person wrote them."""
    wallets: tuple[Text, ...] = ()
    since: Position | None = None
    """The newest position this terminal has seen, when it comes back; ``None``: it begins."""
    interval: Number32 | None = None
    """One of `INTERVALS`; the relay takes the nearest for any other, and `DEFAULT_INTERVAL` for ``None``."""
    client: Text | None = None
    """The program that asks, for the operator's log."""


class Reconnect(Message, frozen=True, tag=1):
    """Start a provider's connection over; needs the scope ``control``."""

    id: Number32
    provider: Name | None = None
    """``None``: all of them."""


class Lookup(Message, frozen=True, tag=2):
    """A question that is answered once, by a `Found` or a `Refused` of the same ``id``."""

    id: Number32
    what: Name
    """``history``, ``trends``, ``search``, ``names``, ``wallet`` or ``quote``."""
    text: Text | None = None
    """The symbol whose history, or bid and ask, are wanted, what to search for, mints separated by commas, or
    the name of a wallet."""
    range: Name | None = None
    """Of a history: a `streamcore.ChartRange`."""


Request: TypeAlias = Want | Reconnect | Lookup


# --- relay → terminal -----------------------------------------------------------------------------------


class Limits(Part, frozen=True):
    """What one terminal may ask for."""

    symbols: Number32
    wallets: Number32
    message_bytes: Number32
    messages_per_minute: Number32


class Row(Part, frozen=True):
    """A price that will come: ``row`` is its number on this connection."""

    row: Number32
    asked: Text
    """The text of the `Want` that it answers."""
    symbol: Name
    mint: Name | None = None
    """``None``: an asset that is no Solana token, or not the same everywhere."""
    name: Text = ""


class Refusal(Part, frozen=True):
    """Something of a `Want` that will not come."""

    what: Text
    """The symbol or wallet as it was asked for."""
    code: Name
    message: Text
    """A sentence for a person."""
    retryable: bool = False


class Hello(Message, frozen=True, tag=0):
    """The first message of a relay."""

    version: Number32
    relay: Text
    """The program and its version."""
    epoch: Name
    offset: Offset
    t: Milliseconds
    demo: bool
    intervals: tuple[Number32, ...]
    heartbeat: Number32
    limits: Limits
    exchanges: bool
    """The relay's sources may know tickers that are in no table of tokens."""
    tokens: dict[str, str]
    """The relay's own tickers and their mints."""
    control: bool
    """This terminal may send `Reconnect`."""
    statuses: tuple[dict[str, Any], ...] = ()
    """The whole status of each provider, by the names of `streamcore.ProviderStatus`."""


class Wanted(Message, frozen=True, tag=1):
    """The answer to a `Want`. A row that stays keeps its number, and no number is used twice."""

    id: Number32
    rows: tuple[Row, ...] = ()
    refused: tuple[Refusal, ...] = ()
    offset: Offset | None = None
    recovered: bool | None = None
    """``None``: no ``since`` was given. True: every transaction since then follows. False: the log does not
    reach back to it."""
    interval: Number32 = 0
    """Milliseconds between two frames, as the relay will keep it."""


class Price(Part, frozen=True):
    """What is new about a row.

    A delta leaves unchanged fields ``None``; without any field it confirms what was known. A snapshot
    replaces everything known, and there ``None`` is unknown.
    """

    row: Number32
    ms: Milliseconds
    price: Packed | None = None
    change_24h: Packed | None = None
    volume_24h: Packed | None = None
    snapshot: int | None = 0
    """1: it is one."""
    high_24h: Packed | None = None
    low_24h: Packed | None = None
    provider: Name | None = None
    source: Name | None = None
    """``stream`` or ``poll``."""
    address: Name | None = None
    bid: Packed | None = None
    ask: Packed | None = None
    vwap_24h: Packed | None = None
    trades_24h: Packed | None = None


class TokenAmount(Part, frozen=True):
    """How much of a token a wallet gained or lost, in whole tokens, as a decimal text."""

    mint: Name
    symbol: Name | None
    amount: Text


class Transaction(Part, frozen=True):
    """A `streamcore.WalletTransaction` with its place in the log; amounts are decimal texts."""

    offset: Offset
    ms: Milliseconds
    wallet: Name
    signature: Name
    slot: Offset
    block_time: Milliseconds | None
    """Unix seconds, as the chain has it."""
    type: Name
    summary: Text
    sol_change: Text | None
    fee: Text | None
    token_changes: tuple[TokenAmount, ...]
    counterparty: Name | None
    program: Text | None
    error: Text | None
    source: Name
    provider: Name
    rent: Text | None = None
    tip: Text | None = None
    action: Text | None = None
    counterparties: tuple[Name, ...] = ()


class Error(Part, frozen=True):
    """A `streamcore.StreamError`; ``provider`` is empty when it is not about a single one."""

    provider: Name
    ms: Milliseconds
    kind: Name
    message: Text
    retryable: bool


class Frame(Message, frozen=True, tag=2):
    """What has happened since the last frame."""

    t: Milliseconds
    prices: tuple[Price, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    statuses: tuple[dict[str, Any], ...] = ()
    """Of each provider that is named the fields that changed, by the names of `streamcore.ProviderStatus`."""
    errors: tuple[Error, ...] = ()
    offset: Offset | None = None
    """Everything in the log up to here has been sent; ``None``: as before."""
    heard: tuple[Name, ...] = ()
    """Providers that have sent anything at all since this was last told, at most `HEARTBEAT` ago."""


class Refused(Message, frozen=True, tag=3):
    """A request as a whole was refused."""

    id: Number32
    code: Name
    message: Text


class Restart(Message, frozen=True, tag=4):
    """The relay goes away and will be back; close code 1012 follows."""

    in_ms: Number32 = msgspec.field(name="in")


class Found(Message, frozen=True, tag=5):
    """The answer to a `Lookup`."""

    id: Number32
    items: tuple[dict[str, Any], ...] = ()
    """By field name: a `streamcore.CandleSeries` for a history and for each trend, which has the ``key`` of
    its row as well; a `streamcore.SearchResult` for a search; a `streamcore.TokenHit` for each name; the
    ``address`` of a wallet. Decimals are texts."""


Answer: TypeAlias = Hello | Wanted | Frame | Refused | Restart | Found

REQUESTS: tuple[type[Request], ...] = (Want, Reconnect, Lookup)
"""In the order of their kinds."""

ANSWERS: tuple[type[Answer], ...] = (Hello, Wanted, Frame, Refused, Restart, Found)
"""In the order of their kinds."""
