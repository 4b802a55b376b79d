"""Words of fixed vocabularies that only a newer version knows, and what stands in for them here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


def with_known_words(found: Mapping[str, Any], stand_ins: Mapping[str, StrEnum]) -> dict[str, Any]:
    """Return fields as another version has written them, without words that are not known here.

    Args:
        found: Fields by name. What is no text is left as it is: it is no word of any version.
        stand_ins: The fields that have words, and what stands in for one that is not of its vocabulary.
    """
    known = dict(found)
    for name, stand_in in stand_ins.items():
        word = known.get(name)
        if isinstance(word, str) and word not in set(type(stand_in)):
            known[name] = stand_in.value
    return known
