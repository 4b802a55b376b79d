"""A terminal's side of the wire: merges a relay's messages back into events and present state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any

import msgspec

from streamcore.errors import MalformedMessage
from streamcore.events import (
    DataKind,
    Event,
    PriceKind,
    PriceUpdate,
    Source,
    StatusChange,
    price_key,
)
from streamcore.newer_words import with_known_words
from streamcore.status import STATUS_STAND_INS, ProviderStatus
from streamcore.text import printable
from streamcore.told_transactions import ToldTransactions
from streamcore.wire.messages import Frame, Hello, Position, Price, Row, Wanted
from streamcore.wire.numbers import unpack
from streamcore.wire.row_pieces import FIGURES
from streamcore.wire.transactions import LONGEST_TEXT, error_event, transaction_event, word

MOST_ROWS = 10_000
"""Row numbers of one connection that are remembered; a relay that names more has a fault."""

MOST_PROVIDERS = 100

MOST_LOGS = 16
"""Relays' logs in which this terminal remembers its place."""

_DELTA = PriceKind.DELTA
_replace = msgspec.structs.replace

_TIMES = ("since", "retry_at", "last_message_at")
_STATUS_FIELDS = frozenset(ProviderStatus.__struct_fields__)
LOWEST = {name: Decimal(-100) if name == "change_24h" else Decimal(0) for name in FIGURES}
"""Nothing can fall by more than 100 percent, and nothing else is below zero."""


@dataclass(slots=True)
class _MirroredRow:
    row: Row
    key: str
    is_wanted: bool = True
    has_state: bool = False
    """Its snapshot has come on this connection."""


