"""One connection to a real NATS server: what it promises, and how it ends."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from nats_server import NatsPath, NatsServer, needs_nats_server
from own_authority import OwnAuthority
from relay_bench import eventually

from streamcore.clock import SystemClock
from streamcore.cluster.errors import Conflict, NoAnswer, NobodyThere, NotStored, SessionEnded, TooLong
from streamcore.cluster.lease import LASTS, Lease
from streamcore.cluster.names import LEADER, Names, key_subject, stream_of
from streamcore.cluster.nats_connection import Access, Incoming
from streamcore.cluster.nats_session import Batch, Session, Stored, StreamSpec, open_session

pytestmark = [pytest.mark.long, needs_nats_server]

SPEC = StreamSpec(name="ST_TX", subjects=("st.v1.tx.*",), on_disk=True, max_age=600, duplicates_within=60)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path / "nats") as found:
        yield found


@asynccontextmanager
async def session_at(url: str, **more: object) -> AsyncIterator[Session]:
    session = await open_session(Access(url, **more), SystemClock())  # type: ignore[arg-type]
    try:
        yield session
    finally:
        await session.close()


async def end_of(session: Session) -> str:
    with pytest.raises(SessionEnded) as raised:
        await session.ended()
    return str(raised.value)


async def test_a_message_id_is_stored_once_and_has_the_same_sequence(server: NatsServer) -> None:
    async with session_at(server.url) as session:
        await session.ensure(SPEC)
        first = await session.store("st.v1.tx.w", b"1", message_id="s:w")
        assert await session.store("st.v1.tx.w", b"1", message_id="s:w") == first
        assert await session.store("st.v1.tx.x", b"1", message_id="s:x") == first + 1
        facts = await session.facts("ST_TX")
        assert facts is not None
        assert (facts.first, facts.last) == (1, 2)


async def test_a_stream_that_is_there_stays_as_its_operator_has_it(server: NatsServer) -> None:
    async with session_at(server.url) as session:
        made = await session.ensure(SPEC)
        again = await session.ensure(StreamSpec(name="ST_TX", subjects=("y",), on_disk=False, max_age=5))
        assert again.created == made.created
        assert await session.facts("ANOTHER") is None


async def test_revisions_grow_even_over_a_bucket_that_was_lost(server: NatsServer) -> None:
    spec = StreamSpec(
        name="KV_b", subjects=("$KV.b.>",), on_disk=False, max_age=5, per_subject=1, first_sequence=5000
    )
    async with session_at(server.url) as session:
        await session.ensure(spec)
        assert await session.store("$KV.b.k", b"", last=0) == 5000
        with pytest.raises(Conflict):
            await session.store("$KV.b.k", b"", last=0)
        assert await session.store("$KV.b.k", b"", last=5000) == 5001
        await session.delete("KV_b", 5001)
        assert await session.store("$KV.b.k", b"", last=0) == 5002


async def test_a_stream_is_read_from_a_sequence_and_then_as_it_grows(server: NatsServer) -> None:
    async with session_at(server.url) as session:
        await session.ensure(SPEC)
        for number in range(600):
            await session.store("st.v1.tx.w", b"%d" % number)
        found: list[bytes] = []
        is_last: list[bool] = []
        grown = False
        async for batch in session.read("ST_TX", "st.v1.tx.*", after=100):
            found += [message.data for message in batch.messages]
            is_last.append(batch.is_last)
            if batch.is_last and not grown:
                grown = True
                await session.store("st.v1.tx.w", b"600")
            elif grown:
                break
        assert found == [b"%d" % number for number in range(100, 601)]
        assert not is_last[0]


async def test_of_a_bucket_the_newest_of_each_key_is_read_first_and_an_empty_one_says_so(
    server: NatsServer,
) -> None:
    spec = StreamSpec(name="KV_b", subjects=("$KV.b.>",), on_disk=False, max_age=60, per_subject=1)
    async with session_at(server.url) as session:
        await session.ensure(spec)
        async for batch in session.read("KV_b", "$KV.b.>", after=None):
            assert batch == Batch([], is_last=True)
            break
        for value in (b"1", b"2"):
            await session.store("$KV.b.k", value)
        async for batch in session.read("KV_b", "$KV.b.>", after=None):
            assert [message.data for message in batch.messages] == [b"2"]
            break


async def test_the_newest_of_a_subject_is_found_if_there_is_one(server: NatsServer) -> None:
    async with session_at(server.url) as session:
        await session.ensure(SPEC)
        assert await session.newest_of("ST_TX", "st.v1.tx.w") is None
        for data in (b"1", b"2"):
            await session.store("st.v1.tx.w", data)
        await session.store("st.v1.tx.x", b"3")
        assert await session.newest_of("ST_TX", "st.v1.tx.w") == Stored("st.v1.tx.w", 2, b"2")


async def test_a_lease_whose_renewal_was_not_answered_goes_on_in_the_next_session(server: NatsServer) -> None:
    names, clock = Names(demo=False), SystemClock()
    mine, other = Lease(names, "me", clock), Lease(names, "other", clock)
    subject = key_subject(names.lease, LEADER)
    spec = StreamSpec(
        name=stream_of(names.lease), subjects=(subject,), on_disk=True, max_age=LASTS, per_subject=1
    )
    async with session_at(server.url) as session:
        await session.ensure(spec)
        assert await mine.acquire(session)
        revision = mine.term
        await session.store(subject, b"me", last=revision)  # its answer goes nowhere
    async with session_at(server.url) as session:
        assert await mine.renew(session)
        assert not await other.acquire(session)
        await session.store(subject, b"other")  # as nobody may
        assert not await mine.renew(session)
        assert not mine.is_held


async def test_a_stream_that_is_deleted_while_it_is_read_ends_the_session(server: NatsServer) -> None:
    async with session_at(server.url) as session:
        await session.ensure(SPEC)
        reading = session.read("ST_TX", "st.v1.tx.*", after=0)
        await anext(reading)
        await session.ask("$JS.API.STREAM.DELETE.ST_TX")
        with pytest.raises(SessionEnded, match="ST_TX"):
            await anext(reading)


async def test_storing_where_there_is_no_stream_ends_the_session(server: NatsServer) -> None:
    async with session_at(server.url) as session:
        with pytest.raises(SessionEnded, match="a stream is gone"):
            await session.store("st.v1.tx.w", b"1")
        assert await end_of(session) == "a stream is gone"


async def test_a_full_stream_does_not_take_a_message_and_says_why(server: NatsServer) -> None:
    async with session_at(server.url) as session:
        config = b'{"name":"F","subjects":["f"],"max_msgs":1,"discard":"new"}'
        await session.ask("$JS.API.STREAM.CREATE.F", config)
        await session.store("f", b"1")
        with pytest.raises(NotStored, match="maximum messages exceeded"):
            await session.store("f", b"2")


async def test_questions_are_answered_and_silence_is_an_error(server: NatsServer) -> None:
    async with session_at(server.url) as session, session_at(server.url) as other:
        asked: list[Incoming] = []
        listening = await other.listen("q", asked.append)
        await other.facts("NONE")  # after its answer the server knows who listens
        asking = asyncio.create_task(session.ask("q", b"?", within=10))
        await eventually(lambda: asked)
        await other.publish(asked[0].reply, b"!")
        assert await asking == b"!"
        with pytest.raises(NoAnswer):
            await session.ask("q", b"?", within=0.1)
        await listening.stop()
        await other.facts("NONE")
        with pytest.raises(NobodyThere):
            await session.ask("q", b"?")


async def test_a_server_that_dies_ends_the_session_and_nothing_works_any_more(server: NatsServer) -> None:
    async with session_at(server.url) as session:
        watching = asyncio.create_task(end_of(session))
        server.kill()
        assert await watching
        with pytest.raises(SessionEnded):
            await session.publish("x", b"")
        with pytest.raises(SessionEnded):
            await session.store("x", b"")


@pytest.mark.parametrize("silent", ["the network", "the server"])
async def test_silence_ends_the_session_within_four_seconds(server: NatsServer, silent: str) -> None:
    async with NatsPath(server) as path, session_at(path.nats_url) as session:
        began = asyncio.get_running_loop().time()
        if silent == "the network":
            path.silence()
        else:
            server.pause()
        assert await end_of(session) == "it does not answer"
        await session.close()
        assert asyncio.get_running_loop().time() - began < 4
        server.go_on()


async def test_who_cannot_be_reached_is_said_in_words(server: NatsServer) -> None:
    server.kill()
    with pytest.raises(SessionEnded, match="connection refused"):
        await open_session(Access(server.url), SystemClock())


async def test_a_wrong_password_is_said_without_it(tmp_path: Path) -> None:
    with NatsServer(tmp_path / "nats", users={"relay": "the-right-one"}) as server:
        async with session_at(server.url, user="relay", password="the-right-one"):
            pass
        for user, password in (("relay", "the-wrong-one"), (None, None)):
            with pytest.raises(SessionEnded, match="refuses the user or the password") as raised:
                await open_session(Access(server.url, user, password), SystemClock())
            assert "wrong" not in str(raised.value)


async def test_what_is_not_permitted_ends_the_session_and_is_named(tmp_path: Path) -> None:
    users = 'authorization { users: [ { user: r, password: p, permissions: { publish: ["a"] } } ] }'
    with NatsServer(tmp_path / "nats", config=users) as server:
        async with session_at(server.url, user="r", password="p") as session:
            await session.publish("b", b"")
            assert "b" in await end_of(session)


async def test_what_is_not_permitted_is_told_in_the_same_words_every_time(tmp_path: Path) -> None:
    users = 'authorization { users: [ { user: r, password: p, permissions: { subscribe: ["a"] } } ] }'
    told = set()
    with NatsServer(tmp_path / "nats", config=users) as server:
        for _ in range(2):
            async with session_at(server.url, user="r", password="p") as session:
                with suppress(NoAnswer, SessionEnded):
                    await session.ask("a", b"", within=2.0)
                told.add(await end_of(session))
    (text,) = told
    assert text.startswith("the server does not let this user do what a relay does: permissions violation")


async def test_a_certificate_is_checked_and_nothing_is_warned_of_at_the_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority = OwnAuthority(tmp_path)
    with NatsServer(tmp_path / "nats", authority=authority) as server:
        own = ssl.create_default_context(cafile=authority.file)
        async with session_at(server.url, tls=own) as session:
            assert await session.facts("NONE") is None
        async with session_at(server.url, tls=own) as session:
            server.restart()
            assert await end_of(session)
        assert [record for record in caplog.records if record.name == "asyncio"] == []
        with pytest.raises(SessionEnded, match="not trusted"):
            await open_session(Access(server.url, tls=ssl.create_default_context()), SystemClock())


@asynccontextmanager
async def greeting(info: str, sent: bytearray) -> AsyncIterator[str]:
    """Yield where a server greets so, keeps what it is sent, and answers pings."""
    ended: list[asyncio.Event] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(asyncio.Event())
        with suppress(OSError):
            writer.write(f'INFO {{"server_id":"x","max_payload":1048576,{info}}}\r\n'.encode())
            while line := await reader.readline():
                sent.extend(line)
                if line == b"PING\r\n":
                    writer.write(b"PONG\r\n")
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        ended[-1].set()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    listening.close()
    for one in ended:
        await one.wait()


async def test_a_password_is_never_sent_to_a_server_without_tls() -> None:
    sent = bytearray()
    async with greeting('"version":"2.11.0"', sent) as address:
        access = Access(f"tls://{address}", "u", "secret-password", ssl.create_default_context())
        with pytest.raises(SessionEnded, match="offers no TLS"):
            await open_session(access, SystemClock())
    assert b"secret" not in sent


@pytest.mark.parametrize("version", ["2.10.29", "1.4.1"])
async def test_a_server_that_is_too_old_is_refused(version: str) -> None:
    async with greeting(f'"version":"{version}"', bytearray()) as address:
        with pytest.raises(SessionEnded, match=r"older than 2\.11"):
            await open_session(Access(f"nats://{address}"), SystemClock())


async def test_a_server_that_takes_only_short_messages_is_refused_with_the_name_of_its_setting() -> None:
    async with greeting('"version":"2.11.0","max_payload":65536', bytearray()) as address:
        with pytest.raises(
            SessionEnded, match=r"65536 bytes in a message \(max_payload\), and must take 131072"
        ):
            await open_session(Access(f"nats://{address}"), SystemClock())


async def test_a_message_that_is_too_long_is_refused_and_ends_nothing(server: NatsServer) -> None:
    async with session_at(server.url) as session:
        await session.ensure(SPEC)
        most = session.most_bytes
        with pytest.raises(TooLong):
            await session.publish("st.v1.live", b"x" * (most + 1))
        for length, message_id in ((most + 1, None), (most, "m")):  # headers count
            with pytest.raises(TooLong):
                await session.store("st.v1.tx.w", b"x" * length, message_id=message_id)
        await session.publish("st.v1.live", b"x" * most)
        assert await session.store("st.v1.tx.w", b"x" * (most - 200), message_id="m") == 1
        assert not session.has_ended
