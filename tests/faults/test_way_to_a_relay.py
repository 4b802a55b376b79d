"""The way from a terminal to a relay: tokens, own certificates, and proxies, with the real command."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from own_authority import OwnAuthority
from processes import PipedCommand, starting
from proxies import http_proxy

pytestmark = [pytest.mark.long, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> OwnAuthority:
    return OwnAuthority(tmp_path_factory.mktemp("authority"))


class Team:
    """A relay with a token for Alice and a certificate of its own, and what a terminal of hers says."""

    def __init__(self, home: Path, authority: OwnAuthority, start: Any) -> None:
        self.home = home
        self._start = start
        self._authority = authority
        file = str(home / "tokens")
        added = start("relay", "token", "add", "alice", "--tokens", file).end()
        self.token = added[1].decode().strip()
        cert, key = authority.server_files
        self.relay: PipedCommand = start(
            "relay",
            "--demo",
            "--listen",
            "127.0.0.1:0",
            "--tokens",
            file,
            "--cert",
            str(cert),
            "--key",
            str(key),
        )
        self.port = self.relay.line_with("serving on wss://").rpartition(":")[2]

    def terminal(self, *arguments: str, host: str = "localhost", **variables: str) -> PipedCommand:
        """Start `stream` on the relay, trusting its authority."""
        trusting = {
            "SSL_CERT_FILE": str(self._authority.file),
            "STREAMTUI_BACKOFF_MAX_DELAY": "1",
            **variables,
        }
        url = f"wss://{host}:{self.port}"
        command: PipedCommand = self._start(
            "stream", "--relay", url, "--symbols", "SOL", *arguments, **trusting
        )
        return command


@pytest.fixture
def team(tmp_path: Path, authority: OwnAuthority) -> Iterator[Team]:
    with starting(tmp_path) as start:
        yield Team(tmp_path, authority, start)


def events(out: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("way", ["variable", "file"])
def test_a_token_from_the_environment_or_a_file_opens_and_stands_nowhere(team: Team, way: str) -> None:
    given = {"STREAMTUI_RELAY_TOKEN": team.token}
    if way == "file":
        (team.home / "secret").write_text(team.token + "\n")
        given = {"STREAMTUI_RELAY_TOKEN_FILE": str(team.home / "secret")}
    log = team.home / "log"
    command = team.terminal("--count", "2", "--log-file", str(log), "--log-level", "debug", **given)
    status, out, errors = command.end()
    assert status == 0, errors
    assert [event["event"] for event in events(out)].count("price") == 2
    assert all(event["relay"] == f"localhost:{team.port}" for event in events(out))
    for text in (out, errors, log.read_bytes()):
        assert team.token.encode() not in text


@pytest.mark.parametrize("token", [None, "not-the-token-of-anybody-at-all"])
def test_without_a_valid_token_it_says_what_to_do_and_the_token_is_not_shown(
    team: Team, token: str | None
) -> None:
    given = {} if token is None else {"STREAMTUI_RELAY_TOKEN": token}
    _, out, errors = team.terminal("--duration", "6", **given).end()
    wanted = "wants a token: set relay.token" if token is None else "does not know this token"
    assert any(wanted in str(event.get("message")) for event in events(out)), out
    assert token is None or token.encode() not in out + errors
    assert not [event for event in events(out) if event["event"] == "price"]


def test_a_certificate_that_nobody_vouches_for_is_refused_with_the_reason(team: Team) -> None:
    given = {"STREAMTUI_RELAY_TOKEN": team.token, "SSL_CERT_FILE": ""}
    _, out, errors = team.terminal("--duration", "6", **given).end()
    assert any("certificate" in str(event.get("message")) for event in events(out)), out
    assert not [event for event in events(out) if event["event"] == "price"]
    assert team.token.encode() not in out + errors


async def test_a_relay_is_reached_through_the_proxy_that_the_environment_names(
    tmp_path: Path, authority: OwnAuthority
) -> None:
    with starting(tmp_path) as start:
        team = await asyncio.to_thread(Team, tmp_path, authority, start)
        async with http_proxy(f"127.0.0.1:{team.port}") as proxy:
            given = {
                "STREAMTUI_RELAY_TOKEN": team.token,
                "HTTPS_PROXY": f"http://jo:secret-word@{proxy.address}",
            }
            command = team.terminal("--count", "1", host="venue.example", **given)
            status, out, errors = await asyncio.to_thread(command.end)
        assert status == 0, errors
        assert [event["event"] for event in events(out)].count("price") == 1
        assert set(proxy.targets) == {f"venue.example:{team.port}"}
        assert proxy.credentials[0] == "jo:secret-word"
        assert b"secret-word" not in out + errors
