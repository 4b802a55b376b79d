"""Makes text from outside safe to print, and keeps secrets out of every text.

Symbols, names, memos and server errors are written by strangers. `printable` turns what could steer a
terminal, reverse a line or hide in it into something visible. It leaves markup alone: text from outside is
never parsed as markup. `Mask` removes keys from what is shown or logged.
"""

from __future__ import annotations

import logging
import re
import traceback
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from streamcore.urls import HIDDEN as HIDDEN  # defined there, since this module imports that one
from streamcore.urls import hide_in_urls

ELLIPSIS = "…"

MAX_COMBINING_MARKS = 6
"""Combining marks on one letter that are printed; no script needs more, and more cover other lines."""

SHORTEST_SECRET = 4
"""A shorter secret is masked only where a key is expected: replacing every ``x`` would ruin all text."""

_SPACES = {"\t": " ", "\n": " ", "\r": " "}
_ZERO_WIDTH_JOINER = "\u200d"
_VARIATION_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))
_SKIN_TONES = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
# Cc, Cf, Cs, Co, Cn: controls, format characters (bidi, zero width, tags), surrogates, private use,
# unassigned. Zl, Zp: line and paragraph separators.
_ESCAPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Default ignorable code points of Unicode whose category looks harmless: fillers, joiners, blank Braille.
_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
) | frozenset(map(chr, range(0xE0100, 0xE01F0)))


def printable(text: str, limit: int = 200) -> str:
    r"""Return ``text`` on one line, without anything that could act on a terminal or hide from a reader.

    C0 controls and DEL become their pictures (``␛``), tabs and line ends a space, and every other character
    that is invisible, private, unassigned or changes direction an escape such as ``\u202e``. Letters of all
    scripts, emoji and wide characters stay. Applying it to its own result changes nothing.

    Args:
        text: Text from outside.
        limit: The most characters to return; what is longer ends in ``…``. At least 1.
    """
    if text.isascii() and text.isprintable():
        return text if len(text) <= limit else text[: limit - 1] + ELLIPSIS
    pieces: list[str] = []
    length = 0
    marks = 0
    previous = ""
    after_selector = True  # at the start there is no character whose form could be selected
    # One character more than fits decides whether to cut; a long text is not read to its end.
    for position, character in enumerate(text):
        if length > limit:
            break
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if character == _ZERO_WIDTH_JOINER:
            following = text[position + 1 : position + 2]
            piece = character if _joins_emoji(previous, following) else _escape(character)
        elif character in _VARIATION_SELECTORS:
            # One selects a form of the character before it; a row of them carries hidden text.
            piece = _escape(character) if after_selector else character
        elif category in _ESCAPED_CATEGORIES or character in _INVISIBLE or marks > MAX_COMBINING_MARKS:
            piece = _escape(character)
        else:
            piece = character
        pieces.append(piece)
        length += len(piece)
        previous = piece[-1]
        after_selector = character in _VARIATION_SELECTORS
    result = "".join(pieces)
    if len(result) <= limit:
        return result
    return result[: limit - 1].rstrip(_ZERO_WIDTH_JOINER) + ELLIPSIS


def visible(text: str, limit: int) -> str:
    """Return what a reader sees of a name from outside: its visible characters, and one space between words.

    Unlike `printable` it leaves out what is invisible instead of naming it, for names that are compared,
    sorted and kept. Show the result with `printable` all the same.

    Args:
        text: A name whose maker may want to deceive.
        limit: The most characters to return.
    """
    if not (text.isascii() and text.isprintable()):
        kept: list[str] = []
        marks = 0
        for character in text[: 8 * limit]:
            category = unicodedata.category(character)
            marks = marks + 1 if category in ("Mn", "Me") else 0
            if character in _SPACES or category == "Zs":
                kept.append(" ")
            elif (
                category not in _ESCAPED_CATEGORIES
                and character not in _INVISIBLE
                and character not in _VARIATION_SELECTORS
                and marks <= MAX_COMBINING_MARKS
            ):
                kept.append(character)
        text = "".join(kept)
    return " ".join(text.split())[:limit].rstrip()


def _joins_emoji(left: str, right: str) -> bool:
    def is_pictograph(character: str) -> bool:
        return character != "" and unicodedata.category(character) == "So"

    return is_pictograph(right) and (is_pictograph(left) or left in _SKIN_TONES or left == "\ufe0f")


def _escape(character: str) -> str:
    if character in _SPACES:
        return _SPACES[character]
    point = ord(character)
    if point < 0x20:
        return chr(0x2400 + point)
    if point == 0x7F:
        return "\u2421"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


