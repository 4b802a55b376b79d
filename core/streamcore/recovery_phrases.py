"""Recognising the words of a recovery phrase in a text: BIP 39, or a share of SLIP 39.

The text may be long and written by a stranger, who wants it to take long: each word is looked up once, and
the words are gone through once for each list that many of them are in.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

_WORD = re.compile(r"[\u4e00-\u9fff]|[^\W\d_\u4e00-\u9fff]+")
"""A Chinese character is a word by itself, whether or not there is a space behind it."""
_FEWEST_WORDS = 12
_FEWEST_DIFFERENT = 6
"""Of twelve words drawn by lot hardly two are equal; a row of one ticker is no phrase."""
_TICKERS = frozenset(
    {"atom", "cloud", "drift", "goat", "grass", "honey", "link", "mobile", "mother", "near", "orca", "pepe"}
    | {"pump", "render", "sol", "useless"}
)
"""Words of the lists that are tickers as well; nobody's phrase has none but these."""
_COLUMNS = frozenset(
    {"symbol", "price", "change", "volume", "age", "trend", "name", "source", "bid", "ask", "spread", "high"}
)
"""The same for the names of the columns, twelve of which are words of the English list."""
_NAMES = _TICKERS | _COLUMNS
_PHRASE_SIZES = (12, 15, 18, 21, 24)
"""Words of a whole phrase (BIP 39)."""
_BITS_OF_A_WORD = 11
_MISTYPED_WORDS = 1
"""Of twelve; who mistypes a phrase gives it away all the same."""
_WORDS_IN_A_LIST = 2048
_SHORT = 0xFFFFFFFF


def has_recovery_phrase(text: str) -> bool:
    """Return whether twelve words in a row are of one of the lists, whatever stands between them."""
    words = _WORD.findall(_plain(text))
    if len(words) < _FEWEST_WORDS:
        return False
    lists = _word_lists()
    known = {word: lists.that_have(word) for word in dict.fromkeys(words)}
    of_lists = [known[word] for word in words]
    for bit in lists.bits:
        for start in _full_windows(of_lists, bit):
            window = words[start : start + _FEWEST_WORDS]
            if len({word for word in window if known[word] & bit} - _NAMES) >= _FEWEST_DIFFERENT:
                return True
    return _has_phrase_of_few_words(words, [bool(of & lists.english) for of in of_lists])


def are_word_numbers(digits: str) -> bool:
    """Return whether digits are the numbers of a phrase's words, four each."""
    numbers = [int(digits[at : at + 4]) for at in range(0, len(digits), 4)]
    return max(numbers) < _WORDS_IN_A_LIST and len(set(numbers)) > _FEWEST_WORDS // 2


def _full_windows(of_lists: Sequence[int], bit: int) -> Iterator[int]:
    """Return where twelve words in a row begin of which a list has all, or all but a mistyped one."""
    missing = [at for at, of in enumerate(of_lists) if not of & bit]
    if len(of_lists) - len(missing) < _FEWEST_WORDS - _MISTYPED_WORDS:
        return
    # a window may reach from behind one missing word over the next to before the one after that
    bounds = [-1, *missing, *[len(of_lists)] * (1 + _MISTYPED_WORDS)]
    for at in range(len(bounds) - 1 - _MISTYPED_WORDS):
        last_start = min(bounds[at + 1], bounds[at + 1 + _MISTYPED_WORDS] - _FEWEST_WORDS)
        yield from range(bounds[at] + 1, last_start + 1)


def _has_phrase_of_few_words(words: Sequence[str], are_english: Sequence[bool]) -> bool:
    """Return whether English words in a row are a phrase by its checksum, however often one repeats.

    Such phrases are made up to try things out, and by people who think that nobody will guess them.
    """
    numbers: dict[str, int] = {}
    missing = [at for at, is_english in enumerate(are_english) if not is_english]
    begin = 0
    for end in (*missing, len(words)):
        if end - begin >= _FEWEST_WORDS:
            numbers = numbers or _english_numbers(frozenset(words))
            row = words[begin:end]
            if any(_has_checksum(row, numbers, size) for size in _PHRASE_SIZES):
                return True
        begin = end + 1
    return False


def _has_checksum(words: Sequence[str], numbers: dict[str, int], size: int) -> bool:
    """Return whether so many in a row of English words, few of them different, are a phrase (BIP 39)."""
    check_bits = size // 3
    whole, check = (1 << _BITS_OF_A_WORD * size) - 1, (1 << check_bits) - 1
    value = before = -1
    for end, word in enumerate(words, 1):
        value = ((value << _BITS_OF_A_WORD) | numbers[word]) & whole
        if end < size or value == before:
            continue
        before = value
        entropy = (value >> check_bits).to_bytes(check_bits * 4, "big")
        if sha256(entropy).digest()[0] >> (8 - check_bits) != value & check:
            continue
        few = set(words[end - size : end])
        if len(few) <= _FEWEST_DIFFERENT and not few <= _NAMES:
            return True
    return False


def _plain(text: str) -> str:
    """Return a text in small letters without accents, which people leave out."""
    text = text.lower()
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(character for character in decomposed if not unicodedata.combining(character))


class _WordLists:
    """Lists of words, of which only 32 bits of each hash are kept: a fiftieth of what the words take.

    So one of 200,000 other words is taken for one of these, which does not make a row of twelve.
    """

    def __init__(self, lists: Sequence[Sequence[str]], english: int) -> None:
        """``english``: the place among ``lists`` of that whose phrases have their checksum looked at."""
        found: dict[int, int] = {}
        for place, words in enumerate(lists):
            for word in words:
                short = hash(word) & _SHORT
                found[short] = found.get(short, 0) | 1 << place
        self._hashes = array("I", sorted(found))
        self._lists = array("H", (found[one] for one in self._hashes))
        self.bits = [1 << place for place in range(len(lists))]
        """One for each list."""
        self.english = 1 << english

    def that_have(self, word: str) -> int:
        """Return the bits of the lists that a word is in."""
        wanted = hash(word) & _SHORT
        at = bisect_left(self._hashes, wanted)
        is_there = at < len(self._hashes) and self._hashes[at] == wanted
        return self._lists[at] if is_there else 0


@cache
def _word_lists() -> _WordLists:
    # twelve words are rare enough to import the lists only then
    from mnemonic import Mnemonic

    languages = Mnemonic.list_languages()
    lists = [[_plain(word) for word in Mnemonic(language).wordlist] for language in languages]
    # four letters tell the English words apart, and are what steel plates have room for
    lists.append([word[:4] for word in Mnemonic("english").wordlist])
    shares = Path(__file__).with_name("slip39_words.txt").read_text(encoding="ascii").split()
    lists += shares, [word[:4] for word in shares]
    return _WordLists(lists, languages.index("english"))


def _english_numbers(words: frozenset[str]) -> dict[str, int]:
    from mnemonic import Mnemonic

    # read anew: that is hardly ever needed
    return {word: number for number, word in enumerate(Mnemonic("english").wordlist) if word in words}
