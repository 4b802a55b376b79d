"""What tokens call themselves, from captured mints and from made accounts of Metaplex."""

from __future__ import annotations

import base64
import json
from typing import Any

import base58
import msgspec
import pytest
from wire_fixtures import history_bytes

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.decoding import content
from streamcore.providers.solana_rpc.messages import RpcError
from streamcore.providers.solana_rpc.provider import meaning_of_error
from streamcore.providers.solana_rpc.rpc import RpcFailure
from streamcore.providers.solana_rpc.token_metadata import ACCOUNTS_AT_ONCE, DOUBT, TokenMetadata
from streamcore.providers.token_directory import NAME_LIMIT, SYMBOL_LIMIT
from streamcore.solana.programs import METAPLEX
from streamcore.token_hits import TokenHit

APPLE = "XsbEhLAtcf6HdfpFZ5xEMdqW8nfAvcsP5bdudRLJzJp"
PYUSD = "2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo"
HATS = "Hu6xf6bNiJ5ErRaG7Yhos89jgfAdCG1tu8DCips2pump"
TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
BARE = {"owner": TOKEN, "data": {"parsed": {"info": {"decimals": 6}, "type": "mint"}}}


def captured(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(history_bytes("solana_rpc", name))["result"]["value"]
    return value


def metadata(mint: str, name: bytes, symbol: bytes, **more: Any) -> dict[str, Any]:
    body = b"\x04" + bytes(32) + base58.b58decode(mint)
    for text in (name, symbol):
        body += len(text).to_bytes(4, "little") + text
    return {"owner": METAPLEX, "data": [base64.b64encode(body).decode(), "base64"], **more}


class Node:
    """A `streamcore.providers.solana_rpc.rpc.Rpc` with the accounts of a test."""

    def __init__(
        self, mints: dict[str, Any], of_metaplex: Any = None, error: Exception | None = None
    ) -> None:
        self.mints = mints
        self.of_metaplex = of_metaplex
        self.error = error
        self.asked: list[tuple[int, str]] = []

    async def call(self, method: str, params: list[Any], shape: Any) -> Any:
        assert method == "getMultipleAccounts"
        addresses, options = params
        self.asked.append((len(addresses), options["encoding"]))
        if self.error is not None:
            raise self.error
        parsed = options["encoding"] == "jsonParsed"
        value = [self.mints.get(one) if parsed else self.of_metaplex for one in addresses]
        return content(msgspec.Raw(json.dumps({"context": {}, "value": value}).encode()), shape)


async def named(node: Node, *mints: str) -> list[TokenHit]:
    return [*await TokenMetadata("solana", node, meaning_of_error).name(mints)]


async def test_a_mint_of_token_2022_names_itself_and_nobody_vouches_for_it() -> None:
    node = Node(
        {
            APPLE: captured("http_getaccountinfo_mint_scaled_ui_captured"),
            PYUSD: captured("http_getaccountinfo_mint_transfer_fee_captured_wrapped"),
        }
    )
    apple, pyusd = await named(node, APPLE, PYUSD)
    assert apple == TokenHit(
        symbol="AAPLx", name="Apple xStock", mint=APPLE, provider="solana", verified=False, doubts=(DOUBT,)
    )
    assert (pyusd.symbol, pyusd.name) == ("PYUSD", "PayPal USD")
    assert node.asked == [(2, "jsonParsed")]


async def test_an_older_mint_is_named_by_its_account_of_metaplex() -> None:
    node = Node({HATS: BARE}, metadata(HATS, b"Hats for cats\0\0\0", b"HATS\0\0\0\0\0\0"))
    (hit,) = await named(node, HATS)
    assert (hit.symbol, hit.name, hit.verified) == ("HATS", "Hats for cats", False)
    assert node.asked == [(1, "jsonParsed"), (1, "base64")]


async def test_what_is_no_mint_has_no_name() -> None:
    for account in (None, {"owner": "11111111111111111111111111111111"}, {}, {"owner": 5}):
        node = Node({HATS: account})
        assert await named(node, HATS) == []
        assert len(node.asked) == 1


async def test_a_mint_that_speaks_of_another_one_names_neither() -> None:
    apple = captured("http_getaccountinfo_mint_scaled_ui_captured")
    assert await named(Node({HATS: apple}), HATS) == []
    assert await named(Node({HATS: BARE}, metadata(APPLE, b"Apple", b"AAPL")), HATS) == []


@pytest.mark.parametrize(
    "account",
    [
        None,
        metadata(HATS, b"", b"", owner=TOKEN),
        metadata(HATS, b"", b"", data=None),
        metadata(HATS, b"", b"", data=["no base64!", "base64"]),
        metadata(HATS, b"", b"", data=["BAAA", "base64"]),
        metadata(HATS, b"", b"", data=[5]),
        metadata(HATS, b"", b"", data=[]),
    ],
)
async def test_an_account_that_makes_no_sense_names_nothing(account: Any) -> None:
    assert await named(Node({HATS: BARE}, account), HATS) == []


async def test_hostile_names_are_cut_to_what_can_be_seen() -> None:
    name, symbol = "\x1b[31mUSD\u202eCoin\u200b".encode(), b"\xff\xfeUSDC" + b"x" * 100
    (hit,) = await named(Node({HATS: BARE}, metadata(HATS, name, symbol)), HATS)
    assert hit.name == "[31mUSDCoin"
    assert len(hit.symbol) == SYMBOL_LIMIT
    long = metadata(HATS, b"n" * 200, b"s" * 300)
    (hit,) = await named(Node({HATS: BARE}, long), HATS)
    assert (len(hit.name), hit.symbol) == (NAME_LIMIT, "")


async def test_many_mints_are_asked_for_a_hundred_at_a_time() -> None:
    mints = [base58.b58encode(bytes([7] * 31 + [number])).decode() for number in range(120)]
    node = Node({})
    assert await named(node, *mints) == []
    assert [count for count, _ in node.asked] == [ACCOUNTS_AT_ONCE, 20]


async def test_what_a_node_refuses_is_an_error_with_its_meaning() -> None:
    refused = RpcFailure(RpcError(-32601, "Method not found"))
    with pytest.raises(ProviderError) as caught:
        await named(Node({}, error=refused), HATS)
    assert caught.value.kind is ErrorKind.SUBSCRIPTION