class Mirror:
    """Present state and events of an engine at the other end of the wire, over any number of connections.

    Give it every message in order: `hello` begins a connection. What it was told before stays known in
    between. Every text from the relay is made `printable`, and what cannot be true raises
    `MalformedMessage`: the caller then closes the connection and opens another, which starts whole.
    """

    def __init__(self) -> None:
        self.demo = False
        self.relay: str | None = None
        """``host:port`` of the relay, which every event names; set it before `hello`."""
        self.prices: dict[str, PriceUpdate] = {}
        """The last event of each wanted row by its key: its mint, or its ticker where it has none."""
        self._epoch: str | None = None
        self._offsets: dict[str, int] = {}
        """The newest offset of each log by its epoch, the last one used at the end."""
        self._rows: dict[int, _MirroredRow] = {}
        self._statuses: dict[str, dict[str, Any]] = {}
        self._passed_over: set[str] = set()
        """Providers of a kind of data that is not known here."""
        self._shift = 0.0
        self._told = ToldTransactions()

    # --- state ------------------------------------------------------------------------------------------

    @property
    def rows(self) -> Mapping[str, Row]:
        """The wanted rows by key."""
        return {one.key: one.row for one in self._rows.values() if one.is_wanted}

    @property
    def since(self) -> Position | None:
        """What the `Want` after a `hello` has to say: where this terminal stopped; ``None``: it begins.

        At a relay that it has not met before, its place in the last one's log: that relay then answers that
        it cannot continue from there, and the terminal knows that something may be missing.
        """
        if not self._offsets:
            return None
        epoch = self._epoch if self._epoch in self._offsets else next(reversed(self._offsets))
        return Position(epoch, self._offsets[epoch])

    @property
    def statuses(self) -> dict[str, ProviderStatus]:
        """Every provider's status by name, its points in time by this computer's clock."""
        return {name: self._status(name) for name in self._statuses}

    @property
    def price_topics(self) -> Iterator[str]:
        """What the providers of prices are asked for, of what this terminal watches."""
        for status in self._statuses.values():
            if status.get("kind") == DataKind.PRICES:
                yield from status.get("topics", ())

    # --- messages ---------------------------------------------------------------------------------------

    def hello(self, hello: Hello, shift: float = 0.0) -> None:
        """Begin a connection: row numbers start anew, and statuses are told whole.

        Args:
            hello: The first message on it.
            shift: Seconds to add to the relay's clock to get this computer's.

        Raises:
            MalformedMessage: A status makes no sense.
        """
        self.demo = hello.demo
        self._shift = shift
        self._rows.clear()
        self._statuses.clear()
        self._passed_over.clear()
        for status in hello.statuses:
            self._merge_status(status)
        self._epoch = hello.epoch

    def wanted(self, wanted: Wanted) -> None:
        """Take over the rows that are wanted from now on.

        Raises:
            MalformedMessage: A number stands for two rows, or there are too many.
        """
        for one in self._rows.values():
            one.is_wanted = False
        for row in wanted.rows:
            known = self._rows.get(row.row)
            symbol = printable(row.symbol)
            mint = None if row.mint is None else printable(row.mint)
            key = price_key(symbol, mint)
            if known is None:
                if len(self._rows) >= MOST_ROWS:
                    raise MalformedMessage(f"more than {MOST_ROWS} rows on one connection")
                clean = Row(row.row, row.asked, symbol, mint, printable(row.name))
                self._rows[row.row] = _MirroredRow(clean, key)
            elif known.key != key:
                raise MalformedMessage(f"row {row.row} stands for {known.key} and for {key}")
            else:
                known.is_wanted = True
        keys = {one.key for one in self._rows.values() if one.is_wanted}
        self.prices = {key: event for key, event in self.prices.items() if key in keys}
        self._move(wanted.offset)

    def frame(self, frame: Frame, shift: float = 0.0) -> list[Event]:
        """Return what a frame tells, prices first.

        Args:
            frame: The next one.
            shift: Seconds to add to the relay's clock to get this computer's.

        Raises:
            MalformedMessage: It does not fit what was told before, or a value in it cannot be.
        """
        self._shift = shift
        events: list[Event] = [
            event for price in frame.prices if (event := self._price(price, frame.t)) is not None
        ]
        told: dict[tuple[str, str], None] = {}
        for message in frame.transactions:
            key = (message.wallet, message.signature)
            if key not in told and not self._told.has(*key):
                demo = self._is_demo(message.provider)
                events.append(transaction_event(message, frame.t, shift, demo=demo, relay=self.relay))
                told[key] = None
        events += self._status_events(frame)
        for error in frame.errors:
            demo = self._is_demo(error.provider)
            events.append(error_event(error, frame.t, shift, demo=demo, relay=self.relay))
        # not before all of it has made sense: what is refused is told by nobody, and has to come again
        for key in told:
            self._told.add(*key)
        self._move(max((message.offset for message in frame.transactions), default=None))
        self._move(frame.offset)
        for name in map(printable, frame.heard):
            if name in self._statuses:
                self._statuses[name]["last_message_at"] = frame.t / 1000
        return events

    # --- prices -----------------------------------------------------------------------------------------

    def _price(self, price: Price, t: int) -> PriceUpdate | None:
        mirrored = self._rows.get(price.row)
        if mirrored is None:
            raise MalformedMessage(f"a price of row {price.row}, which was never named")
        if not mirrored.is_wanted:
            return None  # it was on its way when the terminal changed its mind
        news = _told_figures(price)
        news["ts"] = (t + price.ms) / 1000 + self._shift
        if price.snapshot:
            if not price.source:
                raise MalformedMessage("a price that does not say how it came")
            provider = printable(price.provider or "")
            event = PriceUpdate(
                relay=self.relay,
                provider=provider,
                demo=self._is_demo(provider),
                symbol=mirrored.row.symbol,
                address=None if price.address is None else printable(price.address),
                kind=PriceKind.SNAPSHOT,
                source=word(Source, price.source, Source.STREAM),
                **{"price": None, "change_24h": None, "volume_24h": None, **news},
            )
            mirrored.has_state = True
        elif mirrored.has_state:
            event = _replace(self.prices[mirrored.key], kind=_DELTA, **news)
        else:
            raise MalformedMessage(f"a change of row {price.row}, whose state was never told")
        self.prices[mirrored.key] = event
        return event

    # --- statuses ---------------------------------------------------------------------------------------

    def _merge_status(self, status: Mapping[str, Any]) -> str | None:
        """Take in what is told of a provider; return its name, ``None`` for one of a kind not known here."""
        name = status.get("provider")
        if not isinstance(name, str):
            raise MalformedMessage("a status without a provider")
        name = printable(name)
        if name not in self._statuses and len(self._statuses) >= MOST_PROVIDERS:
            raise MalformedMessage("statuses of too many providers")
        known = {field: value for field, value in status.items() if field in _STATUS_FIELDS}
        if name in self._passed_over or _is_of_a_newer_kind(known):
            if len(self._passed_over) < MOST_PROVIDERS:
                self._passed_over.add(name)
            return None
        known = with_known_words(known, STATUS_STAND_INS)
        self._statuses[name] = {**self._statuses.get(name, {}), **known, "provider": name}
        self._status(name)  # raises if it makes no sense
        return name

    def _status_events(self, frame: Frame) -> Iterator[StatusChange]:
        named = dict.fromkeys(self._merge_status(status) for status in frame.statuses)
        for status in [self._status(name) for name in named if name is not None]:
            if not status.standby:  # nothing is expected of it, as an engine of one's own has it
                yield status.event(frame.t / 1000 + self._shift)

    def _status(self, name: str) -> ProviderStatus:
        found = dict(self._statuses[name])
        try:
            for time in _TIMES:
                if found.get(time) is not None:
                    found[time] += self._shift
            status = msgspec.convert(found, ProviderStatus)
        except (msgspec.ValidationError, TypeError, RecursionError) as error:
            raise MalformedMessage(f"a status: {printable(str(error))}") from None
        numbers = [value for value in msgspec.structs.astuple(status) if isinstance(value, float)]
        if not all(isfinite(number) and abs(number) < 1e15 for number in numbers):
            raise MalformedMessage("a status with a number that cannot be")
        return msgspec.structs.replace(
            status,
            relay=self.relay,
            subscriptions=min(
                len(status.topics), MOST_ROWS
            ),  # this terminal's own; the relay counts those of all terminals
            reason=None if status.reason is None else printable(status.reason, LONGEST_TEXT),
            topics=tuple(map(printable, status.topics[:MOST_ROWS])),
            limits=printable(status.limits, LONGEST_TEXT),
            hint=printable(status.hint, LONGEST_TEXT),
        )

    def _is_demo(self, provider: str) -> bool:
        status = self._statuses.get(printable(provider))
        return self.demo if status is None else bool(status.get("demo", self.demo))

    # --- transactions -----------------------------------------------------------------------------------

    def _move(self, offset: int | None) -> None:
        if offset is None or self._epoch is None:
            return
        offset = max(offset, self._offsets.pop(self._epoch, 0))
        self._offsets[self._epoch] = offset
        if len(self._offsets) > MOST_LOGS:
            del self._offsets[next(iter(self._offsets))]


