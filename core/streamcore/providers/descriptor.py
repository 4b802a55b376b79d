"""What is known of a provider before it is made: one descriptor in each provider's folder."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from streamcore.clock import Clock
from streamcore.config.keys import Key, setting_keys, sources
from streamcore.config.model import Settings
from streamcore.config.sources import SourceSettings
from streamcore.events import DataKind
from streamcore.net.transport import Http
from streamcore.providers.base import Provider
from streamcore.providers.history_source import HistorySource
from streamcore.providers.pools import PoolHistory, PoolLister


class HistoryDescriptor(msgspec.Struct, frozen=True, kw_only=True):
    """A source that has the past of prices and nothing else: what it is called, and how to make it.

    Its section in `Settings` has its name and a ``rest_url``.
    """

    name: str
    """The name in series and settings."""
    title: str
    """The name as a person writes it."""
    make: Callable[[Settings, Http, Clock], HistorySource | PoolHistory]
    """Makes the source. What it asks goes through the second argument, nothing else does."""


class Descriptor(msgspec.Struct, frozen=True, kw_only=True):
    """One provider: what it is called, what it serves, what it needs, and how to make it.

    `section` and what follows from it (`kind`, `key`) are declared in `streamcore.config.sources`: which
    provider serves what is decided before any provider is imported.
    """

    name: str
    """The name in events, settings and options; its section in `Settings` has the same."""
    title: str
    """The name as a person writes it."""
    make: Callable[[Settings, Http, Clock], Provider]
    """Makes the provider. What it asks over HTTP goes through the second argument, nothing else does."""
    hint: str = ""
    """What its key adds to what the sources without keys bring, to follow the name of the key's variable."""
    has_history: bool = False
    """It has the past of its prices without a key, so that it is asked also where it is not in use."""
    pools: Callable[[Settings, Http, Clock], PoolLister] | None = None
    """Makes what lists the pools of a token there."""

    @property
    def section(self) -> type[SourceSettings]:
        """The type of its section in `Settings`."""
        return sources()[self.name]

    @property
    def kind(self) -> DataKind:
        """The kind of data it serves."""
        return self.section.serves

    @property
    def key(self) -> Key | None:
        """The API key it cannot do without; ``None``: it asks for none."""
        return setting_keys().get(f"{self.name}.api_key")
