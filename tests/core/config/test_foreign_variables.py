from __future__ import annotations

import pytest

from streamcore.config.foreign_variables import is_of_containers


@pytest.mark.parametrize(
    ("rest", "value"),
    [
        # Kubernetes, of a service called streamtui
        ("SERVICE_HOST", "10.0.0.11"),
        ("SERVICE_PORT", "6379"),
        ("SERVICE_PORT_HTTP", "80"),
        ("PORT", "tcp://10.0.0.11:6379"),
        ("PORT_6379_TCP", "tcp://10.0.0.11:6379"),
        ("PORT_6379_TCP_PROTO", "tcp"),
        ("PORT_6379_TCP_PORT", "6379"),
        ("PORT_6379_TCP_ADDR", "10.0.0.11"),
        # and of one called streamtui-relay
        ("RELAY_SERVICE_HOST", "10.0.0.12"),
        ("RELAY_PORT", "udp://10.0.0.12:53"),
        # Docker, of a link
        ("NAME", "/web/streamtui"),
        ("ENV_VERSION", "7"),
        ("PORT_80_TCP_START", "tcp://172.17.0.5:80"),
    ],
)
def test_what_containers_are_told_of_services_is_none_of_ours(rest: str, value: str) -> None:
    assert is_of_containers(rest, value)


@pytest.mark.parametrize(
    ("rest", "value"),
    [
        ("PORT", "6379"),
        ("NAME", "streamtui"),
        ("STREAM_STALE_AFTER", "20"),
        ("KRAKEN_WS_URL", "wss://example.com"),
        ("SERVICE_HOSTS", "10.0.0.11"),
        ("PORT_80_TCP_PORTS", "80"),
        ("ENV_", "7"),
        ("", ""),
    ],
)
def test_a_mistake_of_a_person_is_not_taken_for_it(rest: str, value: str) -> None:
    assert not is_of_containers(rest, value)
