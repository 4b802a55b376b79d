"""How far the clock of a relay and that of this computer are apart."""

from __future__ import annotations

from collections import deque

SAMPLES = 60
"""Frames over which the smallest difference is taken."""


class ClockSkew:
    """Estimates seconds to add to the relay's clock to get this computer's, from the arrival of its frames.

    The difference of arrival and sending is the skew and the time on the way; the smallest of the last
    `SAMPLES` has the least of the latter (the way of NTP, RFC 5905, section 10, with one direction only).
    """

    def __init__(self) -> None:
        self._differences: deque[float] = deque(maxlen=SAMPLES)

    def restart(self) -> None:
        """Forget everything: another relay, or a clock has been set."""
        self._differences.clear()

    def arrived(self, sent_at: float, now: float) -> float:
        """Take note of a message and return the seconds to add.

        Args:
            sent_at: Unix seconds by the relay's clock.
            now: Unix seconds by this computer's.
        """
        self._differences.append(now - sent_at)
        return self.seconds

    @property
    def seconds(self) -> float:
        """Seconds to add to the relay's clock; 0.0 before the first message."""
        return min(self._differences, default=0.0)
