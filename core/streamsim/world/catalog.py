"""The tokens the emulated market knows by name, with the figures it starts from.

The figures are plausible, not current: a demo should look real, but nobody should rely on it. A mint that is
not here gets figures derived from its own bytes, the same ones every time.
"""

from __future__ import annotations

import hashlib
import math
from decimal import Decimal
from functools import cache

from streamcore.assets.tokens import Token, TokenTable
from streamsim.wire import exact, is_address
from streamsim.world.listings import Listing
from streamsim.world.lookalikes import LOOKALIKES

SOL = "So11111111111111111111111111111111111111112"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
USDT = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"


_MILLION = 1_000_000


_YOUNG = {
    "pumpCmXqMfrsAkQ5r49WcJnRayYRqmXz6ae8H7H9Dfn": 137,
    "6p6xgHyF7AeE6TZkSmFsko444wqoP15icUSqi2jfGiPN": 311,
}
"""Days since those of the known tokens were listed that have no year behind them."""


def _listing(row: str) -> Listing:
    mint, symbol, decimals, price, volume, liquidity, supply, volatility, name = row.split(maxsplit=8)
    return Listing(
        mint,
        symbol,
        name,
        int(decimals),
        Decimal(price),
        Decimal(volume) * _MILLION,
        Decimal(liquidity) * _MILLION,
        Decimal(supply) * _MILLION,
        float(volatility),
        days=_YOUNG.get(mint),
    )


# mint, symbol, decimals, price, 24 h volume, liquidity and supply in millions, daily volatility, name
_ROWS = """
So11111111111111111111111111111111111111112 SOL 9 171.2534 2914.3 9120 607.1878 0.045 Wrapped SOL
EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v USDC 6 0.99992 1830 1317 8861.7276 0.0004 USD Coin
Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB USDT 6 1.00011 412 301 2389.9285 0.0004 Tether USD
cbbtcf3aa214zXHbiAZQwf4122FBYbraNdFqgw4iMij cbBTC 8 104183.52 96.1 61.2 0.0049 0.026 Coinbase Wrapped BTC
3NZ9JMVBmGAqocybic2c7LQCJScmgsAZ6vQqTDzcqmJh WBTC 8 104121.07 41.7 38.3 0.0019 0.026 Wrapped BTC (Portal)
7vfCXTUXx5WJV5JADk17DUJ4ksgau7utNKj4b963voxs ETH 8 3612.408 37.8 29.5 0.0421 0.038 Ether (Portal)
JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN JUP 6 0.612491 48.21 21.4 6999.2037 0.062 Jupiter
27G8MtK7VtTcCHkpASjSDdkWWYfoqT6ggEuKidVJidD4 JLP 6 4.81207 52.3 88.1 389.2014 0.018 Jupiter Perps LP
DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263 BONK 5 0.0000160244226 38.17 12.3441 88872155.3209 0.085 Bonk
EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm WIF 6 0.8437 61.2 19.7 998.9264 0.091 dogwifhat
jtojtomepa8beP8AuQc6eXt5FriJwfFMwQx2v2f9mCL JTO 9 1.9312 21.7 8.9 999.9712 0.066 Jito
J1toso1uCk3RLmjorhTtrVwY9HJ7X8V9yYac6Y7kGCPn JitoSOL 9 207.318 66.4 141 14.1082 0.045 Jito Staked SOL
HZ1JovNiVvGrGNiiYvEozEVgZ58xaU3RKwX8eACQBCt3 PYTH 6 0.11824 14.9 5.6 9999.9881 0.07 Pyth Network
4k3Dyjzvzp8eMZWUXbBCjEvwSkkk59S5iCNLY3QrkX6R RAY 6 2.6481 33.1 27.6 554.997 0.074 Raydium
orcaEKTdK7LKz57vaAYr9QeNsVEPfiu6QeMU1kektZE ORCA 6 2.1079 4.71 6.12 99.9997 0.068 Orca
mSoLzYCxHdYgdzU16g5QSh3i5K3z3KZK7ytfqcJm7So mSOL 9 223.914 18.3 41.563 3.5482 0.045 Marinade staked SOL
rndrizKT3MK1iimdxRdWabcF7Zg7AR5T4nud4EkHBof RENDER 8 3.4125 5.12 4.28 133.4217 0.065 Render Token
hntyVP6YFm1Hg25TN9WGLqM12b8TQmcknKrdu1oxWux HNT 8 2.3918 3.48 5.71 179.4832 0.058 Helium Network Token
6p6xgHyF7AeE6TZkSmFsko444wqoP15icUSqi2jfGiPN TRUMP 6 9.23805 148 359.1031 999.9995 0.08 OFFICIAL TRUMP
7GCihgDB8fe6KNjn2MYtkzZcRjQy3t9GHdC8uHYmW2hr POPCAT 9 0.2914 12.8 6.31 979.9732 0.098 Popcat
2zMMhcVQEXDtdE6vsFS7S7D5oUodfJHE8vd1gnBouauv PENGU 6 0.0318264 89.4 18.2 88888.8889 0.093 Pudgy Penguins
9BB6NFEcjBCtnNLFko2FqVQBq8HHM13kCyYcdQbgpump FARTCOIN 6 0.95138 118 22.4 999.9922 0.112 Fartcoin
MEW1gQWJ3nEXg2qgERiKu7FAFj79PHvQVREQUzScPP5 MEW 5 0.00241837 9.13 7.45 88888.8889 0.092 cat in a dogs world
63LfDmNb3MQ8mw9MtZ2To9bEA2M71kZUUGq5tiJxcqj9 GIGA 5 0.0148211 6.24 4.13 9604.2124 0.103 GIGACHAD
5LafQUrVco6o7KMz42eqVEJ9LW31StPyGjeeu5sKoMtA MUMU 6 0.0000034677373694 1.93 1.2299 2329885 0.121 Mumu the Bull
pumpCmXqMfrsAkQ5r49WcJnRayYRqmXz6ae8H7H9Dfn PUMP 6 0.00412905 214 31.8 999990 0.088 Pump
oreoU2P8bN6jkk3jbaiVxYnG1dCXcYxwhwyK9jSybcp ORE 11 84.217 1.84 2.96 0.4214 0.11 Ore
"""

