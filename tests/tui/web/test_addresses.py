"""Only browsers that name us, and pages of ours, are answered."""

from __future__ import annotations

import pytest

from streamtui.web.addresses import Addresses

LOCAL = Addresses("127.0.0.1", 8788, is_tls=False)
FAR = Addresses("0.0.0.0", 8788, is_tls=True, urls=("https://prices.example.org", "https://10.0.0.7:8788/"))


@pytest.mark.parametrize("host", ["127.0.0.1:8788", "localhost:8788", "LOCALHOST:8788", "[::1]:8788"])
def test_this_machine_is_known_by_its_own_names(host: str) -> None:
    assert LOCAL.is_host([host])
    assert LOCAL.is_origin([f"http://{host.lower()}"])


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8788",  # a name that was made to lead here
        "127.0.0.1",
        "127.0.0.1:8789",
        "127.0.0.1:8788.evil.example",
        "localhost.evil.example:8788",
        "evil@127.0.0.1:8788",
        "127.0.0.1:8788/",
        "127.0.0.1:99999999",
        "[::1:8788",
        "",
    ],
)
def test_no_other_name_is_answered(host: str) -> None:
    assert not LOCAL.is_host([host])
    assert not LOCAL.is_origin([f"http://{host}"])


def test_another_address_of_this_machine_is_known_if_it_is_listened_on() -> None:
    other = Addresses("127.0.0.2", 8788, is_tls=False)
    assert other.is_host(["127.0.0.2:8788"])
    assert other.is_origin(["http://127.0.0.2:8788"])
    assert not LOCAL.is_host(["127.0.0.2:8788"])


def test_a_name_must_be_told_once() -> None:
    assert not LOCAL.is_host([])
    assert not LOCAL.is_host(["127.0.0.1:8788", "127.0.0.1:8788"])
    assert not LOCAL.is_origin(["http://127.0.0.1:8788", "http://evil.example"])


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://127.0.0.1:8788",
        "http://127.0.0.1:9999",
        "http://127.0.0.1:8788 ",
        "HTTP://127.0.0.1:8788",
        "file://",
    ],
)
def test_no_other_page_is_ours(origin: str) -> None:
    assert not LOCAL.is_origin([origin])


def test_beyond_this_machine_only_the_configured_addresses_count() -> None:
    assert FAR.is_host(["prices.example.org"])
    assert FAR.is_host(["prices.example.org:443"])
    assert FAR.is_host(["10.0.0.7:8788"])
    assert FAR.is_origin(["https://prices.example.org"])
    assert not FAR.is_origin(["http://prices.example.org"])
    assert not FAR.is_host(["127.0.0.1:8788"])
    assert not FAR.is_host(["0.0.0.0:8788"])


def test_people_are_told_the_address_that_is_configured() -> None:
    assert LOCAL.preferred == "http://127.0.0.1:8788"
    assert FAR.preferred == "https://prices.example.org"
    assert Addresses("::1", 8788, is_tls=False).preferred == "http://[::1]:8788"
