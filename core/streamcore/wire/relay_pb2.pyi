from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ToRelay(_message.Message):
    __slots__ = ("want", "reconnect", "lookup")
    WANT_FIELD_NUMBER: _ClassVar[int]
    RECONNECT_FIELD_NUMBER: _ClassVar[int]
    LOOKUP_FIELD_NUMBER: _ClassVar[int]
    want: Want
    reconnect: Reconnect
    lookup: Lookup
    def __init__(self, want: _Optional[_Union[Want, _Mapping]] = ..., reconnect: _Optional[_Union[Reconnect, _Mapping]] = ..., lookup: _Optional[_Union[Lookup, _Mapping]] = ...) -> None: ...

class Want(_message.Message):
    __slots__ = ("id", "symbols", "wallets", "since", "interval_ms", "client")
    ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    WALLETS_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FIELD_NUMBER: _ClassVar[int]
    id: int
    symbols: _containers.RepeatedScalarFieldContainer[str]
    wallets: _containers.RepeatedScalarFieldContainer[str]
    since: Position
    interval_ms: int
    client: str
    def __init__(self, id: _Optional[int] = ..., symbols: _Optional[_Iterable[str]] = ..., wallets: _Optional[_Iterable[str]] = ..., since: _Optional[_Union[Position, _Mapping]] = ..., interval_ms: _Optional[int] = ..., client: _Optional[str] = ...) -> None: ...

class Position(_message.Message):
    __slots__ = ("epoch", "offset")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    offset: int
    def __init__(self, epoch: _Optional[str] = ..., offset: _Optional[int] = ...) -> None: ...

class Reconnect(_message.Message):
    __slots__ = ("id", "provider")
    ID_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    id: int
    provider: str
    def __init__(self, id: _Optional[int] = ..., provider: _Optional[str] = ...) -> None: ...

class Lookup(_message.Message):
    __slots__ = ("id", "what", "text", "range")
    ID_FIELD_NUMBER: _ClassVar[int]
    WHAT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    RANGE_FIELD_NUMBER: _ClassVar[int]
    id: int
    what: str
    text: str
    range: str
    def __init__(self, id: _Optional[int] = ..., what: _Optional[str] = ..., text: _Optional[str] = ..., range: _Optional[str] = ...) -> None: ...

