"""Every exception this package raises, in one tree.

::

    StreamcoreError
    ├── SettingsError        a setting, option or file is wrong          .key .value .allowed .origin
    ├── InputError           a person named something that cannot be     .value .reason
    │   ├── UnknownSymbol
    │   └── BadAddress
    ├── UnknownProvider      no such provider is in use                  .name .known
    ├── NotRunning           the engine has not started, or has ended
    ├── AlreadyStarted       an engine was started a second time
    ├── MalformedEvent       a line that is no event                     .line .reason
    ├── MalformedMessage     a message of the relay's wire is none       .reason
    ├── EncodingMissing      an encoding of the wire needs a library     .name
    ├── IllegalTransition    a fault of ours: no such change of state    .state .target
    └── ProviderError        a provider or the way to it failed          .kind .retryable .retry_after
                                                                  .unanswered .close_code .parks

The text of each is a sentence for a person: what happened, and what to do. Foreign exceptions
(websockets, httpcore, OS) become a `ProviderError` in `streamcore.net.errors` and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable

from streamcore.events import ErrorKind, State, StreamError
from streamcore.text import HIDDEN
from streamcore.wallet_secrets import secret_refusal

PARKING_KINDS = frozenset({ErrorKind.AUTH, ErrorKind.PLAN, ErrorKind.QUOTA})
"""Kinds that waiting does not cure: the stream is parked, which is to say not retried until a person acts."""

LONGEST_SHOWN = 100
"""Characters of a value that a sentence repeats; a link to an explorer has fewer."""

IN_AN_EXPLORER = "look the wallet up in a block explorer to see them"
"""What a person can do who is told that transactions are missing for ever."""


class StreamcoreError(Exception):
    """The base of every exception of this package."""


class SettingsError(StreamcoreError):
    """A setting is wrong.

    A part that looks like a wallet's secret is replaced by ``***``, and the text says that it was given.

    Attributes:
        key: The dotted key, option or variable, for example ``stream.stale_after``.
        value: The bad value as given; ``None`` when the key itself is unknown.
        allowed: What is allowed, as a phrase.
        origin: Where the value came from: a file, a variable or an option.
    """

    def __init__(self, key: str, value: object, allowed: str, origin: str) -> None:
        if refusal := secret_refusal(allowed):
            allowed = refusal
        if refusal := secret_refusal(key):
            key, allowed = HIDDEN, refusal
        if value is not None and (
            refusal := secret_refusal(value if isinstance(value, str) else repr(value))
        ):
            value, allowed = HIDDEN, refusal
        if refusal := secret_refusal(origin):
            origin, allowed = HIDDEN, refusal
        self.key = key
        self.value = value
        self.allowed = allowed
        self.origin = origin
        given = "" if value is None else f" = {_shown(value)}"
        super().__init__(f"{key}{given} ({origin}): {allowed}")


def _shown(value: object) -> str:
    """Return a value as it stands in a sentence: of a very long one its beginning."""
    text = repr(value)
    # a URL stays whole: half of a key in it would not be recognised and masked
    if len(text) <= LONGEST_SHOWN or "://" in text:
        return text
    return f"{text[: LONGEST_SHOWN - 2]}…{text[-1]}"


class InputError(StreamcoreError, ValueError):
    """A person named something that cannot be watched.

    A value that looks like a wallet's secret is replaced by ``***``, and the text says that it was given.

    Attributes:
        value: What was typed.
        reason: Why it cannot be used, as what follows the value: ``is not a ticker``.
    """

    def __init__(self, value: str, reason: str) -> None:
        if refusal := secret_refusal(value) or secret_refusal(reason):
            value, reason = HIDDEN, refusal
        self.value = value
        self.reason = reason
        super().__init__(f"{_shown(value)} {reason}")


class UnknownSymbol(InputError):
    """No token is known by that ticker, and it is not a mint address."""


class BadAddress(InputError):
    """Not a Solana address."""


class UnknownProvider(StreamcoreError, KeyError):
    """No provider of that name is in use."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        if secret_refusal(name):
            name = HIDDEN
        self.name = name
        self.known = tuple(known)
        super().__init__(f"no provider {name!r} is in use; there are: {', '.join(self.known) or 'none'}")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show the repr


class NotRunning(StreamcoreError):
    """The engine was asked for something before it started, or after it ended."""


class AlreadyStarted(StreamcoreError):
    """An engine can be started once."""


class MalformedEvent(StreamcoreError, ValueError):
    """A line cannot be read as an event.

    Attributes:
        line: How the line begins, safe to print.
        reason: Why not, as a phrase.
    """

    def __init__(self, line: str, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(f"not an event: {reason}; the line was: {line or 'empty'}")


class MalformedMessage(StreamcoreError, ValueError):
    """What came over the relay's wire makes no sense.

    Attributes:
        reason: Why not, as a phrase that is safe to print.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"not a message of the relay's wire: {reason}")


class EncodingMissing(StreamcoreError):
    """An encoding of the relay's wire needs a library that cannot be used.

    Attributes:
        name: The encoding, which is also the name of the extra that brings the library.
    """

    def __init__(self, name: str, reason: str) -> None:
        """``reason``: what `streamcore.extras.lacking` says."""
        self.name = name
        super().__init__(f"the encoding {name} needs a library: {reason}")


class IllegalTransition(StreamcoreError):
    """A change of state that the table in `streamcore.streams.state` lacks; the state stays as it was."""

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
        unanswered: A request was given up after waiting: it may be the host, or only what was asked for.
        close_code: The code with which the peer closed a WebSocket (RFC 6455, section 7.4), if it did.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        retryable: bool | None = None,
        retry_after: float | None = None,
        unanswered: bool = False,
        close_code: int | None = None,
    ) -> None:
        self.kind = kind
        self.message = message
        self.retryable = kind not in PARKING_KINDS if retryable is None else retryable
        self.retry_after = retry_after
        self.unanswered = unanswered
        self.close_code = close_code
        super().__init__(message)

    @property
    def parks(self) -> bool:
        """Whether the stream must stop trying until a person acts."""
        return self.kind in PARKING_KINDS and not self.retryable

    def event(self, provider: str, ts: float, *, demo: bool) -> StreamError:
        """Return this error as the event that consumers receive.

        Args:
            provider: Whose error it is; empty when it is not that of a single provider.
            ts: Unix seconds.
            demo: Whether it is about demo data.
        """
        return StreamError(
            provider=provider,
            ts=ts,
            demo=demo,
            kind=self.kind,
            message=self.message,
            retryable=self.retryable,
        )
