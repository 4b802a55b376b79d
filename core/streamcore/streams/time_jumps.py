"""Noticing that time has jumped: the machine slept, the process was stopped, or the wall clock was set."""

from __future__ import annotations

import logging
from collections.abc import Callable

from streamcore.clock import Clock

LOOK_EVERY = 2.0
"""Seconds between two looks at whether time has jumped."""

JUMP = 5.0
"""Seconds by which the wall clock and the monotonic one must drift apart for it to be a jump.

The monotonic clock of Linux and macOS stands still while a laptop sleeps.
"""

_LOGGER = logging.getLogger(__name__)


async def watch_for_time_jumps(clock: Clock, jumped: Callable[[], None]) -> None:
    """Call ``jumped`` after every jump of time; runs until it is cancelled."""
    offset = clock.time() - clock.monotonic()
    while True:
        slept = clock.monotonic()
        await clock.sleep(LOOK_EVERY)
        before, offset = offset, clock.time() - clock.monotonic()
        # a loop that was held up (a stopped process) shows as a sleep that took too long
        held_up = clock.monotonic() - slept - LOOK_EVERY
        if abs(offset - before) > JUMP or held_up > JUMP:
            _LOGGER.info("time has jumped; every connection is checked")
            jumped()
