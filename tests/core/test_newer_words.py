from __future__ import annotations

from streamcore.events import Source
from streamcore.newer_words import with_known_words

STAND_INS = {"source": Source.STREAM}


def test_a_word_that_only_a_newer_version_knows_is_replaced_and_nothing_else() -> None:
    found = {"source": "telepathy", "price": "150", "provider": "telepathy"}
    assert with_known_words(found, STAND_INS) == {**found, "source": "stream"}
    assert found["source"] == "telepathy", "what was handed in stays as it is"


def test_known_words_and_what_is_not_there_stay_as_they_are() -> None:
    for found in ({"source": Source.BACKFILL.value}, {"price": "150"}, {}):
        assert with_known_words(found, STAND_INS) == found


def test_what_is_no_text_is_left_for_the_check_of_types() -> None:
    for nonsense in (7, None, ["stream"], {"a": 1}):
        assert with_known_words({"source": nonsense}, STAND_INS) == {"source": nonsense}
