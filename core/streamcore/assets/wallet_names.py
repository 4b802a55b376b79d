"""Names that stand for wallets: ``toly.sns``, and what in them may deceive.

Such names belong to whoever registered them, and one that ends in ``.sol`` may belong to somebody else than
the same one in ``.sns``. So a name is looked up once, a person sees the address, and that is what is kept.
Source: docs.sns.id, "On-chain resolution", of August 2026.
"""

from __future__ import annotations

import re

from streamcore.assets.names import bare
from streamcore.wallet_secrets import secret_refusal

LONGEST_NAME = 80
"""Characters; nothing that is registered is nearly as long."""
NO_NAME = "is no name of a wallet: such a name ends in .sns or .sol"
"""What follows a text that `wallet_name` does not take."""
_NAME = re.compile(r"(?:[^\s./\\:@?#&%,;|$]{1,63}\.){1,2}(?:sns|sol)", re.IGNORECASE)
_PLAIN = re.compile(r"[a-z0-9.-]+")


def wallet_name(text: str) -> str | None:
    """Return the name in a text, in small letters; ``None`` if it is no such name.

    A name has one or two labels before ``.sns`` or ``.sol``. It need not be registered. What looks like a
    wallet's secret is none.
    """
    word = bare(text)
    if len(word) > LONGEST_NAME or not _NAME.fullmatch(word) or secret_refusal(word):
        return None
    return word.lower()


def is_plain_name(name: str) -> bool:
    """Whether a name has no letters but a to z, digits and hyphens: any other may be a double of one."""
    return _PLAIN.fullmatch(name) is not None
