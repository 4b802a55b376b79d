"""Recognising a wallet's secret where a name or an address was expected.

People paste the wrong line of their wallet's export. Whatever has the form of a secret is refused, and
nothing of it is repeated, kept or sent. Forms in which wallets hand one out: Phantom and Solflare base58 of
64 bytes, solana-keygen an array of 64 numbers, others hexadecimal or base64, and every wallet a phrase of 12
to 24 words (BIP 39).

A key of 32 bytes in base58 cannot be told from an address and is taken for one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import base58

ADVICE = (
    "it was not used, kept or sent; if it is one, treat it as known to others: move what it holds to a new "
    "wallet, and give the wallet's address here"
)

_BASE58 = re.compile(r"(?<![A-Za-z0-9])[1-9A-HJ-NP-Za-km-z]{80,96}(?![A-Za-z0-9])")
_EXTENDED = re.compile(r"(?<![A-Za-z0-9])[xyz]prv[1-9A-HJ-NP-Za-km-z]{100,110}")
_HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])(?:0[xX])?(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{128})(?![0-9A-Za-z])")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{43}=|[A-Za-z0-9+/_-]{86}==)(?![A-Za-z0-9+/=])")
_NUMBERS = re.compile(r"(?<![0-9.])\d{1,3}(?:[\s,;]+\d{1,3}){31,}(?![0-9.])")
_WORD = re.compile(r"[\u4e00-\u9fff]|[^\W\d_\u4e00-\u9fff]+")
"""A Chinese character is a word by itself, whether or not there is a space behind it."""
_INVISIBLE = re.compile("[\u200b-\u200f\u2060-\u2064\ufeff\u00ad]")

_SHORTEST = 40
"""Characters; nothing shorter in ASCII is a secret of these forms, not even twelve words of three letters."""
_FEWEST_WORDS = 12
_MISTYPED_WORDS = 1
"""Of twelve; who mistypes a phrase gives it away all the same."""
_MOST_OF_A_SIGNATURE = 0x10
"""The last byte of a signature is no larger."""
_KEY_SIZES = (32, 64)
"""Bytes of a seed, and of a seed with the public key behind it (RFC 8032, section 5.1.5)."""


def secret_form(text: str) -> str | None:
    """Return what form of wallet secret there is in a text, as a phrase, or ``None``.

    Args:
        text: As it was typed or pasted, before it is split into a list: a comma in an array of numbers, and a
            space in a phrase, are parts of the secret.
    """
    if len(text) < _SHORTEST and text.isascii():
        return None
    text = _INVISIBLE.sub("", text)
    for match in _BASE58.finditer(text):
        if len(key := base58.b58decode(match.group())) == _KEY_SIZES[-1]:
            # a signature ends in a number below 2^253 (RFC 8032, section 5.1.7), a key in any byte
            also = " or a transaction signature" if key[-1] <= _MOST_OF_A_SIGNATURE else ""
            return f"64 bytes in base58: a secret key as wallets export it{also}"
    if _EXTENDED.search(text):
        return "an extended private key"
    if _HEXADECIMAL.search(text):
        return "a key in hexadecimal"
    if any(_are_bytes(match.group()) for match in _NUMBERS.finditer(text)):
        return "the numbers of a keypair file"
    if _BASE64.search(text):
        return "a key in base64"
    if _has_phrase(text):
        return "the words of a recovery phrase"
    return None


def secret_refusal(text: str) -> str | None:
    """Return why a text is refused, if a wallet's secret is in it, as what follows a name: "looks like …: …".

    Args:
        text: See `secret_form`.
    """
    form = secret_form(text)
    return None if form is None else f"looks like a wallet's secret ({form}): {ADVICE}"


def _are_bytes(text: str) -> bool:
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    return len(numbers) in _KEY_SIZES and max(numbers) <= 255


def _has_phrase(text: str) -> bool:
    """Return whether twelve words in a row are of one of BIP 39's lists, whatever stands between them."""
    words = _WORD.findall(_plain(text))
    if len(words) < _FEWEST_WORDS:
        return False
    for known in _word_lists():
        hits = [word in known for word in words]
        for start in range(len(hits) - _FEWEST_WORDS + 1):
            if sum(hits[start : start + _FEWEST_WORDS]) >= _FEWEST_WORDS - _MISTYPED_WORDS:
                return True
    return False


def _plain(text: str) -> str:
    """Return a text in small letters without accents, which people leave out."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


@cache
def _word_lists() -> tuple[frozenset[str], ...]:
    # twelve words are rare enough to import the lists only then
    from mnemonic import Mnemonic

    return tuple(
        frozenset(map(_plain, Mnemonic(language).wordlist)) for language in Mnemonic.list_languages()
    )
