"""A connection to a NATS server as relays use it: with streams that are made, written and read.

Streams are talked to as the documents of JetStream have it, so that what is kept, asked for and refused is
written here, and a reader that falls behind is never dropped: it asks for as much as it has taken.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from nats.aio.msg import Msg

from streamcore.clock import Clock, wait_for
from streamcore.cluster.errors import Conflict, NoAnswer, NobodyThere, NotStored
from streamcore.cluster.nats_connection import Access, Connection, Subscription
from streamcore.text import printable

BATCH = 256
"""Messages of a stream that are asked for at once."""

_HEARTBEAT = 1.0
_SILENCE = 3.0
"""Seconds without a heartbeat after which a stream that is read is lost."""

_REQUEST_LASTS = 30.0
_NANOSECONDS = 1_000_000_000

_NO_STREAM = 10059
_EXISTS = 10058
_WRONG_LAST_SEQUENCE = (10071, 10164)


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
    max_age: float = 0.0
    """Seconds that a message is kept; 0: for ever."""


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


class Session(Connection):
    """An open connection with streams. When `ended` has raised nothing works any more; it must be closed."""

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
        max_age = answer["config"].get("max_age", 0) / _NANOSECONDS
        return StreamFacts(answer["created"], state["first_seq"], state["last_seq"], max_age)

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
            answer = self._parsed(await self.ask(subject, data, headers=headers))
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

    async def newest_of(self, stream: str, subject: str) -> Stored | None:
        """Return the newest message of a subject; ``None``: there is none.

        Raises:
            SessionEnded: The connection has ended, or the stream cannot be read.
        """
        async with aclosing(self.read(stream, subject, after=None)) as batches:
            async for batch in batches:
                return batch.messages[-1] if batch.messages else None
        return None

    async def read(self, stream: str, subject: str, *, after: int | None) -> AsyncGenerator[Batch, None]:
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
                        if self._ends_request(stream, status, message.headers or {}):
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

    def _ends_request(self, stream: str, status: str, headers: Mapping[str, str]) -> bool:
        """Whether a message without data says that the request for more is over; a heartbeat does not.

        Raises:
            SessionEnded: It says that the stream cannot be read any more.
        """
        text = headers.get("Description", "")
        if status == "100":
            return False
        if status in ("404", "408") or "Batch Completed" in text:
            return True
        raise self._over(f"the stream {stream} cannot be read: {printable(text or status, 80)}")

    def _parsed(self, data: bytes) -> dict[str, Any]:
        try:
            return msgspec.json.decode(data, type=dict[str, Any])
        except msgspec.DecodeError:
            raise self._over("the server answered what makes no sense") from None

    async def _api(self, method: str, request: dict[str, Any] | None = None) -> dict[str, Any]:
        data = b"" if request is None else msgspec.json.encode(request)
        try:
            return self._parsed(await self.ask(f"$JS.API.{method}", data))
        except NobodyThere:
            raise self._over("JetStream is not switched on there") from None
        except NoAnswer as error:
            raise self._over(f"JetStream: {error}") from None


async def open_session(access: Access, clock: Clock) -> Session:
    """Connect; see `Connection.open`.

    Raises:
        SessionEnded: It could not be; the text says why.
    """
    return await Session.open(access, clock)


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


def _described(error: Mapping[str, Any]) -> str:
    return printable(str(error.get("description") or error.get("code")), 120)
