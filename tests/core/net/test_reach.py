from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Coroutine
from typing import Any

import pytest
from broken_network import SOMEWHERE, run_broken
from dead_address import dead_address
from raw_server import raw_server, silent
from virtual_time import VirtualClock, on_virtual_time

from streamcore.config.surroundings import NOWHERE
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.dial import Dialler
from streamcore.net.reach import look_up, shake_hands, try_addresses

DIALLER = Dialler(VirtualClock(), NOWHERE)


def failure(error: BaseException, work: Coroutine[Any, Any, Any]) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        run_broken(error, work)
    return caught.value


async def test_a_name_has_its_addresses_each_once() -> None:
    assert await look_up("127.0.0.1", 80, within=1.0) == ("127.0.0.1",)


def test_an_address_that_is_found_is_returned_without_connecting() -> None:
    assert run_broken(OSError("not reached"), look_up("acme.invalid", 80, within=1.0)) == (SOMEWHERE,)


def test_a_name_that_nobody_knows_is_told_as_that() -> None:
    error = failure(socket.gaierror(-2, "unknown"), look_up("acme.invalid", 80, within=1.0))
    assert (error.kind, error.message) == (ErrorKind.NETWORK, "name lookup of acme.invalid failed")


async def test_a_server_without_tls_shakes_hands_without_a_version() -> None:
    async with raw_server(silent) as address:
        host, _, port = address.rpartition(":")
        assert await shake_hands(host, int(port), encrypted=False, within=1.0, dialler=DIALLER) is None


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "no"), "acme.invalid:443 refused the connection"),
        (TimeoutError(errno.ETIMEDOUT, "timed out"), "acme.invalid:443 did not answer within 2 s"),
        (ssl.SSLError(1, "wrong version"), "TLS with acme.invalid:443 failed: wrong version"),
    ],
)
def test_each_way_of_not_reaching_a_server_has_its_sentence(error: OSError, text: str) -> None:
    assert (
        failure(error, shake_hands("acme.invalid", 443, encrypted=True, within=2.0, dialler=DIALLER)).message
        == text
    )


@on_virtual_time
async def test_each_address_is_tried_and_told_of() -> None:
    async with raw_server(silent) as address:
        port = int(address.rpartition(":")[2])
        with dead_address("::1", port):
            found = await try_addresses(
                ("::1", "127.0.0.1", "127.0.0.2"), port, within=60.0, clock=VirtualClock()
            )
    told = {address: error and error.message for address, error in found.items()}
    assert told == {
        "::1": "::1 did not answer within 3 s",
        "127.0.0.1": None,
        "127.0.0.2": "127.0.0.2 refused the connection",
    }
