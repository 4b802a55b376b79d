"""Who is logged in: tokens against session identifiers, which are random, end, and are kept as hashes.

The tokens are those of a relay. Without a file of tokens whoever starts the server is told a token for this
run and a code that works once: other people of this machine reach its loopback addresses, too.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from typing import NamedTuple

from streamcore import Clock, StreamcoreError
from streamcore.relay import Attempts, Scope, TokenEntry, Tokens

OWNER = "this-run"
"""The name of the token that is made for one run."""
ATTEMPTS_PER_MINUTE = 10
"""Wrong tokens that one address may try."""
MOST_SESSIONS = 1000
"""Browsers that are logged in; the oldest has to log in again when there are more."""


class TooManyAttempts(StreamcoreError):
    """An address has tried too many wrong tokens."""


class LoggedIn(NamedTuple):
    """What a browser has to show from now on: neither is of use without the other."""

    identifier: str
    """For the cookie. All ports of a host share their cookies, so a server on another may get to see it."""
    key: str
    """For what a page keeps, which belongs to one port; it is needed to open a tab."""


class Session:
    """One browser that is logged in."""

    def __init__(self, holder: TokenEntry, ends: float, key: str) -> None:
        """``ends``: monotonic seconds."""
        self.holder = holder
        self.ends = ends
        self._key = _digest(key)
        self.over = asyncio.Event()
        """Set when it has ended before its time: its tabs have to close."""

    def is_key(self, key: str) -> bool:
        """Return whether that is the key of the session."""
        return hmac.compare_digest(self._key, _digest(key))


class Logins:
    """The sessions of all browsers."""

    def __init__(self, tokens: Tokens, clock: Clock, *, lifetime: float) -> None:
        """Begin without any session.

        Args:
            tokens: Who may log in. Without any, a token is made for this run; see `owner_token`.
            clock: Time.
            lifetime: Seconds until a session ends.
        """
        self._clock = clock
        self._lifetime = lifetime
        self._sessions: dict[str, Session] = {}
        self._attempts = Attempts(ATTEMPTS_PER_MINUTE)
        self._codes: dict[str, TokenEntry] = {}
        self.owner_token: str | None = None
        """The token of this run; ``None`` if there is a file of tokens."""
        if not len(tokens):
            tokens = Tokens()
            self.owner_token = tokens.add(OWNER, Scope.CONTROL)
        self._tokens = tokens

    def code(self) -> str:
        """Return a code that logs in the holder of the run's token, once. It is for an address in a browser.

        Raises:
            KeyError: There is a file of tokens.
        """
        code = _unguessable()
        self._codes[_digest(code)] = self._tokens.entries[OWNER]
        return code

    def log_in(self, token: str, address: str) -> LoggedIn | None:
        """Begin a session, or return ``None`` if that is nobody's token.

        Args:
            token: A token, or a code.
            address: Who tries.

        Raises:
            TooManyAttempts: So many of that address were wrong that it has to wait a minute.
        """
        now = self._clock.monotonic()
        if self._attempts.are_used_up(address, now):
            raise TooManyAttempts("too many wrong tokens; wait a minute")
        # a dictionary of hashes: how long it takes says nothing of a code that is not there
        holder = self._codes.pop(_digest(token), None) or self._tokens.holder_of(token)
        if holder is None:
            self._attempts.count(address, now)
            return None
        self._drop_ended(now)
        while len(self._sessions) >= MOST_SESSIONS:
            self._end(next(iter(self._sessions)))
        found = LoggedIn(_unguessable(), _unguessable())
        self._sessions[_digest(found.identifier)] = Session(holder, now + self._lifetime, found.key)
        return found

    def session(self, identifier: str | None) -> Session | None:
        """Return the session of an identifier, unless it has ended."""
        if identifier is None:
            return None
        digest = _digest(identifier)
        found = self._sessions.get(digest)
        if found is not None and found.ends <= self._clock.monotonic():
            self._end(digest)
            return None
        return found

    def log_out(self, identifier: str | None) -> None:
        """End a session, if it is one."""
        if identifier is not None:
            self._end(_digest(identifier))

    def set_tokens(self, tokens: Tokens) -> None:
        """Take over other tokens; the sessions of those who have none any more end."""
        self._tokens = tokens
        for digest, session in tuple(self._sessions.items()):
            entry = tokens.entries.get(session.holder.name)
            if entry != session.holder:
                self._end(digest)

    def _end(self, digest: str) -> None:
        session = self._sessions.pop(digest, None)
        if session is not None:
            session.over.set()

    def _drop_ended(self, now: float) -> None:
        for digest in [one for one, session in self._sessions.items() if session.ends <= now]:
            self._end(digest)


def _unguessable() -> str:
    return secrets.token_urlsafe(32)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
