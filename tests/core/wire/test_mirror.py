"""Both sides of the wire together: whatever happens, a terminal ends with the relay's state."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import sample_events
from fake_manager import status
from hypothesis import given
from hypothesis import strategies as st
from properties import quick
from wire_messages import HELLO, TRANSACTION, decimals

from streamcore.errors import MalformedMessage
from streamcore.events import (
    ErrorKind,
    PriceKind,
    PriceUpdate,
    Source,
    State,
    StatusChange,
    StreamError,
    TransactionType,
    WalletTransaction,
)
from streamcore.told_transactions import MOST_REMEMBERED
from streamcore.wire.encoding import Pieces
from streamcore.wire.encodings import NAMES, encoding
from streamcore.wire.messages import Error, Frame, Hello, Position, Price, Row, Wanted
from streamcore.wire.mirror import Mirror
from streamcore.wire.numbers import pack
from streamcore.wire.row_pieces import RowPieces
from streamcore.wire.transactions import transaction_message

KEYS = ("A", "B", "C")
T = 1_793_311_200_000

each_encoding = pytest.mark.parametrize("name", NAMES)


class Relay:
    """The least a relay has to do: one group of terminals, a log, and the rules of the wire."""

    def __init__(self, name: str) -> None:
        self.encoding = encoding(name)
        self.pieces = RowPieces(self.encoding)
        self.latest: dict[str, PriceUpdate] = {}
        self.log: list[WalletTransaction] = []
        self.sent = 0
        self.t = T
        self.terminals: list[Terminal] = []

    def row(self, key: str) -> int:
        return KEYS.index(key) + 1

    def price(self, key: str, event: PriceUpdate) -> None:
        event = msgspec.structs.replace(event, symbol=key, ts=self.t / 1000)
        self.latest[key] = event
        self.pieces.update(self.row(key), event)

    def tick(self) -> None:
        self.t += 250
        changed = self.pieces.tick(self.t)
        news = self.log[self.sent :]
        for terminal in self.terminals:
            if terminal.lags:
                terminal.owed |= changed.keys()
                continue
            prices = [piece for row, piece in changed.items() if row not in terminal.owed]
            if terminal.owed:
                whole = self.pieces.whole(sorted(terminal.owed | changed.keys()), self.t)
                prices, terminal.owed = whole, set()
            self._send(terminal, prices, self.log[terminal.received :])
        self.sent += len(news)

    def connect(self, terminal: Terminal, keys: Sequence[str]) -> None:
        self.tick()
        since = terminal.begin(msgspec.structs.replace(HELLO, epoch="e1", offset=len(self.log)))
        terminal.received = len(self.log) if since is None else since.offset
        rows = tuple(Row(self.row(key), key, key) for key in keys)
        wanted = Wanted(1, rows, (), terminal.received, None if since is None else True, 250)
        terminal.read(self.encoding.encode(wanted))
        terminal.owed, terminal.lags = set(), False
        whole = self.pieces.whole([row.row for row in rows], self.t)
        self._send(terminal, whole, self.log[terminal.received :])
        if terminal not in self.terminals:
            self.terminals.append(terminal)

    def _send(
        self, terminal: Terminal, prices: Sequence[bytes], transactions: Sequence[WalletTransaction]
    ) -> None:
        told = [
            self.encoding.transaction(transaction_message(event, number, self.t))
            for number, event in enumerate(transactions, terminal.received + 1)
        ]
        terminal.received += len(told)
        frame = self.encoding.frame(self.t, Pieces(prices, told), offset=terminal.received)
        terminal.read(frame)


class Terminal:
    """A mirror and everything that was told through it."""

    def __init__(self, name: str) -> None:
        self.encoding = encoding(name)
        self.mirror = Mirror()
        self.told: list[Any] = []
        self.received = 0
        self.owed: set[int] = set()
        self.lags = False

    def begin(self, hello: Hello) -> Position | None:
        self.read(self.encoding.encode(hello))
        return self.mirror.since

    def read(self, data: bytes) -> None:
        message = self.encoding.read_answer(data)
        if isinstance(message, Hello):
            self.mirror.hello(message)
        elif isinstance(message, Wanted):
            self.mirror.wanted(message)
        elif isinstance(message, Frame):
            self.told += self.mirror.frame(message)


def state(event: PriceUpdate) -> PriceUpdate:
    """What a terminal must know of a row; how it came to know that may differ."""
    return msgspec.structs.replace(event, kind=PriceKind.SNAPSHOT, changed=())


figures = st.none() | decimals
events = st.builds(
    lambda provider, source, kind, price, change, volume, high: sample_events.price(
        value=None,
        provider=provider,
        address=f"address at {provider}",
        source=source,
        kind=kind,
        price=price,
        change_24h=change,
        volume_24h=volume,
        high_24h=high,
        low_24h=None,
        changed=("price",),
    ),
    st.sampled_from(["kraken", "birdeye"]),
    st.sampled_from([Source.STREAM, Source.POLL]),
    st.sampled_from(list(PriceKind)),
    decimals,
    figures,
    figures,
    figures,
)
keys = st.sampled_from(KEYS)
terminals = st.integers(0, 2)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("price"), keys, events),
        st.tuples(st.just("transaction")),
        st.tuples(st.just("tick")),
        st.tuples(st.just("lag"), terminals, st.booleans()),
        st.tuples(st.just("cut"), terminals),
    ),
    max_size=40,
)


@each_encoding
@quick
@given(steps=steps)
def test_any_events_ticks_lags_and_cuts_end_with_equal_state_and_each_transaction_once(
    name: str, steps: list[tuple[Any, ...]]
) -> None:
    relay = Relay(name)
    ours = [Terminal(name) for _ in range(3)]
    for terminal in ours:
        relay.connect(terminal, KEYS)
    for kind, *arguments in steps:
        match kind:
            case "price":
                relay.price(*arguments)
            case "transaction":
                relay.log.append(sample_events.transaction(f"s{len(relay.log)}", ts=relay.t / 1000))
            case "tick":
                relay.tick()
            case "lag":
                ours[arguments[0]].lags = arguments[1]
            case "cut":
                relay.connect(ours[arguments[0]], KEYS)
    for terminal in ours:
        terminal.lags = False
    relay.tick()
    for terminal in ours:
        assert {key: state(event) for key, event in terminal.mirror.prices.items()} == {
            key: state(event) for key, event in relay.latest.items()
        }
        told = [event for event in terminal.told if isinstance(event, WalletTransaction)]
        assert told == relay.log


def test_a_change_names_its_fields_and_keeps_the_others() -> None:
    mirror = connected()
    (first,) = mirror.frame(Frame(T, (whole(price="150.50", change_24h="1.5"),)))
    (second,) = mirror.frame(Frame(T, (Price(row=1, ms=-5, change_24h=pack(Decimal("1.6"))),)))
    (third,) = mirror.frame(Frame(T + 100, (Price(row=1, ms=0),)))
    assert isinstance(first, PriceUpdate)
    assert isinstance(second, PriceUpdate)
    assert isinstance(third, PriceUpdate)
    assert (first.kind, first.changed) == (PriceKind.SNAPSHOT, ("price", "change_24h"))
    assert (second.kind, second.changed, second.ts) == (PriceKind.DELTA, ("change_24h",), (T - 5) / 1000)
    assert (second.price, second.change_24h, second.provider) == (
        Decimal("150.50"),
        Decimal("1.6"),
        "kraken",
    )
    assert (third.changed, third.price, third.ts) == ((), second.price, (T + 100) / 1000)


def test_a_snapshot_voids_what_was_known() -> None:
    mirror = connected()
    mirror.frame(Frame(T, (whole(price="150", volume_24h="5"),)))
    mirror.frame(Frame(T, (whole(price="151"),)))
    assert mirror.prices["SOL"].volume_24h is None


def test_a_ticker_without_a_mint_and_a_token_have_keys_of_their_own() -> None:
    mirror = Mirror()
    mirror.hello(HELLO)
    mirror.wanted(Wanted(1, (Row(1, "btc", "BTC"), Row(2, "mint", "BTC", "mint of wrapped"))))
    mirror.frame(Frame(T, (whole(1, price="100"), whole(2, price="99", address="mint of wrapped"))))
    assert {key: str(event.price) for key, event in mirror.prices.items()} == {
        "BTC": "100",
        "mint of wrapped": "99",
    }


def test_a_price_that_was_on_its_way_when_its_row_was_given_up_is_passed_over() -> None:
    mirror = connected()
    mirror.frame(Frame(T, (whole(price="150"),)))
    mirror.wanted(Wanted(2))
    assert mirror.frame(Frame(T, (Price(row=1, ms=0, price=32),))) == []
    assert not mirror.prices


def test_a_row_that_comes_back_on_the_same_connection_goes_on() -> None:
    mirror = connected()
    mirror.frame(Frame(T, (whole(price="150"),)))
    mirror.wanted(Wanted(2))
    mirror.wanted(Wanted(3, (Row(1, "SOL", "SOL"),)))
    (event,) = mirror.frame(Frame(T, (whole(price="151"),)))
    assert isinstance(event, PriceUpdate)
    assert event.price == 151


@pytest.mark.parametrize(
    "price",
    [
        Price(row=9, ms=0, price=32),
        Price(row=1, ms=0, price=32),
        Price(row=1, ms=0, snapshot=1, source="stream", price=-32),
        Price(row=1, ms=0, snapshot=1, source="stream", price=0),
        Price(row=1, ms=0, snapshot=1, source="stream", price="1" * 61),
        Price(row=1, ms=0, snapshot=1, source="stream", price="1e5"),
        Price(row=1, ms=0, snapshot=1, price=32),
    ],
)
def test_a_price_that_cannot_be_is_one_typed_error(price: Price) -> None:
    with pytest.raises(MalformedMessage):
        connected().frame(Frame(T, (price,)))


def test_after_a_new_connection_a_change_without_a_snapshot_is_one_typed_error() -> None:
    mirror = connected()
    mirror.frame(Frame(T, (whole(price="150"),)))
    mirror.hello(HELLO)
    mirror.wanted(Wanted(2, (Row(1, "SOL", "SOL"),)))
    assert mirror.prices["SOL"].price == 150
    with pytest.raises(MalformedMessage):
        mirror.frame(Frame(T, (Price(row=1, ms=0, price=32),)))


def test_times_are_moved_to_this_computers_clock() -> None:
    mirror = connected(statuses=[status("kraken", since=T / 1000, retry_at=None)])
    events = mirror.frame(
        Frame(
            T,
            (whole(price="150"),),
            (TRANSACTION,),
            ({"provider": "kraken", "attempt": 1},),
            (Error("kraken", 5, "network", "gone", retryable=True),),
        ),
        shift=3600.0,
    )
    assert [round(event.ts - T / 1000, 3) for event in events] == [3600.0, 3599.96, 3600.0, 3600.005]
    assert mirror.statuses["kraken"].since == T / 1000 + 3600


def test_a_status_keeps_what_a_change_leaves_out() -> None:
    mirror = connected(statuses=[status("kraken", reason=None, topics=("BTC/USD",))])
    (event,) = mirror.frame(Frame(T, statuses=({"provider": "kraken", "state": "failed", "reason": "gone"},)))
    assert isinstance(event, StatusChange)
    assert (event.state, event.reason, event.messages_received) == (State.FAILED, "gone", 812)
    assert mirror.statuses["kraken"].topics == ("BTC/USD",)


@pytest.mark.parametrize(
    "change",
    [
        {"state": 5},
        {"latency_ms": float("nan")},
        {"since": float("inf")},
        {"since": "yesterday"},
        {"topics": [1]},
        {"provider": 5},
    ],
)
def test_a_status_that_cannot_be_is_one_typed_error(change: dict[str, Any]) -> None:
    mirror = connected(statuses=[status("kraken")])
    with pytest.raises(MalformedMessage):
        mirror.frame(Frame(T, statuses=({"provider": "kraken", **change},)))


def test_a_new_field_of_a_status_is_passed_over() -> None:
    mirror = connected(statuses=[status("kraken")])
    mirror.frame(Frame(T, statuses=({"provider": "kraken", "mood": "good", "attempt": 3},)))
    assert mirror.statuses["kraken"].attempt == 3


def test_what_was_heard_of_a_provider_is_no_event_but_known() -> None:
    mirror = connected(statuses=[status("kraken", last_message_at=1.0)])
    assert mirror.frame(Frame(T, heard=("kraken", "stranger"))) == []
    assert mirror.statuses["kraken"].last_message_at == T / 1000


def test_made_up_data_is_marked_by_the_status_of_its_provider() -> None:
    mirror = connected(statuses=[status("kraken", demo=True), status("helius")])
    price, transaction = mirror.frame(Frame(T, (whole(price="150"),), (TRANSACTION,)))
    assert (price.demo, transaction.demo) == (True, False)


def test_a_transaction_that_two_relays_have_comes_once() -> None:
    mirror = connected()
    assert len(mirror.frame(Frame(T, transactions=(TRANSACTION,)))) == 1
    mirror.hello(msgspec.structs.replace(HELLO, epoch="other"))
    mirror.wanted(Wanted(1, offset=40))
    again = msgspec.structs.replace(TRANSACTION, offset=41)
    assert mirror.frame(Frame(T, transactions=(again,))) == []
    assert mirror.since == Position("other", 41)


@pytest.mark.parametrize(
    "rest",
    [
        {"statuses": ({"provider": "helius", "uptime": "x"},)},
        {"transactions": (TRANSACTION, msgspec.structs.replace(TRANSACTION, signature="z", fee="x"))},
    ],
)
def test_a_transaction_in_a_frame_that_makes_no_sense_is_told_when_it_comes_again(
    rest: dict[str, Any],
) -> None:
    mirror = Mirror()
    mirror.hello(HELLO)
    since = mirror.since
    with pytest.raises(MalformedMessage):
        mirror.frame(Frame(T, **{"transactions": (TRANSACTION,), **rest}))
    assert mirror.since == since
    mirror.hello(HELLO)
    (event,) = mirror.frame(Frame(T, transactions=(TRANSACTION,)))
    assert isinstance(event, WalletTransaction)


def test_at_a_new_relay_a_terminal_says_where_it_was_and_at_a_known_one_where_it_stopped_there() -> None:
    mirror = Mirror()
    mirror.hello(HELLO)
    assert mirror.since is None
    mirror.wanted(Wanted(1, offset=7))
    mirror.frame(Frame(T, offset=9))
    mirror.hello(msgspec.structs.replace(HELLO, epoch="other"))
    assert mirror.since == Position(HELLO.epoch, 9)
    mirror.wanted(Wanted(1, offset=2, recovered=False))
    assert mirror.since == Position("other", 2)
    mirror.hello(HELLO)
    assert mirror.since == Position(HELLO.epoch, 9)


def test_an_offset_never_goes_back() -> None:
    mirror = connected()
    mirror.frame(Frame(T, offset=9))
    mirror.frame(Frame(T, offset=5))
    assert mirror.since == Position(HELLO.epoch, 9)


def test_words_that_only_a_newer_relay_knows_do_not_stop_an_older_terminal() -> None:
    newer = msgspec.structs.replace(TRANSACTION, type="staked")
    transaction, error = connected().frame(
        Frame(T, transactions=(newer,), errors=(Error("", 0, "weather", "rain", retryable=True),))
    )
    assert isinstance(transaction, WalletTransaction)
    assert isinstance(error, StreamError)
    assert transaction.type is TransactionType.MULTI
    assert (error.kind, error.provider) == (ErrorKind.SERVER, "")


def test_a_state_and_a_kind_of_data_that_only_a_newer_relay_knows_do_not_stop_an_older_terminal() -> None:
    kraken = status("kraken", state="flying", breaker="bent")
    mirror = connected(statuses=[kraken, status("weather", kind="forecasts")])
    assert mirror.statuses["kraken"].state is State.CONNECTING
    assert list(mirror.statuses) == ["kraken"]
    later = {"provider": "kraken", "state": "diving", "reason": "rain"}
    (event,) = mirror.frame(Frame(T, statuses=(later, {"provider": "weather", "attempt": 3})))
    assert isinstance(event, StatusChange)
    assert (event.provider, event.state, event.reason) == ("kraken", State.CONNECTING, "rain")
    assert list(mirror.statuses) == ["kraken"]


def test_a_way_of_coming_that_only_a_newer_relay_knows_does_not_stop_an_older_terminal() -> None:
    newer = msgspec.structs.replace(TRANSACTION, source="pigeon")
    (transaction,) = connected().frame(Frame(T, transactions=(newer,)))
    assert isinstance(transaction, WalletTransaction)
    assert transaction.source is Source.STREAM
    price = Price(row=1, ms=0, snapshot=1, source="pigeon", price=32)
    (event,) = connected().frame(Frame(T, prices=(price,)))
    assert isinstance(event, PriceUpdate)
    assert event.source is Source.STREAM


def test_nothing_that_acts_on_a_terminal_passes() -> None:
    bad = "\x1b[2J\u202eevil"
    mirror = connected(statuses=[status("kraken", reason=bad, topics=(bad,), limits=bad, hint=bad)])
    mirror.wanted(Wanted(2, (Row(1, "SOL", "SOL"), Row(2, bad, bad, None, bad))))
    hostile = msgspec.structs.replace(
        TRANSACTION,
        **dict.fromkeys(
            ("wallet", "signature", "summary", "program", "error", "counterparty", "action"), bad
        ),
        counterparties=(bad,),
    )
    events = mirror.frame(
        Frame(
            T,
            (whole(2, price="1", provider=bad, address=bad),),
            (hostile,),
            ({"provider": "kraken", "attempt": 2},),
            (Error(bad, 0, "network", bad, retryable=True),),
        )
    )
    shown = repr([msgspec.to_builtins(event) for event in events]) + repr(mirror.statuses)
    shown += repr({key: (row.symbol, row.name) for key, row in mirror.rows.items()})
    assert "\\x1b" not in shown
    assert "\\u202e" not in shown.replace("\\\\u202e", "")


def test_memory_of_told_transactions_is_bounded() -> None:
    mirror = connected()
    many = tuple(
        msgspec.structs.replace(TRANSACTION, signature=f"s{number}", offset=number + 1)
        for number in range(MOST_REMEMBERED + 10)
    )
    assert len(mirror.frame(Frame(T, transactions=many))) == len(many)
    assert len(mirror.frame(Frame(T, transactions=many[:1]))) == 1
    assert mirror.frame(Frame(T, transactions=many[-1:])) == []


def connected(statuses: Sequence[Any] = ()) -> Mirror:
    """A mirror that wants SOL as row 1."""
    mirror = Mirror()
    told = tuple(msgspec.to_builtins(one) for one in statuses)
    mirror.hello(msgspec.structs.replace(HELLO, statuses=told))
    mirror.wanted(Wanted(1, (Row(1, "SOL", "SOL"),), offset=0))
    return mirror


def whole(row: int = 1, *, provider: str = "kraken", address: str | None = None, **figures: str) -> Price:
    """A snapshot of a row."""
    packed: dict[str, Any] = {name: pack(Decimal(text)) for name, text in figures.items()}
    return Price(row=row, ms=0, snapshot=1, provider=provider, source="stream", address=address, **packed)


def test_the_subscriptions_of_a_provider_are_those_of_this_terminal() -> None:
    mirror = Mirror()
    mirror.hello(HELLO)
    mirror.frame(Frame(t=1, statuses=({"provider": "kraken", "topics": ("SOL/USD",), "subscriptions": 40},)))
    assert mirror.statuses["kraken"].subscriptions == 1


def test_a_provider_on_standby_is_known_and_no_event() -> None:
    mirror = Mirror()
    mirror.hello(HELLO)
    waiting = Frame(t=1, statuses=({"provider": "kraken", "standby": True},))
    assert mirror.frame(waiting) == []
    assert mirror.statuses["kraken"].standby
    assert len(mirror.frame(Frame(t=2, statuses=({"provider": "kraken", "standby": False},)))) == 1
