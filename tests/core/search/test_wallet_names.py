"""Every answer of the name service becomes an address or a sentence, and nothing is sent that must not be."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import base58
import pytest
from manual_clock import ManualClock
from scripted_http import ScriptedHttp
from wire_fixtures import history_bytes, history_names

from streamcore import InputError, Settings
from streamcore.config.model import StreamSettings
from streamcore.config.sources import HeliusSettings, SnsSettings, SolanaSettings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.search.wallet_names import BURST, RATE, WalletNames

ADDRESS = "A1TMhSGzQxMr1TboBKtgixKz1sS6REASMxPo1qsyTSJd"
KEY = base58.b58encode(bytes([77] * 63 + [200])).decode()


class Names:
    def __init__(self, status: int = 200, body: bytes = b"", settings: Settings | None = None) -> None:
        self.clock = ManualClock()
        self.answer = Answer(status, {}, body)
        self.http = ScriptedHttp(lambda asked: self.answer, self.clock.monotonic)
        self.names = WalletNames(self.http, settings or Settings(), self.clock)

    async def resolve(self, name: str) -> str:
        task = asyncio.ensure_future(self.names.resolve(name))
        await self.clock.advance(30.0)
        return await task


def error(text: str) -> bytes:
    return json.dumps({"s": "error", "result": text}).encode()


OK = history_bytes("sns", "rest_resolve_ok_constructed")


async def test_a_name_is_looked_up_safely_and_leads_to_an_address() -> None:
    names = Names(body=OK)
    assert await names.resolve(" TOLY.sns ") == ADDRESS
    (asked,) = names.http.asked
    assert (asked.method, asked.url) == ("GET", "https://sdk-proxy-v2.sns.id/safe-resolve/toly.sns")


async def test_a_name_is_looked_up_once() -> None:
    names = Names(body=OK)
    for name in ("toly.sns", "Toly.SNS", '"toly.sns"'):
        assert await names.resolve(name) == ADDRESS
    assert len(names.http.asked) == 1


@pytest.mark.parametrize(
    ("status", "fixture", "name", "reason"),
    [
        (400, "rest_resolve_invalid_documented", "a--b.sns", "is not a name that can be registered"),
        (
            400,
            "rest_resolve_unsupported_tld_documented",
            "toly.sol",
            ".sol names moved; use .sns or the address",
        ),
        (400, "rest_resolve_unsupported_tld_documented", "toly.sns", "ends in what is not looked up"),
        (404, "rest_resolve_not_found_documented", "nobody.sns", "is not registered"),
        (
            409,
            "rest_safe_resolve_mismatch_documented",
            "toly.sol",
            "different wallets with .sol and with .sns",
        ),
    ],
)
async def test_every_documented_refusal_is_a_sentence(
    status: int, fixture: str, name: str, reason: str
) -> None:
    with pytest.raises(InputError) as caught:
        await Names(status, history_bytes("sns", fixture)).resolve(name)
    assert caught.value.value == name
    assert reason in caught.value.reason


@pytest.mark.parametrize("status", [400, 404, 409, 422])
@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"[]", b'{"s":5}', b'{"s":"error","result":{}}'])
async def test_a_status_about_the_name_says_so_without_its_text(status: int, body: bytes) -> None:
    with pytest.raises(InputError):
        await Names(status, body).resolve("toly.sns")


async def test_a_damaged_record_is_told() -> None:
    with pytest.raises(InputError, match="damaged record"):
        await Names(422, error("Record is malformed")).resolve("toly.sns")


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (502, history_bytes("sns", "rest_rpc_unavailable_documented"), ErrorKind.SERVER, "RPC unavailable"),
        (500, error("Internal error"), ErrorKind.SERVER, "Internal error"),
        (500, b"<html>", ErrorKind.SERVER, "the name service has trouble of its own (HTTP 500)"),
        (429, b"", ErrorKind.RATE_LIMIT, "asks for fewer requests"),
        (403, error("\x1b[31mno"), ErrorKind.AUTH, "denied access (HTTP 403): \u241b[31mno"),
        (200, b"", ErrorKind.PROTOCOL, "unreadable"),
        (200, b'{"s":"ok","result":"nope"}', ErrorKind.PROTOCOL, "unreadable"),
        (200, b'{"s":"ok","result":5}', ErrorKind.PROTOCOL, "unreadable"),
    ],
)
async def test_trouble_of_the_service_is_not_taken_for_an_answer_about_the_name(
    status: int, body: bytes, kind: ErrorKind, told: str
) -> None:
    names = Names(status, body)
    with pytest.raises(ProviderError) as caught:
        await names.resolve("toly.sns")
    assert caught.value.kind is kind
    assert told in caught.value.message
    names.answer = Answer(200, {}, OK)
    assert await names.resolve("toly.sns") == ADDRESS


@pytest.mark.parametrize("name", history_names("sns", "*"))
async def test_every_fixture_is_an_address_or_a_refusal(name: str) -> None:
    body = history_bytes("sns", name)
    if "resolve_ok" in name:
        assert await Names(200, body).resolve("toly.sns") == ADDRESS
        return
    # the other way round, from an address to its name, is never asked: its answers lead nowhere
    with pytest.raises((InputError, ProviderError)):
        await Names(200, body).resolve("toly.sns")


@pytest.mark.parametrize(
    "name",
    ["toly", "toly.eth", "a.b.c.sns", "toly.sns/x", "../x.sns", "a b.sns", "", ".sns", f"{KEY[:60]}.sol"],
)
async def test_what_is_no_such_name_is_never_sent(name: str) -> None:
    names = Names(body=OK)
    with pytest.raises(InputError) as caught:
        await names.resolve(name)
    assert names.http.asked == []
    assert KEY[:12] not in str(caught.value)


async def test_a_name_in_other_letters_is_sent_as_it_is() -> None:
    names = Names(body=OK)
    await names.resolve("t\u043ely.sns")
    assert names.http.asked[0].url.endswith("/safe-resolve/t%D0%BEly.sns")


async def test_many_names_are_looked_up_one_after_another() -> None:
    names = Names(body=OK)
    work = [asyncio.ensure_future(names.names.resolve(f"n{number}.sns")) for number in range(BURST + 2)]
    await names.clock.advance(0.0)
    assert len(names.http.asked) == BURST
    await names.clock.advance(2.5 / RATE)
    await asyncio.gather(*work)


HERE: dict[str, Any] = {"ws_url": "ws://127.0.0.1:1", "rpc_url": "http://127.0.0.1:1"}


@pytest.mark.parametrize(
    "settings",
    [
        Settings(demo=True),
        Settings(helius=HeliusSettings(api_key="k", **HERE)),
        Settings(solana=SolanaSettings(**HERE)),
    ],
)
async def test_beside_the_demo_or_a_stream_on_this_machine_no_public_host_is_asked(
    settings: Settings,
) -> None:
    names = Names(body=OK, settings=settings)
    with pytest.raises(ProviderError, match="no public host is asked; give the address"):
        await names.resolve("toly.sns")
    assert names.http.asked == []


async def test_beside_it_a_service_on_this_machine_is_asked() -> None:
    here = Settings(demo=True, sns=SnsSettings(rest_url="http://127.0.0.1:2"))
    assert await Names(body=OK, settings=here).resolve("toly.sns") == ADDRESS
    off = Settings(stream=StreamSettings(enable_wallets=False))
    assert await Names(body=OK, settings=off).resolve("toly.sns") == ADDRESS
