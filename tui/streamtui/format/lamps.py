"""What a provider's status means to a person: a glyph, a word and a tone. Colour is never the only sign."""

from __future__ import annotations

from typing import Literal

import msgspec

from streamcore import BreakerState, ProviderStatus, State

Tone = Literal["good", "warn", "bad", "quiet"]


class Lamp(msgspec.Struct, frozen=True):
    """One of the six lamps."""

    glyph: str
    word: str
    tone: Tone

    def __str__(self) -> str:
        return f"{self.glyph} {self.word}"


LIVE = Lamp("●", "live", "good")
POLLING = Lamp("◐", "polling", "warn")
CONNECTING = Lamp("◌", "connecting", "warn")
STALE = Lamp("◔", "stale", "warn")
DOWN = Lamp("○", "down", "bad")
IDLE = Lamp("○", "idle", "quiet")


def lamp(status: ProviderStatus) -> Lamp:
    """Return the lamp for a status.

    While polling stands in for the stream, the lamp shows whether polling brings data, and not the attempts
    to reconnect behind it.
    A provider nobody wants anything from is idle, not down. One behind a relay that is lost is stale,
    whatever it was when the relay was heard last.
    """
    if status.idle:
        return IDLE
    if status.cut_off:
        return STALE
    if status.state is State.CONNECTED:
        return STALE if status.stale else LIVE
    if status.fallback or status.state is State.FALLBACK:
        # with an open breaker no request is made at all
        return DOWN if status.poll_failed or status.breaker is BreakerState.OPEN else POLLING
    # connecting again is on the way back; parked, it has stopped trying and is down
    if status.state is State.CONNECTING and not status.parked:
        return CONNECTING
    return DOWN


def healthy(status: ProviderStatus) -> bool:
    """Return whether there is nothing to reconnect; a source without a stream is healthy while polled."""
    return lamp(status) in (LIVE, IDLE) or (not status.streams and lamp(status) is POLLING)
