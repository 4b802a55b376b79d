"""What the exchanges have in common: pairs in US dollars, who has been asked for which, and where HTTP is.

An exchange takes a list of pairs, says of each whether it has it, and refuses a client that writes too
often. So one request is under way at a time, and a pair that was refused is not asked for again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Context, Decimal

import msgspec

from streamcore.assets.instruments import TICKER, Instrument
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.loopback import leads_to_loopback
from streamcore.providers.reports import Refusal

DEBOUNCE = 0.25
"""Seconds to gather changes of the wanted pairs; no exchange documents a pause, all limit messages."""

SILENCE = 10.0
"""Seconds; exchanges have a heartbeat every second, and one of them advises to give up after five."""

MOST_DOLLARS = 25
"""Powers of ten of the greatest sum that is rounded: with its cents it has as many digits as are kept."""

_ZERO = Decimal(0)
CENT = Decimal("0.01")
_HUNDRED = Decimal(100)
EXACT = Context(prec=28)
"""For the arithmetic here, which does not depend on the context of whoever calls."""

MOST_TEXT = 2000
"""Characters of an error's text that are searched for pairs; nothing real is longer."""

_FOR_A_MOMENT = (
    "eservice",
    "unavailable",
    "internal",
    "unknown error",
    "timed out",
    "timeout",
    "busy",
    "temporar",
    "try again",
    "overload",
    "maintenance",
)
"""What is in the texts of refusals that are about the exchange, and not about what was asked."""

_PAIR = re.compile(r"[A-Z0-9.]+[/-][A-Z0-9.]*[A-Z0-9]")

PERCENT = Context(prec=12)
"""Twelve digits of a percentage are more than any screen shows, and few enough to read in a line of JSON."""


def pair_of(instrument: Instrument, joint: str) -> str | None:
    """Return the pair of an instrument and the US dollar, such as ``SOL/USD``; ``None`` if none can exist."""
    ticker = instrument.ticker
    if ticker is None or not TICKER.fullmatch(ticker):
        return None
    return f"{ticker}{joint}USD"


def is_for_a_moment(text: str) -> bool:
    """Return whether a refusal says that the exchange cannot at present: then the pair may well exist."""
    folded = text.casefold()
    return any(words in folded for words in _FOR_A_MOMENT)


def in_dollars(amount: Decimal | None, price: Decimal | None) -> Decimal | None:
    """Return what an amount is worth at a price, to the cent; ``None`` if one of them is not known.

    What is worth more than all there is comes back as it is: whoever reads it must not believe it anyway.
    """
    if amount is None or price is None:
        return None
    worth = EXACT.multiply(amount, price)
    return worth if worth.adjusted() > MOST_DOLLARS else EXACT.quantize(worth, CENT)


def unless_zero(value: Decimal | None) -> Decimal | None:
    """Return a price; ``None`` for a zero, which exchanges say where there has been no trade."""
    return value or None


def percent_since(price: Decimal | None, before: Decimal | None) -> Decimal | None:
    """Return by how much ``price`` differs from ``before``, percent, to twelve digits.

    ``None`` if one of them is not known, or if there was no price before.
    """
    if price is None or before is None or before <= _ZERO:
        return None
    return PERCENT.divide(EXACT.multiply(EXACT.subtract(price, before), _HUNDRED), before)


class HttpHost:
    """Scheme and host of an exchange's HTTP side, if it belongs to the stream in use.

    A stream on this machine is an emulator or a relay. What the public host says would be the prices of
    another market, so such a stream has an HTTP side only where one on this machine is configured.
    """

    def __init__(self, title: str, section: str, ws_url: str, rest_url: str) -> None:
        self._url = rest_url.rstrip("/")
        self._missing: str | None = None
        if leads_to_loopback(ws_url) and not leads_to_loopback(rest_url):
            self._missing = (
                f"{title} cannot be polled: {section}.ws_url leads to this machine"
                f" and {section}.rest_url does not"
            )

    def url(self, path: str) -> str:
        """Return the URL of a path.

        Raises:
            ProviderError: There is no HTTP side that belongs to the stream.
        """
        if self._missing is not None:
            raise ProviderError(ErrorKind.NETWORK, self._missing)
        return self._url + path

    def source(self, path: str) -> str | None:
        """Return the URL of a path; ``None`` where there is no HTTP side that belongs to the stream."""
        return None if self._missing is not None else self._url + path


