from __future__ import annotations

import gzip
from base64 import b64encode

import pytest

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.http_message import headers_of_answer, headers_to_send, unpacked, url_to_ask

MUCH = 1000
PACKED = gzip.compress(b"x" * 100, mtime=0)
NOT_URLS = {
    "another scheme": "ftp://a.example/k",
    "no scheme": "nonsense",
    "no port": "http://a.example:port/",
    "no host": "http:///k",
    "half an address": "http://[::1/",
    "too long a name": f"http://{'é' * 70}/",
}
DAMAGED = {
    "cut off": (PACKED[:-9], "gzip", "broken"),
    "changed": (PACKED[:-1] + b"!", "gzip", "broken"),
    "not packed": (b"body", "gzip", "broken"),
    "another way": (b"body", "br", "not asked for: br"),
    "twice": (gzip.compress(PACKED, mtime=0), "gzip, gzip", "not asked for"),
}


@pytest.mark.parametrize(
    ("url", "params", "target"),
    [
        ("https://a.example", None, "/"),
        ("https://a.example/", {}, "/"),
        ("https://a.example/v1/x", {"ids": "a,b", "q": "b c&d"}, "/v1/x?ids=a%2Cb&q=b%20c%26d"),
        ("https://a.example/?api-key=K", {"a": "1"}, "/?api-key=K&a=1"),
        ("https://a.example?api-key=K#there", None, "/?api-key=K"),
        ("https://a.example/a b/é?é=\N{ROCKET}", None, "/a%20b/%C3%A9?%C3%A9=%F0%9F%9A%80"),
        ("https://a.example/a%20b/%2F?a+b=%26", None, "/a%20b/%2F?a+b=%26"),
        ("https://a.example/x;y/(1)?t=a/b:c@d", None, "/x;y/(1)?t=a/b:c@d"),
        ("https://a.example/", {"q": "\N{ROCKET}"}, "/?q=%F0%9F%9A%80"),
    ],
)
def test_a_request_asks_for_path_and_query_and_what_may_not_stand_there_is_encoded_once(
    url: str, params: dict[str, str] | None, target: str
) -> None:
    assert url_to_ask(url, params).target == target.encode()


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port"),
    [
        ("HTTPS://A.example:444/", b"https", b"a.example", 444),
        ("http://jo:geheim@a.example/", b"http", b"a.example", None),
        ("http://[::1]:8080/", b"http", b"::1", 8080),
        ("https://bücher.example/", b"https", b"xn--bcher-kva.example", None),
    ],
)
def test_a_request_goes_to_scheme_host_and_port(url: str, scheme: bytes, host: bytes, port: int) -> None:
    found = url_to_ask(url)
    assert (found.scheme, found.host, found.port) == (scheme, host, port)


@pytest.mark.parametrize("url", NOT_URLS.values(), ids=NOT_URLS)
def test_a_url_that_cannot_be_asked_is_said_to_be_one_and_not_asked_again(url: str) -> None:
    with pytest.raises(ProviderError, match="cannot be asked: its URL is not valid") as caught:
        url_to_ask(url)
    assert (caught.value.kind, caught.value.retryable) == (ErrorKind.PROTOCOL, False)


def test_a_request_names_the_program_and_takes_compressed_answers() -> None:
    sent = dict(headers_to_send("https://a.example/", {}, json=False))
    assert sent == {b"User-Agent": b"streamtui", b"Accept": b"*/*", b"Accept-Encoding": b"gzip"}


def test_a_body_is_said_to_be_json_and_further_headers_go_as_they_are() -> None:
    sent = dict(headers_to_send("https://a.example/", {"X-API-KEY": "k", "Accept": "text/x"}, json=True))
    assert (sent[b"Content-Type"], sent[b"X-API-KEY"]) == (b"application/json", b"k")
    assert sent[b"Accept"] == b"text/x"


@pytest.mark.parametrize("name", ["accept", "Accept", "ACCEPT"])
def test_a_header_takes_the_place_of_the_usual_one_however_its_name_is_written(name: str) -> None:
    sent = headers_to_send("https://a.example/", {name: "application/json"}, json=False)
    assert [value for header, value in sent if header.lower() == b"accept"] == [b"application/json"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://jo:ge%40heim@a.example/", "jo:ge@heim"),
        ("https://jo@a.example/", "jo:"),
        ("https://:geheim@a.example/", ":geheim"),
    ],
)
def test_a_user_and_a_password_in_the_url_are_sent_as_basic_authentication(url: str, said: str) -> None:
    sent = dict(headers_to_send(url, {}, json=False))
    assert sent[b"Authorization"] == b"Basic " + b64encode(said.encode())


def test_a_header_that_is_not_ascii_cannot_be_sent() -> None:
    with pytest.raises(UnicodeError):
        headers_to_send("https://a.example/", {"X-API-KEY": "schlüssel"}, json=False)


def test_a_header_of_an_answer_that_comes_twice_is_a_list_of_both() -> None:
    found = headers_of_answer([(b"Retry-After", b"3"), (b"Via", b"a"), (b"via", b"\xe9")])
    assert found == {"retry-after": "3", "via": "a, é"}


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", " GZIP "])
@pytest.mark.parametrize("members", [1, 3])
def test_a_body_is_unpacked_also_from_several_members(encoding: str, members: int) -> None:
    assert unpacked(gzip.compress(b"abc") * members, encoding, MUCH) == b"abc" * members


@pytest.mark.parametrize("encoding", ["", "identity"])
def test_a_body_that_is_not_compressed_stays_as_it_is(encoding: str) -> None:
    assert unpacked(b"abc", encoding, MUCH) == b"abc"


def test_an_empty_body_is_empty_whatever_is_said_of_its_compression() -> None:
    assert unpacked(b"", "gzip", MUCH) == b""


def test_no_more_than_was_wanted_and_one_byte_is_unpacked() -> None:
    assert len(unpacked(gzip.compress(b"x" * 1_000_000), "gzip", MUCH)) == MUCH + 1


@pytest.mark.parametrize(("body", "encoding", "text"), DAMAGED.values(), ids=DAMAGED)
def test_a_body_that_is_damaged_or_packed_otherwise_is_refused(body: bytes, encoding: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        unpacked(body, encoding, MUCH)
