"""Which providers are searched for tokens, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Mapping

from streamcore.assets.instruments import Venue
from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.config.selection import token_lists
from streamcore.net.transport import Http
from streamcore.providers import create
from streamcore.providers.base import Provider
from streamcore.providers.descriptor import Descriptor
from streamcore.search.token_search import Searched


def search_sources(
    settings: Settings,
    http: Http,
    clock: Clock,
    in_use: Mapping[str, Provider],
    providers: Mapping[str, Descriptor],
) -> list[Searched]:
    """Return the providers that may be searched with these settings, the preferred first.

    Args:
        settings: The settings to use: in the demo their URLs lead to the emulators.
        http: The way to the providers.
        clock: Time.
        in_use: Providers by name that are at work already; they are asked within their own rate limits.
        providers: Makes those that are not in use.
    """
    names = [name for name in token_lists(settings) if name in providers]
    made = (in_use.get(name) or create(name, settings, http, clock, providers=providers) for name in names)
    return [
        Searched(one.name, one.title, one.directory, one.venue is Venue.EXCHANGE, one.topic)
        for one in made
        if one.directory is not None
    ]
