"""The immutable events a consumer receives, and the enumerations in their fields.

The shape of an event is the shape of one line of ``streamtui stream``: the same field names, in the same
order; `streamcore.json_lines` writes such lines and reads them. Prices and amounts are `Decimal`
here and strings in JSON; what is not known is ``None`` and ``null``, never zero. ``provider`` is empty in an
error that is not about a single provider. ``relay`` is ``host:port`` of the relay that an event has come
through, and ``None``, or absent in JSON, where this program talks to the provider itself.

Units: ``ts`` and every other point in time is Unix seconds, ``change_24h`` percent, ``volume_24h`` USD,
``sol_change``, ``fee``, ``rent`` and ``tip`` SOL, ``latency_ms`` milliseconds, ``retry_in`` and ``uptime``
seconds.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

import msgspec


class DataKind(StrEnum):
    """The kinds of data a provider can serve."""

    PRICES = "prices"
    WALLETS = "wallets"


class State(StrEnum):
    """The states of a provider's stream. The legal steps between them are in `streamcore.streams.state`."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTING = "disconnecting"
    FAILED = "failed"
    FALLBACK = "fallback"


class PriceKind(StrEnum):
    """Whether a price event stands for the complete state of a token or for a change to it."""

    SNAPSHOT = "snapshot"
    DELTA = "delta"


class Source(StrEnum):
    """The way an event came: over the stream, recovered after a gap, or by polling."""

    STREAM = "stream"
    BACKFILL = "backfill"
    POLL = "poll"


class TransactionType(StrEnum):
    """What a transaction meant for the wallet it is reported for."""

    RECEIVED = "received"
    SENT = "sent"
    BOUGHT = "bought"
    """The wallet gave SOL and got a token."""
    SOLD = "sold"
    """The wallet gave a token and got SOL."""
    SWAPPED = "swapped"
    """One token for another."""
    FAILED = "failed"
    ACCOUNT = "account"
    """Token accounts were opened or closed, and nothing else moved."""
    CALLED = "called"
    """The wallet signed, but nothing of its own moved."""
    MENTIONED = "mentioned"
    """The wallet neither signed nor gained or lost anything, or the transaction cannot be read."""
    MULTI = "multi"
    """Several amounts moved, and not just one for another; or one for another in a loan or over a bridge."""


class ErrorKind(StrEnum):
    """What went wrong."""

    AUTH = "auth"
    """The API key is missing or refused."""
    PLAN = "plan"
    """The plan behind the key does not include this."""
    QUOTA = "quota"
    """The plan's allowance is used up."""
    RATE_LIMIT = "rate_limit"
    """Too many requests or messages; the provider asks to slow down."""
    SUBSCRIPTION = "subscription"
    """A symbol or wallet cannot be watched, or is not what it was taken for."""
    PROTOCOL = "protocol"
    """The provider sent something that cannot be understood, or this program has a fault."""
    NETWORK = "network"
    """The provider could not be reached, or the connection was lost."""
    SERVER = "server"
    """The provider reports a fault or maintenance of its own."""
    GAP = "gap"
    """Transactions may be missing."""


PRICE_FIELDS = ("price", "change_24h", "volume_24h")
"""The fields of a price whose changes are told in ``changed``, in that order."""

MARKET_FIELDS = ("high_24h", "low_24h", "bid", "ask", "vwap_24h", "trades_24h")
"""The further fields of a price, known where its source tells them: no change of them is told."""

_BASIS_POINTS = Decimal(10_000)


def price_key(symbol: str, mint: str | None) -> str:
    """Return the key of a price in `streamcore.Engine.snapshot` and everywhere else: its mint, or its ticker.

    Args:
        symbol: As shown, in any case.
        mint: Empty or ``None`` where what is priced is no Solana token, or not the same everywhere.
    """
    return mint or symbol.upper()


class TokenChange(msgspec.Struct, frozen=True, kw_only=True):
    """How much of one token a wallet gained (positive) or lost, in whole tokens."""

    mint: str
    symbol: str | None
    amount: Decimal


