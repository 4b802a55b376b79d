"""Row 7 of issue 11: every form of naming a proxy is read once, and checked at the start."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from streamcore.config import proxies
from streamcore.config.proxies import Proxies, Proxy
from streamcore.errors import SettingsError

FAR = ("venue.example", 443)


def named(**environ: str) -> Proxy | None:
    return Proxies(environ).proxy_for(*FAR)


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port"),
    [
        ("proxy.example:3128", "http", "proxy.example", 3128),
        ("proxy.example", "http", "proxy.example", 80),
        ("http://proxy.example", "http", "proxy.example", 80),
        ("HTTPS://proxy.example/", "https", "proxy.example", 443),
        ("socks5://10.0.0.1", "socks5", "10.0.0.1", 1080),
        ("socks5h://[2001:db8::1]:9", "socks5h", "2001:db8::1", 9),
        ("socks://127.0.0.1:7891/", "socks5h", "127.0.0.1", 7891),
        (" proxy.example:1 ", "http", "proxy.example", 1),
    ],
)
def test_a_proxy_may_be_named_in_every_form(text: str, scheme: str, host: str, port: int) -> None:
    proxy = named(https_proxy=text)
    assert proxy is not None
    assert (proxy.scheme, proxy.host, proxy.port, proxy.username) == (scheme, host, port, None)


@pytest.mark.parametrize(
    ("user", "name", "password"),
    [
        ("jo:geheim", "jo", "geheim"),
        ("jo", "jo", ""),
        (":geheim", "", "geheim"),
        ("j%40o:a%3Ab", "j@o", "a:b"),
        ("jo:a@b/c", "jo", "a@b/c"),
    ],
)
def test_a_user_and_a_password_are_taken_and_never_shown(user: str, name: str, password: str) -> None:
    proxy = named(https_proxy=f"{user}@proxy.example:3128")
    assert proxy is not None
    assert (proxy.username, proxy.password) == (name, password)
    assert proxy.shown == "the proxy proxy.example:3128 (https_proxy)"
    assert "password" not in repr(proxy)


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({"HTTPS_PROXY": "a:1"}, "HTTPS_PROXY"),
        ({"ALL_PROXY": "a:1"}, "ALL_PROXY"),
        ({"all_proxy": "a:1", "HTTPS_PROXY": "b:1"}, "HTTPS_PROXY"),
        ({"https_proxy": "a:1", "HTTPS_PROXY": "b:1"}, "https_proxy"),
        ({"https_proxy": "", "ALL_PROXY": "b:1"}, "ALL_PROXY"),
        ({"https_proxy": "", "HTTPS_PROXY": "b:1"}, None),
        ({"HTTP_PROXY": "nonsense://x"}, None),
        ({"HTTPS_PROXY": " "}, None),
        ({}, None),
    ],
)
def test_of_several_variables_the_nearest_counts(environ: dict[str, str], variable: str | None) -> None:
    proxy = named(**environ)
    assert (proxy and proxy.variable) == variable


@pytest.mark.parametrize(
    ("exceptions", "bypassed"),
    [
        ("*", True),
        ("venue.example", True),
        ("VENUE.example.", True),
        (".example", True),
        ("example", True),
        ("*.example", True),
        ("ven*.example", True),
        ("a, b  venue.example", True),
        ("venue.example:443", True),
        ("https://venue.example", True),
        ("venue.example:80", False),
        ("enue.example", False),
        ("", False),
        ("[", False),
        ("::", False),
        ("venue.example:port", False),
    ],
)
def test_no_proxy_names_hosts_in_every_form(exceptions: str, *, bypassed: bool) -> None:
    assert (named(https_proxy="a:1", NO_PROXY=exceptions) is None) is bypassed


@pytest.mark.parametrize(
    ("host", "exceptions", "bypassed"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "10.0.0.0/33", False),
        ("10.1.2.3", "10.1.*", True),
        ("2001:db8::5", "[2001:db8::5]", True),
        ("2001:db8::5", "2001:DB8:0::5", True),
        ("2001:db8::5", "[2001:db8::5]:443", True),
        ("2001:db8::5", "[2001:db8::5]:80", False),
        ("2001:db8::5", "2001:db8::/32", True),
        ("venue.example", "10.0.0.0/8", False),
    ],
)
def test_no_proxy_names_addresses_and_networks(host: str, exceptions: str, *, bypassed: bool) -> None:
    found = Proxies({"https_proxy": "a:1", "no_proxy": exceptions}).proxy_for(host, 443)
    assert (found is None) is bypassed


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "::1"])
def test_this_machine_is_reached_without_a_proxy(host: str) -> None:
    assert Proxies({"all_proxy": "a:1"}).proxy_for(host, 443) is None


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "text",
    [
        "ftp://jo:geheim@a:1",
        "socks4://jo:geheim@a",
        "http://",
        "http://jo:geheim@",
        "http://a:0",
        "a:99999",
        "a:1:jo:geheim",
        "http://a b:geheim",
        "http://a:1/geheim",
        "http://[::1:geheim",
        "http://[zz::1]:1",
        "2001:db8::1",
    ],
)
def test_what_names_no_proxy_is_a_settings_error_that_names_the_variable(variable: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Proxies({variable: text})
    assert str(caught.value).startswith(f"{variable} (environment): ")
    assert "geheim" not in str(caught.value)


def test_where_no_variable_names_one_the_system_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows and macOS; what they would answer is played here."""
    system = SimpleNamespace(getproxies={"socks": "http://s.example:1"}, bypass={"near.example"})
    monkeypatch.setattr(proxies, "_ASKS_THE_SYSTEM", True)
    monkeypatch.setattr("urllib.request.getproxies", lambda: system.getproxies)
    monkeypatch.setattr("urllib.request.proxy_bypass", lambda host: host in system.bypass)
    found = Proxies({})
    proxy = found.proxy_for(*FAR)
    assert proxy is not None
    assert (proxy.scheme, proxy.host, proxy.variable) == ("socks5h", "s.example", "the system's settings")
    assert found.proxy_for("near.example", 443) is None
    assert (proxy := named(https_proxy="a:1")) is not None
    assert proxy.host == "a"
