"""One example of each message of the relay's wire, and hypothesis strategies for all of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from streamcore.wire.messages import (
    Answer,
    Error,
    Found,
    Frame,
    Hello,
    Limits,
    Lookup,
    Position,
    Price,
    Reconnect,
    Refusal,
    Refused,
    Request,
    Restart,
    Row,
    TokenAmount,
    Transaction,
    Want,
    Wanted,
)
from streamcore.wire.numbers import pack

SOL = "So11111111111111111111111111111111111111112"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
WALLET = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"
SIGNATURE = "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW"

WANT = Want(7, ("SOL", "BTC"), (WALLET,), Position("9f86d081", 5120), 250, "streamtui 0.2")
RECONNECT = Reconnect(8, "kraken")
LOOKUP = Lookup(9, "history", "SOL", "24h")
QUOTE = Lookup(10, "quote", "BTC")
QUOTE_FOUND = Found(10)
"""The answer to it."""
STATUS: dict[str, Any] = {
    "provider": "kraken",
    "kind": "prices",
    "demo": False,
    "state": "connected",
    "reason": None,
    "since": 1_793_311_000.0,
    "parked": False,
    "idle": False,
    "fallback": False,
    "subscriptions": 2,
    "topics": ["SOL/USD", "BTC/USD"],
    "messages_received": 812,
    "malformed": 0,
    "dropped": 0,
    "last_message_at": 1_793_311_199.9,
    "heartbeats": True,
}
HELLO = Hello(
    version=1,
    relay="streamtui 0.2",
    epoch="9f86d081",
    offset=5123,
    t=1_793_311_200_000,
    demo=False,
    intervals=(100, 250, 500, 1000),
    heartbeat=3000,
    limits=Limits(200, 50, 65_536, 60),
    exchanges=True,
    tokens={"USDX": USDC},
    control=False,
    statuses=(STATUS,),
)
WANTED = Wanted(
    7,
    (Row(3, "SOL", "SOL", SOL, "Wrapped SOL"), Row(4, "BTC", "BTC", None, "Bitcoin")),
    (Refusal("XYZ", "unknown_symbol", "'XYZ' is not a ticker in the token table", False),),
    5120,
    True,
    250,
)
TRANSACTION = Transaction(
    offset=5123,
    ms=-40,
    wallet=WALLET,
    signature=SIGNATURE,
    slot=447_200_001,
    block_time=1_793_311_199,
    type="bought",
    summary="bought 171.25 USDC for 1 SOL",
    sol_change="-1",
    fee="0.000005",
    token_changes=(TokenAmount(USDC, "USDC", "171.25"),),
    counterparty=None,
    program="Jupiter",
    error=None,
    source="stream",
    provider="helius",
    rent="0",
    tip="0.0001",
)
FRAME = Frame(
    t=1_793_311_200_250,
    prices=(
        Price(row=3, ms=12, price=pack(Decimal("171.26"))),
        Price(
            row=4,
            ms=-80,
            price=pack(Decimal("97012.5")),
            change_24h=pack(Decimal("-1.20")),
            volume_24h=pack(Decimal("812345678.12")),
            snapshot=1,
            high_24h=pack(Decimal("98100")),
            low_24h=pack(Decimal("96020.1")),
            provider="kraken",
            source="stream",
            bid=pack(Decimal("97012.4")),
            ask=pack(Decimal("97012.6")),
        ),
    ),
    transactions=(TRANSACTION,),
    statuses=({"provider": "kraken", "state": "fallback", "reason": "connection lost", "attempt": 1},),
    errors=(Error("kraken", 5, "network", "Kraken closed the connection", True),),
    offset=5123,
    heard=("helius",),
)
REFUSED = Refused(8, "forbidden", "this token may read only; reconnect needs the scope control")
RESTART = Restart(2000)
FOUND = Found(
    9,
    (
        {
            "symbol": "SOL",
            "address": SOL,
            "range": "24h",
            "provider": "kraken",
            "market": "SOL/USD",
            "interval": 900,
            "candles": [
                {
                    "start": 1_793_310_300,
                    "open": "171.1",
                    "high": "171.4",
                    "low": "170.95",
                    "close": "171.26",
                    "volume": "812.5",
                }
            ],
            "running": True,
            "begin": 1_793_224_800,
            "fetched_at": 1_793_311_200.1,
            "line": False,
            "volume_unit": "base",
            "demo": False,
        },
    ),
)

REQUESTS: tuple[Request, ...] = (WANT, RECONNECT, LOOKUP)
ANSWERS: tuple[Answer, ...] = (HELLO, WANTED, FRAME, REFUSED, RESTART, FOUND)

# --- strategies -----------------------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8"), max_size=12)
names = texts.filter(bool)
uint32 = st.integers(0, 2**32 - 1)
offsets = st.integers(0, 2**63 - 1)
times = st.integers(-(2**53), 2**53)
ms = st.integers(-(2**31), 2**31 - 1)
decimals = st.builds(
    lambda digits, places: Decimal((0, tuple(map(int, str(digits))), -places)),
    st.one_of(st.integers(1, 10**9), st.integers(10**16, 10**22)),
    st.integers(0, 34),
)
packed = decimals.map(pack)
scalars: Any = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts
status_maps = st.dictionaries(names, scalars, max_size=3).map(lambda found: {**found, "provider": "p"})


def _optional(strategy: Any) -> Any:
    return st.none() | strategy


def _tuples(strategy: Any) -> Any:
    return st.lists(strategy, max_size=3).map(tuple)


wants = st.builds(
    Want,
    uint32,
    _tuples(texts),
    _tuples(texts),
    _optional(st.builds(Position, names, offsets)),
    _optional(st.integers(1, 5000)),
    _optional(names),
)
requests = st.one_of(
    wants,
    st.builds(Reconnect, uint32, _optional(names)),
    st.builds(Lookup, uint32, names, _optional(names), _optional(names)),
)

_figures = {
    name: _optional(packed)
    for name in (
        "price",
        "change_24h",
        "volume_24h",
        "high_24h",
        "low_24h",
        "bid",
        "ask",
        "vwap_24h",
        "trades_24h",
    )
}
prices = st.one_of(
    st.builds(Price, row=uint32, ms=ms, **_figures),
    st.builds(
        Price,
        row=uint32,
        ms=ms,
        snapshot=st.just(1),
        provider=names,
        source=names,
        address=_optional(names),
        **_figures,
    ),
)
amounts = decimals.map(lambda value: format(value, "f"))
transactions = st.builds(
    Transaction,
    offset=offsets,
    ms=ms,
    wallet=names,
    signature=names,
    slot=offsets,
    block_time=_optional(times),
    type=names,
    summary=texts,
    sol_change=_optional(amounts),
    fee=_optional(amounts),
    token_changes=_tuples(st.builds(TokenAmount, names, _optional(names), amounts)),
    counterparty=_optional(names),
    program=_optional(names),
    error=_optional(names),
    source=names,
    provider=names,
    rent=_optional(amounts),
    tip=_optional(amounts),
    action=_optional(names),
    counterparties=_tuples(names),
)
frames = st.builds(
    Frame,
    times,
    _tuples(prices),
    _tuples(transactions),
    _tuples(status_maps),
    _tuples(st.builds(Error, texts, ms, names, texts, st.booleans())),
    _optional(offsets),
    _tuples(names),
)
answers = st.one_of(
    frames,
    st.builds(
        Hello,
        version=uint32,
        relay=texts,
        epoch=names,
        offset=offsets,
        t=times,
        demo=st.booleans(),
        intervals=_tuples(uint32),
        heartbeat=uint32,
        limits=st.builds(Limits, uint32, uint32, uint32, uint32),
        exchanges=st.booleans(),
        tokens=st.dictionaries(names, names, max_size=3),
        control=st.booleans(),
        statuses=_tuples(status_maps),
    ),
    st.builds(
        Wanted,
        uint32,
        _tuples(st.builds(Row, uint32, texts, names, _optional(names), texts)),
        _tuples(st.builds(Refusal, texts, names, texts, st.booleans())),
        _optional(offsets),
        _optional(st.booleans()),
        uint32,
    ),
    st.builds(Refused, uint32, names, texts),
    st.builds(Restart, uint32),
    st.builds(Found, uint32, _tuples(st.dictionaries(names, scalars, max_size=3))),
)
