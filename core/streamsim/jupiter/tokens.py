"""An emulated Jupiter: its list of tokens, which is searched by ticker, name or mint.

What is absent from an entry is a no: ``isVerified`` of a token that is not, ``mintAuthorityDisabled`` of one
that can still be minted. Look-alikes of a known token come before it, as their claimed liquidity has it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from streamsim.wire import is_address
from streamsim.world.catalog import CATALOG, USDC, USDT, listed_since, listing_of, pinned
from streamsim.world.chain import FIRST_SLOT, SLOT_SECONDS
from streamsim.world.listings import Listing
from streamsim.world.lookalikes import LOOKALIKES, Lookalike
from streamsim.world.market import Market, Token
from streamsim.world.pools import pool_address
from streamsim.world.programs import TOKEN, TOKEN_2022

MOST_MINTS = 100
MOST_ROWS = 20
"""Rows for a name."""

_SPANS = {"stats5m": 300.0, "stats1h": 3600.0, "stats6h": 21_600.0, "stats24h": 86_400.0}
_ISSUED = frozenset({USDC, USDT})
"""Verified tokens that can be minted and frozen by who issues them."""


class BadQuery(Exception):
    """A search cannot be understood."""


def search(market: Market, query: str, unlisted: Collection[str]) -> list[dict[str, Any]]:
    """Return the entries that a search finds.

    Args:
        market: Where the figures come from.
        query: A ticker, a name or a mint; or up to a hundred mints with commas between.
        unlisted: Mints that the list does not have.

    Raises:
        BadQuery: It is empty, or has too many mints.
    """
    parts = [part.strip() for part in query.split(",")]
    if not query.strip() or len(parts) > MOST_MINTS:
        raise BadQuery
    if len(parts) > 1 or is_address(parts[0]):
        mints = [mint for mint in dict.fromkeys(parts) if is_address(mint) and mint not in unlisted]
        # an entry asked for by its mint may come without a picture
        return [_entry(market, listing_of(mint), icon=False) for mint in mints if _is_known(market, mint)]
    word = parts[0].casefold().removeprefix("$")
    found = [listing for mint in (*CATALOG, *pinned()) if _matches(listing := listing_of(mint), word)]
    found += [each.listing for each in LOOKALIKES.values() if _matches(each.listing, word, each.found_by)]
    by_mint = {listing.mint: listing for listing in found if listing.mint not in unlisted}
    ordered = sorted(by_mint.values(), key=lambda each: (each.symbol.casefold() != word, -each.liquidity))
    namesakes = [listing for listing in by_mint.values() if listing.mint in LOOKALIKES]
    rows = dict.fromkeys((*namesakes, *ordered))
    return [_entry(market, listing, icon=True) for listing in list(rows)[:MOST_ROWS]]


def _is_known(market: Market, mint: str) -> bool:
    return mint in CATALOG or mint in LOOKALIKES or market.token(mint) is not None


def _matches(listing: Listing, word: str, found_by: str = "") -> bool:
    return any(word in name.casefold() for name in (listing.symbol, found_by, listing.name))


def _entry(market: Market, listing: Listing, *, icon: bool) -> dict[str, Any]:
    token = market.token(listing.mint)
    lookalike = LOOKALIKES.get(listing.mint)
    since = listed_since(listing, market.clock.time()) if token is None else token.history.past.since
    entry: dict[str, Any] = {"id": listing.mint, "name": listing.name, "symbol": listing.symbol}
    if icon:
        entry["icon"] = f"https://static.example/{listing.mint}.png"
    entry |= {
        "decimals": listing.decimals,
        "tokenProgram": TOKEN_2022 if lookalike is not None and lookalike.launchpad else TOKEN,
        "createdAt": _moment(since, "milliseconds"),
        "firstPool": {"id": pool_address("raydium", listing.mint), "createdAt": _moment(since, "seconds")},
    }
    entry |= _verified(listing) if listing.verified else _unverified(listing, lookalike)
    if token is not None:
        entry |= _figures(market, token, lookalike)
    entry["updatedAt"] = _moment(market.clock.time(), "milliseconds")
    return entry


def _verified(listing: Listing) -> dict[str, Any]:
    issued = listing.mint in _ISSUED
    audit: dict[str, Any] = {"topHoldersPercentage": 15.45, "devMints": 1}
    if not issued:
        audit = {"mintAuthorityDisabled": True, "freezeAuthorityDisabled": True, **audit}
    score = min(100.0, 60 + float(listing.volume_24h) ** 0.5 / 1000)
    told: dict[str, Any] = {
        "dev": listing.mint,
        "circSupply": float(listing.supply) * 0.89,
        "totalSupply": float(listing.supply),
        "holderCount": 1000 + int(listing.volume_24h / 900),
        "audit": audit,
        "organicScore": round(score, 2),
        "organicScoreLabel": "high" if score >= 70 else "medium",
        "isVerified": True,
        "tags": ["community", "strict", "verified"],
    }
    if issued:
        told |= {"mintAuthority": listing.mint, "freezeAuthority": listing.mint}
    return told


def _unverified(listing: Listing, lookalike: Lookalike | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "audit": {"devMints": 1, "topHoldersPercentage": 71.3},
        "organicScore": 0,
        "organicScoreLabel": "low",
        "tags": ["unknown"],
        "holderCount": 12 if lookalike is None else lookalike.holders,
    }
    if lookalike is None:
        return told
    if lookalike.launchpad:
        told |= {"launchpad": lookalike.launchpad, "tags": ["unknown", "token-2022"]}
        told["audit"] |= {"mintAuthorityDisabled": True, "freezeAuthorityDisabled": True}
    if lookalike.freezable:
        told["freezeAuthority"] = listing.mint
    if lookalike.suspected:
        told["audit"]["isSus"] = True
    return told


def _figures(market: Market, token: Token, lookalike: Lookalike | None) -> dict[str, Any]:
    listing, price = token.listing, float(token.price)
    has_liquidity = lookalike is None or lookalike.has_liquidity
    told: dict[str, Any] = {
        "fdv": price * float(listing.supply),
        "mcap": price * float(listing.supply) * 0.89,
        "usdPrice": price,
        "priceBlockId": FIRST_SLOT + int(market.clock.monotonic() / SLOT_SECONDS),
        "liquidity": float(listing.liquidity) if has_liquidity else None,
    }
    spans = _SPANS if listing.verified else {"stats24h": _SPANS["stats24h"]}
    return told | {name: _stats(token, seconds, lookalike) for name, seconds in spans.items()}


def _stats(token: Token, seconds: float, lookalike: Lookalike | None) -> dict[str, Any]:
    bar = token.window(seconds)
    buys, sells = bar.buys, bar.sells
    if lookalike is not None:
        buys = lookalike.trades // 2
        sells = lookalike.trades - buys
    organic = 0.03 if token.listing.verified else 0.0
    return {
        "priceChange": float(token.change(seconds)),
        "holderChange": 0.02,
        "liquidityChange": 0.11,
        "volumeChange": 2.5,
        "buyVolume": float(bar.buy_usd),
        "sellVolume": float(bar.sell_usd),
        "buyOrganicVolume": float(bar.buy_usd) * organic,
        "sellOrganicVolume": float(bar.sell_usd) * organic,
        "numBuys": buys,
        "numSells": sells,
        "numTraders": max(1, (buys + sells) // 9),
        "numOrganicBuyers": int(buys * organic),
        "numNetBuyers": int(buys * organic),
    }


def _moment(unix: float, digits: str) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec=digits).replace("+00:00", "Z")
