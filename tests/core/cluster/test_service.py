"""From settings to a relay among several."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import pytest
from cluster_bench import led, opened, relay_in, settings
from nats_server import NatsServer, needs_nats_server
from relay_bench import WALLETS, Terminal

from streamcore.cluster import check_access
from streamcore.errors import SettingsError
from streamcore.wire.messages import Hello

URL = "nats://127.0.0.1:4222"


def test_each_server_is_reached_as_its_url_says() -> None:
    wanted = settings(URL, nats=(URL, "tls://nats.example.org"), nats_user="relay", nats_password="secret")
    plain, encrypted = check_access(wanted)
    assert (plain.url, plain.tls, plain.user, plain.password) == (URL, None, "relay", "secret")
    assert encrypted.tls is not None


@pytest.mark.parametrize("given", [{"nats_user": "relay"}, {"nats_password": "secret"}])
def test_a_user_without_a_password_is_refused_and_a_password_without_a_user(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="go together") as raised:
        check_access(settings(URL, **given))
    assert "secret" not in str(raised.value)


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"relay\.nats_ca"):
        check_access(settings(URL, nats_ca=str(tmp_path / "none.pem")))
    with pytest.raises(SettingsError, match=r"relay\.nats_ca .*it is a folder"):
        check_access(settings(URL, nats_ca=str(tmp_path)))
    (tmp_path / "text.pem").write_text("none")
    with pytest.raises(SettingsError, match=r"relay\.nats_ca .*there is no certificate in it"):
        check_access(settings(URL, nats_ca=str(tmp_path / "text.pem")))


def test_without_the_library_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nats", None)
    with pytest.raises(SettingsError, match=r"pip install 'streamtui\[nats\]'"):
        check_access(settings(URL))


def test_another_version_of_the_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "2.17.0")
    with pytest.raises(SettingsError, match=r"must be 2\.16"):
        check_access(settings(URL))


@pytest.mark.long
@needs_nats_server
async def test_the_demo_is_served_by_every_relay_and_called_so(tmp_path: Path) -> None:
    with NatsServer(tmp_path / "nats") as server:
        async with relay_in(None, server.url) as first, relay_in(None, server.url) as second:
            await opened(first, second)
            await led(first, second)
            for relay in (first, second):
                terminal = await Terminal(relay).open()
                (hello,) = terminal.of(Hello)
                assert hello.demo
                await terminal.want(["SOL", "BTC", "BONK"], WALLETS[:1])
                await terminal.until(
                    lambda terminal=terminal: len(terminal.mirror.prices) == 3 and terminal.transactions()
                )
                assert all(event.demo for event in terminal.events)
                await terminal.close()


def test_no_text_has_the_password_in_it() -> None:
    (access,) = check_access(settings(URL, nats_user="relay", nats_password="secret-password"))
    assert "secret-password" not in f"{access!r} {access}"
