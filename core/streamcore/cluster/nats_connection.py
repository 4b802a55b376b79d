"""One connection to a NATS server, from its beginning to its end: plain messages, questions, and how it ends.

It never connects again by itself. A server that was restarted has lost what it had in memory, and a client
that resumes would not notice; so one that has ended is followed by a new one, in which everything is made
sure of and subscribed anew. A connection that is cut without a word is noticed within `PING_EVERY` and
`PONG_WITHIN` together.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self, TypeVar

from nats.aio.msg import Msg
from nats.errors import (
    AuthorizationError,
    Error,
    NoRespondersError,
    NoServersError,
    SecureConnWantedError,
    SlowConsumerError,
)
from nats.errors import TimeoutError as NatsTimeout

from streamcore.clock import Clock, wait_for
from streamcore.cluster.errors import NoAnswer, NobodyThere, SessionEnded, TooLong
from streamcore.cluster.nats_internals import StrictClient
from streamcore.tasks import first_to_end
from streamcore.text import printable
from streamcore.urls import hide_in_urls

CONNECT_WITHIN = 2.0
PING_EVERY = 1.0
PONG_WITHIN = 2.0
ANSWER_WITHIN = 2.0
"""Seconds for what the server itself answers, unless it says otherwise."""

CLOSE_WITHIN = 0.5

OLDEST_SERVER = (2, 11)

LEAST_PAYLOAD = 131_072
"""Bytes that a server must take in one message: the longest transaction, twice."""

_INBOX = re.compile(r"_inbox\.[\w.*]+", re.IGNORECASE)

_T = TypeVar("_T")

log = logging.getLogger(__name__)

# it logs tracebacks of what ends a connection, which is said here in a sentence
logging.getLogger("nats").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Access:
    """How a server is reached."""

    url: str
    """``nats://`` or ``tls://``, without user and password."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None
    """``None``: nothing is encrypted."""
    name: str = "streamtui"
    """What the server calls this connection."""


class Incoming(NamedTuple):
    """A message of a plain subject; ``reply``: where an answer goes, or empty."""

    data: bytes
    reply: str


class Subscription:
    """Messages of a subject are taken until this is stopped, or the session has ended."""

    def __init__(self, subscription: Any) -> None:
        self._subscription = subscription

    async def stop(self) -> None:
        """Take no more; in a session that has ended it does nothing."""
        with suppress(Error, OSError):
            await self._subscription.unsubscribe()


