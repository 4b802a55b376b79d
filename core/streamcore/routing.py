"""Which provider serves which instrument, when there are several: one source a row, the best that is well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from streamcore.instruments import Instrument
from streamcore.providers.base import Provider


class Health(Enum):
    """What routing must know of a provider's condition."""

    STARTING = "starting"
    """Not up yet, but nothing has failed: it is given its chance."""
    UP = "up"
    """It delivers as it is meant to."""
    POLLED = "polled"
    """Its stream is down; polling stands in."""
    DOWN = "down"
    """It delivers nothing."""


class Router:
    """Spreads instruments over providers in an order of preference.

    An instrument is wanted of the first provider that can have it, and, for as long as that one is not
    well, of the next ones too. Its prices are taken from the best of them at the moment. So a row moves on
    when its source is lost, and back when the better one is well again.
    """

    def __init__(self, providers: Sequence[Provider]) -> None:
        """``providers``: the most wanted first."""
        self._providers = providers
        self._streaming = {provider.name for provider in providers if provider.endpoint() is not None}
        self._refused: set[tuple[str, str]] = set()
        self._topics: dict[tuple[str, str], Instrument] = {}

    def candidates(self, instrument: Instrument) -> list[tuple[str, str]]:
        """Return who may serve an instrument and by what topic, the most wanted first."""
        found = ((provider.name, provider.topic(instrument)) for provider in self._providers)
        return [
            (name, topic) for name, topic in found if topic is not None and (name, topic) not in self._refused
        ]

    def refuse(self, name: str, topic: str) -> Instrument | None:
        """Take note that a provider does not have a topic; return the instrument it was wanted for."""
        self._refused.add((name, topic))
        return self._topics.get((name, topic))

    def forgive(self, name: str) -> None:
        """Forget what a provider has refused: a person asked to try again."""
        self._refused = {refusal for refusal in self._refused if refusal[0] != name}

    def wanted(self, instruments: Iterable[Instrument], health: Mapping[str, Health]) -> dict[str, list[str]]:
        """Return the topics wanted of each provider, by its name; every provider is in it."""
        wanted: dict[str, list[str]] = {provider.name: [] for provider in self._providers}
        for instrument in instruments:
            polled = False
            for name, topic in self.candidates(instrument):
                if polled and name not in self._streaming:
                    continue  # another one that is polled would be no better
                self._topics[name, topic] = instrument
                wanted[name].append(topic)
                if health[name] in (Health.UP, Health.STARTING):
                    break
                polled = polled or health[name] is Health.POLLED
        return wanted

    def source(self, instrument: Instrument, health: Mapping[str, Health]) -> str | None:
        """Return the name of the provider whose prices of an instrument count; ``None``: nobody has it."""
        names = [name for name, _ in self.candidates(instrument)]
        for wish in (Health.UP, Health.POLLED, Health.STARTING):
            for name in names:
                if health[name] is wish:
                    return name
        return names[0] if names else None

    def instrument(self, name: str, topic: str) -> Instrument | None:
        """Return what a provider's topic stands for; a ticker in a generic frame counts as its own topic."""
        found = self._topics.get((name, topic))
        if found is None:
            ticker = topic.removeprefix("$").casefold()
            mine = (item for (owner, _), item in self._topics.items() if owner == name)
            found = next((item for item in mine if item.symbol.casefold() == ticker), None)
        return found

    def forget(self, instrument: Instrument) -> None:
        """Drop what is known of an instrument nobody wants any more."""
        self._topics = {key: item for key, item in self._topics.items() if item != instrument}
