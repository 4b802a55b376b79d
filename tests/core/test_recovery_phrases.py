from __future__ import annotations

import random
import sys
from itertools import pairwise
from types import FrameType
from typing import Any

import pytest
from mnemonic import Mnemonic

from streamcore.wallet_secrets import secret_form

LENGTH = 16_384
CALLS_A_CHARACTER = 12
"""Function calls, of the language and of C, that recognising may take; it must not grow with the text."""

ENGLISH = Mnemonic("english").wordlist
LISTS = [Mnemonic(language).wordlist for language in Mnemonic.list_languages()]


def filled(words: list[str]) -> str:
    """Return a long text of words drawn by lot, none of which a stranger would have to know."""
    lot = random.Random(14)
    text = ""
    while len(text) < LENGTH:
        text += lot.choice(words) + " "
    return text


HOSTILE = {
    "no words of a list": filled(["xy"]),
    "letters alone": filled(["a"]),
    "one word over and over": filled(["abandon"]),
    "tickers, which are words of a list": filled(["sol", "link", "near", "orca", "pepe", "pump", "atom"]),
    "words of different lists": filled([word for words in LISTS for word in words[:40]]),
    "every third word of no list": "".join(f"{first} {second} zz " for first, second in pairwise(ENGLISH)),
    "letters and digits in turn": "a1B" * (LENGTH // 3),
    "syllables without a space": "가나다라" * (LENGTH // 4),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_long_text_of_a_stranger_is_gone_through_in_steps_no_more_than_its_length_has(
    text: str,
) -> None:
    secret_form(text)  # reads the lists
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        secret_form(text)
    finally:
        sys.setprofile(before)
    assert calls < CALLS_A_CHARACTER * len(text)


@pytest.mark.parametrize("at", [0, 1, 5, 11])
@pytest.mark.parametrize("before", [0, 1, 3, 40])
def test_a_phrase_with_a_mistyped_word_is_one_wherever_it_stands_among_others(at: int, before: int) -> None:
    words = Mnemonic("english").to_mnemonic(bytes(range(16))).split()
    words[at] = "xyzzy"
    text = " ".join(["zz"] * before + words + ["zz"] * 3)
    assert secret_form(text) == "the words of a recovery phrase"


@pytest.mark.parametrize("at", [(0, 1), (3, 9), (10, 11)])
def test_with_two_words_of_no_list_it_is_none(at: tuple[int, int]) -> None:
    words = Mnemonic("english").to_mnemonic(bytes(range(16))).split()
    for place in at:
        words[place] = "xyzzy"
    assert secret_form(" ".join(words)) is None


@pytest.mark.parametrize("size", [12, 15, 18, 21, 24])
def test_few_words_with_the_checksum_are_a_phrase_among_others(size: int) -> None:
    english, lot = Mnemonic("english"), random.Random(size)
    few = ["zoo", "wrong", "test"]
    while not english.check(" ".join(words := lot.choices(few, k=size))):
        pass
    assert secret_form(" ".join(["zz", *words, "zz"])) == "the words of a recovery phrase"
