"""What the tickers of exchanges stand for: the same asset as a Solana token, another one, or unknown.

An exchange's ticker is not a Solana mint. ``SOL`` and ``JUP`` are the same thing in both places; ``BTC`` is
bitcoin on an exchange and only a wrapped token on the chain; and a ticker that is known to be a Solana token
may be listed somewhere as something else altogether. Sources: the listings of Kraken (2026-09) and Coinbase.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum

from streamcore.assets.tokens import Token, pinned_mint

NATIVE = frozenset(
    {
        "BONK",
        "CLOUD",
        "DRIFT",
        "EURC",
        "FARTCOIN",
        "GIGA",
        "GRASS",
        "HNT",
        "HONEY",
        "IO",
        "JITOSOL",
        "JTO",
        "JUP",
        "KMNO",
        "ME",
        "MEW",
        "MNDE",
        "MOODENG",
        "MSOL",
        "NOS",
        "ORCA",
        "PENGU",
        "PNUT",
        "PONKE",
        "POPCAT",
        "PUMP",
        "PYTH",
        "PYUSD",
        "RAY",
        "RENDER",
        "SAMO",
        "SOL",
        "TNSR",
        "TRUMP",
        "USDC",
        "USDT",
        "USELESS",
        "W",
        "WEN",
        "WIF",
    }
)
"""Tickers that stand for the same asset on exchanges as in the pinned table of Solana tokens."""

_NAMES = {
    "AAVE": "Aave",
    "ADA": "Cardano",
    "ALGO": "Algorand",
    "APT": "Aptos",
    "ARB": "Arbitrum",
    "ATOM": "Cosmos",
    "AVAX": "Avalanche",
    "BCH": "Bitcoin Cash",
    "BNB": "BNB",
    "BTC": "Bitcoin",
    "CRV": "Curve",
    "DOGE": "Dogecoin",
    "DOT": "Polkadot",
    "ENA": "Ethena",
    "ETC": "Ethereum Classic",
    "ETH": "Ether",
    "FIL": "Filecoin",
    "HBAR": "Hedera",
    "HYPE": "Hyperliquid",
    "ICP": "Internet Computer",
    "INJ": "Injective",
    "LDO": "Lido DAO",
    "LINK": "Chainlink",
    "LTC": "Litecoin",
    "NEAR": "NEAR Protocol",
    "ONDO": "Ondo",
    "OP": "Optimism",
    "PEPE": "Pepe",
    "POL": "Polygon",
    "SEI": "Sei",
    "SHIB": "Shiba Inu",
    "SPX": "SPX6900",
    "SUI": "Sui",
    "TAO": "Bittensor",
    "TIA": "Celestia",
    "TON": "Toncoin",
    "TRX": "TRON",
    "UNI": "Uniswap",
    "XLM": "Stellar Lumens",
    "XMR": "Monero",
    "XRP": "XRP",
    "ZEC": "Zcash",
}
"""Assets that are not native to Solana, where they are wrapped or missing: ticker on exchanges to name."""


class Listing(Enum):
    """What a ticker is on an exchange, compared with the Solana token of that ticker."""

    SAME = "the same"
    """The same asset as that token."""
    OTHER = "another"
    """An asset of its own; the Solana token, if there is one, is only wrapped."""
    NONE = "none"
    """A Solana token of which no listing is known: an exchange may mean anything by that ticker."""


def listing_of(ticker: str, token: Token | None) -> Listing:
    """Return what ``ticker`` (upper case) is on an exchange, given the token it means on Solana."""
    if token is None or ticker in _NAMES:
        return Listing.OTHER
    if ticker in NATIVE and token.mint == pinned_mint(ticker):
        return Listing.SAME
    return Listing.NONE


def exchange_name(ticker: str) -> str:
    """Return the name of the asset that exchanges list under a ticker."""
    return known_exchange_name(ticker) or f"{ticker} as exchanges list it"


def known_exchange_name(ticker: str) -> str:
    """Return the name of an asset not native to Solana that exchanges list; empty where it is not known."""
    return _NAMES.get(ticker.upper(), "")


def exchange_tickers() -> Collection[str]:
    """Return the tickers of the assets not native to Solana that have a name here."""
    return _NAMES.keys()
