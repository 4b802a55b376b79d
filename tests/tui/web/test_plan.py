"""What may be open to whom, as with a relay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from own_authority import OwnAuthority

from streamcore import Settings, SettingsError
from streamcore.config.serving import RelaySettings, WebSettings
from streamcore.relay import Scope, write_tokens
from streamcore.relay.tokens import Tokens
from streamtui.web.plan import plan

URL = ("https://prices.example.org",)


def settings(tokens: Path | None = None, **web: Any) -> Settings:
    relay = RelaySettings(tokens=None if tokens is None else str(tokens))
    return Settings(web=WebSettings(**web), relay=relay)


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    made = Tokens()
    made.add("alice", Scope.READ)
    write_tokens(tmp_path / "tokens", made)
    return tmp_path / "tokens"


def test_this_machine_needs_nothing() -> None:
    planned = plan(settings())
    assert planned.listen == ("127.0.0.1", 8788)
    assert not planned.is_encrypted


def refused(found: Settings) -> str:
    with pytest.raises(SettingsError) as raised:
        plan(found, {"web.listen": "option --listen"})
    return str(raised.value)


def test_the_network_needs_tokens_encryption_and_a_name(tokens: Path) -> None:
    everywhere = {"listen": "0.0.0.0:8788"}
    sentence = refused(settings(**everywhere))
    assert sentence.startswith("web.listen = '0.0.0.0:8788' (option --listen): without tokens")
    unencrypted = refused(settings(tokens, **everywhere))
    assert "unencrypted" in unencrypted
    assert "web.behind_proxy" in unencrypted
    assert refused(settings(tokens, **everywhere, behind_proxy=True)).startswith("web.url")
    planned = plan(settings(tokens, **everywhere, behind_proxy=True, url=URL))
    assert planned.is_encrypted
    assert planned.urls == URL


def test_a_proxy_in_front_needs_tokens(tokens: Path) -> None:
    assert refused(settings(behind_proxy=True, url=URL)).startswith("web.behind_proxy")
    assert plan(settings(tokens, behind_proxy=True, url=URL)).behind_proxy


def test_a_certificate_is_enough(tokens: Path, tmp_path: Path) -> None:
    authority = OwnAuthority(tmp_path)
    cert, key = authority.server_files
    planned = plan(settings(tokens, listen="0.0.0.0:1", cert=str(cert), key=str(key), url=URL))
    assert planned.tls is not None
    assert refused(settings(tokens, key=str(key))).startswith("web.cert")


def test_a_mistake_names_the_setting() -> None:
    assert refused(settings(listen="nonsense")).startswith("web.listen = 'nonsense'")
