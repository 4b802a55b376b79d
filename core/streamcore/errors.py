"""Every exception this package raises, in one tree.

::

    StreamcoreError
    ├── SettingsError        a setting, option or file is wrong          .key .value .allowed .origin
    ├── InputError           a person named something that cannot be     .value .reason
    │   ├── UnknownSymbol
    │   └── BadAddress
    ├── UnknownProvider      no such provider is in use                  .name .known
    ├── IllegalTransition    our own bug: a step the table lacks         .state .target
    └── ProviderError        a provider or the way to it failed          .kind .retryable .retry_after .parks

The text of each is a sentence for a person: what happened, and what to do. Foreign exceptions
(websockets, httpx, OS) become a `ProviderError` in `streamcore.net.errors` and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable

from streamcore.events import ErrorKind, State
from streamcore.text import HIDDEN
from streamcore.wallet_secrets import refusal, secret_form

PARKING_KINDS = frozenset({ErrorKind.AUTH, ErrorKind.PLAN, ErrorKind.QUOTA})
"""Kinds that no waiting cures: the stream is parked until a person acts."""


class StreamcoreError(Exception):
    """The base of every exception of this package."""


class SettingsError(StreamcoreError):
    """A setting is wrong.

    What looks like a wallet's secret is not repeated, and that it was given is what the error says.

    Attributes:
        key: The dotted key, option or variable, for example ``stream.stale_after``.
        value: The bad value as given; ``None`` when the key itself is unknown.
        allowed: What is allowed, as a phrase.
        origin: Where the value came from: a file, a variable or an option.
    """

    def __init__(self, key: str, value: object, allowed: str, origin: str) -> None:
        if form := secret_form(key):
            key, allowed = HIDDEN, refusal(form)
        if value is not None and (form := secret_form(value if isinstance(value, str) else repr(value))):
            value, allowed = HIDDEN, refusal(form)
        self.key = key
        self.value = value
        self.allowed = allowed
        self.origin = origin
        given = "" if value is None else f" = {value!r}"
        super().__init__(f"{key}{given} ({origin}): {allowed}")


class InputError(StreamcoreError, ValueError):
    """A person named something that cannot be watched.

    What looks like a wallet's secret is not repeated, and that it was given is what the error says.

    Attributes:
        value: What was typed.
        reason: Why it cannot be used, as a sentence without a subject.
    """

    def __init__(self, value: str, reason: str) -> None:
        if form := secret_form(value):
            value, reason = HIDDEN, refusal(form)
        self.value = value
        self.reason = reason
        super().__init__(f"{value!r} {reason}")


class UnknownSymbol(InputError):
    """No token is known by that ticker, and it is not a mint address."""


class BadAddress(InputError):
    """Not a Solana address."""


class UnknownProvider(StreamcoreError, KeyError):
    """No provider of that name is in use."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(f"no provider {name!r} is in use; there are: {', '.join(self.known) or 'none'}")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show the repr


class IllegalTransition(StreamcoreError):
    """A step that the transition table does not have; the state has not changed."""

    def __init__(self, state: State, target: State) -> None:
        self.state = state
        self.target = target
        super().__init__(f"a stream cannot go from {state} to {target}")


class ProviderError(StreamcoreError):
    """A provider refused, or the way to it failed.

    Attributes:
        kind: What went wrong.
        message: A sentence for a person. Never holds a key, nor a URL with a key.
        retryable: Whether trying again later may help without anybody acting.
        retry_after: Seconds the provider asked us to wait, if it did.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        retryable: bool | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.kind = kind
        self.message = message
        self.retryable = kind not in PARKING_KINDS if retryable is None else retryable
        self.retry_after = retry_after
        super().__init__(message)

    @property
    def parks(self) -> bool:
        """Whether the stream must stop trying until a person acts."""
        return self.kind in PARKING_KINDS
