"""What an empty pane says while there is no engine, or when not everything could be opened."""

from __future__ import annotations

from streamtui.model.session import Session


def why_nothing(session: Session) -> tuple[str, ...]:
    """Return why the engine brings nothing at all, and what to press; empty when it may bring something."""
    if session.failure is not None:
        if session.running:
            return ("Not everything could be opened; the reason stands below.", "Press r to start again.")
        return ("Nothing is running.", "Press R to start again.")
    return () if session.running and session.opened else ("Starting …",)
