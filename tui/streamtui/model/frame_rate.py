"""How often the screen is repainted: at once where little has changed, more slowly where much has."""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec

from streamcore import Settings

LOCAL_FRAMES, REMOTE_FRAMES = 10, 4
"""Repaints a second when everything in view changes, and at all over ssh, unless it is set."""
SHORTEST = 1 / 100
"""Seconds between two repaints at least."""
FIXED = 0.1
"""The share of the cost of a full repaint that even the smallest has."""


class FrameRate(msgspec.Struct, frozen=True):
    """The pace of repaints."""

    period: float
    """Seconds from a repaint of everything in view to the next."""
    shortest: float
    """Seconds from a repaint of next to nothing to the next."""

    def pause_after(self, share: float) -> float:
        """Return the seconds to wait after a repaint, so that repainting costs the same however it comes.

        A repaint of one row out of twenty costs a seventh of a full one, and so it is followed by a seventh
        of the pause: single changes are seen at once, and when everything changes all the time the pace is
        that of full repaints by itself.

        Args:
            share: How much of the rows in view was drawn, from 0 to 1.
        """
        return max(self.shortest, self.period * (FIXED + (1 - FIXED) * min(1.0, share)))


def frame_rate(settings: Settings, environ: Mapping[str, str] = os.environ) -> FrameRate:
    """Return the pace of a screen: a fixed one over ssh, where bytes are dear, and when it is set."""
    if settings.ui.frames_per_second is not None:
        return FrameRate(1 / settings.ui.frames_per_second, 1 / settings.ui.frames_per_second)
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return FrameRate(1 / REMOTE_FRAMES, 1 / REMOTE_FRAMES)
    return FrameRate(1 / LOCAL_FRAMES, SHORTEST)
