"""Row 13 of issue 11: a node's token in the path of its URL was shown."""

from __future__ import annotations

import logging

import pytest

from streamcore.config.keys import secrets, setting_keys, value_of
from streamcore.config.model import Settings
from streamcore.config.sources import SolanaSettings
from streamcore.text import Mask, MaskingFilter
from streamcore.urls import hidden_parts, hide_in_urls, shown_url

TOKEN = "4f9c2a7be01d4c55"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"https://node.example/{TOKEN}/", "https://node.example/***/"),
        (f"wss://node.example:8900/v2/{TOKEN}", "wss://node.example:8900/v2/***"),
        (f"https://jo:{TOKEN}@node.example/", "https://***@node.example/"),
        (f"https://{TOKEN}@node.example", "https://***@node.example"),
        (f"https://node.example/?api-key={TOKEN}", "https://node.example/?***"),
        (f"https://node.example?{TOKEN}#x", "https://node.example?***#***"),
        (f"https://node.example/rpc#{TOKEN}", "https://node.example/rpc#***"),
        (f"https://[2001:db8::1]:9/{TOKEN}", "https://[2001:db8::1]:9/***"),
        (f"node.example/{TOKEN}", "node.example/***"),
        (f"https://a:b@c:{TOKEN}@node.example/", "https://***@node.example/"),
        ("https://node.example/SECRETWORD/x", "https://node.example/***/x"),
        ("https://node.example/correct%2Fhorse", "https://node.example/***"),
        ("", ""),
    ],
)
def test_of_an_address_everything_is_hidden_that_may_be_a_key(url: str, shown: str) -> None:
    assert shown_url(url) == shown
    assert shown_url(shown) == shown


def test_the_addresses_that_are_asked_by_default_are_shown_whole() -> None:
    keys = [key for key in setting_keys().values() if key.schemes and not key.is_list]
    urls = [value_of(Settings(), key) for key in keys]
    assert len(urls) >= 8
    assert [shown_url(url) for url in urls] == urls
    assert [hidden_parts(url) for url in urls] == [()] * len(urls)


def test_what_is_hidden_of_an_address_is_masked_in_every_text() -> None:
    url = f"https://jo:p%40ssw0rd-9@node.example/v2/{TOKEN}?api-key=query-{TOKEN}"
    mask = Mask(hidden_parts(url))
    for part in (TOKEN, f"query-{TOKEN}", "p%40ssw0rd-9", "p@ssw0rd-9"):
        assert part not in mask.apply(f"POST {part} failed")


def test_a_configured_address_is_a_secret_of_the_settings() -> None:
    settings = Settings(solana=SolanaSettings(rpc_url=f"https://node.example/v2/{TOKEN}"))
    assert TOKEN in secrets(settings)
    assert "node.example" not in secrets(settings)


def test_every_address_in_a_text_is_hidden_and_the_rest_stays() -> None:
    text = (
        f'HTTP Request: POST https://node.example/{TOKEN}/ "HTTP/1.1 200 OK" (see wss://b.example/{TOKEN}).'
    )
    hidden = 'HTTP Request: POST https://node.example/***/ "HTTP/1.1 200 OK" (see wss://b.example/***).'
    assert hide_in_urls(text) == hidden
    assert (
        hide_in_urls("socks5://jo:geheim@p.example:1, no address") == "socks5://***@p.example:1, no address"
    )
    assert hide_in_urls("nothing://") == "nothing://"


def test_log_lines_of_libraries_hide_it_too() -> None:
    arguments = ("POST", f"https://node.example/{TOKEN}/")
    record = logging.LogRecord("library", logging.INFO, "", 0, "HTTP Request: %s %s", arguments, None)
    assert MaskingFilter(Mask()).filter(record)
    assert record.getMessage() == "HTTP Request: POST https://node.example/***/"


def test_a_traceback_hides_it_too() -> None:
    def fail() -> None:
        raise ValueError(f"https://node.example/{TOKEN} is odd")

    with pytest.raises(ValueError, match="odd") as caught:
        fail()
    found = (ValueError, caught.value, caught.value.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", None, found)
    MaskingFilter(Mask()).filter(record)
    assert record.exc_text is not None
    assert "ValueError: https://node.example/*** is odd" in record.exc_text


def test_a_record_without_an_address_stays_as_it_is() -> None:
    record = logging.LogRecord("library", logging.INFO, "", 0, "load %s", ("x",), None)
    MaskingFilter(Mask()).filter(record)
    assert record.getMessage() == "load x"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"https://{TOKEN}.host.example/", "https://***.host.example/"),
        ("wss://abcdef0123456789.host.example:8900", "wss://***.host.example:8900"),
        ("https://sol.5e5e5e5e-aaaa-4bbb-8ccc-0123456789ab.host.example", "https://sol.***.host.example"),
    ],
)
def test_a_token_in_a_subdomain_is_hidden(url: str, shown: str) -> None:
    assert shown_url(url) == shown
    assert any(part in url.partition("//")[2].split(".host")[0] for part in hidden_parts(url))


@pytest.mark.parametrize(
    "url",
    [
        "wss://advanced-trade-ws.coinbase.com",
        "https://cold-white-frog.solana-mainnet.quiknode.pro",
        "https://ec2-10-0-0-12.eu-central-1.compute.amazonaws.com",
        "ws://127.0.0.1:8900",
        "http://[2001:0db8:85a3:0000:0000:8a2e:0370:7334]:8899",
    ],
)
def test_ordinary_hosts_are_shown(url: str) -> None:
    assert shown_url(url) == url