class Connection:
    """An open connection. When `ended` has returned nothing works any more; it must be closed then, too."""

    def __init__(self, client: StrictClient, clock: Clock) -> None:
        """Only `open` makes one."""
        self._client = client
        self._clock = clock
        self._end = asyncio.Event()
        self._reason = "it was closed"

    @classmethod
    async def open(cls, access: Access, clock: Clock) -> Self:
        """Connect.

        Raises:
            SessionEnded: It could not be; the text says why.
        """
        client = StrictClient(encrypted=access.tls is not None)
        session = cls(client, clock)
        problems: list[Exception] = []

        async def failed(error: Exception) -> None:
            problems.append(error)
            if isinstance(error, SlowConsumerError) or "permissions violation" in str(error).lower():
                session.end(_sentence(error))

        async def closed() -> None:
            session.end(_sentence(problems[-1]) if problems else "the connection was lost")

        try:
            await wait_for(
                clock,
                client.connect(
                    access.url,
                    error_cb=failed,
                    closed_cb=closed,
                    name=access.name,
                    allow_reconnect=False,
                    max_reconnect_attempts=1,  # of the first connection; 0 would mean for ever
                    reconnect_time_wait=0,
                    connect_timeout=int(CONNECT_WITHIN),
                    ping_interval=3600,  # see _ping
                    tls=access.tls,
                    user=access.user,
                    password=access.password,
                ),
                2 * CONNECT_WITHIN,
            )
        except (Error, OSError) as error:
            client.abort()
            # "no servers available" says less than what happened with the one there is
            cause = problems[-1] if isinstance(error, NoServersError) and problems else error
            raise SessionEnded(_sentence(cause)) from error
        except BaseException:
            client.abort()
            raise
        client.expect_end_of_tls()
        version = client.connected_server_version
        if (version.major, version.minor) < OLDEST_SERVER:
            await session.close()
            oldest = ".".join(map(str, OLDEST_SERVER))
            raise SessionEnded(f"the NATS server is older than {oldest}")
        if session.most_bytes < LEAST_PAYLOAD:
            await session.close()
            raise SessionEnded(
                f"the NATS server takes {session.most_bytes} bytes in a message (max_payload), "
                f"and must take {LEAST_PAYLOAD}"
            )
        return session

    # --- its end ----------------------------------------------------------------------------------------

    def end(self, reason: str) -> None:
        """Have everybody who waits for the end know."""
        if not self._end.is_set():
            self._reason = reason
            self._end.set()

    @property
    def has_ended(self) -> bool:
        """Whether it is of no use any more."""
        return self._end.is_set()

    @property
    def most_bytes(self) -> int:
        """Bytes that the server takes in one message."""
        return self._client.max_payload

    async def ended(self) -> None:
        """Watch over the connection until its end.

        Raises:
            SessionEnded: Always.
        """
        await first_to_end(self._end.wait(), self._ping())
        raise SessionEnded(self._reason)

    async def until_end(self) -> None:
        """Return when the session has ended."""
        await self._end.wait()

    async def _ping(self) -> None:
        while True:
            try:
                await self._done(self._client.rtt(timeout=PONG_WITHIN))  # type: ignore[arg-type] # a float will do
            except NatsTimeout as error:
                raise self._over(_sentence(error)) from None
            await self._clock.sleep(PING_EVERY)

    async def close(self) -> None:
        """Close the connection, or cut it off if that does not help."""
        self.end("it was closed")
        try:
            with suppress(TimeoutError, Error, OSError):
                await wait_for(self._clock, self._client.close(), CLOSE_WITHIN)
        finally:
            self._client.abort()

    async def _done(self, work: Awaitable[_T]) -> _T:
        """Return what the library does.

        Raises:
            NatsTimeout, NoRespondersError: As it has them.
            SessionEnded: The connection has ended.
        """
        try:
            found = await work
        except (NatsTimeout, NoRespondersError):
            raise
        except (Error, OSError) as error:
            raise self._over(_sentence(error)) from error
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError  # the library has swallowed it
        return found

    def _over(self, reason: str) -> SessionEnded:
        """End the session, and return the error that says so."""
        self.end(reason)
        return SessionEnded(self._reason)

    # --- messages ---------------------------------------------------------------------------------------

    async def publish(self, subject: str, data: bytes) -> None:
        """Send a message to whoever listens now.

        Raises:
            TooLong: It has more than `most_bytes`.
            SessionEnded: The connection has ended.
        """
        self._check_length(len(data))
        await self._done(self._client.publish(subject, data))

    async def listen(self, subject: str, take: Callable[[Incoming], None]) -> Subscription:
        """Have ``take`` called with every message of a subject, until what is returned is stopped.

        Raises:
            SessionEnded: The connection has ended.
        """

        async def taken(message: Msg) -> None:
            try:
                take(Incoming(message.data, message.reply))
            except Exception:
                log.exception("a message on %s could not be taken", subject)

        return Subscription(await self._subscribe(subject, taken))

    async def ask(
        self,
        subject: str,
        data: bytes = b"",
        *,
        within: float = ANSWER_WITHIN,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        """Send a question, and return the answer.

        Raises:
            NobodyThere: Nobody listens.
            NoAnswer: Nobody answered in time.
            TooLong: It has, with its headers, more than `most_bytes`.
            SessionEnded: The connection has ended.
        """
        self._check_length(len(data) + _length_of(headers))
        try:
            answer = await self._done(self._client.request(subject, data, timeout=within, headers=headers))
        except NoRespondersError:
            raise NobodyThere("nobody answers") from None
        except NatsTimeout:
            raise NoAnswer(f"there was no answer within {within:g} s") from None
        return answer.data

    def _check_length(self, length: int) -> None:
        """Check what the library does not, or takes for the end of the connection.

        Raises:
            TooLong: The server would close the connection.
        """
        if length > self.most_bytes:
            raise TooLong(length, self.most_bytes)

    async def _subscribe(self, subject: str, take: Callable[[Msg], Awaitable[None]]) -> Any:
        return await self._done(self._client.subscribe(subject, cb=take))


def _length_of(headers: dict[str, str] | None) -> int:
    """Return how many bytes headers take at most: the server counts them, too."""
    if not headers:
        return 0
    return len("NATS/1.0\r\n\r\n") + sum(len(f"{name}: {value}\r\n") for name, value in headers.items())


def _sentence(error: BaseException) -> str:
    """Return why something failed, as a phrase for people, without anything secret."""
    if isinstance(error, SecureConnWantedError):
        return "the server offers no TLS, so nothing was sent to it"
    if isinstance(error, AuthorizationError) or "authorization violation" in str(error).lower():
        return "the server refuses the user or the password"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted: {error.verify_message}"
    if isinstance(error, SlowConsumerError):
        return "messages came faster than they were taken, and some were dropped"
    if isinstance(error, TimeoutError | NatsTimeout):
        return "it does not answer"
    if isinstance(error, OSError) and error.errno is not None:
        text = os.strerror(error.errno) if error.errno > 0 else str(error.strerror)
        return text[:1].lower() + text[1:]
    text = printable(hide_in_urls(str(error).removeprefix("nats: ") or type(error).__name__), 160)
    if "permissions violation" in text.lower():
        # the name of an inbox is another one every time, and the same trouble would be new every time
        return f"the server does not let this user do what a relay does: {_INBOX.sub('_inbox', text)}"
    return text
