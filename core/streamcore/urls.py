"""What may be shown of an address on the network: people put keys into every part of it but the host.

Every place where an address is written goes through here: settings that are shown, errors, `doctor`, log
lines of this program and of the libraries below it.
"""

from __future__ import annotations

import logging
import re
from urllib.parse import unquote

HIDDEN = "***"
"""What stands in the place of a secret."""

SHORTEST_KEY = 8
"""Characters of a piece of a path that may be a key. Shorter ones name a version or a method."""

WORDS = frozenset({"AssetPairs", "currencies", "multi_price", "price_volume", "products", "volume-summary"})
"""Longer pieces that are known to be no key, because they are asked for all the time."""

_URL = re.compile(r"""(?i)\b(?:https?|wss?|socks\w*)://[^\s"'<>|\\^`{}]+""")
_PARTS = re.compile(r"(?s)((?:[^:/?#]+://)?)([^/?#]*)([^?#]*)(\??[^#]*)(#?.*)")
_END_OF_SENTENCE = ".,:;!)]"


def shown_url(url: str) -> str:
    """Return a URL without what may be a key: user and password, query, fragment, long pieces of the path.

    It need not be a valid one: what people mistype holds keys, too.
    """
    scheme, place, path, query, fragment = _split(url)
    if "@" in place:
        place = f"{HIDDEN}@{place.rpartition('@')[2]}"
    path = "/".join(HIDDEN if _may_be_key(piece) else piece for piece in path.split("/"))
    return "".join((scheme, place, path, f"?{HIDDEN}" if query else "", f"#{HIDDEN}" if fragment else ""))


def hidden_parts(url: str) -> tuple[str, ...]:
    """Return the parts of a URL that `shown_url` hides and that are long enough to be told from words.

    They are what a `streamcore.text.Mask` must know to hide them in any text.
    """
    _, place, path, query, fragment = _split(url)
    user, _, password = place.rpartition("@")[0].partition(":")
    pieces = [user, password, query[1:], *(pair.partition("=")[2] for pair in query[1:].split("&"))]
    found = dict.fromkeys(piece for piece in (*pieces, fragment[1:]) if len(piece) >= SHORTEST_KEY)
    found |= dict.fromkeys(piece for piece in path.split("/") if _may_be_key(piece))
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
    scheme, place, path, query, fragment = match.groups()
    return scheme, place, path, query, fragment


def _may_be_key(piece: str) -> bool:
    return len(piece) >= SHORTEST_KEY and piece not in WORDS


class UrlFilter(logging.Filter):
    """Hides what may be a key in the URLs of log records; for the `logging.Logger` of a library."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place and let it pass."""
        message = record.getMessage()
        hidden = hide_in_urls(message)
        if hidden != message:
            record.msg, record.args = hidden, None
        return True
