"""Wallets as people paste them: addresses, and perhaps a name after each."""

from __future__ import annotations

import re

LIKE_AN_ADDRESS = 25
"""A word of this length was meant to be an address; names of wallets are shorter."""


def names_and_labels(text: str) -> list[str]:
    """Return the wallets in a text, each as its address, followed by a space and a name if there is one.

    Wallets are separated by commas, semicolons or line ends, and also a further address begins a new one:
    ``A, B treasury C`` are three wallets, and the second has a name.
    """
    found: list[str] = []
    for part in re.split(r"[,;\r\n]+", text):
        entry: list[str] = []
        for word in part.split():
            if entry and len(word) >= LIKE_AN_ADDRESS:
                found.append(" ".join(entry))
                entry = []
            entry.append(word)
        if entry:
            found.append(" ".join(entry))
    return list(dict.fromkeys(found))
