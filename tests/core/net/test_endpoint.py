from __future__ import annotations

import pytest

from streamcore.net.endpoint import host_of


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("wss://acme.example/socket?x-api-key=k", "acme.example"),
        ("ws://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("https://user:password@acme.example:1/", "acme.example:1"),
        ("ws://[::1]:5/", "[::1]:5"),
    ],
)
def test_of_a_url_only_host_and_port_are_shown(url: str, host: str) -> None:
    assert host_of(url) == host
