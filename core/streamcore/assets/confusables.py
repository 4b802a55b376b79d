"""Which names look alike: whether a reader would take one ticker or name for another.

Whoever makes a token may call it anything: another one's ticker, the same in other capitals, with letters of
another script, or with characters that nobody sees. Names are compared by what is left of them to a reader.
The letters are those of Unicode's table of confusables (UTS 39) that look like Latin ones, as far as they
belong to scripts in which such tokens have been made.
"""

from __future__ import annotations

import unicodedata

_DOUBLES = {
    # Cyrillic
    "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "ё": "e", "ғ": "f", "ԍ": "g", "һ": "h", "н": "h",
    "і": "i", "ї": "i", "ӏ": "l", "ј": "j", "к": "k", "қ": "k", "ӄ": "k", "м": "m", "п": "n", "о": "o",
    "р": "p", "ԛ": "q", "ѕ": "s", "т": "t", "ц": "u", "ѵ": "v", "ѡ": "w", "ԝ": "w", "х": "x", "у": "y",
    "ү": "y", "ӡ": "3", "з": "3",
    # Greek
    "α": "a", "β": "b", "ϲ": "c", "ε": "e", "η": "n", "ι": "i", "κ": "k", "μ": "u", "ν": "v", "ο": "o",
    "ρ": "p", "σ": "o", "τ": "t", "υ": "u", "χ": "x", "γ": "y", "ζ": "z", "ω": "w", "ϳ": "j",
    # Armenian, Cherokee, Coptic, Lisu and letters of Latin itself that differ by a hair
    "օ": "o", "ս": "u", "հ": "h", "ո": "n", "ց": "g", "զ": "q", "յ": "j", "ꭰ": "d", "ꭱ": "r", "ꭲ": "i",
    "ꮪ": "s", "ꮯ": "c", "ꮮ": "l", "ⲟ": "o", "ⲥ": "c", "ⲣ": "p", "ꓢ": "s", "ꓳ": "o", "ꓴ": "u", "ꓓ": "d",
    "ꓚ": "c", "ꓡ": "l", "ı": "i", "ȷ": "j", "ɑ": "a", "ɡ": "g", "ɩ": "i", "ʟ": "l", "ɴ": "n", "ᴏ": "o",
    "ᴜ": "u", "ꜱ": "s", "ᴄ": "c", "ᴅ": "d", "ʙ": "b", "ᴋ": "k", "ᴘ": "p", "ᴛ": "t", "ø": "o", "ł": "l",
    "đ": "d", "ħ": "h", "ŧ": "t", "ƨ": "2",
}  # fmt: skip
"""Small letters of other scripts to the Latin ones that they look like."""

_CAPITALS = {
    "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "I", "Κ": "K", "Μ": "M", "Ν": "N", "Ο": "O",
    "Ρ": "P", "Τ": "T", "Υ": "Y", "Χ": "X", "П": "N", "У": "Y", "Ӏ": "I", "Ѕ": "S", "Σ": "E",
}  # fmt: skip
"""Capital letters that look like another letter than their small ones do."""


def skeletons(name: str) -> frozenset[str]:
    """Return what a reader may take a ticker or name for: forms that two names share which look alike.

    There are two, because in small letters ``l`` is like ``1`` and in capitals ``I`` is. Spaces, punctuation,
    a ``$`` before it, accents and all that is invisible do not count. There is none for a name of which
    nothing is left, such as one of emoji.
    """
    read = _latin(name)
    letters = "".join(character for character in read.casefold() if character.isalnum())
    # a capital I and a small L are one stroke, a small i and a capital L are not
    strokes = "".join("1" if character in "Il1|" else character for character in read)
    stroked = "".join(character for character in strokes.casefold() if character.isalnum())
    return frozenset(form for form in (letters, stroked.replace("0", "o")) if form)


def _latin(name: str) -> str:
    """Return a name with every letter that looks like a Latin one as that one, and without marks."""
    folded = unicodedata.normalize("NFKD", name).strip().removeprefix("$")
    letters: list[str] = []
    for character in folded:
        if unicodedata.combining(character):
            continue
        if character in _CAPITALS:
            letters.append(_CAPITALS[character])
            continue
        small = character.lower()
        latin = _DOUBLES.get(small)
        if latin is None:
            letters.append(character)
        else:
            letters.append(latin if character == small else latin.upper())
    return "".join(letters)
