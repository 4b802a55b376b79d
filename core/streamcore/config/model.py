"""The settings, typed: one structure a section, one documented field a key, every default beside it.

The sections of the providers are in `streamcore.config.sources`.

`Settings.load` fills it; where values come from and which wins is in `streamcore.config.loading`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from streamcore.config.section import (
    COMMAND,
    HOST_URL,
    SECRET,
    WS_URL,
    ApiKey,
    Count,
    FrameRate,
    Seconds,
    Section,
)
from streamcore.config.sources import (
    BirdeyeSettings,
    CoinbaseSettings,
    DefillamaSettings,
    DexscreenerSettings,
    GeckoterminalSettings,
    HeliusSettings,
    JupiterSettings,
    KrakenSettings,
    SnsSettings,
    SolanaSettings,
)


class Colours(StrEnum):
    """The pairs of colours for up and down."""

    DEFAULT = "default"
    """Green and red."""
    COLOUR_BLIND = "colour-blind"
    """Blue and orange, which people who confuse red and green tell apart."""


class PriceColumn(StrEnum):
    """The columns the price table can have."""

    SYMBOL = "symbol"
    PRICE = "price"
    CHANGE = "change"
    """Over 24 hours."""
    VOLUME = "volume"
    """Of 24 hours, in US dollars."""
    AGE = "age"
    """Since a source confirmed the price."""
    TREND = "trend"
    """A sparkline of the last 24 hours."""
    NAME = "name"
    SOURCE = "source"
    BID = "bid"
    ASK = "ask"
    SPREAD = "spread"
    """Between bid and ask, in basis points."""
    HIGH = "high"
    """The highest price of 24 hours."""
    LOW = "low"
    VWAP = "vwap"
    """The average price of 24 hours, weighted by amount."""
    TRADES = "trades"
    """How many there were in 24 hours."""


DEFAULT_COLUMNS = (
    PriceColumn.SYMBOL,
    PriceColumn.PRICE,
    PriceColumn.AGE,
    PriceColumn.CHANGE,
    PriceColumn.VOLUME,
    PriceColumn.TREND,
    PriceColumn.NAME,
    PriceColumn.SOURCE,
)


class StreamTransport(StrEnum):
    """The libraries that can carry a WebSocket; see `streamcore.config.libraries`."""

    AUTO = "auto"
    """Whichever suits the provider best."""
    WEBSOCKETS = "websockets"
    """Always there; offers servers to compress messages."""
    PICOWS = "picows"
    """The quicker one; only with the extra ``fast``."""


class StreamSettings(Section, frozen=True, kw_only=True):
    """``[stream]``: how streams are kept alive and what stands in for them."""

    ping_interval: Annotated[Seconds, Meta(description="seconds between keepalive pings")] = 30.0
    pong_timeout: Annotated[Seconds, Meta(description="seconds to wait for the pong")] = 10.0
    stale_after: Annotated[
        Seconds, Meta(description="seconds without any frame from the provider before it is called stale")
    ] = 60.0
    queue_capacity: Annotated[Count, Meta(description="messages kept for a consumer that is away")] = 1000
    poll_interval: Annotated[Seconds, Meta(description="seconds between REST polls in fallback")] = 5.0
    max_symbol_batch: Annotated[Count, Meta(description="addresses in one subscribe message")] = 100
    auto_reconnect: Annotated[
        bool, Meta(description="false: one try, then fallback polling until a manual reconnect")
    ] = True
    sweep_interval: Annotated[
        Seconds, Meta(description="seconds between checks for what a stream silently dropped")
    ] = 120.0
    enable_prices: Annotated[bool, Meta(description="whether prices are watched at all")] = True
    enable_wallets: Annotated[bool, Meta(description="whether wallets are watched at all")] = True
    connect_timeout: Annotated[Seconds, Meta(description="seconds a connect may take")] = 10.0
    max_message_bytes: Annotated[
        int, Meta(ge=1024, le=1 << 30, description="a larger frame closes the connection")
    ] = 33_554_432
    transport: Annotated[
        StreamTransport,
        Meta(
            description="the WebSocket library: websockets, picows (the quicker one), "
            "or auto: picows for prices if it is installed"
        ),
    ] = StreamTransport.AUTO


class BackoffSettings(Section, frozen=True, kw_only=True):
    """``[backoff]``: the delays between attempts to connect.

    `streamcore.streams.backoff.Backoff` computes them.
    """

    initial_delay: Annotated[Seconds, Meta(description="seconds before the first retry")] = 1.0
    max_delay: Annotated[Seconds, Meta(description="no retry waits longer, jitter aside")] = 60.0
    max_attempts: Annotated[int, Meta(ge=0, le=1_000_000, description="retries before it stops trying")] = 100
    jitter: Annotated[
        float, Meta(ge=0.0, le=1.0, description="share of the delay added or taken at random")
    ] = 0.2


class UiSettings(Section, frozen=True, kw_only=True):
    """``[ui]``: what the screen does with what it is given."""

    price_throttle: Annotated[
        float, Meta(ge=0.0, le=60.0, description="seconds between two repaints of one symbol")
    ] = 0.1
    price_ttl: Annotated[Seconds, Meta(description="seconds until an unconfirmed price is shown as old")] = (
        30.0
    )
    frames_per_second: Annotated[
        FrameRate | None,
        Meta(description="repaints a second at most; unset: 10 of all rows, up to 60 of one; 4 over ssh"),
    ] = None
    theme: Annotated[str | None, Meta(description="streamtui-dark, streamtui-light or any Textual theme")] = (
        None
    )
    colours: Annotated[
        Colours, Meta(description="up and down: green and red, or blue and orange for the colour-blind")
    ] = Colours.DEFAULT
    columns: Annotated[
        tuple[PriceColumn, ...],
        Meta(
            min_length=1,
            description="the columns of the prices, from the left; where there is no room for all, "
            "the last are left out first",
        ),
    ] = DEFAULT_COLUMNS
    bell: Annotated[bool, Meta(description="whether an alert rings the terminal bell")] = True
    desktop_notifications: Annotated[
        bool, Meta(description="whether an alert asks the terminal for a desktop notification (OSC 9)")
    ] = False
    alert_command: Annotated[
        tuple[str, ...],
        Meta(
            description="a program to run at an alert and its arguments; {text} is what happened; "
            "no shell is involved",
            extra=COMMAND,
        ),
    ] = ()


class WireEncoding(StrEnum):
    """How the messages of a relay are written; see ``docs/relay-wire.md``."""

    MSGPACK = "msgpack"
    JSON = "json"
    PROTO = "proto"


class RelaySettings(Section, frozen=True, kw_only=True):
    """``[relay]``: one engine for many terminals."""

    url: Annotated[
        tuple[str, ...],
        Meta(description="relays to use in the place of providers, tried in turn", extra=WS_URL),
    ] = ()
    token: Annotated[ApiKey | None, Meta(description="this terminal's token at the relay", extra=SECRET)] = (
        None
    )
    encoding: Annotated[
        WireEncoding, Meta(description="how messages are written; proto needs the extra proto")
    ] = WireEncoding.MSGPACK
    interval: Annotated[
        int, Meta(ge=1, le=60_000, description="milliseconds between updates: 100, 250, 500 or 1000")
    ] = 250
    direct: Annotated[
        bool, Meta(description="whether to talk to the providers while no relay can be reached")
    ] = False
    listen: Annotated[str, Meta(description="where `streamtui relay` listens, HOST:PORT")] = "127.0.0.1:8787"
    tokens: Annotated[
        str | None,
        Meta(
            description="the file of tokens of those who may connect to `streamtui relay`",
            extra={"familiar": "STREAMTUI_RELAY_TOKENS_FILE"},
        ),
    ] = None
    cert: Annotated[str | None, Meta(description="the relay's certificate with its chain, a PEM file")] = None
    key: Annotated[str | None, Meta(description="the private key of that certificate, a PEM file")] = None
    behind_proxy: Annotated[
        bool, Meta(description="a reverse proxy with TLS is in front of the relay, and says who connects")
    ] = False
    state: Annotated[
        str | None, Meta(description="the folder of the relay's log, on a local disk; the user's unless set")
    ] = None
    metrics: Annotated[
        str | None,
        Meta(description="where the relay answers Prometheus, HOST:PORT; needs the extra relay"),
    ] = None
    nats: Annotated[
        tuple[str, ...],
        Meta(
            description="NATS servers over which several relays share one engine, tried in turn; "
            "needs the extra nats",
            extra={"schemes": ("tls", "nats"), "host_only": True},
        ),
    ] = ()
    nats_user: Annotated[str | None, Meta(description="the relay's user at NATS")] = None
    nats_password: Annotated[ApiKey | None, Meta(description="the password of that user", extra=SECRET)] = (
        None
    )
    nats_ca: Annotated[
        str | None,
        Meta(description="the authority of the certificate of NATS, a PEM file; the system's unless set"),
    ] = None
    max_clients: Annotated[
        int, Meta(ge=1, le=10_000, description="terminals that may be connected to the relay at once")
    ] = 100
    max_symbols: Annotated[
        int, Meta(ge=1, le=10_000, description="symbols that one terminal may watch at the relay")
    ] = 200
    max_wallets: Annotated[
        int, Meta(ge=1, le=10_000, description="wallets that one terminal may watch at the relay")
    ] = 50
    linger: Annotated[
        float,
        Meta(ge=0.0, le=86_400.0, description="seconds that what the last terminal gave up stays subscribed"),
    ] = 60.0
    keep: Annotated[
        float, Meta(ge=60.0, le=31_536_000.0, description="seconds that the relay's log keeps a transaction")
    ] = 604_800.0


class WebSettings(Section, frozen=True, kw_only=True):
    """``[web]``: the screen in a browser."""

    listen: Annotated[str, Meta(description="where `streamtui serve` listens, HOST:PORT")] = "127.0.0.1:8788"
    tabs: Annotated[
        int, Meta(ge=1, le=100, description="browser tabs at once, each with a process of its own")
    ] = 10
    url: Annotated[
        tuple[str, ...],
        Meta(
            description="where browsers reach `streamtui serve`, where that is not where it listens",
            extra=HOST_URL,
        ),
    ] = ()
    session: Annotated[
        float, Meta(ge=1.0, le=2_592_000.0, description="seconds until a browser has to log in again")
    ] = 43_200.0
    cert: Annotated[
        str | None, Meta(description="the certificate of `streamtui serve` with its chain, a PEM file")
    ] = None
    key: Annotated[str | None, Meta(description="the private key of that certificate, a PEM file")] = None
    behind_proxy: Annotated[
        bool,
        Meta(description="a reverse proxy with TLS is in front of `streamtui serve`, and says who connects"),
    ] = False


class AlertSettings(Section, frozen=True, kw_only=True):
    """One ``[[alerts]]``: when a person wants to be notified.

    A price alert names a symbol and one of ``above``, ``below`` (USD) and ``change`` (percent within
    ``minutes``, up or down); a wallet alert names a wallet and may say ``above`` (SOL).
    """

    symbol: str | None = None
    wallet: str | None = None
    above: Decimal | None = None
    below: Decimal | None = None
    change: Decimal | None = None
    minutes: Annotated[float, Meta(gt=0.0, le=1440.0)] = 10.0

    def mistake(self) -> str | None:
        """Return what is wrong with the combination of fields, as a phrase, or ``None``."""
        limits = [limit for limit in (self.above, self.below, self.change) if limit is not None]
        if not all(limit.is_finite() and limit > 0 for limit in limits):
            return "a limit is a number above 0"
        if (self.symbol is None) == (self.wallet is None):
            return "name either a symbol or a wallet"
        if self.symbol is not None and len(limits) != 1:
            return "a symbol needs one of above, below and change"
        if self.wallet is not None and (self.below is not None or self.change is not None):
            return "a wallet has no other limit than above, in SOL"
        return None


class Settings(Section, frozen=True, kw_only=True):
    """Everything that can be configured.

    Make one with `load`, or directly with keyword arguments in a program of your own; there is no global.
    """

    symbols: Annotated[tuple[str, ...], Meta(description="tickers or mint addresses to watch")] = ()
    wallets: Annotated[tuple[str, ...], Meta(description="wallet addresses to watch")] = ()
    prices: Annotated[
        str,
        Meta(
            description="who serves prices: a provider, public (those without keys), or auto: "
            "the one whose key is set, and those without keys where it fails or there is none"
        ),
    ] = "auto"
    chain: Annotated[
        str,
        Meta(
            description="who serves wallets: a provider, public (the one without a key), or auto: "
            "the one whose key is set, and public where it fails or there is none"
        ),
    ] = "auto"
    demo: Annotated[bool, Meta(description="serve everything from the embedded emulators")] = False
    demo_rate: Annotated[
        float, Meta(ge=0.0, le=100_000.0, description="price moves a second in the demo, over all tokens")
    ] = 4.0
    # msgspec copies these empty dictionaries for each instance
    tokens: Annotated[dict[str, str], Meta(description="extra ticker = mint address")] = {}  # noqa: RUF012
    labels: Annotated[dict[str, str], Meta(description="wallet address = name to show for it")] = {}  # noqa: RUF012
    watchlists: Annotated[
        dict[str, tuple[str, ...]], Meta(description="groups of symbols, each a name and a list")
    ] = {}  # noqa: RUF012
    alerts: Annotated[
        tuple[AlertSettings, ...], Meta(description="what to be told: a price or a wallet, and a limit")
    ] = ()
    stream: StreamSettings = StreamSettings()
    backoff: BackoffSettings = BackoffSettings()
    ui: UiSettings = UiSettings()
    birdeye: BirdeyeSettings = BirdeyeSettings()
    helius: HeliusSettings = HeliusSettings()
    kraken: KrakenSettings = KrakenSettings()
    coinbase: CoinbaseSettings = CoinbaseSettings()
    jupiter: JupiterSettings = JupiterSettings()
    dexscreener: DexscreenerSettings = DexscreenerSettings()
    geckoterminal: GeckoterminalSettings = GeckoterminalSettings()
    defillama: DefillamaSettings = DefillamaSettings()
    solana: SolanaSettings = SolanaSettings()
    relay: RelaySettings = RelaySettings()
    web: WebSettings = WebSettings()
    sns: SnsSettings = SnsSettings()

    @classmethod
    def load(
        cls,
        path: Path | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Settings:
        """Return the effective settings: option over environment over file over default.

        Args:
            path: The file to read. ``None`` reads ``config.toml`` in the user's configuration folder if
                there is one; a path that is given must exist.
            environ: The environment; ``None`` is the process's own.
            options: Dotted keys to values, as given on a command line.

        Raises:
            SettingsError: A key is unknown, or a value is not allowed. It names both, and the origin.
        """
        # imported by name: loading is a layer above this module
        loading = import_module("streamcore.config.loading")
        settings: Settings = loading.load(path, environ=environ, options=options).settings
        return settings
