"""Settings: the typed model, where each value came from, and which provider serves what.

These names are for programs that show or write settings; for others `streamcore.Settings` is enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamcore.lazy import lazily

if TYPE_CHECKING:
    from streamcore.config.keys import Key, secrets, sections, setting_keys, value_of
    from streamcore.config.loading import Loaded, load
    from streamcore.config.locations import config_file
    from streamcore.config.selection import choose
    from streamcore.config.surroundings import read_surroundings
    from streamcore.urls import shown_url

__all__ = [
    "Key",
    "Loaded",
    "choose",
    "config_file",
    "load",
    "read_surroundings",
    "secrets",
    "sections",
    "setting_keys",
    "shown_url",
    "value_of",
]

_HOMES = {
    "streamcore.config.keys": ("Key", "secrets", "sections", "setting_keys", "value_of"),
    "streamcore.config.loading": ("Loaded", "load"),
    "streamcore.config.locations": ("config_file",),
    "streamcore.config.selection": ("choose",),
    "streamcore.config.surroundings": ("read_surroundings",),
    "streamcore.urls": ("shown_url",),
}

__getattr__ = lazily(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__
