"""The settings, typed: one structure a section, one documented field a key, every default beside it.

Here are all sections together, and those of the streams. The others are beside it: of the providers in
`sources`, of the screen in `screen`, of relays and browsers in `serving`.

`Settings.load` fills it; where values come from and which wins is in `streamcore.config.loading`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from streamcore.config.screen import AlertSettings, UiSettings
from streamcore.config.section import (
    Count,
    Seconds,
    Section,
)
from streamcore.config.serving import RelaySettings, WebSettings
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
        # by name, for it imports this module: the one circle there is, so that this can be a method
        loading = import_module("streamcore.config.loading")
        settings: Settings = loading.load(path, environ=environ, options=options).settings
        return settings
