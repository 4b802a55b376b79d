from __future__ import annotations

import socket
from pathlib import Path

import pytest
from cancelled_start import cancelled_at_every_step
from relay_bench import running

from streamcore.relay.listening import (
    SEND_BUFFER,
    ListenFailed,
    listening_socket,
    shown_address,
    split_address,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8787", ("127.0.0.1", 8787)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:8787", ("::1", 8787)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: tuple[str, int]) -> None:
    assert split_address(text) == address
    assert shown_address(*address) == text


@pytest.mark.parametrize(
    "text", ["", "8787", ":8787", "host", "host:", "host:x", "host:65536", "::1:8787", "h:٣"]
)
def test_what_is_no_address_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1:8787"):
        split_address(text)


def test_a_connection_has_the_bounded_buffer_of_the_socket_that_accepted_it() -> None:
    with (
        listening_socket("127.0.0.1", 0) as server,
        socket.create_connection(server.getsockname()),
        server.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * SEND_BUFFER


def test_an_address_that_is_taken_is_named_in_a_sentence() -> None:
    with listening_socket("127.0.0.1", 0) as server:
        host, port = server.getsockname()
        with pytest.raises(ListenFailed) as caught:
            listening_socket(host, port)
    assert str(caught.value) == f"{host}:{port} cannot be listened on: Address already in use"


def test_a_host_that_nobody_knows_is_named_in_a_sentence() -> None:
    with pytest.raises(ListenFailed, match=r"a\.invalid:1 cannot be listened on: \w+"):
        listening_socket("a.invalid", 1)


async def test_a_relay_that_is_cancelled_at_any_moment_of_its_start_leaves_nothing_open(
    tmp_path: Path,
) -> None:
    assert await cancelled_at_every_step(lambda: running(tmp_path)) > 1
