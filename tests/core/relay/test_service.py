"""From settings to a relay, over a real engine and the demo's sources."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from relay_bench import WALLETS, Terminal
from websockets.asyncio.client import connect

from streamcore.config.model import Settings
from streamcore.config.serving import RelaySettings
from streamcore.errors import SettingsError
from streamcore.relay import ListenFailed, listening_socket, plan, serving
from streamcore.relay.tokens import Scope, Tokens, TokensFailed, write_tokens
from streamcore.wire.messages import Hello
from streamsim.demo import embedded


def settings(**more: Any) -> Settings:
    return Settings(demo=True, relay=RelaySettings(**{"listen": "127.0.0.1:0", **more}))


@pytest.fixture
def tokens(tmp_path: Path) -> str:
    found = Tokens()
    found.add("a", Scope.READ)
    write_tokens(tmp_path / "tokens", found)
    return str(tmp_path / "tokens")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


@pytest.mark.parametrize("listen", ["127.0.0.1:8787", "localhost:0", "[::1]:8787"])
def test_this_machine_may_be_listened_on_without_tokens(listen: str) -> None:
    assert not len(plan(settings(listen=listen)).tokens)


def test_others_need_tokens_and_encryption(tokens: str, certificate: tuple[str, str]) -> None:
    cert, key = certificate
    outside = "0.0.0.0:8787"
    for more, problem in (
        ({}, "without tokens"),
        ({"cert": cert, "key": key}, "without tokens"),
        ({"behind_proxy": True}, "without tokens"),
        ({"tokens": tokens}, "unencrypted"),
    ):
        with pytest.raises(SettingsError, match=problem) as raised:
            plan(settings(listen=outside, **more), {"relay.listen": "option --listen"})
        assert (raised.value.key, raised.value.origin) == ("relay.listen", "option --listen")
    assert plan(settings(listen=outside, tokens=tokens, cert=cert, key=key)).tls is not None
    assert plan(settings(listen=outside, tokens=tokens, behind_proxy=True)).tls is None


def test_behind_a_proxy_even_this_machine_needs_tokens(tokens: str) -> None:
    with pytest.raises(SettingsError, match="everybody"):
        plan(settings(behind_proxy=True))
    plan(settings(behind_proxy=True, tokens=tokens))


@pytest.mark.parametrize("listen", ["8787", "localhost", "localhost:x"])
def test_what_is_no_address_is_refused(listen: str) -> None:
    with pytest.raises(SettingsError, match=r"127\.0\.0\.1:8787"):
        plan(settings(listen=listen))


def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path, certificate: tuple[str, str]) -> None:
    cert, key = certificate
    (tmp_path / "nonsense").write_text("nonsense")
    for more in (
        {"cert": str(tmp_path / "none"), "key": key},
        {"cert": cert, "key": str(tmp_path / "nonsense")},
        {"cert": cert},
        {"key": key},
    ):
        with pytest.raises(SettingsError, match=r"relay\.cert"):
            plan(settings(**more))


def test_tokens_that_cannot_be_read_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("nonsense")
    with pytest.raises(TokensFailed):
        plan(settings(tokens=str(tmp_path / "tokens")))


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "0.0.0.0:0"])
def test_a_file_without_a_token_is_named_whatever_is_listened_on(tmp_path: Path, listen: str) -> None:
    with pytest.raises(SettingsError, match=r"no token in this file: make one with") as raised:
        plan(settings(listen=listen, tokens=str(tmp_path / "none")))
    assert raised.value.key == "relay.tokens"


def test_the_log_is_where_it_is_told_to_be_and_made_up_data_leaves_none(tmp_path: Path) -> None:
    real = msgspec.structs.replace(settings(), demo=False)
    assert plan(settings()).state is None
    assert plan(settings(state=str(tmp_path))).state == tmp_path
    assert plan(real, environ={"STATE_DIRECTORY": f"{tmp_path}:/other"}).state == tmp_path
    found = plan(real, environ={}).state
    assert found is not None
    assert found.parts[-2:] == ("streamtui", "relay")


async def test_the_demo_is_served_to_terminals(tmp_path: Path) -> None:
    wanted = msgspec.structs.replace(settings(), demo_rate=50.0)
    async with serving(wanted, plan(wanted), program="streamtui test", demo=embedded) as relay:
        terminal = await Terminal(relay).open()
        (hello,) = terminal.of(Hello)
        assert hello.demo
        await terminal.want(["SOL", "BTC", "BONK"], WALLETS[:1])
        await terminal.until(lambda: len(terminal.mirror.prices) == 3 and terminal.transactions())
        assert all(event.demo for event in terminal.events)
        await terminal.close()


async def test_an_address_for_figures_that_is_taken_is_the_one_that_is_named() -> None:
    with listening_socket("127.0.0.1", 0) as taken:
        host, port = taken.getsockname()
        wanted = settings(metrics=f"{host}:{port}")
        with pytest.raises(ListenFailed, match=f"^{host}:{port} cannot be listened on: "):
            async with serving(wanted, plan(wanted), program="streamtui test", demo=embedded):
                pass


async def test_a_relay_with_a_certificate_is_reached_by_tls(certificate: tuple[str, str]) -> None:
    cert, key = certificate
    wanted = settings(cert=cert, key=key)
    async with serving(wanted, plan(wanted), program="streamtui test", demo=embedded) as relay:
        host, port = relay.address
        context = ssl.create_default_context(cafile=cert)
        async with connect(f"wss://{host}:{port}/v1", ssl=context, proxy=None) as connection:
            assert "hello" in str(await connection.recv())
        async with httpx.AsyncClient(verify=context, trust_env=False) as client:
            assert (await client.get(f"https://{host}:{port}/healthz")).status_code == 200
