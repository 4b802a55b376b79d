"""The file of tokens of a service that runs: it is read again on SIGHUP."""

from __future__ import annotations

import logging
from pathlib import Path

from streamcore.relay import Tokens, TokensFailed, read_tokens

log = logging.getLogger(__name__)


def read_again(path: Path | None) -> Tokens | None:
    """Return what is in the file now; ``None``: it cannot be read, which is logged.

    Args:
        path: The file; ``None``: the service was started without one.
    """
    if path is None:
        log.warning("there is no file of tokens to read again")
        return None
    try:
        return read_tokens(path)
    except TokensFailed as error:
        log.error("%s; the tokens stay as they were", error)  # noqa: TRY400 - the sentence says it all
        return None
