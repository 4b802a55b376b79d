"""What a terminal may read in texts: what others watch is nobody else's business.

Errors and reasons of the engine name addresses, whole or shortened, and signatures.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from streamcore.assets.tokens import short_address
from streamcore.events import ErrorKind, StreamError

_BASE58 = "1-9A-HJ-NP-Za-km-z"
_ADDRESS = re.compile(
    rf"(?<![{_BASE58}])(?:[{_BASE58}]{{32,44}}|[{_BASE58}]{{4}}…[{_BASE58}]{{4}})(?![{_BASE58}])"
)
_SIGNATURE = re.compile(rf"[{_BASE58}]{{64,88}}")

_ABOUT_WISHES = (ErrorKind.SUBSCRIPTION, ErrorKind.GAP)
"""Kinds of errors that concern only those who want what they name; the others are about a provider."""


def own_addresses(addresses: Iterable[str]) -> frozenset[str]:
    """Return addresses together with the shortened forms in which texts may name them."""
    return frozenset(form for address in addresses for form in (address, short_address(address)))


def discreet(text: str, own: Collection[str] = ()) -> str | None:
    """Return a text without what is not a terminal's own.

    Args:
        text: An error or a reason of the engine.
        own: What `own_addresses` returned for what the terminal watches.

    Returns:
        ``None`` if it is about the addresses of others alone.
    """
    text = _SIGNATURE.sub("a transaction", text)
    addresses = _ADDRESS.findall(text)
    if addresses and not any(address in own for address in addresses):
        return None
    return _ADDRESS.sub(lambda match: match[0] if match[0] in own else "another address", text)


def without_symbols(text: str, symbols: Iterable[str]) -> str:
    """Return a text without the tickers, and the pairs of them, that are not a terminal's own."""
    for symbol in symbols:
        text = re.sub(rf"(?<![\w$/-]){re.escape(symbol)}(?:[/-]\w+)?(?!\w)", "another symbol", text)
    return text


def errors_for(
    rows: Collection[int],
    own: Collection[str],
    errors: Sequence[tuple[StreamError, Mapping[str, frozenset[int]]]],
) -> list[StreamError]:
    """Return those errors that are not about others alone, without what is theirs.

    Args:
        rows: The rows that a terminal watches.
        own: What `own_addresses` returned for what it watches.
        errors: Each with the tickers that its text names, and their rows.
    """
    found = []
    for error, named in errors:
        others = [name for name, those in named.items() if those.isdisjoint(rows)]
        if others and len(others) == len(named) and error.kind in _ABOUT_WISHES:
            continue
        text = discreet(error.message, own)
        if text is not None:
            text = without_symbols(text, others)
            found.append(error if text == error.message else msgspec.structs.replace(error, message=text))
    return found


def anonymous(text: str) -> str:
    """Return a text that everybody may read."""
    return _ADDRESS.sub("an address", _SIGNATURE.sub("a transaction", text))
