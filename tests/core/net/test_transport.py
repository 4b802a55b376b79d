"""Whatever stands in for the network must offer what the engine asks of it, and the real one does."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
from replayed_network import ReplayedNetwork, ReplayedSocket
from scripted_http import ScriptedHttp
from scripted_transport import ScriptedTransport

from streamcore.net.http import HttpClient
from streamcore.net.network import Network
from streamcore.net.transport import Http, Socket, Transport
from streamcore.net.websocket import WebSocket
from streamcore.recording.transport import CapturingSocket, CapturingTransport


def methods(of: type) -> dict[str, inspect.Signature]:
    return {
        name: inspect.signature(getattr(of, name))
        for name in dir(of)
        if not name.startswith("_") and callable(getattr(of, name))
    }


@pytest.mark.parametrize(
    ("asked", "offered"),
    [
        (Transport, Network),
        (Transport, ScriptedTransport),
        (Transport, CapturingTransport),
        (Transport, ReplayedNetwork),
        (Http, HttpClient),
        (Http, ScriptedHttp),
        (Socket, WebSocket),
        (Socket, CapturingSocket),
        (Socket, ReplayedSocket),
    ],
)
def test_what_is_asked_of_a_network_is_offered_with_the_same_arguments(asked: type, offered: type) -> None:
    assert methods(offered).items() >= methods(asked).items()


def test_a_network_is_asked_for_two_things_and_a_socket_for_seven() -> None:
    assert set(methods(Transport)) == {"connect", "request"}
    assert set(methods(Socket)) == {"receive", "arrived", "gather", "send", "ping", "pong", "close"}


def test_who_only_names_the_network_waits_for_no_network_library() -> None:
    program = "import sys, streamcore.net.transport; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"httpcore", "websockets"} & set(run.stdout.split())
