"""Wallets as people paste them: addresses, perhaps within a link or quotes, and perhaps a name after each."""

from __future__ import annotations

import re

from streamcore import address_in, wallet_name

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
"""What web pages and messengers put between letters, and nobody sees."""

LIKE_AN_ADDRESS = 25
"""A word of this length was meant to be an address; names of wallets are shorter."""


def names_and_labels(text: str) -> list[str]:
    """Return the wallets in a text, each as its address, followed by a space and a name if there is one.

    Wallets are separated by commas, semicolons or line ends, and also a further address begins a new one:
    ``A, B treasury C`` are three wallets, and the second has a name. Of a link the address is taken. A name
    that can be looked up, such as ``toly.sns``, is a wallet, unless it is what an address is to be called.
    """
    found: list[str] = []
    for part in re.split(r"[,;\r\n]+", _INVISIBLE.sub("", text)):
        entry: list[str] = []
        for word in part.split():
            if len(word) >= LIKE_AN_ADDRESS:
                if entry:
                    found.append(" ".join(entry))
                entry = [address_in(word)]
            elif wallet_name(word) is not None and not (len(entry) == 1 and wallet_name(entry[0]) is None):
                if entry:
                    found.append(" ".join(entry))
                entry = [word]
            else:
                entry.append(word)
        if entry:
            found.append(" ".join(entry))
    return list(dict.fromkeys(found))