class _Common(msgspec.Struct, frozen=True, tag_field="event"):
    """The fields that every event has."""

    provider: str
    ts: float
    demo: bool


class PriceUpdate(_Common, frozen=True, tag="price", gc=False):
    """The merged state of one token after a message that concerned it.

    ``changed`` names the fields that this message (or, for a consumer that was away, these messages)
    altered. An update whose ``changed`` is empty confirms at ``ts`` what was known. The `MARKET_FIELDS` are
    there where the source tells them, and are never named in ``changed``: ``bid`` and ``ask`` as of the last
    trade, the rest over the last 24 hours.
    """

    symbol: str
    address: str | None
    kind: PriceKind
    source: Source
    price: Decimal | None
    change_24h: Decimal | None
    volume_24h: Decimal | None
    changed: tuple[str, ...]
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    vwap_24h: Decimal | None = None
    """The average price of what was traded, weighted by amount."""
    trades_24h: int | None = None
    relay: str | None = None

    @property
    def spread(self) -> Decimal | None:
        """How far ``bid`` and ``ask`` are apart, in basis points (hundredths of a percent) of their middle.

        ``None`` if one of them is not known, or if the bid is not below the ask: such a book is out of order.
        """
        if self.bid is None or self.ask is None or not 0 < self.bid < self.ask:
            return None
        return (self.ask - self.bid) * 2 * _BASIS_POINTS / (self.ask + self.bid)

    def as_snapshot(self) -> PriceUpdate:
        """Return this event as a ``snapshot``, for a consumer that has seen none of the earlier ones."""
        known = tuple(name for name in PRICE_FIELDS if getattr(self, name) is not None)
        return msgspec.structs.replace(self, kind=PriceKind.SNAPSHOT, changed=known)


class WalletTransaction(_Common, frozen=True, kw_only=True, tag="transaction"):
    """One transaction as seen from one watched wallet; a (signature, wallet) pair comes once.

    ``fee`` is what the wallet itself paid, zero when somebody else did. ``sol_change`` leaves out the fee
    and rent. Of a transaction that could not be read these two, ``rent`` and ``tip`` are ``None``.
    ``block_time`` is ``None`` until the chain has told it.

    ``rent`` is SOL paid for new accounts (negative) or got back from closed ones. ``tip`` is SOL paid to
    block builders and the like, a positive number that ``sol_change`` includes. ``action`` is a verb such as
    ``stake``, ``bridge`` or ``order placed`` where the program is known for one thing. ``counterparties``
    holds the other side where it is several, the largest first; ``counterparty`` is ``None`` then.
    """

    wallet: str
    signature: str
    slot: int
    block_time: int | None
    type: TransactionType
    summary: str
    sol_change: Decimal | None
    fee: Decimal | None
    token_changes: tuple[TokenChange, ...]
    counterparty: str | None
    program: str | None
    error: str | None
    source: Source
    rent: Decimal | None = Decimal(0)
    tip: Decimal | None = Decimal(0)
    action: str | None = None
    counterparties: tuple[str, ...] = ()
    relay: str | None = None


class StatusChange(_Common, frozen=True, kw_only=True, tag="status"):
    """The state of one provider: sent at every change of state, and every ten seconds."""

    state: State
    reason: str | None
    attempt: int
    retry_in: float | None
    fallback: bool
    stale: bool
    subscriptions: int
    latency_ms: float | None
    messages_received: int
    messages_sent: int
    bytes_received: int
    bytes_sent: int
    dropped: int
    reconnects: int
    uptime: float
    relay: str | None = None


class StreamError(_Common, frozen=True, kw_only=True, tag="error"):
    """Something a person should know; ``retryable`` tells whether waiting may cure it."""

    kind: ErrorKind
    message: str
    retryable: bool
    relay: str | None = None


Event: TypeAlias = PriceUpdate | WalletTransaction | StatusChange | StreamError
