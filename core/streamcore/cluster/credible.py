"""What may be passed on of what others have written on the bus.

A terminal closes its connection when it is told what cannot be, and comes again; a relay may not even be able
to write it. So one message of somebody whose version has a fault would go round for ever: in the stream for
days. It is passed over where it comes in.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import msgspec

from streamcore.cluster.messages import Live
from streamcore.errors import MalformedMessage
from streamcore.events import Event, PriceUpdate, StreamError, WalletTransaction
from streamcore.status import ProviderStatus
from streamcore.text import printable
from streamcore.wire.messages import Transaction
from streamcore.wire.mirror import LOWEST, MOST_PROVIDERS
from streamcore.wire.numbers import MAX_TEXT
from streamcore.wire.row_pieces import FIGURES
from streamcore.wire.transactions import transaction_message

LATEST = 1e11
"""Unix seconds: the year 5138."""

LONGEST_NAME = 128
LONGEST_TEXT = 4096
"""Characters, as the wire has it; see `streamcore.wire.messages`."""

LONGEST_TRANSACTION = 65_536
"""Bytes of one transaction: a thousand of them go into one frame."""

MOST_DIGITS = 60
MOST_COUNTED = 2**53

_DECIMALS = tuple(name for name in FIGURES if name != "trades_24h")

_ENCODER = msgspec.msgpack.Encoder()
_TRANSACTIONS = msgspec.msgpack.Decoder(Transaction)


def credible(live: Live, *, demo: bool) -> tuple[Live, str | None]:
    """Return what a leader tells without what cannot be, and what was wrong with that, if there was any.

    Args:
        live: As it was read.
        demo: Whether made-up prices may be among them.
    """
    events, reason = [], None
    for event in live.events:
        try:
            check_event(event, demo=demo)
        except MalformedMessage as error:
            reason = error.reason
        else:
            events.append(event)
    statuses = live.statuses
    if statuses is not None:
        try:
            check_statuses(statuses)
        except MalformedMessage as error:
            reason, statuses = error.reason, None
    if reason is None:
        return live, None
    return msgspec.structs.replace(live, events=events, statuses=statuses), reason


def check_event(event: Event, *, demo: bool) -> None:
    """Check a price or an error; the leader tells nothing else this way.

    Raises:
        MalformedMessage: It cannot be.
    """
    if len(event.provider) > LONGEST_NAME or not -LATEST < event.ts < LATEST:
        raise MalformedMessage("an event with a provider or a time that cannot be")
    if isinstance(event, PriceUpdate):
        if event.demo and not demo:
            raise MalformedMessage("a made-up price")
        _check_price(event)
    elif not isinstance(event, StreamError) or len(event.message) > LONGEST_TEXT:
        raise MalformedMessage("an event that no leader tells")


def _check_price(event: PriceUpdate) -> None:
    if len(event.symbol) > LONGEST_NAME or len(event.address or "") > LONGEST_NAME:
        raise MalformedMessage("a price of what cannot be")
    for name in _DECIMALS:
        value = getattr(event, name)
        if value is not None and not (
            value.is_finite()
            and value >= LOWEST[name]
            and -MOST_DIGITS < value.adjusted() < MOST_DIGITS
            and len(str(value)) <= MOST_DIGITS
        ):
            raise MalformedMessage(f"an impossible {name}")
    if event.price is not None and not event.price:
        raise MalformedMessage("a price of zero")
    if event.trades_24h is not None and not 0 <= event.trades_24h < MOST_COUNTED:
        raise MalformedMessage("an impossible trades_24h")


def check_statuses(statuses: Sequence[ProviderStatus]) -> None:
    """Check the statuses of all providers.

    Raises:
        MalformedMessage: One of them cannot be, or there are too many.
    """
    for number, status in enumerate(statuses):
        texts = (status.reason or "", status.limits, status.hint)
        if number >= MOST_PROVIDERS or len(status.provider) > LONGEST_NAME:
            raise MalformedMessage("statuses of too many providers, or of none that can be")
        if any(len(text) > LONGEST_TEXT for text in texts):
            raise MalformedMessage("a status with a text that is too long")
        for value in msgspec.structs.astuple(status):
            if isinstance(value, float) and not (isfinite(value) and abs(value) < LATEST):
                raise MalformedMessage("a status with a number that cannot be")
            if isinstance(value, int) and not 0 <= value < MOST_COUNTED:
                raise MalformedMessage("a status with a number that cannot be")


def check_transaction(event: WalletTransaction, offset: int) -> None:
    """Check a transaction as every terminal will.

    Raises:
        MalformedMessage: It cannot be.
    """
    if not -LATEST < event.ts < LATEST:
        raise MalformedMessage("a transaction at a time that cannot be")
    message = transaction_message(event, offset, 0)
    amounts = [message.sol_change, message.fee, message.rent, message.tip]
    amounts += [change.amount for change in message.token_changes]
    if any(amount is not None and len(amount) > MAX_TEXT for amount in amounts):
        raise MalformedMessage("a transaction with an amount that cannot be")
    try:
        _TRANSACTIONS.decode(_ENCODER.encode(message))
    except (msgspec.ValidationError, OverflowError) as error:
        raise MalformedMessage(printable(str(error))) from None
