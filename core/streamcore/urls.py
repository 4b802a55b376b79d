"""What of a URL may be shown: people put API keys into every part of one but the host.

Every authority where a URL is written goes through here: settings that are shown, errors, `doctor`, log
lines of this program and of the libraries below it.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

HIDDEN = "***"
"""What stands in the authority of a secret."""

SHORTEST_KEY = 8
"""Characters from which on a segment of a path may be a key. Shorter ones name a version or a method."""

KNOWN_SEGMENTS = frozenset(
    {"AssetPairs", "currencies", "multi_price", "price_volume", "products", "volume-summary"}
)
"""Longer segments that are no keys but names of the API methods this program calls."""

_KEY_IN_LABEL = re.compile(r"(?i)(?=[0-9a-z]*[0-9][0-9a-z]*[0-9])[0-9a-z]{16,}")
"""A word of a host has no two digits, or is shorter."""

_URL = re.compile(r"""(?i)\b(?:https?|wss?|socks\w*)://[^\s"'<>|\\^`{}]+""")
_PARTS = re.compile(r"(?s)((?:[^:/?#]+://)?)([^/?#]*)([^?#]*)(\??[^#]*)(#?.*)")
_END_OF_SENTENCE = ".,:;!)]"


def shown_url(url: str) -> str:
    """Return a URL without what may be a key: user, password, query, fragment, long segments and subdomains.

    The URL need not be valid: a mistyped one holds a key all the same.
    """
    scheme, authority, path, query, fragment = _split(url)
    if "@" in authority:
        authority = f"{HIDDEN}@{authority.rpartition('@')[2]}"
    for label in _keys_in_host(authority):
        authority = authority.replace(label, HIDDEN)
    path = "/".join(HIDDEN if _may_be_key(segment) else segment for segment in path.split("/"))
    return "".join((scheme, authority, path, f"?{HIDDEN}" if query else "", f"#{HIDDEN}" if fragment else ""))


def hidden_parts(url: str) -> tuple[str, ...]:
    """Return the parts of a URL that `shown_url` hides and that are long enough not to be ordinary words.

    They are what a `streamcore.text.Mask` must know to hide them in any text.
    """
    _, authority, path, query, fragment = _split(url)
    user, _, password = authority.rpartition("@")[0].partition(":")
    pieces = [user, password, query[1:], *(pair.partition("=")[2] for pair in query[1:].split("&"))]
    found = dict.fromkeys(piece for piece in (*pieces, fragment[1:]) if len(piece) >= SHORTEST_KEY)
    found |= dict.fromkeys(segment for segment in path.split("/") if _may_be_key(segment))
    found |= dict.fromkeys(_keys_in_host(authority))
    return tuple(dict.fromkeys((*found, *map(unquote, found))))


def hide_in_urls(text: str) -> str:
    """Return a text with every URL in it as `shown_url` shows it."""
    return _URL.sub(_shown_match, text) if "://" in text else text


def _shown_match(match: re.Match[str]) -> str:
    url = match[0].rstrip(_END_OF_SENTENCE)
    return shown_url(url) + match[0][len(url) :]


def _split(url: str) -> tuple[str, str, str, str, str]:
    match = _PARTS.fullmatch(url)
    assert match is not None  # noqa: S101 - each part may be empty, so everything matches
    scheme, authority, path, query, fragment = match.groups()
    return scheme, authority, path, query, fragment


def _keys_in_host(authority: str) -> list[str]:
    """Return the subdomains that are no words: some operators of nodes put the token there."""
    labels = authority.rpartition("@")[2].split(".")[:-2]
    return [label for label in labels if _KEY_IN_LABEL.search(label.replace("-", ""))]


def _may_be_key(segment: str) -> bool:
    return len(segment) >= SHORTEST_KEY and segment not in KNOWN_SEGMENTS
