"""Names looked up through a relay: tokens, mints and wallets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from streamcore.assets.names import names_given
from streamcore.assets.tokens import check_address, is_address
from streamcore.assets.wallet_names import NO_NAME, wallet_name
from streamcore.errors import InputError, ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.batching import batches
from streamcore.relay_client.lookups import Asking, read_items
from streamcore.search.token_search import checked_text
from streamcore.token_hits import SearchResult, TokenHit

NAMES_PER_QUESTION = 50
"""Mints in one question: a text of the wire has at most 4,096 characters."""


class _NamedWallet(msgspec.Struct, frozen=True):
    """The answer to the question for a wallet."""

    address: str = ""


class RelaySearch:
    """Has a relay look names up. What must not be sent anywhere is refused here."""

    def __init__(self, lookups: Asking) -> None:
        self._lookups = lookups

    async def search(self, text: str) -> SearchResult:
        """See `streamcore.engine.Engine.search`."""
        items = read_items(await self._lookups.ask("search", checked_text(text)), SearchResult)
        return items[0] if items else SearchResult(hits=())

    async def name(self, mints: Iterable[str]) -> Mapping[str, TokenHit]:
        """See `streamcore.engine.Engine.name_tokens`."""
        found: dict[str, TokenHit] = {}
        wanted = dict.fromkeys(check_address(mint) for mint in names_given(mints))
        for batch in batches(tuple(wanted), NAMES_PER_QUESTION):
            answer = await self._lookups.ask("names", ",".join(batch))
            found |= {hit.mint: hit for hit in read_items(answer, TokenHit) if hit.mint in batch}
        return found

    async def resolve(self, name: str) -> str:
        """See `streamcore.engine.Engine.resolve_wallet`."""
        wanted = wallet_name(name)
        if wanted is None:
            raise InputError(name, NO_NAME)
        items = read_items(await self._lookups.ask("wallet", wanted), _NamedWallet)
        if not items or not is_address(items[0].address):
            raise ProviderError(ErrorKind.PROTOCOL, f"the relay sent no address for {wanted}")
        return items[0].address
