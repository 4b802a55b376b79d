"""What a search at the emulated DexScreener finds: pairs of all chains, in no order that means anything.

Nothing says which token is verified. Pools that nobody trades in claim billions of liquidity and come first;
of two tokens named together the deepest pool is missing, as was seen in 2026-08.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from streamsim.wire import exact
from streamsim.world.catalog import CATALOG, SOL, USDC, listing_of, pinned
from streamsim.world.listings import Listing
from streamsim.world.lookalikes import LOOKALIKES, Lookalike
from streamsim.world.market import Market
from streamsim.world.pools import Pool, pool_address

MOST_PAIRS = 30

_FALSE_POOLS = (
    ("7DYVdkbhQ5ZgeJNhVBBDnvhbfoJeGrF46EGeDaohT6Hu", 365_284, 24, 25, 1597170088.69, 20997412, 7035.92),
    ("CDmkyLDvCxNGvZ8bLh8xhoBLZ1PGCkkNqQxsw4Uv6nQF", 360_814, 22, 22, 1632045898, 21400000, 6800),
    ("FqQKCJYCa1Zt3PjD5c8QhkPqTKPPqM1eKMcgnHsD1oZG", 360_814, 22, 22, 1627150174, 21300000, 6700),
)
"""Pools of SOL and USDC with false liquidity, captured in 2026-08: address, volume and trades in 24 hours,
liquidity in dollars and in both tokens."""


def search(market: Market, query: str, described: Callable[[Pool], dict[str, Any] | None]) -> list[Any]:
    """Return the pairs in which every word of a query is part of a ticker, a name or an address.

    Args:
        market: Where the figures come from.
        query: What was typed.
        described: Returns the pair of a pool as the other routes tell it.
    """
    words = [word.removeprefix("$") for word in query.casefold().split()]
    if not words:
        return []
    pairs: list[Any] = [_false(market, *pool) for pool in _FALSE_POOLS if _matches(words, (SOL, USDC))]
    pairs += [
        _claimed(market, lookalike)
        for lookalike in LOOKALIKES.values()
        if _matches(words, (lookalike.listing.mint, SOL), lookalike.found_by)
    ]
    if _matches(words, (SOL, USDC)):
        pairs.append(_elsewhere(market))
    for mint in dict.fromkeys((*CATALOG, *pinned())):
        if len(pairs) >= MOST_PAIRS:
            break
        if not any(_matches([word], (mint,)) for word in words):
            continue
        for number, pool in enumerate(market.pools.of(mint)):
            deepest_of_two = number == 0 and len(words) > 1
            if not deepest_of_two and _matches(words, (pool.base, pool.quote)):
                pairs.append(described(pool))
    by_address = {pair["pairAddress"]: pair for pair in pairs if pair is not None}
    return list(by_address.values())[:MOST_PAIRS]


def _matches(words: list[str], mints: tuple[str, ...], found_by: str = "") -> bool:
    texts = [found_by.casefold()]
    for mint in mints:
        listing = listing_of(mint)
        texts += [mint.casefold(), listing.symbol.casefold(), listing.name.casefold()]
    return all(any(word in text for text in texts) for word in words)


def _named(listing: Listing) -> dict[str, str]:
    return {"address": listing.mint, "name": listing.name, "symbol": listing.symbol}


def _false(
    market: Market, address: str, volume: int, buys: int, sells: int, usd: float, base: float, quote: float
) -> dict[str, Any]:
    price = market.sol_price()
    return {
        "chainId": "solana",
        "dexId": "raydium",
        "url": f"https://dexscreener.com/solana/{address}",
        "pairAddress": address,
        "labels": ["CLMM"],
        "baseToken": _named(listing_of(SOL)),
        "quoteToken": _named(listing_of(USDC)),
        "priceNative": format(price, "f"),
        "priceUsd": format(price, "f"),
        "txns": {"h24": {"buys": buys, "sells": sells}},
        "volume": {"h24": volume},
        "priceChange": {},
        "liquidity": {"usd": usd, "base": base, "quote": quote},
        "pairCreatedAt": 1_781_000_000_000,
    }


def _claimed(market: Market, lookalike: Lookalike) -> dict[str, Any] | None:
    token = market.token(lookalike.listing.mint)
    if token is None:
        return None
    listing = token.listing
    pair: dict[str, Any] = {
        "chainId": "solana",
        "dexId": {"pump.fun": "pumpfun"}.get(lookalike.launchpad, "raydium"),
        "url": f"https://dexscreener.com/solana/{pool_address('raydium', listing.mint)}",
        "pairAddress": pool_address("raydium", listing.mint),
        "baseToken": _named(listing),
        "quoteToken": _named(listing_of(SOL)),
        "priceNative": format(exact(token.price / market.sol_price()), "f"),
        "priceUsd": format(token.price, "f"),
        "txns": {"h24": {"buys": lookalike.trades // 2, "sells": lookalike.trades - lookalike.trades // 2}},
        "volume": {"h24": float(token.window(86_400.0).usd)},
        "priceChange": {"h24": float(token.change(86_400.0).quantize(Decimal("0.01")))},
        "fdv": float(exact(token.price * listing.supply)),
        "marketCap": float(exact(token.price * listing.supply)),
        "pairCreatedAt": int(token.history.past.since * 1000),
    }
    if lookalike.has_liquidity:
        pair["liquidity"] = {"usd": float(listing.liquidity), "base": 1.0, "quote": 1.0}
    return pair


def _elsewhere(market: Market) -> dict[str, Any]:
    """Return a pair of another chain with the same tickers."""
    address, base, quote = (
        "0x" + hashlib.sha256(f"elsewhere/{part}".encode()).hexdigest()[:40]
        for part in ("pair", "sol", "usdc")
    )
    price = market.sol_price()
    return {
        "chainId": "ethereum",
        "dexId": "uniswap",
        "url": f"https://dexscreener.com/ethereum/{address}",
        "pairAddress": address,
        "labels": ["v3"],
        "baseToken": {"address": base, "name": "Wrapped SOL", "symbol": "SOL"},
        "quoteToken": {"address": quote, "name": "USD Coin", "symbol": "USDC"},
        "priceNative": format(price, "f"),
        "priceUsd": format(price, "f"),
        "txns": {"h24": {"buys": 310, "sells": 295}},
        "volume": {"h24": 812_331.4},
        "priceChange": {"h24": 0.4},
        "liquidity": {"usd": 1_204_113.9, "base": 3512.2, "quote": 601_220.4},
        "pairCreatedAt": 1_712_000_000_000,
    }
