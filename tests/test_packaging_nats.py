"""The example configuration of a NATS server, run by a real one: relays may write, and nobody else."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from nats_server import NatsServer, connection_options, needs_nats_server
from own_authority import OwnAuthority

nats = pytest.importorskip("nats", reason="nats-py is not installed: pip install 'streamtui[nats]'")

from nats.js.api import ConsumerConfig, DeliverPolicy, KeyValueConfig, StorageType, StreamConfig  # noqa: E402

pytestmark = [needs_nats_server, pytest.mark.long]

CONFIGURATION = Path(__file__).parent.parent / "packaging" / "nats" / "nats-server.conf"
PASSWORD = "secret"
HASH = "$2b$11$abcdefghijklmnopqrstuuViuGI07N4McP9Kl.tD6XMEzyuvcY8LG"
"""bcrypt of it."""

STREAMS = {"ST_PRICES": ["st.v1.price.>", "st.v1.status.>", "st.v1.sources"], "ST_TX": ["st.v1.tx.>"]}
BUCKETS = ("st_lease", "st_wants", "st_wallets")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[NatsServer, OwnAuthority]]:
    """Yield a server that runs the file as it is, but for the paths in it."""
    authority = OwnAuthority(tmp_path)
    text = CONFIGURATION.read_text(encoding="utf-8")
    certificate, key = authority.server_files
    store = tmp_path / "store"
    paths = (("/etc/nats/server.pem", certificate), ("/etc/nats/server.key", key), ("/var/lib/nats", store))
    for named, made in paths:
        assert text.count(f": {named}\n") == 1
        text = text.replace(f": {named}\n", f': "{made}"\n')
    # several servers of tests may run at once, and this port is none of what is tested
    text = re.sub(r"(?m)^http: .*$", "", text)
    (tmp_path / "nats-server.conf").write_text(text, encoding="utf-8")
    passwords = f'RELAY_PASSWORD: "{HASH}"\nREADER_PASSWORD: "{HASH}"\n'
    (tmp_path / "passwords.conf").write_text(passwords, encoding="utf-8")
    file = tmp_path / "nats-server.conf"
    with NatsServer(tmp_path / "server", config_file=file, authority=authority) as one:
        yield one, authority


class Connected:
    """A client, and what the server has forbidden it."""

    def __init__(self) -> None:
        self.client: Any = None
        self.refusals: list[str] = []
        self.refused = asyncio.Event()

    async def note(self, error: Exception) -> None:
        self.refusals.append(str(error).lower())
        self.refused.set()

    async def is_refused(self, subject: str, data: bytes = b"1", **more: Any) -> None:
        """Publish, and wait until the server has said that this is not allowed."""
        self.refused.clear()
        await self.client.publish(subject, data, **more)
        await asyncio.wait_for(self.refused.wait(), 20)
        assert f'permissions violation for publish to "{subject.lower()}"' in self.refusals[-1]


@asynccontextmanager
async def connected(
    server: tuple[NatsServer, OwnAuthority], user: str, password: str = PASSWORD, **more: Any
) -> AsyncIterator[Connected]:
    one, authority = server
    found = Connected()
    trusting = ssl.create_default_context(cafile=str(authority.file))
    options = connection_options(one, tls=trusting, user=user, password=password, error_cb=found.note, **more)
    found.client = await nats.connect(**options)
    try:
        yield found
    finally:
        await found.client.close()


async def set_up(client: Any) -> Any:
    """Make what relays make, and return the client's JetStream."""
    streams = client.jetstream()
    for name, subjects in STREAMS.items():
        storage = StorageType.FILE if name == "ST_TX" else StorageType.MEMORY
        await streams.add_stream(
            StreamConfig(
                name=name, subjects=subjects, storage=storage, allow_direct=True, max_msgs_per_subject=1
            )
        )
    for bucket in BUCKETS:
        await streams.create_key_value(KeyValueConfig(bucket=bucket, ttl=5, direct=True))
    return streams


async def test_a_relay_may_do_what_relays_do(server: tuple[NatsServer, OwnAuthority]) -> None:
    async with connected(server, "relay") as relay, connected(server, "relay") as other:
        streams = await set_up(relay.client)
        await relay.client.publish("st.v1.leader", b"1")
        await streams.publish("st.v1.price.SOL", b"1")
        taken = await streams.publish("st.v1.tx.W", b"1", headers={"Nats-Msg-Id": "s:W"})
        again = await streams.publish("st.v1.tx.W", b"1", headers={"Nats-Msg-Id": "s:W"})
        assert (taken.seq, again.duplicate) == (1, True)
        assert (await streams.get_last_msg("ST_PRICES", "st.v1.price.SOL", direct=True)).data == b"1"
        following = ConsumerConfig(deliver_policy=DeliverPolicy.LAST_PER_SUBJECT)
        told = await streams.subscribe("st.v1.price.>", ordered_consumer=True, config=following)
        assert (await told.next_msg(20)).data == b"1"
        await told.unsubscribe()
        lease = await streams.key_value("st_lease")
        term = await lease.create("leader", b"one")
        with pytest.raises(nats.js.errors.KeyWrongLastSequenceError):
            await lease.create("leader", b"two")
        await lease.update("leader", b"one", last=term)
        watching = await lease.watchall()
        assert (await watching.updates(20)).value == b"one"
        await watching.stop()
        await lease.delete("leader")

        async def answer(question: Any) -> None:
            await question.respond(b"an answer")

        await relay.client.subscribe("st.v1.ask", cb=answer)
        await relay.client.flush()
        assert (await other.client.request("st.v1.ask", b"?", timeout=20)).data == b"an answer"
        assert relay.refusals == other.refusals == []


