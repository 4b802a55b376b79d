"""The sections of the settings that are about a provider, or another service that is asked."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from streamcore.config.section import HOST_URL, HTTP_URL, SECRET, WS_URL, ApiKey, Section
from streamcore.events import DataKind


class SourceSettings(Section, frozen=True, kw_only=True):
    """The base of a provider's section; its field in `Settings` has the provider's name.

    It has what the choice between providers depends on, since the configuration may not import the providers.
    A section with an ``api_key`` belongs to a provider that requires one. The order of the fields in
    `Settings` is the order of preference.
    """

    serves: ClassVar[DataKind]
    """The kind of data that the provider serves."""
    is_exchange: ClassVar[bool] = False
    """It may know tickers that the table of Solana tokens does not."""
    names_tokens: ClassVar[bool] = False
    """It knows the tokens of the chain by their names, and may be asked for them whoever serves the data."""


class BirdeyeSettings(SourceSettings, frozen=True, kw_only=True):
    """``[birdeye]``: prices of Solana tokens; needs a key."""

    serves: ClassVar[DataKind] = DataKind.PRICES

    api_key: Annotated[
        ApiKey | None, Meta(description="Birdeye API key", extra={**SECRET, "familiar": "BIRDEYE_API_KEY"})
    ] = None
    ws_url: Annotated[str, Meta(description="WebSocket URL, without the key", extra=WS_URL)] = (
        "wss://public-api.birdeye.so/socket/solana"
    )
    rest_url: Annotated[str, Meta(description="scheme and host of the REST API", extra=HOST_URL)] = (
        "https://public-api.birdeye.so"
    )


class HeliusSettings(SourceSettings, frozen=True, kw_only=True):
    """``[helius]``: transactions of Solana wallets; needs a key."""

    serves: ClassVar[DataKind] = DataKind.WALLETS

    api_key: Annotated[
        ApiKey | None, Meta(description="Helius API key", extra={**SECRET, "familiar": "HELIUS_API_KEY"})
    ] = None
    ws_url: Annotated[str, Meta(description="WebSocket URL, without the key", extra=WS_URL)] = (
        "wss://mainnet.helius-rpc.com/"
    )
    rpc_url: Annotated[str, Meta(description="JSON-RPC URL, without the key", extra=HTTP_URL)] = (
        "https://mainnet.helius-rpc.com/"
    )


class KrakenSettings(SourceSettings, frozen=True, kw_only=True):
    """``[kraken]``: prices of an exchange, without a key."""

    serves: ClassVar[DataKind] = DataKind.PRICES
    is_exchange: ClassVar[bool] = True

    ws_url: Annotated[str, Meta(description="WebSocket URL", extra=WS_URL)] = "wss://ws.kraken.com/v2"
    rest_url: Annotated[
        str,
        Meta(description="scheme and host of the REST API, polled without the stream", extra=HOST_URL),
    ] = "https://api.kraken.com"


class CoinbaseSettings(SourceSettings, frozen=True, kw_only=True):
    """``[coinbase]``: prices of an exchange, without a key."""

    serves: ClassVar[DataKind] = DataKind.PRICES
    is_exchange: ClassVar[bool] = True

    ws_url: Annotated[str, Meta(description="WebSocket URL", extra=WS_URL)] = (
        "wss://ws-feed.exchange.coinbase.com"
    )
    rest_url: Annotated[
        str,
        Meta(description="scheme and host of the REST API, polled without the stream", extra=HOST_URL),
    ] = "https://api.exchange.coinbase.com"


class JupiterSettings(SourceSettings, frozen=True, kw_only=True):
    """``[jupiter]``: polled prices of any Solana token, without a key."""

    serves: ClassVar[DataKind] = DataKind.PRICES
    names_tokens: ClassVar[bool] = True

    rest_url: Annotated[str, Meta(description="scheme and host of the REST API", extra=HOST_URL)] = (
        "https://api.jup.ag"
    )


class DexscreenerSettings(SourceSettings, frozen=True, kw_only=True):
    """``[dexscreener]``: polled prices of any Solana token, without a key."""

    serves: ClassVar[DataKind] = DataKind.PRICES
    names_tokens: ClassVar[bool] = True

    rest_url: Annotated[str, Meta(description="scheme and host of the REST API", extra=HOST_URL)] = (
        "https://api.dexscreener.com"
    )


class GeckoterminalSettings(Section, frozen=True, kw_only=True):
    """``[geckoterminal]``: charts of Solana tokens that no exchange lists, without a key."""

    rest_url: Annotated[str, Meta(description="scheme and host of the REST API", extra=HOST_URL)] = (
        "https://api.geckoterminal.com"
    )


class DefillamaSettings(Section, frozen=True, kw_only=True):
    """``[defillama]``: past prices of Solana tokens, many at once and without a key."""

    rest_url: Annotated[str, Meta(description="scheme and host of the REST API", extra=HOST_URL)] = (
        "https://coins.llama.fi"
    )


class SolanaSettings(SourceSettings, frozen=True, kw_only=True):
    """``[solana]``: wallets from a public Solana node, without a key."""

    serves: ClassVar[DataKind] = DataKind.WALLETS
    names_tokens: ClassVar[bool] = True

    ws_url: Annotated[str, Meta(description="WebSocket URL", extra=WS_URL)] = "wss://api.mainnet.solana.com"
    rpc_url: Annotated[str, Meta(description="JSON-RPC URL", extra=HTTP_URL)] = (
        "https://api.mainnet.solana.com"
    )


class SnsSettings(Section, frozen=True, kw_only=True):
    """``[sns]``: the service that looks up names of wallets, such as toly.sns."""

    rest_url: Annotated[str, Meta(description="scheme and host of its REST API", extra=HOST_URL)] = (
        "https://sdk-proxy-v2.sns.id"
    )
