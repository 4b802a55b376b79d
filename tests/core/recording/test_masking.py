from __future__ import annotations

import base64

import msgspec
import pytest

from streamcore.config.model import Settings
from streamcore.config.sources import HeliusSettings, SolanaSettings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.recording.lines import Failure, KeptRequest
from streamcore.recording.masking import Masking, ProviderUrls, own_hosts

KEY = "geheim/1234+x"
MASKING = Masking([KEY])


@pytest.mark.parametrize("shape", [KEY, "geheim%2F1234%2Bx", r"geheim\/1234+x"])
def test_a_key_in_a_frame_is_masked_in_every_way_to_write_it(shape: str) -> None:
    assert MASKING.frame(f'{{"echo":"{shape}"}}') == {"text": '{"echo":"***"}'}
    assert MASKING.frame(f'{{"echo":"{shape}"}}'.encode()) == {"text": '{"echo":"***"}'}


def test_a_key_in_bytes_that_are_no_text_is_masked_and_they_keep_their_length() -> None:
    fields = MASKING.frame(b"\xff" + KEY.encode() + b"\x00")
    assert base64.b64decode(fields["base64"]) == b"\xff" + b"*" * len(KEY) + b"\x00"


def test_keys_that_are_learned_later_are_masked_as_well() -> None:
    both = MASKING.knowing(["another-key"])
    assert both.text(f"{KEY} another-key") == "*** ***"
    assert MASKING.knowing([KEY, ""]) is MASKING


def test_of_a_request_and_an_error_the_keys_are_masked() -> None:
    request = KeptRequest("POST", f"/{KEY}", {"q": KEY}, {"params": [KEY, 1, None, {"a": KEY}]})
    assert MASKING.request(request) == KeptRequest(
        "POST", "/***", {"q": "***"}, {"params": ["***", 1, None, {"a": "***"}]}
    )
    failure = Failure.of(ProviderError(ErrorKind.AUTH, f"bad key {KEY}"))
    assert MASKING.failure(failure).message == "bad key ***"


def test_of_an_answer_s_headers_only_what_says_when_to_ask_again_is_kept() -> None:
    headers = {
        "retry-after": "5",
        "date": "Thu, 29 Oct 2026 22:00:00 GMT",
        "x-ratelimit-method-remaining": "3",
        "set-cookie": "session=me",
        "cf-ray": "me",
    }
    kept = MASKING.answer(Answer(200, headers, f'{{"a":"{KEY}"}}'.encode()))
    assert sorted(kept.headers) == ["date", "retry-after", "x-ratelimit-method-remaining"]
    assert (kept.status, kept.text) == (200, '{"a":"***"}')


def test_a_request_is_of_the_provider_whose_url_it_is_and_keeps_only_the_path() -> None:
    places = ProviderUrls(Settings())
    assert places.kept("GET", "https://api.kraken.com/0/public/Ticker", {"pair": "SOLUSD"}, None) == (
        "kraken",
        KeptRequest("GET", "/0/public/Ticker", {"pair": "SOLUSD"}),
    )
    assert places.kept("GET", "https://api.kraken.com.evil/x?y=1", None, None) == (
        "",
        KeptRequest("GET", "/x", {"y": "1"}),
    )


def test_neither_a_key_in_the_query_nor_the_number_of_a_call_is_kept() -> None:
    call = {"jsonrpc": "2.0", "id": 17, "method": "getSlot", "params": []}
    provider, request = ProviderUrls(Settings()).kept(
        "POST", "https://mainnet.helius-rpc.com/?api-key=geheim", {"Token": "geheim", "page": "2"}, call
    )
    assert provider == "helius"
    assert request == KeptRequest(
        "POST", "/", {"page": "2"}, {"jsonrpc": "2.0", "method": "getSlot", "params": []}
    )


def test_where_a_node_of_one_s_own_is_and_the_key_in_its_path_are_not_kept() -> None:
    url = "https://quiet-fog.solana.example/geheim1234"
    settings = Settings(
        solana=SolanaSettings(rpc_url=url), helius=HeliusSettings(rpc_url="https://h.example")
    )
    places = ProviderUrls(settings)
    for asked in (url, f"{url}/", f"{url}?x=1"):
        provider, request = places.kept("POST", asked, None, None)
        assert provider == "solana"
        assert b"geheim" not in msgspec.json.encode(request)
        assert b"quiet-fog" not in msgspec.json.encode(request)


def test_a_host_is_somebody_s_own_if_it_is_neither_public_nor_this_machine() -> None:
    assert own_hosts(Settings()) == set()
    emulated = SolanaSettings(ws_url="ws://127.0.0.1:8900/", rpc_url="http://localhost:8899")
    assert own_hosts(Settings(solana=emulated)) == set()
    own = SolanaSettings(ws_url="wss://a.example/x", rpc_url="https://b.example:1/x")
    assert own_hosts(Settings(solana=own)) == {"a.example", "b.example"}
