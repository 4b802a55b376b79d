"""What tokens call themselves on the chain: in their mint (Token-2022), or in an account of Metaplex.

Nobody has checked such a name: anybody may write any. So it is never more than a word for a mint.
Sources: the extension ``tokenMetadata`` of Token-2022 as nodes parse it, captured on 2026-09-18; the account
``Metadata`` of Metaplex, whose fields are in Borsh and padded with zeros.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import base58
import msgspec

from streamcore.errors import ProviderError
from streamcore.providers.batching import batches
from streamcore.providers.solana_rpc.messages import RpcError
from streamcore.providers.solana_rpc.rpc import Rpc, RpcFailure
from streamcore.providers.token_directory import NAME_LIMIT, SYMBOL_LIMIT, TokenDirectory
from streamcore.solana.addresses import program_address
from streamcore.solana.programs import METAPLEX, TOKEN_PROGRAMS
from streamcore.text import visible
from streamcore.token_hits import TokenHit

ACCOUNTS_AT_ONCE = 100
"""Addresses in one ``getMultipleAccounts``; the method's own limit."""
DOUBT = "its name is its own word"
_KIND = 4
"""The first byte of a metadata account of Metaplex."""
_NAME_AT = 1 + 32 + 32
"""Where its name begins: behind the kind, the authority and the mint."""
_LONGEST = 256
"""Bytes of a name; Metaplex allows 32, and 10 of a ticker."""


class _Accounts(msgspec.Struct, frozen=True):
    value: list[dict[str, Any] | None]


class TokenMetadata(TokenDirectory):
    """Names of mints, read from a Solana node."""

    def __init__(self, name: str, rpc: Rpc, understand: Callable[[RpcError], ProviderError]) -> None:
        """Make one that has asked nothing yet.

        Args:
            name: The provider's, as providers are named.
            rpc: Calls the node.
            understand: Gives a node's error its meaning.
        """
        self._name = name
        self._rpc = rpc
        self._understand = understand

    async def name(self, mints: Sequence[str]) -> Sequence[TokenHit]:
        """Return what some tokens call themselves, by one or two calls for a hundred of them.

        Raises:
            ProviderError: The node could not be asked, or refused.
        """
        found: list[TokenHit] = []
        for some in batches(mints, ACCOUNTS_AT_ONCE):
            accounts = await self._accounts(some, "jsonParsed")
            bare: dict[str, str] = {}
            for mint, account in zip(some, accounts, strict=False):
                if account is None or account.get("owner") not in TOKEN_PROGRAMS:
                    continue
                words = _in_the_mint(mint, account)
                if words is None:
                    bare[_metaplex_account(mint)] = mint
                else:
                    found.append(self._hit(mint, *words))
            if bare:
                for mint, words in self._of_metaplex(bare, await self._accounts([*bare], "base64")):
                    found.append(self._hit(mint, *words))
        return found

    def _of_metaplex(
        self, mints: Mapping[str, str], accounts: Sequence[dict[str, Any] | None]
    ) -> Iterator[tuple[str, tuple[str, str]]]:
        for mint, account in zip(mints.values(), accounts, strict=False):
            if account is not None and account.get("owner") == METAPLEX:
                words = _of_borsh(mint, account.get("data"))
                if words is not None:
                    yield mint, words

    async def _accounts(self, addresses: Sequence[str], encoding: str) -> list[dict[str, Any] | None]:
        options = {"encoding": encoding, "commitment": "confirmed"}
        try:
            answer = await self._rpc.call("getMultipleAccounts", [list(addresses), options], _Accounts)
        except RpcFailure as failure:
            raise self._understand(failure.error) from failure
        return answer.value

    def _hit(self, mint: str, symbol: str, name: str) -> TokenHit:
        return TokenHit(
            symbol=visible(symbol, SYMBOL_LIMIT),
            name=visible(name, NAME_LIMIT),
            mint=mint,
            provider=self._name,
            verified=False,
            doubts=(DOUBT,),
        )


def _metaplex_account(mint: str) -> str:
    seeds = (b"metadata", base58.b58decode(METAPLEX), base58.b58decode(mint))
    return program_address(seeds, METAPLEX)


def _in_the_mint(mint: str, account: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return ticker and name from the extension of a mint, if it has one that is about itself."""
    data = account.get("data")
    parsed = data.get("parsed") if isinstance(data, Mapping) else None
    info = parsed.get("info") if isinstance(parsed, Mapping) else None
    extensions = info.get("extensions") if isinstance(info, Mapping) else None
    for extension in extensions if isinstance(extensions, list) else ():
        if not isinstance(extension, Mapping) or extension.get("extension") != "tokenMetadata":
            continue
        state = extension.get("state")
        if isinstance(state, Mapping) and state.get("mint") == mint:
            symbol, name = state.get("symbol"), state.get("name")
            return (symbol if isinstance(symbol, str) else "", name if isinstance(name, str) else "")
    return None


def _of_borsh(mint: str, data: object) -> tuple[str, str] | None:
    """Return ticker and name from an account of Metaplex; ``None`` if it is no metadata of that mint."""
    if not (isinstance(data, list) and data and isinstance(data[0], str)):
        return None
    try:
        body = base64.b64decode(data[0], validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(body) < _NAME_AT or body[0] != _KIND or body[33:_NAME_AT] != base58.b58decode(mint):
        return None
    name, behind = _text(body, _NAME_AT)
    symbol, _ = _text(body, behind)
    return symbol, name


def _text(body: bytes, at: int) -> tuple[str, int]:
    """Return the text at a place, and where what is behind it begins."""
    size = int.from_bytes(body[at : at + 4], "little")
    if size > _LONGEST:
        return "", len(body)
    end = at + 4 + size
    return body[at + 4 : end].decode("utf-8", "replace").rstrip("\0"), end
