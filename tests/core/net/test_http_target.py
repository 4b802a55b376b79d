from __future__ import annotations

import pytest

from streamcore.net.http_target import InvalidUrl, Origin, target_of


def test_a_url_is_taken_apart_for_the_request() -> None:
    target = target_of("https://acme.example/v1/price?a=1#part", {"list": "x,y", "b": "c d"})
    assert target.origin == Origin("https", "acme.example", 443)
    assert target.authority == "acme.example"
    assert target.path == "/v1/price?a=1&list=x%2Cy&b=c+d"
    assert target.authorization == ""


@pytest.mark.parametrize(
    ("url", "authority", "origin"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", Origin("http", "127.0.0.1", 8000)),
        ("http://acme.example:80/", "acme.example", Origin("http", "acme.example", 80)),
        ("https://acme.example:80/", "acme.example:80", Origin("https", "acme.example", 80)),
        ("http://[::1]:8000/", "[::1]:8000", Origin("http", "::1", 8000)),
        ("https://bücher.example/", "xn--bcher-kva.example", Origin("https", "xn--bcher-kva.example", 443)),
    ],
)
def test_a_port_is_told_where_it_is_not_the_usual_one(url: str, authority: str, origin: Origin) -> None:
    target = target_of(url)
    assert (target.authority, target.origin, target.path) == (authority, origin, "/")


def test_what_cannot_stand_in_a_request_is_encoded_and_what_is_encoded_stays() -> None:
    assert target_of("http://a.example/ü b/%20?q=ä%2F|").path == "/%C3%BC%20b/%20?q=%C3%A4%2F%7C"


def test_a_user_in_the_url_signs_the_request() -> None:
    target = target_of("https://jo:s%40fe@acme.example/")
    assert target.authorization == "Basic am86c0BmZQ=="
    assert target.authority == "acme.example"


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "nonsense", "http://a.example:port/", "http:///", "http://[::1/"]
)
def test_a_url_that_leads_nowhere_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(InvalidUrl) as caught:
        target_of(url)
    assert url not in str(caught.value)
