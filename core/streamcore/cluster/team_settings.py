"""Whether the relays of one NATS server have the same settings, as they must: any of them may lead."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from typing import Any

import msgspec

from streamcore.clock import Clock
from streamcore.cluster.wants import LAST, MOST_RELAYS
from streamcore.config.keys import Key, setting_keys, sources, value_of
from streamcore.config.model import Settings
from streamcore.net.endpoint import host_of

_SHARED = ("prices", "chain", "tokens", "relay.keep", "relay.max_symbols", "relay.max_wallets")
"""Settings that terminals notice when another relay leads, or when they go on at another one."""

_SECTIONS = ("geckoterminal", "defillama", "sns")
"""The same of services that are no sources of prices or wallets."""

log = logging.getLogger(__name__)


def settings_told(settings: Settings) -> dict[str, str]:
    """Return what a relay tells the others of its settings: a few digits made of each, nothing secret.

    Of a key it is said only whether it is set, and of a URL only its host counts: the rest may be a key.
    """
    sections = (*sources(), *_SECTIONS)
    return {
        name: _digits(value_of(settings, key), key)
        for name, key in setting_keys().items()
        if name in _SHARED or name.partition(".")[0] in sections
    }


def _digits(value: Any, key: Key) -> str:
    if key.secret:
        return "set" if value else "not set"
    if key.schemes and isinstance(value, str):
        value = host_of(value)
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:8]


class TeamSettings:
    """Compares the settings of other relays with those of this one."""

    def __init__(self, own: Mapping[str, str], clock: Clock) -> None:
        """``own``: `settings_told` of this relay."""
        self.own = dict(own)
        self._clock = clock
        self._differing: dict[str, tuple[tuple[str, ...], float]] = {}
        """Each relay that has others, to their names and the monotonic seconds of its last word."""

    def take(self, relay: str, told: Mapping[str, str]) -> None:
        """Take in what a relay tells of its settings; an older one tells nothing, or not of all."""
        names = tuple(name for name, digits in self.own.items() if told.get(name, digits) != digits)
        before, _ = self._differing.pop(relay, ((), 0.0))
        if not names:
            return
        while len(self._differing) >= MOST_RELAYS:
            del self._differing[next(iter(self._differing))]
        self._differing[relay] = (names, self._clock.monotonic())
        if names != before:
            log.warning("%s", _sentence(names))

    def differences(self) -> list[str]:
        """Return what differs between this relay and others that are there now, as sentences."""
        oldest = self._clock.monotonic() - LAST
        self._differing = {relay: said for relay, said in self._differing.items() if said[1] >= oldest}
        found = sorted({name for names, _ in self._differing.values() for name in names})
        return [_sentence(found)] if found else []


def _sentence(names: tuple[str, ...] | list[str]) -> str:
    return (
        f"another relay on this NATS has other settings than this one ({', '.join(names)}): "
        "what terminals get depends on which one leads"
    )
