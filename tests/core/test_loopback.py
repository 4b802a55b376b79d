from __future__ import annotations

import pytest

from streamcore.loopback import is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1"])
def test_a_host_that_leads_to_this_machine_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "127.0.0.1.example.com", "localhost.example", "10.0.0.1"])
def test_a_host_that_may_lead_elsewhere_is_not(host: str) -> None:
    assert not is_loopback(host)