class PairRequest(msgspec.Struct, frozen=True):
    """What to ask an exchange for now."""

    subscribe: bool
    """``False``: to stop."""
    pairs: tuple[str, ...]


class Pairs:
    """The pairs of one connection: wanted, asked for, refused. No I/O, no clock, no provider's words.

    After every call that may change something, send what `request` returns.
    """

    def __init__(self, batch_size: int, passed_over: set[str] | None = None) -> None:
        """Make one that has not asked for anything.

        Args:
            batch_size: Pairs in one request at most.
            passed_over: Pairs of which the exchange has said nothing when it was asked; kept for the
                connections that follow. ``None``: none yet.
        """
        self._batch_size = batch_size
        self._passed_over = set() if passed_over is None else passed_over
        self._open = False
        self._wanted: dict[str, None] = {}
        self._asked: dict[str, None] = {}
        self._known: set[str] = set()
        self._refused: dict[str, ProviderError] = {}
        self.waiting: set[str] = set()
        """The pairs of the last request that have had no answer; for reading."""
        self._requested = 0
        """How many pairs the last request had."""
        self._settled = False
        """What is asked for is all that is wanted, so there is nothing to request."""
        self._subscribing = True
        """Whether what is under way is a request to subscribe."""

    def open(self) -> None:
        """Take note that requests may be sent."""
        self._open = True

    def set_topics(self, pairs: Sequence[str]) -> None:
        """Make these the wanted pairs, all of them; a refused one that is wanted anew is asked for again."""
        for pair in pairs:
            if pair not in self._wanted:
                self._refused.pop(pair, None)
        self._wanted = dict.fromkeys(pairs)
        self._settled = False

    def wants(self, pair: str) -> bool:
        """Whether a pair is wanted."""
        return pair in self._wanted

    def knows(self, pair: str) -> bool:
        """Whether a pair has ever been asked for."""
        return pair in self._known

    def named_in(self, text: str) -> list[str]:
        """Return the pairs ever asked for that a text names, in any case, in the order of the text."""
        names = dict.fromkeys(_PAIR.findall(text[:MOST_TEXT].upper()))
        return [name for name in names if name in self._known]

    def is_refused(self, pair: str) -> bool:
        """Whether a pair has been refused."""
        return pair in self._refused

    @property
    def under_way(self) -> tuple[str, ...]:
        """The same in order."""
        return tuple(sorted(self.waiting))

    def request(self) -> PairRequest | None:
        """Return the next request, and count it as sent; ``None``: there is none, or one is under way."""
        if self._settled or not self._open or self.waiting:
            return None
        gone = [pair for pair in self._asked if pair not in self._wanted]
        new = [pair for pair in self._wanted if pair not in self._asked and pair not in self._refused]
        pairs = tuple((gone or new)[: self._batch_size])
        if not pairs:
            self._settled = True  # looking through all pairs after every frame cost more than reading it
            return None
        self.waiting.update(pairs)
        self._requested = len(pairs)
        self._subscribing = not gone
        if gone:
            for pair in pairs:
                del self._asked[pair]
        else:
            self._asked.update(dict.fromkeys(pairs))
            self._known.update(pairs)
        return PairRequest(subscribe=not gone, pairs=pairs)

    def answered(self, *pairs: str) -> None:
        """Take note of the answer about some pairs; without arguments, about all that are under way."""
        if self.waiting:
            self.waiting.difference_update(pairs or tuple(self.waiting))

    def pass_over(self) -> tuple[str, ...] | None:
        """Take note that the request under way will not be answered any further.

        Returns the pairs that were to be subscribed and are not. ``None``: nothing of the request was
        answered, so the connection must be doubted; unless an earlier one had no answer about these either.
        """
        if len(self.waiting) == self._requested and not self.waiting <= self._passed_over:
            return None
        pairs = self.under_way if self._subscribing else ()
        self._passed_over.update(pairs)
        self.answered()
        return pairs

    def ask_again(self) -> None:
        """Take note that the request under way has come to nothing, for all of its pairs."""
        for pair in self.waiting:
            if self._subscribing:
                self._asked.pop(pair, None)
            else:
                self._asked[pair] = None
        self.waiting.clear()
        self._settled = False

    def refuse(self, pair: str, error: ProviderError) -> Refusal:
        """Take note that the exchange does not have a pair; it is not asked for again."""
        self._refused[pair] = error
        self._asked.pop(pair, None)
        self.waiting.discard(pair)
        self._settled = False
        return Refusal(error, (pair,))