def _told_figures(price: Price) -> dict[str, Any]:
    """Return the figures that a price tells, and which of them a `PriceUpdate` names as changed.

    Without a loop: a frame brings a hundred of them, ten times a second.
    """
    told: dict[str, Any] = {}
    if (packed := price.price) is not None:
        told["price"] = value = _figure("price", packed)
        if not value:
            raise MalformedMessage("a price of zero")
    if (packed := price.change_24h) is not None:
        told["change_24h"] = _figure("change_24h", packed)
    if (packed := price.volume_24h) is not None:
        told["volume_24h"] = _figure("volume_24h", packed)
    changed = tuple(told)  # which are in the order of `PRICE_FIELDS`
    if (packed := price.high_24h) is not None:
        told["high_24h"] = _figure("high_24h", packed)
    if (packed := price.low_24h) is not None:
        told["low_24h"] = _figure("low_24h", packed)
    if (packed := price.bid) is not None:
        told["bid"] = _figure("bid", packed)
    if (packed := price.ask) is not None:
        told["ask"] = _figure("ask", packed)
    if (packed := price.vwap_24h) is not None:
        told["vwap_24h"] = _figure("vwap_24h", packed)
    if (packed := price.trades_24h) is not None:
        told["trades_24h"] = int(_figure("trades_24h", packed))
    told["changed"] = changed
    return told


def _figure(name: str, packed: int | str) -> Decimal:
    value = unpack(packed)
    if isinstance(packed, int):
        if packed >= 0:
            return value
    elif len(value.as_tuple().digits) > 60 or abs(value.adjusted()) > 60:
        raise MalformedMessage(f"an impossible {name}")  # an integer has no room for such a number
    if value < LOWEST[name]:
        raise MalformedMessage(f"an impossible {name}")
    return value


def _is_of_a_newer_kind(status: Mapping[str, Any]) -> bool:
    """Whether a provider serves what only a newer relay knows."""
    kind = status.get("kind")
    return isinstance(kind, str) and kind not in set(DataKind)
