from __future__ import annotations

import pytest

from streamcore.loopback import is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1"])
def test_what_leads_to_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "127.0.0.1.example.com", "localhost.example", "10.0.0.1"])
def test_what_does_not(host: str) -> None:
    assert not is_loopback(host)
