"""What an empty pane says while the engine starts, and after it has failed."""

from __future__ import annotations

from streamtui.model.session import Session


def why_nothing(session: Session) -> tuple[str, ...]:
    """Return why no data can come, and what to press; empty when the engine is running well."""
    if session.failure is not None:
        if session.running:
            return ("Not everything could be opened; the reason stands below.", "Press r to start again.")
        return ("Nothing is running.", "Press R to start again.")
    return () if session.running and session.opened else ("Starting …",)
