"""Wallets as people paste them: addresses, perhaps within a link or quotes, and perhaps a name after each."""

from __future__ import annotations

import re

LIKE_AN_ADDRESS = 25
"""A word of at least this many characters is taken for an address, a shorter one for part of a name."""

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
"""What web pages and messengers put between letters, and nobody sees."""
_AROUND = "\"'`‘’‚“”„«»‹›<>()[]{}.:"
_WITHIN = re.compile(
    r"(?:solana:|(?:https?://)?[\w.-]+\.\w+/(?:[\w.-]+/)*)(?P<address>[1-9A-HJ-NP-Za-km-z]{32,44})(?:[/?#]\S*)?"
)
"""A payment request (``solana:ADDRESS?amount=1``), or a page of an explorer."""


def names_and_labels(text: str) -> list[str]:
    """Return the wallets in a text, each as its address, followed by a space and a name if there is one.

    Wallets are separated by commas, semicolons or line ends, and also a further address begins a new one:
    ``A, B treasury C`` are three wallets, and the second has a name. Of a link the address is taken.
    """
    found: list[str] = []
    for part in re.split(r"[,;\r\n]+", _INVISIBLE.sub("", text)):
        entry: list[str] = []
        for word in part.split():
            if len(word) >= LIKE_AN_ADDRESS:
                if entry:
                    found.append(" ".join(entry))
                entry = [address_in(word)]
            else:
                entry.append(word)
        if entry:
            found.append(" ".join(entry))
    return list(dict.fromkeys(found))


def address_in(word: str) -> str:
    """Return the address that a word holds in a link, a payment request or quotes; else the bare word."""
    bare = word.strip(_AROUND)
    within = _WITHIN.fullmatch(bare)
    return within["address"] if within else bare
