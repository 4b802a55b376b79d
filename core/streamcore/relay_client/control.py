"""What a terminal needs the right to control for: having a relay start its providers over."""

from __future__ import annotations

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.wire.messages import Reconnect

READ_ONLY = "this terminal's token may only read; to start providers over needs one with the scope control"

FIRST_ID = 1 << 30
"""These requests have a range of their own: identifiers of wishes begin at 1, those of `Lookups` at 2³¹."""


class Control:
    """The requests to start over that have not been sent yet."""

    def __init__(self) -> None:
        self._unsent: list[Reconnect] = []
        self._last_id = FIRST_ID

    def reconnect(self, provider: str | None, *, allowed: bool) -> None:
        """Ask for one provider to be started over, or, with ``None``, for all of them.

        Args:
            provider: Its name.
            allowed: Whether the token of this terminal has the scope ``control``.

        Raises:
            ProviderError: It has not.
        """
        if not allowed:
            raise ProviderError(ErrorKind.AUTH, READ_ONLY, retryable=False)
        self._last_id += 1
        self._unsent.append(Reconnect(self._last_id, provider))

    def requests(self) -> list[Reconnect]:
        """Return the requests to send, each once."""
        unsent, self._unsent = self._unsent, []
        return unsent
