"""What the relay's encodings have in common: whole messages both ways, and frames joined from pieces.

A relay encodes each changed row, each transaction and each status once. A frame is then a few bytes around
those pieces, so that a hundred terminals cost little more than one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from streamcore.wire.messages import Answer, Error, Frame, Price, Request, Transaction


class Pieces:
    """The encoded parts of one frame, each list in the order it is to be sent."""

    __slots__ = ("errors", "prices", "statuses", "transactions")

    def __init__(
        self,
        prices: Sequence[bytes] = (),
        transactions: Sequence[bytes] = (),
        statuses: Sequence[bytes] = (),
        errors: Sequence[bytes] = (),
    ) -> None:
        self.prices = prices
        self.transactions = transactions
        self.statuses = statuses
        self.errors = errors

    def __bool__(self) -> bool:
        return bool(self.prices or self.transactions or self.statuses or self.errors)


class Encoding(Protocol):
    """One way to write the wire's messages."""

    @property
    def name(self) -> str:
        """As options and metrics call it: ``msgpack``."""
        ...

    @property
    def is_text(self) -> bool:
        """Whether its messages are sent as text frames."""
        ...

    def encode(self, message: Request | Answer) -> bytes:
        """Return a whole message."""
        ...

    def read_request(self, data: bytes) -> Request | None:
        """Return the message of a terminal; ``None``: a kind that is not known here, to be passed over.

        Raises:
            MalformedMessage: It makes no sense; no other exception, whatever the bytes are.
        """
        ...

    def read_answer(self, data: bytes) -> Answer | None:
        """Return the message of a relay; ``None``: a kind that is not known here, to be passed over.

        Raises:
            MalformedMessage: It makes no sense; no other exception, whatever the bytes are.
        """
        ...

    def price(self, price: Price) -> bytes:
        """Return the piece of a frame for one row."""
        ...

    def transaction(self, transaction: Transaction) -> bytes:
        """Return the piece of a frame for one transaction."""
        ...

    def status(self, status: Mapping[str, Any]) -> bytes:
        """Return the piece of a frame for the status of one provider; ``provider`` is always in it."""
        ...

    def error(self, error: Error) -> bytes:
        """Return the piece of a frame for one error."""
        ...

    def frame(self, t: int, pieces: Pieces, *, offset: int | None = None, heard: Sequence[str] = ()) -> bytes:
        """Return a whole `Frame` made of pieces that this encoding wrote for the same ``t``."""
        ...


def joined(encoding: Encoding, frame: Frame) -> bytes:
    """Return a `Frame` as an encoding writes it, made of pieces as every frame is."""
    pieces = Pieces(
        [encoding.price(price) for price in frame.prices],
        [encoding.transaction(transaction) for transaction in frame.transactions],
        [encoding.status(status) for status in frame.statuses],
        [encoding.error(error) for error in frame.errors],
    )
    return encoding.frame(frame.t, pieces, offset=frame.offset, heard=frame.heard)
