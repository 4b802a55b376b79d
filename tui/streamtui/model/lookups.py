"""What a person has looked up: tokens by their names, what tokens are called, wallets by their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from streamcore import ProviderError
from streamtui.model.price_row import WatchedToken
from streamtui.model.session import Session
from streamtui.model.token_names import without_found_name

if TYPE_CHECKING:
    from streamcore import SearchResult, TokenHit


class Lookups:
    """Asks the engine of a session, and keeps what tokens are called."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def complete(self, prefix: str) -> Sequence[WatchedToken]:
        """See `Session.complete`."""
        return self._session.complete(prefix)

    def token(self, text: str) -> WatchedToken | None:
        """See `Session.token`."""
        return self._session.token(text)

    async def search(self, text: str) -> SearchResult:
        """Return what the sources list by a ticker, a name or a mint; see `streamcore.Engine.search`.

        Raises:
            InputError: It is nothing to search for.
            NotRunning: There is no engine to ask.
        """
        return await self._session.running_engine().search(text)

    def found(self, mint: str) -> TokenHit | None:
        """Return what a source has said of a token that has no name in the table, if one was asked."""
        return self._session.names.found(mint)

    def learn(self, hits: Iterable[TokenHit]) -> None:
        """Call tokens what a source calls them, where nothing better is known."""
        session, found = self._session, list(hits)
        session.names.add(found)
        for hit in found:
            row = session.prices.rows.get(hit.mint or "")
            if row is not None and row.token.mint:
                session.prices.set_token(row.key, session.names.named(without_found_name(row.token)))
        session.mark_changed()

    async def name_tokens(self) -> None:
        """Ask once what the tokens are called that nobody has named, and show it.

        Raises:
            ProviderError: No source could be asked; call this again later.
            NotRunning: There is no engine to ask.
        """
        engine = self._session.running_engine()
        if mints := self._session.names.to_ask():
            try:
                names = await engine.name_tokens(mints)
            except ProviderError:
                self._session.names.ask_again(mints)
                raise
            if self._session.engine is engine:  # or it was another world's
                self.learn(names.values())

    async def resolve_wallet(self, name: str) -> str:
        """Return the address that a name such as ``toly.sns`` stands for; see `streamcore.Engine`.

        Raises:
            InputError: The name leads nowhere.
            ProviderError: It could not be looked up.
            NotRunning: There is no engine to ask.
        """
        return await self._session.running_engine().resolve_wallet(name)
