"""The example configuration of a NATS server, run by a real one: relays may write, and nobody else."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from emulated import WALLET
from fleet_terminals import Onlooker, until
from nats_server import NatsServer, connection_options, needs_nats_server
from own_authority import OwnAuthority
from processes import leading_to, starting

from streamsim import Emulators

nats = pytest.importorskip("nats", reason="nats-py is not installed: pip install 'streamtui[nats]'")

pytestmark = [needs_nats_server, pytest.mark.long]

CONFIGURATION = Path(__file__).parent.parent / "packaging" / "nats" / "nats-server.conf"
PASSWORD = "secret"
HASH = "$2b$11$abcdefghijklmnopqrstuuViuGI07N4McP9Kl.tD6XMEzyuvcY8LG"
"""bcrypt of it."""

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


async def api(client: Any, method: str, **request: Any) -> dict[str, Any]:
    """Ask JetStream, and return its answer."""
    answer = await client.request(f"$JS.API.{method}", json.dumps(request).encode(), timeout=20)
    found: dict[str, Any] = json.loads(answer.data)
    assert "error" not in found, found
    return found


async def store(client: Any, subject: str, data: bytes, **headers: str) -> dict[str, Any]:
    """Have a stream take a message, and return its answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await client.request(subject, data, timeout=20, headers=named or None)
    found: dict[str, Any] = json.loads(answer.data)
    return found


async def set_up(client: Any) -> None:
    """Make the streams and the buckets of relays."""
    await api(client, "STREAM.CREATE.ST_TX", name="ST_TX", subjects=["st.v1.tx.*"], storage="file")
    for bucket in BUCKETS:
        more = {"storage": "memory", "max_msgs_per_subject": 1, "allow_rollup_hdrs": True}
        name = f"KV_{bucket}"
        await api(client, f"STREAM.CREATE.{name}", name=name, subjects=[f"$KV.{bucket}.>"], **more)


async def first_of(client: Any, stream: str) -> bytes:
    """Return the first message of a stream, by a consumer."""
    inbox = client.new_inbox()
    told = await client.subscribe(inbox)
    config = {"ack_policy": "none", "mem_storage": True, "deliver_policy": "last_per_subject"}
    config["filter_subject"] = ">" if stream == "ST_TX" else f"$KV.{stream.removeprefix('KV_')}.>"
    made = await api(client, f"CONSUMER.CREATE.{stream}", stream_name=stream, config=config)
    to = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{made['name']}"
    await client.publish(to, b'{"batch":1,"expires":20000000000}', reply=inbox)
    data: bytes = (await told.next_msg(20)).data
    return data


async def test_a_relay_may_do_what_relays_do(server: tuple[NatsServer, OwnAuthority]) -> None:
    async with connected(server, "relay") as relay, connected(server, "relay") as other:
        client = relay.client
        await set_up(client)
        told = await other.client.subscribe("st.v1.live")
        await other.client.flush()
        await client.publish("st.v1.live", b"a price")
        assert (await told.next_msg(20)).data == b"a price"
        taken = await store(client, "st.v1.tx.W", b"one", Nats_Msg_Id="s:W")
        again = await store(client, "st.v1.tx.W", b"one", Nats_Msg_Id="s:W")
        assert (taken["seq"], again["duplicate"]) == (1, True)
        assert await first_of(other.client, "ST_TX") == b"one"
        for bucket in BUCKETS:
            mine = await store(client, f"$KV.{bucket}.k", b"mine", Nats_Expected_Last_Subject_Sequence="0")
            theirs = await store(
                other.client, f"$KV.{bucket}.k", b"theirs", Nats_Expected_Last_Subject_Sequence="0"
            )
            assert theirs["error"]["description"].startswith("wrong last sequence")
            assert await first_of(other.client, f"KV_{bucket}") == b"mine"
            await api(client, f"STREAM.MSG.DELETE.KV_{bucket}", seq=mine["seq"])

        async def answer(question: Any) -> None:
            await question.respond(b"an answer")

        await client.subscribe("st.v1.ask", cb=answer)
        await client.flush()
        assert (await other.client.request("st.v1.ask", b"?", timeout=20)).data == b"an answer"
        assert relay.refusals == other.refusals == []


async def test_the_real_relay_needs_no_more(server: tuple[NatsServer, OwnAuthority], tmp_path: Path) -> None:
    one, authority = server
    password = tmp_path / "nats_password"
    password.write_text(PASSWORD, encoding="utf-8")
    variables = {
        "STREAMTUI_RELAY_NATS": one.url,
        "STREAMTUI_RELAY_NATS_USER": "relay",
        "STREAMTUI_RELAY_NATS_PASSWORD_FILE": str(password),
        "STREAMTUI_RELAY_NATS_CA": str(authority.file),
    }
    async with Emulators(wallet_rate=0, market_rate=20) as emulators:
        with starting(tmp_path) as start:
            arguments = ("relay", "--listen", "127.0.0.1:0", "--state", str(tmp_path / "state"))
            relay = start(*arguments, **variables, **leading_to(emulators))
            url = (await asyncio.to_thread(relay.line_with, "serving on ")).removeprefix("serving on ")
            async with Onlooker([url], "SOL", [WALLET]) as terminal:
                assert await until(lambda: terminal.price and emulators.helius.wallets, 60)
                happened = {(WALLET, emulators.chain.live(WALLET)) for _ in range(5)}
                assert await until(lambda: terminal.told.keys() == happened, 60)
            async with connected(server, "relay") as other:
                assert (await api(other.client, "STREAM.INFO.ST_TX"))["state"]["messages"] == len(happened)
            status, _, errors = await asyncio.to_thread(relay.end, signal.SIGTERM)
    assert status == 0
    assert b"streamcore" not in errors  # nothing was refused, which it would have logged


async def test_a_relay_can_neither_delete_nor_change_what_is_kept_nor_make_streams_of_its_own(
    server: tuple[NatsServer, OwnAuthority],
) -> None:
    async with connected(server, "relay") as relay:
        await set_up(relay.client)
        for method in ("DELETE", "PURGE", "UPDATE", "MSG.DELETE", "RESTORE", "SNAPSHOT"):
            await relay.is_refused(f"$JS.API.STREAM.{method}.ST_TX", b"{}")
        await relay.is_refused("$JS.API.STREAM.CREATE.OTHER", b"{}")
        await relay.is_refused("anything.else")


async def test_a_reader_is_told_prices_and_can_write_neither_prices_nor_transactions_nor_the_lease(
    server: tuple[NatsServer, OwnAuthority],
) -> None:
    async with connected(server, "relay") as relay, connected(server, "reader") as reader:
        await set_up(relay.client)
        told = await reader.client.subscribe("st.v1.live")
        await reader.client.flush()
        await relay.client.publish("st.v1.live", b"true")
        assert (await told.next_msg(20)).data == b"true"
        for subject in ("st.v1.live", "st.v1.tx.W", "st.v1.present", "st.v1.ask"):
            await reader.is_refused(subject, b"false")
        for bucket in BUCKETS:
            await reader.is_refused(f"$KV.{bucket}.leader", b"me")
        # the server would send what it keeps wherever these say, with its own rights
        for request in ("DIRECT.GET.KV_st_wants.$KV.st_wants.k", "CONSUMER.CREATE.KV_st_wants"):
            await reader.is_refused(f"$JS.API.{request}", b"{}", reply="st.v1.tx.W")
        for stream in ("ST_TX", *(f"KV_{bucket}" for bucket in BUCKETS)):
            assert (await api(relay.client, f"STREAM.INFO.{stream}"))["state"]["messages"] == 0


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
