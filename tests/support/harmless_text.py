"""What no text of an event may have: characters that act on a terminal or hide from a reader."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from streamcore import Event, to_json

MAX_TEXT = 400
"""Characters of one text in an event; more would push everything else from the screen."""

CLIPBOARD = "\x1b]52;c;ZXZpbA==\x07"
CLEAR = "\x1b[2J\x1b[H"
C1 = "\x9b31m\x9d52;c;x\x9c"
BIDI = "\u202egnp.exe\u202c\u2066x\u2069"


def texts(value: Any) -> Iterator[str]:
    """Yield every text in an event."""
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from texts(item)
        case list() | tuple():
            for item in value:
                yield from texts(item)


def harmful(text: str) -> set[str]:
    """Return the characters of a text that could act on a terminal or hide."""
    return {
        character
        for character in text
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    }


def harmless(events: Iterable[Event]) -> bool:
    """Fail unless no text of any event, and no line of it, has anything harmful."""
    for event in events:
        for text in texts(msgspec.to_builtins(event, builtin_types=(Decimal,))):
            assert not harmful(text), (event, harmful(text))
            assert len(text) <= MAX_TEXT, event
        line = to_json(event).decode()
        assert "\n" not in line
        assert not harmful(line), line
        assert json.loads(line)
    return True
