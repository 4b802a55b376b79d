"""Which provider serves which kind of data: the meaning of ``auto``, of a name, and of ``demo``.

A stream on this machine is an emulator or a relay, with prices of another market than the public hosts. The
two must not be mixed in one row, so only providers on this machine step in for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import msgspec

from streamcore.config.keys import Key, setting_keys, sources, value_of
from streamcore.config.model import Settings
from streamcore.errors import SettingsError
from streamcore.events import DataKind
from streamcore.loopback import leads_to_loopback

AUTO = "auto"

PUBLIC = "public"
"""The sources without keys, each stepping in for those before it."""

OPTION = {DataKind.PRICES: "prices", DataKind.WALLETS: "chain"}
"""The setting that names the provider of each kind."""


class Candidate(msgspec.Struct, frozen=True):
    """A provider that can be chosen."""

    name: str
    kind: DataKind
    key: Key | None
    """The API key that it requires; ``None``: it requires none."""
    is_exchange: bool
    """It may know tickers that the table of Solana tokens does not."""

    def can_serve(self, settings: Settings) -> bool:
        """Return whether it has the key it needs."""
        return self.key is None or bool(value_of(settings, self.key))


@cache
def candidates(kind: DataKind) -> tuple[Candidate, ...]:
    """Return what can be chosen for a kind of data, the preferred first: see `SourceSettings`."""
    return tuple(
        Candidate(name, kind, setting_keys().get(f"{name}.api_key"), section.is_exchange)
        for name, section in sources().items()
        if section.serves is kind
    )


class Choice(msgspec.Struct, frozen=True):
    """The provider that serves one kind of data."""

    kind: DataKind
    provider: str
    demo: bool
    """An emulator answers in the place of the provider."""


class Sources(msgspec.Struct, frozen=True):
    """What serves each kind of data, the preferred first; nothing for a kind that is switched off."""

    prices: tuple[Choice, ...]
    wallets: tuple[Choice, ...]

    @property
    def exchanges(self) -> bool:
        """Whether one of them is an exchange."""
        names = {one.name for one in candidates(DataKind.PRICES) if one.is_exchange}
        return any(choice.provider in names for choice in self.prices)

    def __iter__(self) -> Iterator[Choice]:
        """Iterate over all of them."""
        return iter((*self.prices, *self.wallets))


def choose(settings: Settings, origins: Mapping[str, str] | None = None) -> Sources:
    """Return which provider serves each kind of data that is switched on.

    ``auto`` takes the provider whose key is set, and after it those that need none, each stepping in for
    those before it. ``public`` takes only those that need none. A provider that is named is the only one.
    ``demo`` puts emulators in the place of the chosen providers; nothing else ever does.

    Args:
        settings: What is configured.
        origins: Dotted keys to where their values came from, for the message of an error.

    Raises:
        SettingsError: A named provider does not serve that kind, or needs a key that is not set.
    """
    origins = origins or {}
    prices = _choose(settings, DataKind.PRICES, origins)
    wallets = _choose(settings, DataKind.WALLETS, origins)
    return Sources(
        prices=prices if is_watched(settings, DataKind.PRICES) else (),
        wallets=wallets if is_watched(settings, DataKind.WALLETS) else (),
    )


def token_lists(settings: Settings) -> tuple[str, ...]:
    """Return the providers that may be asked for tokens by their names, the preferred first.

    Those are the sources of prices in use; where one of them prices the tokens of the chain, also those that
    know these by name, whoever serves the prices. While a stream on this machine does, only those that are on
    this machine as well: no public host learns what is looked for there.

    Args:
        settings: What is configured, with the URLs that are in use.

    Raises:
        SettingsError: As `choose`.
    """
    chosen = choose(settings)
    in_use = [choice.provider for choice in chosen.prices]
    exchanges = {one.name for one in candidates(DataKind.PRICES) if one.is_exchange}
    if not in_use or exchanges.issuperset(in_use):
        return tuple(in_use)
    first = {kind: next((c.provider for c in chosen if c.kind is kind), in_use[0]) for kind in DataKind}

    def may_be_asked(name: str, kind: DataKind) -> bool:
        local = settings.demo or leads_here(settings, in_use[0]) or leads_here(settings, first[kind])
        return leads_here(settings, name) or not local

    naming = [name for name, section in sources().items() if section.names_tokens and name not in in_use]
    return (*in_use, *(name for name in naming if may_be_asked(name, sources()[name].serves)))


def is_watched(settings: Settings, kind: DataKind) -> bool:
    """Return whether a kind of data is switched on."""
    return settings.stream.enable_prices if kind is DataKind.PRICES else settings.stream.enable_wallets


def _choose(settings: Settings, kind: DataKind, origins: Mapping[str, str]) -> tuple[Choice, ...]:
    option = OPTION[kind]
    wanted: str = getattr(settings, option)
    known = candidates(kind)
    origin = origins.get(option, "given")
    if wanted == AUTO and settings.demo:
        return (Choice(kind, known[0].name, demo=True),)
    if wanted in (AUTO, PUBLIC):
        keyed = [one.name for one in known if one.key is not None and one.can_serve(settings)]
        keyless = [one.name for one in known if one.key is None]
        names = [*keyed, *keyless] if wanted == AUTO else keyless
        return tuple(
            Choice(kind, name, demo=settings.demo)
            for name in names
            if settings.demo or leads_here(settings, name) or not leads_here(settings, names[0])
        )
    named = next((one for one in known if one.name == wanted), None)
    if named is None:
        allowed = ", ".join([AUTO, PUBLIC, *(one.name for one in known)])
        raise SettingsError(option, wanted, f"expected one of: {allowed}", origin)
    if named.key is not None and not settings.demo and not named.can_serve(settings):
        hint = f"set {named.key.variables[0]} or {named.key.name}, or choose {AUTO} or {PUBLIC}"
        raise SettingsError(option, wanted, f"{wanted} needs an API key: {hint}", origin)
    return (Choice(kind, wanted, demo=settings.demo),)


def leads_here(settings: Settings, name: str) -> bool:
    """Return whether the first URL of a provider leads to this machine."""
    section = getattr(settings, name)
    url: str = getattr(section, "ws_url", None) or section.rest_url
    return leads_to_loopback(url)
