"""The relay that tabs are terminals of: one in this process, with a token for each tab, or one elsewhere."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import Protocol

import msgspec

from streamcore import Clock, Settings
from streamcore.relay import DemoServers, Plan, Relay, Scope, Tokens, serving, shown_address


class TabRelay(Protocol):
    """What tabs connect to."""

    @property
    def urls(self) -> tuple[str, ...]:
        """The URLs to connect to, the preferred first."""

    @property
    def is_far(self) -> bool:
        """Whether it is not in this process."""

    def token(self, scope: Scope) -> AbstractContextManager[str | None]:
        """Return a context with the token of one tab; ``scope``: what its person may do."""


class RelayElsewhere:
    """Relays that others run: every tab has the one token that this server was given, and may do the same."""

    is_far = True

    def __init__(self, settings: Settings) -> None:
        self.urls = settings.relay.url
        self._token = settings.relay.token

    @contextmanager
    def token(self, scope: Scope) -> Iterator[str | None]:
        """Yield the token."""
        yield self._token


class RelayHere:
    """A relay in this process: a token that leaks is void as soon as its tab is closed."""

    is_far = False

    def __init__(self, relay: Relay, tokens: Tokens) -> None:
        """``tokens``: those the relay was made with, at least one: without any it lets everybody in."""
        self.urls = (f"ws://{shown_address(*relay.address)}",)
        self._relay = relay
        self._tokens = tokens
        self._numbers = itertools.count(1)

    @contextmanager
    def token(self, scope: Scope) -> Iterator[str | None]:
        """Yield a new token, and have the relay close whoever uses it afterwards."""
        name = f"tab-{next(self._numbers)}"
        try:
            yield self._tokens.add(name, scope)
        finally:
            self._tokens.revoke(name)
            self._relay.set_tokens(self._tokens)


@asynccontextmanager
async def relay_for_tabs(
    settings: Settings, *, program: str, demo: DemoServers, clock: Clock
) -> AsyncIterator[TabRelay]:
    """Yield the relay that the settings name, or run one on loopback while inside.

    Args:
        settings: What is configured.
        program: The name and version that terminals are told.
        demo: Serves demo data where the settings ask for it.
        clock: Time.

    Raises:
        LogFailed: The relay's log cannot be opened.
        OSError: It cannot listen.
        SettingsError: The settings ask for a provider that cannot be used.
    """
    if settings.relay.url and not settings.demo:
        yield RelayElsewhere(settings)
        return
    tokens = Tokens()
    tokens.add("nobody", Scope.READ)
    room = max(settings.relay.max_clients, settings.web.tabs)
    settings = msgspec.structs.replace(
        settings, relay=msgspec.structs.replace(settings.relay, max_clients=room, behind_proxy=False)
    )
    # tabs end with this process, so its log need not outlive it
    plan = Plan(listen=("127.0.0.1", 0), tokens_file=None, tokens=tokens, tls=None, state=None)
    async with serving(settings, plan, program=program, demo=demo, clock=clock) as relay:
        yield RelayHere(relay, tokens)