# A key's name, what separates it from its value, and the value. "=" (also percent-encoded) is how URLs and
# settings write it, ":" only after the header's name because "api_key: is not set" is prose, and the last
# form is how HTTP libraries log headers: (b'X-API-KEY', b'…').
_KEY_POSITIONS = re.compile(
    r"""(?ix)
    (
        api[-_]?key ["']? \s* (?: = | %3d ) \s* ["']?
      | x-api-key ["']? \s* : \s* b?["']?
      | x-api-key ["'] \s* , \s* b?["']
    )
    ( [^\s&"'<>#)\]},;]+ )
    """
)


class Mask:
    """Replaces secrets by ``***``, wherever they stand, and any value in the place of an API key.

    Args:
        secrets: What must not be shown. Also their percent-encoded forms are found. Empty ones are ignored,
            and those shorter than `SHORTEST_SECRET` are masked in key positions only.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms: set[str] = set()
        for secret in secrets:
            if len(secret) < SHORTEST_SECRET:
                continue
            encoded = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
            forms |= {secret} | encoded | {_lower_escapes(form) for form in encoded}
        # The longest first: a secret that begins like another must not leave its tail behind.
        alternatives = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        self._secrets = re.compile(alternatives) if forms else None

    def apply(self, text: str) -> str:
        """Return ``text`` without the secrets."""
        if self._secrets is not None:
            text = self._secrets.sub(HIDDEN, text)
        return _KEY_POSITIONS.sub(lambda match: match[1] + HIDDEN, text)


SHORTEST_BLANKED = 12
"""Shorter secrets, as of a demo, are not blanked by `Echo`: they may be ordinary words of a message."""


class Echo:
    """Blanks secrets that a peer echoes, in what it sent and before anything else reads it.

    A server may repeat the key it was given, and a text that is cut off somewhere in the middle of a key
    cannot be masked any more. What is blanked keeps its length, so that binary messages stay readable.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms: set[str] = set()
        for secret in secrets:
            if len(secret) >= SHORTEST_BLANKED:
                encoded = quote(secret, safe="")
                forms |= {secret, secret.replace("/", r"\/"), encoded, _lower_escapes(encoded)}
        self._texts = [(form, "*" * len(form)) for form in forms]
        self._bytes = [(form.encode(), blank.encode()) for form, blank in self._texts]

    def in_text(self, text: str) -> str:
        """Return ``text`` with the secrets blanked."""
        for form, blank in self._texts:
            if form in text:
                text = text.replace(form, blank)
        return text

    def in_all(self, messages: list[str | bytes]) -> list[str | bytes]:
        """Return messages that came together with the secrets blanked; it may be the same list."""
        try:
            together = "\n".join(messages)  # type: ignore[arg-type]
        except TypeError:  # there are binary ones among them
            together = None
        # nearly always there is none, and to look through all of them once is quicker than through each
        if together is not None and not any(form in together for form, _ in self._texts):
            return messages
        return [self.in_text(one) if isinstance(one, str) else self.in_bytes(one) for one in messages]

    def in_bytes(self, data: bytes) -> bytes:
        """Return ``data`` with the secrets blanked."""
        for form, blank in self._bytes:
            if form in data:
                data = data.replace(form, blank)
        return data


def _lower_escapes(encoded: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), encoded)


class MaskingFilter(logging.Filter):
    """Masks whole log records: message, arguments, traceback and stack, and what may be a key in any URL.

    Add it to a *handler*, not to a logger: only there it also sees the records of other libraries. It
    renders the message and the traceback to text, so ``args`` and ``exc_info`` are gone afterwards.
    """

    def __init__(self, mask: Mask) -> None:
        super().__init__()
        self._mask = mask

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask ``record`` in place and let it pass."""
        try:
            message = record.getMessage()
        except Exception:
            # an argument's own __str__ or a wrong format: logging must not raise into its caller
            message = f"{record.msg} (its arguments could not be formatted)"
        record.msg = self._masked(message)
        record.args = None
        if record.exc_info and record.exc_info[0] is not None and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        # A formatter prints exc_text as it is, but would render exc_info anew, unmasked.
        record.exc_info = None
        if record.exc_text:
            record.exc_text = self._masked(record.exc_text)
        if record.stack_info:
            record.stack_info = self._masked(record.stack_info)
        return True

    def _masked(self, text: str) -> str:
        return hide_in_urls(self._mask.apply(text))
