"""Which of several providers serves each instrument: the preferred one that has it and is well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from streamcore.assets.instruments import Instrument
from streamcore.providers.base import Provider
from streamcore.status import Health

REFUSED_FIRST = 30.0
REFUSED_LONGEST = 3600.0
"""Seconds until a refused topic is asked for again, at first and at most; doubled at each refusal.

Exchanges list new assets, and an answer may leave out a topic by mistake.
"""


class Router:
    """Spreads instruments over providers in an order of preference.

    An instrument is wanted of the first provider that can have it, and, for as long as that one is not
    well, of the next ones too. Its prices are taken from the best of them at the moment. So an instrument
    moves on when its source is lost, and back when the better one is well again. A provider that has it but
    knows no price of it goes on being asked, while the next ones are asked too. A metered provider is asked
    only for what no other one has.
    """

    def __init__(self, providers: Sequence[Provider]) -> None:
        """``providers``: the preferred first."""
        self._providers = providers
        self._streaming = {provider.name for provider in providers if provider.endpoint() is not None}
        self._refused: dict[tuple[str, str], float] = {}
        """Provider and topic to the moment from which it may be asked for again."""
        self._last_refusals: dict[tuple[str, str], tuple[float, float]] = {}
        """Provider and topic to how many seconds its last refusal held, and until when."""
        self._unpriced: set[tuple[str, str]] = set()
        """Provider and topic of which the provider has said that it knows no price at present."""
        self._topics: dict[tuple[str, str], dict[str, Instrument]] = {}
        """Provider and topic to the instruments it stands for, by their keys; mostly one."""

    def candidates(self, instrument: Instrument) -> list[tuple[str, str]]:
        """Return the providers that may serve an instrument, each with its topic, the preferred first."""
        found = ((provider.name, provider.topic(instrument)) for provider in self._providers)
        return [
            (name, topic) for name, topic in found if topic is not None and (name, topic) not in self._refused
        ]

    def refuse(self, name: str, topic: str, now: float, *, lasting: bool = True) -> tuple[Instrument, ...]:
        """Take note that a provider does not have a topic; return the instruments it was wanted for.

        The refusal holds for `REFUSED_FIRST` seconds (``now`` is monotonic), the next one for twice as long,
        unless there was none for `REFUSED_LONGEST`. One that is not ``lasting`` is about the provider: it
        says nothing about the next.
        """
        wait, until = self._last_refusals.get((name, topic), (0.0, now))
        wait = REFUSED_FIRST if not (lasting and wait) or now - until > REFUSED_LONGEST else 2 * wait
        wait = min(wait, REFUSED_LONGEST)
        self._refused[name, topic] = now + wait
        if lasting:
            self._last_refusals[name, topic] = wait, now + wait
        return self.instruments(name, topic)

    @property
    def has_unpriced(self) -> bool:
        """Whether there is any topic without a price."""
        return bool(self._unpriced)

    def set_priced(self, name: str, topic: str, *, priced: bool) -> bool:
        """Take note of whether a provider knows a price of a topic; return whether that is news."""
        if priced is ((name, topic) not in self._unpriced):
            return False
        if priced:
            self._unpriced.discard((name, topic))
        else:
            self._unpriced.add((name, topic))
        return True

    def forgive(self, name: str) -> None:
        """Forget what a provider has refused: a person asked to try again."""
        self._refused = {refusal: at for refusal, at in self._refused.items() if refusal[0] != name}
        self._last_refusals = {key: last for key, last in self._last_refusals.items() if key[0] != name}

    def forgive_expired(self, now: float) -> bool:
        """Forget the refusals whose time is over; return whether there was any."""
        before = len(self._refused)
        self._refused = {refusal: until for refusal, until in self._refused.items() if until > now}
        return len(self._refused) < before

    def wanted(self, instruments: Iterable[Instrument], health: Mapping[str, Health]) -> dict[str, list[str]]:
        """Return the topics wanted of each provider, by its name; every provider is in it."""
        wanted: dict[str, dict[str, None]] = {provider.name: {} for provider in self._providers}
        for instrument in instruments:
            for name, topic in self._wanted_of(instrument, health):
                self._topics.setdefault((name, topic), {})[instrument.key] = instrument
                wanted[name][topic] = None
        return {name: [*topics] for name, topics in wanted.items()}

    def source(self, instrument: Instrument, health: Mapping[str, Health]) -> str | None:
        """Return the provider whose prices of an instrument are published; ``None``: no provider has it."""
        asked = [*self._wanted_of(instrument, health)]
        priced = [name for name, topic in asked if (name, topic) not in self._unpriced]
        names = priced or [name for name, _ in asked]
        for wish in (Health.UP, Health.POLLED, Health.STARTING):
            for name in names:
                if health[name] is wish:
                    return name
        return names[0] if names else None

    def _wanted_of(self, instrument: Instrument, health: Mapping[str, Health]) -> Iterator[tuple[str, str]]:
        """Yield the providers that an instrument is wanted of, each with its topic."""
        polled = False
        metered = {provider.name for provider in self._providers if provider.metered}
        # the others first: who is asked last is asked only when none of them has it
        for name, topic in sorted(self.candidates(instrument), key=lambda candidate: candidate[0] in metered):
            if polled and (name in metered or name not in self._streaming):
                continue  # another one that is polled would be no better
            yield name, topic
            if (name, topic) in self._unpriced:
                continue  # it may learn of a price any moment, but till then another one may have it
            if health[name] in (Health.UP, Health.STARTING):
                return
            polled = polled or health[name] is Health.POLLED

    def instruments(self, name: str, topic: str) -> tuple[Instrument, ...]:
        """Return the instruments of a provider's topic; a ticker, which some frames name instead, will do."""
        found = self._topics.get((name, topic))
        if found is not None:
            return tuple(found.values())
        ticker = topic.removeprefix("$").casefold()
        mine = (items for (owner, _), items in self._topics.items() if owner == name)
        for items in mine:
            for item in items.values():
                if item.symbol.casefold() == ticker:
                    return (item,)
        return ()

    def forget(self, instrument: Instrument) -> None:
        """Drop what is known of an instrument nobody wants any more."""
        for items in self._topics.values():
            items.pop(instrument.key, None)
        self._topics = {key: items for key, items in self._topics.items() if items}
        self._unpriced.intersection_update(self._topics)
