"""One connection to a NATS server, from its beginning to its end; nothing else here knows the library.

It never connects again by itself. A server that was restarted has lost what it had in memory, and a client
that resumes would not notice; so a session that has ended is followed by a new one, in which everything is
made sure of and subscribed anew. A connection that is cut without a word is noticed within `PING_EVERY` and
`PONG_WITHIN` together.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import msgspec
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
from streamcore.cluster.errors import Conflict, NoAnswer, NobodyThere, NotStored, SessionEnded
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

BATCH = 256
"""Messages of a stream that are asked for at once."""

_HEARTBEAT = 1.0
_SILENCE = 3.0
"""Seconds without a heartbeat after which a stream that is read is lost."""

_REQUEST_LASTS = 30.0
_NANOSECONDS = 1_000_000_000

_T = TypeVar("_T")

_NO_STREAM = 10059
_EXISTS = 10058
_WRONG_LAST_SEQUENCE = (10071, 10164)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSpec:
    """A stream as it is made if there is none of its name; one that is there stays as its operator has it."""

    name: str
    subjects: tuple[str, ...]
    on_disk: bool
    max_age: float
    """Seconds."""
    most: int = -1
    per_subject: int = -1
    duplicates_within: float = 0.0
    """Seconds for which message ids are remembered."""
    first_sequence: int = 0
    """The first sequence if it is not 1."""


class StreamFacts(NamedTuple):
    """A stream as it is."""

    created: str
    first: int
    """The sequence of the oldest message that is there; of an empty stream, that of the next one."""
    last: int


class Stored(NamedTuple):
    """A message of a stream."""

    subject: str
    sequence: int
    data: bytes


class Batch(NamedTuple):
    """Messages that were read together, and whether there are more."""

    messages: list[Stored]
    is_last: bool
    """There were no more when the last of these was sent."""


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


class Session:
    """An open connection. When `ended` has returned nothing works any more; it must be closed then, too."""

    def __init__(self, client: StrictClient, clock: Clock) -> None:
        """Only `open_session` makes one."""
        self._client = client
        self._clock = clock
        self._end = asyncio.Event()
        self._reason = "it was closed"

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
            SessionEnded: The connection has ended.
        """
        await self._done(self._client.publish(subject, data))

    async def listen(self, subject: str, take: Callable[[Incoming], None]) -> Subscription:
        """Have ``take`` called with every message of a subject, until what is returned is stopped.

        Raises:
            SessionEnded: The connection has ended.
        """

        async def taken(message: Msg) -> None:
            take(Incoming(message.data, message.reply))

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
            SessionEnded: The connection has ended.
        """
        try:
            answer = await self._done(self._client.request(subject, data, timeout=within, headers=headers))
        except NoRespondersError:
            raise NobodyThere("nobody answers") from None
        except NatsTimeout:
            raise NoAnswer(f"there was no answer within {within:g} s") from None
        return answer.data

    async def _subscribe(self, subject: str, take: Callable[[Msg], Awaitable[None]]) -> Any:
        return await self._done(self._client.subscribe(subject, cb=take))

    # --- streams ----------------------------------------------------------------------------------------

    async def ensure(self, spec: StreamSpec) -> StreamFacts:
        """Return a stream as it is; it is made if it is not there.

        Raises:
            SessionEnded: It cannot be made.
        """
        facts = await self.facts(spec.name)
        if facts is None:
            answer = await self._api(f"STREAM.CREATE.{spec.name}", _config(spec))
            if (error := answer.get("error")) and error.get("err_code") != _EXISTS:
                raise self._over(f"the stream {spec.name} cannot be made: {_described(error)}")
            facts = await self.facts(spec.name)
            if facts is None:
                raise self._over(f"the stream {spec.name} cannot be made")
        return facts

    async def facts(self, stream: str) -> StreamFacts | None:
        """Return a stream as it is; ``None``: there is none.

        Raises:
            SessionEnded: It cannot be had.
        """
        answer = await self._api(f"STREAM.INFO.{stream}")
        if error := answer.get("error"):
            if error.get("err_code") == _NO_STREAM:
                return None
            raise self._over(f"the stream {stream} cannot be used: {_described(error)}")
        state = answer["state"]
        return StreamFacts(answer["created"], state["first_seq"], state["last_seq"])

    async def store(
        self, subject: str, data: bytes, *, message_id: str | None = None, last: int | None = None
    ) -> int:
        """Have a stream take a message, and return its sequence.

        Args:
            subject: One of the stream's.
            data: The message.
            message_id: The stream takes only one with it within some time; the sequence is that one's then.
            last: The sequence of the newest message of this subject that is known; 0: there is none.

        Raises:
            Conflict: There is a newer one than ``last``, or it is gone.
            NotStored: It was not stored, or that is not known.
            SessionEnded: The connection has ended.
        """
        headers = {} if message_id is None else {"Nats-Msg-Id": message_id}
        if last is not None:
            headers["Nats-Expected-Last-Subject-Sequence"] = str(last)
        try:
            answer = _parsed(await self.ask(subject, data, headers=headers))
        except NobodyThere:
            # whoever has deleted it, a new session makes it again
            raise self._over("a stream is gone") from None
        except NoAnswer as error:
            raise NotStored(str(error)) from None
        if refusal := answer.get("error"):
            if refusal.get("err_code") in _WRONG_LAST_SEQUENCE:
                raise Conflict(_described(refusal))
            raise NotStored(_described(refusal))
        sequence: int = answer["seq"]
        return sequence

    async def delete(self, stream: str, sequence: int) -> None:
        """Delete one message of a stream, if it is there.

        Raises:
            SessionEnded: The connection has ended, or there was no answer.
        """
        await self._api(f"STREAM.MSG.DELETE.{stream}", {"seq": sequence})

    async def read(self, stream: str, subject: str, *, after: int | None) -> AsyncIterator[Batch]:
        """Yield the messages of a stream, those that are there and those that come, until the session ends.

        Args:
            stream: Its name.
            subject: Which of its messages.
            after: A sequence; ``None``: of each subject the newest one, and whatever comes then.

        Raises:
            SessionEnded: The connection has ended, or the stream cannot be read.
        """
        consumer = await self._make_consumer(stream, subject, after)
        inbox = self._client.new_inbox()
        arrived: deque[Msg] = deque()
        news = asyncio.Event()

        async def take(message: Msg) -> None:
            arrived.append(message)
            news.set()

        subscription = Subscription(await self._subscribe(inbox, take))
        request = msgspec.json.encode(
            {
                "batch": BATCH,
                "expires": int(_REQUEST_LASTS * _NANOSECONDS),
                "idle_heartbeat": int(_HEARTBEAT * _NANOSECONDS),
            }
        )
        try:
            if not consumer["num_pending"]:
                yield Batch([], is_last=True)
            expected, left = 1, 0
            while True:
                if left == 0:
                    to = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer['name']}"
                    await self._done(self._client.publish(to, request, reply=inbox))
                    left = BATCH
                if not arrived:
                    news.clear()
                    try:
                        await wait_for(self._clock, news.wait(), _SILENCE)
                    except TimeoutError:
                        raise self._over(f"the stream {stream} fell silent") from None
                found: list[Stored] = []
                pending = 0
                while arrived:
                    message = arrived.popleft()
                    if status := (message.headers or {}).get("Status"):
                        if _ends_request(stream, status, message.headers or {}):
                            left = 0
                        continue
                    metadata = message.metadata
                    if metadata.sequence.consumer != expected:
                        raise self._over(f"messages of the stream {stream} were lost on the way")
                    expected, left = expected + 1, max(0, left - 1)
                    pending = metadata.num_pending
                    found.append(Stored(message.subject, metadata.sequence.stream, message.data))
                if found:
                    yield Batch(found, is_last=not pending)
        finally:
            await subscription.stop()

    async def _make_consumer(self, stream: str, subject: str, after: int | None) -> dict[str, Any]:
        config: dict[str, Any] = {
            "filter_subject": subject,
            "ack_policy": "none",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": int(10 * _NANOSECONDS),
            "deliver_policy": "last_per_subject",
        }
        if after is not None:
            config |= {"deliver_policy": "by_start_sequence", "opt_start_seq": after + 1}
        answer = await self._api(f"CONSUMER.CREATE.{stream}", {"stream_name": stream, "config": config})
        if error := answer.get("error"):
            raise self._over(f"the stream {stream} cannot be read: {_described(error)}")
        return answer

    async def _api(self, method: str, request: dict[str, Any] | None = None) -> dict[str, Any]:
        data = b"" if request is None else msgspec.json.encode(request)
        try:
            return _parsed(await self.ask(f"$JS.API.{method}", data))
        except NobodyThere:
            raise self._over("JetStream is not switched on there") from None
        except NoAnswer as error:
            raise self._over(f"JetStream: {error}") from None


async def open_session(access: Access, clock: Clock) -> Session:
    """Connect.

    Raises:
        SessionEnded: It could not be; the text says why.
    """
    client = StrictClient(encrypted=access.tls is not None)
    session = Session(client, clock)
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
    return session


def _config(spec: StreamSpec) -> dict[str, Any]:
    config: dict[str, Any] = {
        "name": spec.name,
        "subjects": spec.subjects,
        "storage": "file" if spec.on_disk else "memory",
        "retention": "limits",
        "discard": "old",
        "max_age": int(spec.max_age * _NANOSECONDS),
        "max_msgs": spec.most,
        "max_msgs_per_subject": spec.per_subject,
        "duplicate_window": int(spec.duplicates_within * _NANOSECONDS),
        "allow_direct": True,
        "allow_rollup_hdrs": True,
        "num_replicas": 1,
    }
    if spec.first_sequence:
        config["first_seq"] = spec.first_sequence
    return config


def _ends_request(stream: str, status: str, headers: Mapping[str, str]) -> bool:
    """Whether a message without data says that the request for more is over; a heartbeat does not.

    Raises:
        SessionEnded: It says that the stream cannot be read any more.
    """
    text = headers.get("Description", "")
    if status == "100":
        return False
    if status in ("404", "408") or "Batch Completed" in text:
        return True
    raise SessionEnded(f"the stream {stream} cannot be read: {printable(text or status, 80)}")


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.DecodeError:
        raise SessionEnded("the server answered what makes no sense") from None


def _described(error: Mapping[str, Any]) -> str:
    return printable(str(error.get("description") or error.get("code")), 120)


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
    text = str(error).removeprefix("nats: ") or type(error).__name__
    return printable(hide_in_urls(text), 160)