# the same, of assets that are no token of Solana; their key stands in the place of a mint
_ASSET_ROWS = """
exchange:BTC BTC 8 104237.9 1480 0 19.93 0.026 Bitcoin
exchange:ETH ETH 8 3614.85 912 0 120.7 0.038 Ether
exchange:XRP XRP 6 2.41873 341 0 59870 0.05 XRP
exchange:DOGE DOGE 8 0.224916 187 0 150100 0.065 Dogecoin
exchange:ADA ADA 6 0.81264 74.2 0 35810 0.055 Cardano
exchange:LINK LINK 8 17.9421 41.6 0 678 0.06 Chainlink
exchange:LTC LTC 8 101.772 28.4 0 76.3 0.045 Litecoin
exchange:SUI SUI 9 3.30417 66.1 0 3554 0.075 Sui
exchange:USDT USDT 6 1.0002 96.3 0 141000 0.0003 Tether USD
exchange:EUR EUR 2 1.13842 88.4 0 0 0.005 Euro
exchange:GBP GBP 2 1.32107 41.9 0 0 0.005 Pound Sterling
exchange:HYPE HYPE 8 41.0833 52.7 0 333.9 0.07 Hyperliquid
"""

ASSETS = {listing.mint: listing for listing in map(_listing, _ASSET_ROWS.strip().splitlines())}
"""Every known asset that is not a Solana token, by its key on the market."""

CATALOG = {listing.mint: listing for listing in map(_listing, _ROWS.strip().splitlines())}
"""Every token known by name, by mint."""

FOLLOWS = {
    "cbbtcf3aa214zXHbiAZQwf4122FBYbraNdFqgw4iMij": "exchange:BTC",
    "3NZ9JMVBmGAqocybic2c7LQCJScmgsAZ6vQqTDzcqmJh": "exchange:BTC",
    "7vfCXTUXx5WJV5JADk17DUJ4ksgau7utNKj4b963voxs": "exchange:ETH",
    "J1toso1uCk3RLmjorhTtrVwY9HJ7X8V9yYac6Y7kGCPn": SOL,
    "mSoLzYCxHdYgdzU16g5QSh3i5K3z3KZK7ytfqcJm7So": SOL,
}
"""Wrapped and staked tokens to the key of the asset whose price theirs follows."""


@cache
def pinned() -> dict[str, Token]:
    """Return the tokens that this program knows by ticker, by mint."""
    return {token.mint: token for token in TokenTable().complete("")}


_LISTED_LONG = 4 * 365
"""Days since a verified token was listed, unless its listing says it."""


def listed_since(listing: Listing, now: float) -> float:
    """Return when a token was listed, as ``now`` in Unix seconds."""
    days = listing.days
    if days is None and (listing.verified or not is_address(listing.mint)):
        days = _LISTED_LONG
    if days is None:
        # from hours to three years
        days = 0.2 * 5000 ** (
            int.from_bytes(hashlib.sha256(f"{listing.mint}/listed".encode()).digest()[:4]) / 2**32
        )
    return now // 3600 * 3600 - days * 86_400


def listing_of(mint: str) -> Listing:
    """Return the figures of a token; of an unknown one, figures derived from the text of its mint."""
    known = CATALOG.get(mint) or ASSETS.get(mint)
    if known is None and mint in LOOKALIKES:
        known = LOOKALIKES[mint].listing
    if known is not None:
        return known
    digest = hashlib.sha256(mint.encode()).digest()
    share = [int.from_bytes(digest[i : i + 4]) / 2**32 for i in range(0, 20, 4)]
    price = 10 ** (-6.0 + 7.0 * share[0])
    worth = 10 ** (5.5 + 3.0 * share[1])
    named = pinned().get(mint)
    return Listing(
        mint=mint,
        symbol=mint[:4].upper() if named is None else named.symbol,
        name=f"Token {mint[:4]}" if named is None else named.name,
        decimals=(6, 6, 6, 9, 5)[int(share[2] * 5)] if named is None else named.decimals or 6,
        price=exact(Decimal(f"{price:.6g}")),
        volume_24h=Decimal(math.floor(worth * (0.05 + share[3]))),
        liquidity=Decimal(math.floor(worth * 0.1)),
        supply=Decimal(math.floor(worth / price)),
        volatility=0.05 + 0.1 * share[4],
        verified=named is not None,
    )