async def test_a_relay_cannot_delete_what_is_kept_nor_make_streams_of_its_own(
    server: tuple[NatsServer, OwnAuthority],
) -> None:
    async with connected(server, "relay") as relay:
        await set_up(relay.client)
        await relay.is_refused("$JS.API.STREAM.DELETE.ST_TX")
        await relay.is_refused("$JS.API.STREAM.PURGE.ST_TX")
        await relay.is_refused("$JS.API.STREAM.CREATE.OTHER")
        await relay.is_refused("anything.else")


async def test_a_reader_is_told_prices_and_can_write_neither_prices_nor_transactions_nor_the_lease(
    server: tuple[NatsServer, OwnAuthority],
) -> None:
    async with connected(server, "relay") as relay, connected(server, "reader") as reader:
        streams = await set_up(relay.client)
        told = await reader.client.subscribe("st.v1.price.>")
        await reader.client.flush()
        await streams.publish("st.v1.price.SOL", b"true")
        assert (await told.next_msg(20)).data == b"true"
        for subject in ("st.v1.price.SOL", "st.v1.tx.W", "st.v1.status.birdeye", "st.v1.leader", "st.v1.ask"):
            await reader.is_refused(subject, b"false")
        for bucket in BUCKETS:
            await reader.is_refused(f"$KV.{bucket}.leader", b"me")
        # the server would send what it keeps wherever these say, with its own rights
        for request in ("DIRECT.GET.ST_PRICES.st.v1.price.SOL", "CONSUMER.CREATE.ST_PRICES.x"):
            await reader.is_refused(f"$JS.API.{request}", b"{}", reply="st.v1.tx.W")
        assert (await streams.stream_info("ST_TX")).state.messages == 0
        assert (await streams.get_last_msg("ST_PRICES", "st.v1.price.SOL")).data == b"true"


async def test_a_reader_does_not_see_transactions_nor_what_is_asked(
    server: tuple[NatsServer, OwnAuthority],
) -> None:
    async with connected(server, "reader") as reader:
        for subject in ("st.v1.tx.>", "st.v1.ask", "$KV.st_wants.>", "_INBOX.>", ">"):
            reader.refused.clear()
            await reader.client.subscribe(subject)
            await asyncio.wait_for(reader.refused.wait(), 20)
            assert f'permissions violation for subscription to "{subject.lower()}"' in reader.refusals[-1]


@pytest.mark.parametrize("user", [{"user": "relay", "password": "wrong"}, {"user": "nobody"}, {}])
async def test_without_the_right_password_nobody_is_let_in(
    server: tuple[NatsServer, OwnAuthority], user: dict[str, str]
) -> None:
    one, authority = server
    trusting = ssl.create_default_context(cafile=str(authority.file))
    client = nats.NATS()
    with pytest.raises(nats.errors.Error, match=r"(?i)authorization violation"):
        await client.connect(**connection_options(one, tls=trusting, error_cb=Connected().note, **user))
    await client.close()  # the library leaves its socket open


async def test_without_tls_nobody_is_let_in(server: tuple[NatsServer, OwnAuthority]) -> None:
    """The server greets in plain text, and what is then said without TLS is refused, password or not."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server[0].port)
    greeting = await reader.readline()
    assert b'"tls_required":true' in greeting
    writer.write(f'CONNECT {{"user":"relay","pass":"{PASSWORD}","verbose":true}}\r\nPING\r\n'.encode())
    try:
        answer = await asyncio.wait_for(reader.read(), 20)
    except ConnectionError:
        answer = b""
    writer.close()
    assert b"PONG" not in answer
    assert b"+OK" not in answer


async def test_a_server_of_somebody_else_is_not_believed(server: tuple[NatsServer, OwnAuthority]) -> None:
    with pytest.raises((nats.errors.Error, ssl.SSLError)):
        await nats.connect(
            **connection_options(
                server[0],
                tls=ssl.create_default_context(),
                user="relay",
                password=PASSWORD,
                error_cb=Connected().note,
            )
        )
