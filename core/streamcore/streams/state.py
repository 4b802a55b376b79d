"""The states of a stream and the steps between them, as one table."""

from __future__ import annotations

from collections.abc import Callable

from streamcore.errors import IllegalTransition
from streamcore.events import State

S = State

TRANSITIONS: dict[State, frozenset[State]] = {
    S.DISCONNECTED: frozenset({S.CONNECTING}),
    S.CONNECTING: frozenset({S.CONNECTED, S.FAILED, S.DISCONNECTING}),
    S.CONNECTED: frozenset({S.FAILED, S.DISCONNECTING}),
    S.FAILED: frozenset({S.FALLBACK, S.CONNECTING, S.DISCONNECTING}),
    # back to failed: polling is refused too, so nothing serves this kind of data any more
    S.FALLBACK: frozenset({S.CONNECTING, S.FAILED, S.DISCONNECTING}),
    S.DISCONNECTING: frozenset({S.DISCONNECTED}),
}
"""From each state, the states that may follow; any other change is refused."""


class StateMachine:
    """Holds one state; `advance` is the only way to change it, and reports each change."""

    def __init__(self, changed: Callable[[State, str | None], None]) -> None:
        """Start in ``disconnected``.

        Args:
            changed: Called with the new state and its reason after every change.
        """
        self._state = State.DISCONNECTED
        self._changed = changed

    @property
    def state(self) -> State:
        """The state now."""
        return self._state

    def advance(self, target: State, reason: str | None = None) -> None:
        """Go to ``target``.

        Raises:
            IllegalTransition: The table has no such step. Nothing has changed and nothing was reported.
        """
        if target not in TRANSITIONS[self._state]:
            raise IllegalTransition(self._state, target)
        self._state = target
        self._changed(target, reason)