class ToTerminal(_message.Message):
    __slots__ = ("hello", "wanted", "frame", "refused", "restart", "found")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    WANTED_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    RESTART_FIELD_NUMBER: _ClassVar[int]
    FOUND_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    wanted: Wanted
    frame: Frame
    refused: Refused
    restart: Restart
    found: Found
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., wanted: _Optional[_Union[Wanted, _Mapping]] = ..., frame: _Optional[_Union[Frame, _Mapping]] = ..., refused: _Optional[_Union[Refused, _Mapping]] = ..., restart: _Optional[_Union[Restart, _Mapping]] = ..., found: _Optional[_Union[Found, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("version", "relay", "epoch", "offset", "t", "demo", "intervals_ms", "heartbeat_ms", "limits", "exchanges", "tokens", "control", "statuses")
    class TokensEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RELAY_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    T_FIELD_NUMBER: _ClassVar[int]
    DEMO_FIELD_NUMBER: _ClassVar[int]
    INTERVALS_MS_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_MS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    EXCHANGES_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    version: int
    relay: str
    epoch: str
    offset: int
    t: int
    demo: bool
    intervals_ms: _containers.RepeatedScalarFieldContainer[int]
    heartbeat_ms: int
    limits: Limits
    exchanges: bool
    tokens: _containers.ScalarMap[str, str]
    control: bool
    statuses: _containers.RepeatedCompositeFieldContainer[Status]
    def __init__(self, version: _Optional[int] = ..., relay: _Optional[str] = ..., epoch: _Optional[str] = ..., offset: _Optional[int] = ..., t: _Optional[int] = ..., demo: _Optional[bool] = ..., intervals_ms: _Optional[_Iterable[int]] = ..., heartbeat_ms: _Optional[int] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., exchanges: _Optional[bool] = ..., tokens: _Optional[_Mapping[str, str]] = ..., control: _Optional[bool] = ..., statuses: _Optional[_Iterable[_Union[Status, _Mapping]]] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("symbols", "wallets", "message_bytes", "messages_per_minute")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    WALLETS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_PER_MINUTE_FIELD_NUMBER: _ClassVar[int]
    symbols: int
    wallets: int
    message_bytes: int
    messages_per_minute: int
    def __init__(self, symbols: _Optional[int] = ..., wallets: _Optional[int] = ..., message_bytes: _Optional[int] = ..., messages_per_minute: _Optional[int] = ...) -> None: ...

class Wanted(_message.Message):
    __slots__ = ("id", "rows", "refused", "offset", "recovered", "interval_ms")
    ID_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    RECOVERED_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    id: int
    rows: _containers.RepeatedCompositeFieldContainer[Row]
    refused: _containers.RepeatedCompositeFieldContainer[Refusal]
    offset: int
    recovered: bool
    interval_ms: int
    def __init__(self, id: _Optional[int] = ..., rows: _Optional[_Iterable[_Union[Row, _Mapping]]] = ..., refused: _Optional[_Iterable[_Union[Refusal, _Mapping]]] = ..., offset: _Optional[int] = ..., recovered: _Optional[bool] = ..., interval_ms: _Optional[int] = ...) -> None: ...

class Row(_message.Message):
    __slots__ = ("row", "asked", "symbol", "mint", "name")
    ROW_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    MINT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    row: int
    asked: str
    symbol: str
    mint: str
    name: str
    def __init__(self, row: _Optional[int] = ..., asked: _Optional[str] = ..., symbol: _Optional[str] = ..., mint: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("what", "code", "message", "retryable")
    WHAT_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    what: str
    code: str
    message: str
    retryable: bool
    def __init__(self, what: _Optional[str] = ..., code: _Optional[str] = ..., message: _Optional[str] = ..., retryable: _Optional[bool] = ...) -> None: ...

class Frame(_message.Message):
    __slots__ = ("t", "prices", "transactions", "statuses", "errors", "offset", "heard")
    T_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    TRANSACTIONS_FIELD_NUMBER: _ClassVar[int]
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    HEARD_FIELD_NUMBER: _ClassVar[int]
    t: int
    prices: _containers.RepeatedCompositeFieldContainer[Price]
    transactions: _containers.RepeatedCompositeFieldContainer[Transaction]
    statuses: _containers.RepeatedCompositeFieldContainer[Status]
    errors: _containers.RepeatedCompositeFieldContainer[Error]
    offset: int
    heard: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, t: _Optional[int] = ..., prices: _Optional[_Iterable[_Union[Price, _Mapping]]] = ..., transactions: _Optional[_Iterable[_Union[Transaction, _Mapping]]] = ..., statuses: _Optional[_Iterable[_Union[Status, _Mapping]]] = ..., errors: _Optional[_Iterable[_Union[Error, _Mapping]]] = ..., offset: _Optional[int] = ..., heard: _Optional[_Iterable[str]] = ...) -> None: ...

class Text(_message.Message):
    __slots__ = ("field", "text")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    field: int
    text: str
    def __init__(self, field: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class Price(_message.Message):
    __slots__ = ("row", "ms", "price", "change_24h", "volume_24h", "snapshot", "high_24h", "low_24h", "provider", "source", "address", "bid", "ask", "vwap_24h", "texts", "trades_24h")
    ROW_FIELD_NUMBER: _ClassVar[int]
    MS_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    CHANGE_24H_FIELD_NUMBER: _ClassVar[int]
    VOLUME_24H_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    HIGH_24H_FIELD_NUMBER: _ClassVar[int]
    LOW_24H_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    BID_FIELD_NUMBER: _ClassVar[int]
    ASK_FIELD_NUMBER: _ClassVar[int]
    VWAP_24H_FIELD_NUMBER: _ClassVar[int]
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    TRADES_24H_FIELD_NUMBER: _ClassVar[int]
    row: int
    ms: int
    price: int
    change_24h: int
    volume_24h: int
    snapshot: bool
    high_24h: int
    low_24h: int
    provider: str
    source: str
    address: str
    bid: int
    ask: int
    vwap_24h: int
    texts: _containers.RepeatedCompositeFieldContainer[Text]
    trades_24h: int
    def __init__(self, row: _Optional[int] = ..., ms: _Optional[int] = ..., price: _Optional[int] = ..., change_24h: _Optional[int] = ..., volume_24h: _Optional[int] = ..., snapshot: _Optional[bool] = ..., high_24h: _Optional[int] = ..., low_24h: _Optional[int] = ..., provider: _Optional[str] = ..., source: _Optional[str] = ..., address: _Optional[str] = ..., bid: _Optional[int] = ..., ask: _Optional[int] = ..., vwap_24h: _Optional[int] = ..., texts: _Optional[_Iterable[_Union[Text, _Mapping]]] = ..., trades_24h: _Optional[int] = ...) -> None: ...

class TokenChange(_message.Message):
    __slots__ = ("mint", "symbol", "amount")
    MINT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    mint: str
    symbol: str
    amount: str
    def __init__(self, mint: _Optional[str] = ..., symbol: _Optional[str] = ..., amount: _Optional[str] = ...) -> None: ...

class Transaction(_message.Message):
    __slots__ = ("offset", "ms", "wallet", "signature", "slot", "block_time", "type", "summary", "sol_change", "fee", "token_changes", "counterparty", "program", "error", "source", "provider", "rent", "tip", "action", "counterparties")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    MS_FIELD_NUMBER: _ClassVar[int]
    WALLET_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SLOT_FIELD_NUMBER: _ClassVar[int]
    BLOCK_TIME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    SOL_CHANGE_FIELD_NUMBER: _ClassVar[int]
    FEE_FIELD_NUMBER: _ClassVar[int]
    TOKEN_CHANGES_FIELD_NUMBER: _ClassVar[int]
    COUNTERPARTY_FIELD_NUMBER: _ClassVar[int]
    PROGRAM_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    RENT_FIELD_NUMBER: _ClassVar[int]
    TIP_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    COUNTERPARTIES_FIELD_NUMBER: _ClassVar[int]
    offset: int
    ms: int
    wallet: str
    signature: str
    slot: int
    block_time: int
    type: str
    summary: str
    sol_change: str
    fee: str
    token_changes: _containers.RepeatedCompositeFieldContainer[TokenChange]
    counterparty: str
    program: str
    error: str
    source: str
    provider: str
    rent: str
    tip: str
    action: str
    counterparties: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, offset: _Optional[int] = ..., ms: _Optional[int] = ..., wallet: _Optional[str] = ..., signature: _Optional[str] = ..., slot: _Optional[int] = ..., block_time: _Optional[int] = ..., type: _Optional[str] = ..., summary: _Optional[str] = ..., sol_change: _Optional[str] = ..., fee: _Optional[str] = ..., token_changes: _Optional[_Iterable[_Union[TokenChange, _Mapping]]] = ..., counterparty: _Optional[str] = ..., program: _Optional[str] = ..., error: _Optional[str] = ..., source: _Optional[str] = ..., provider: _Optional[str] = ..., rent: _Optional[str] = ..., tip: _Optional[str] = ..., action: _Optional[str] = ..., counterparties: _Optional[_Iterable[str]] = ...) -> None: ...

class Status(_message.Message):
    __slots__ = ("provider", "json")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    JSON_FIELD_NUMBER: _ClassVar[int]
    provider: str
    json: bytes
    def __init__(self, provider: _Optional[str] = ..., json: _Optional[bytes] = ...) -> None: ...

class Error(_message.Message):
    __slots__ = ("provider", "ms", "kind", "message", "retryable")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    MS_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    provider: str
    ms: int
    kind: str
    message: str
    retryable: bool
    def __init__(self, provider: _Optional[str] = ..., ms: _Optional[int] = ..., kind: _Optional[str] = ..., message: _Optional[str] = ..., retryable: _Optional[bool] = ...) -> None: ...

class Refused(_message.Message):
    __slots__ = ("id", "code", "message")
    ID_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    id: int
    code: str
    message: str
    def __init__(self, id: _Optional[int] = ..., code: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class Restart(_message.Message):
    __slots__ = ("in_ms",)
    IN_MS_FIELD_NUMBER: _ClassVar[int]
    in_ms: int
    def __init__(self, in_ms: _Optional[int] = ...) -> None: ...

class Found(_message.Message):
    __slots__ = ("id", "items")
    ID_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    id: int
    items: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, id: _Optional[int] = ..., items: _Optional[_Iterable[bytes]] = ...) -> None: ...
