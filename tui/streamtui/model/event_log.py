"""Provider failures as lines of the log, for whoever was not looking at the screen."""

from __future__ import annotations

import logging

from streamcore import StreamError, printable

_LOGGER = logging.getLogger("streamtui.providers")


def log_failure(error: StreamError) -> None:
    """Write a warning that names the provider, if the error is about one, and says what happened."""
    subject = f"{error.provider}: " if error.provider else ""
    _LOGGER.warning("%s%s", subject, printable(error.message, limit=1000))
