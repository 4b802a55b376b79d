"""Sentences for a person on standard error. Nothing heavy is imported before there is something to say."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # the module typing takes as long to import as argparse
if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 2000
"""Characters of a sentence; some list everything that is allowed."""


def say(sentence: str) -> None:
    """Print a sentence with the program's name before it, if there is a standard error."""
    if sys.stderr is not None:
        from streamcore import printable

        print(f"streamtui: {printable(sentence, _LONGEST)}", file=sys.stderr)


def say_unexpected(error: Exception, secrets: Iterable[str] = ()) -> None:
    """Say what nobody expected to go wrong; ``secrets`` are masked."""
    from streamcore import Mask, without_secrets

    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    say(f"unexpected failure: {without_secrets(Mask(secrets).apply(text))}")
