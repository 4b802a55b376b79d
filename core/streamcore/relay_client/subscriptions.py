"""What a terminal wants of a relay: symbols and wallets, counted, and what the relay refuses of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from streamcore.assets.instruments import Instrument, Venue, understand
from streamcore.assets.listings import exchange_tickers
from streamcore.assets.names import names_given
from streamcore.assets.tokens import Token, TokenTable, check_address
from streamcore.errors import MalformedMessage, SettingsError
from streamcore.relay_client.codec import Wishes
from streamcore.streams.subscriptions import References
from streamcore.text import printable
from streamcore.wire.messages import Hello, Refusal, Row

MOST_TOKENS = 10_000
"""Tickers of its own that a relay may have."""


class Subscriptions:
    """Everything that this terminal wants, each thing once however often it was asked for."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        """``tokens``: tickers of this terminal's own settings to their mints."""
        self._own_tokens = tokens
        self._tokens = TokenTable(tokens)
        self._exchanges = True
        self._instruments: dict[str, Instrument] = {}
        self._refused: dict[str, str] = {}
        """Each symbol or wallet that the relay refuses to the reason that was told."""
        self.symbols = References()
        """Keys of the instruments."""
        self.wallets = References()
        self.given_up: set[str] = set()
        """Keys that are not wanted any more: of those the relay may not have heard that yet."""

    def learn(self, hello: Hello) -> None:
        """Read symbols from now on as the relay does.

        Raises:
            MalformedMessage: Its tickers cannot be.
        """
        if len(hello.tokens) > MOST_TOKENS:
            raise MalformedMessage(f"{len(hello.tokens)} tickers")
        self._exchanges = hello.exchanges
        try:
            self._tokens = TokenTable({**self._own_tokens, **hello.tokens})
        except SettingsError as error:
            raise MalformedMessage(f"a ticker that cannot be: {printable(error.allowed)}") from None

    def understand(self, symbol: str) -> Instrument:
        """Return what a symbol stands for.

        Raises:
            InputError: It is no token that is known.
        """
        return understand(symbol, self._tokens, exchanges=self._exchanges)

    def described(self, instrument: Instrument, row: Row | None) -> Token:
        """Return an instrument as a token; ``row``: the relay's word on it, which wins."""
        if row is not None:
            return Token(symbol=row.symbol, name=row.name, mint=row.mint or "")
        return instrument.described(Venue.EXCHANGE if self._exchanges else Venue.CHAIN)

    @property
    def tickers(self) -> set[str]:
        """Every ticker that has a meaning."""
        return {*self._tokens.tickers, *(exchange_tickers() if self._exchanges else ())}

    def add_symbols(self, symbols: Iterable[str]) -> list[Instrument]:
        """Add one reference to each, and return what they stand for.

        Raises:
            InputError: One of them is no token that is known; nothing has changed.
        """
        instruments = self._understood(symbols)
        for instrument in instruments:
            if self.symbols.add(instrument.key):
                self._instruments[instrument.key] = instrument
                self.given_up.discard(instrument.key)
        return instruments

    def remove_symbols(self, symbols: Iterable[str]) -> None:
        """Undo one `add_symbols` for each.

        Raises:
            InputError: As `add_symbols`.
        """
        for instrument in self._understood(symbols):
            if self.symbols.remove(instrument.key):
                del self._instruments[instrument.key]
                self.given_up.add(instrument.key)
                self._refused.pop(asked_as(instrument), None)

    def add_wallets(self, addresses: Iterable[str]) -> list[str]:
        """Add one reference to each wallet, and return their addresses.

        Raises:
            BadAddress: One of them is no address; nothing has changed.
        """
        wallets = [check_address(address) for address in names_given(addresses)]
        for wallet in wallets:
            self.wallets.add(wallet)
        return wallets

    def remove_wallets(self, addresses: Iterable[str]) -> None:
        """Undo one `add_wallets` for each.

        Raises:
            BadAddress: As `add_wallets`.
        """
        for wallet in [check_address(address) for address in names_given(addresses)]:
            if self.wallets.remove(wallet):
                self._refused.pop(wallet, None)

    def wishes(self) -> Wishes:
        """Return all that is wanted, as the relay is told."""
        symbols = tuple(asked_as(self._instruments[key]) for key in self.symbols)
        return Wishes(symbols, tuple(self.wallets))

    @property
    def topics(self) -> tuple[str, ...]:
        """The key of each instrument and the address of each wallet."""
        return (*self.symbols, *self.wallets)

    @property
    def refused_by_key(self) -> dict[str, bool]:
        """The key of each instrument that is wanted to whether the relay refuses it."""
        return {key: asked_as(one) in self._refused for key, one in self._instruments.items()}

    def refuse(self, refusals: Iterable[Refusal]) -> dict[str, str]:
        """Take what the relay refuses now of all that is wanted.

        Returns:
            What it did not refuse before, or for another reason, to the reason, safe to print.
        """
        asked = {*map(asked_as, self._instruments.values()), *self.wallets}
        refused = {one.what: printable(one.message) for one in refusals if one.what in asked}
        news = {what: reason for what, reason in refused.items() if self._refused.get(what) != reason}
        self._refused = refused
        return news

    def _understood(self, symbols: Iterable[str]) -> list[Instrument]:
        return [self.understand(symbol) for symbol in names_given(symbols)]


def asked_as(instrument: Instrument) -> str:
    """Return the text by which a relay understands the very same instrument."""
    return instrument.mint if instrument.by_mint and instrument.mint is not None else instrument.symbol
