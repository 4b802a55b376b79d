"""Tickers, mints and addresses: which Solana token or account a text stands for.

A ticker is looked up in a pinned table and nowhere else. Anybody can mint a token named TRUMP, and on
public lists several tokens share one ticker, so a search by name would watch the wrong one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import base58
import msgspec

from streamcore.assets.foreign_addresses import foreign_address
from streamcore.assets.names import address_in, bare, why_no_name
from streamcore.errors import BadAddress, SettingsError, UnknownSymbol

WRAPPED_SOL = "So11111111111111111111111111111111111111112"
"""The mint that stands for SOL wherever a token is expected."""

ADDRESS_BYTES = 32

_ALPHABET = frozenset("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
_ADDRESS_LENGTHS = (32, 44)
_SHORTEST_FOR_ADDRESS = 25
"""Characters from which on a text was meant to be an address: no ticker is this long."""

_ALIASES = {"BTC": "cbBTC", "WSOL": "SOL"}
_SHOWN_AS_TYPED = frozenset({"BTC"})
"""BTC is what the person asked for; the token's name says which wrapped Bitcoin stands for it."""
_TICKER = re.compile(r"[^\s,$'\"\\=#]{1,24}")


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token of Solana.

    Attributes:
        symbol: The ticker to show; a shortened mint when none is known.
        name: What it is, such as ``Coinbase Wrapped BTC``; empty when unknown.
        mint: Its mint address.
        decimals: Decimal places of its smallest unit; ``None`` when unknown.
    """

    symbol: str
    name: str
    mint: str
    decimals: int | None = None


class TokenTable:
    """The pinned tokens and a user's own.

    Args:
        extra: Tickers to mint addresses. They win over pinned ones, and their name says that they come from
            the configuration.

    Raises:
        SettingsError: A ticker or a mint in ``extra`` is malformed. It names the key, ``tokens.TICKER``.
    """

    def __init__(self, extra: Mapping[str, str] = MappingProxyType({})) -> None:
        pinned = _pinned()
        self._by_mint = {token.mint: token for token in pinned}
        self._by_ticker = {token.symbol.upper(): token for token in pinned}
        for alias, symbol in _ALIASES.items():
            token = self._by_ticker[symbol.upper()]
            shown = msgspec.structs.replace(token, symbol=alias) if alias in _SHOWN_AS_TYPED else token
            self._by_ticker.setdefault(alias, shown)
        for ticker, mint in extra.items():
            token = self._configured(ticker, mint)
            self._by_ticker[token.symbol.upper()] = token
            self._by_mint[token.mint] = token

    def resolve(self, text: str) -> Token:
        """Return the token a person meant by ``text``.

        A ticker counts in any case and with or without ``$``; a mint address is case-sensitive and need not
        be in the table. Quotes around them do not count, and of a link the mint address is taken.

        Raises:
            UnknownSymbol: No such ticker is known; similar ones are named.
            BadAddress: It was meant to be an address, but is not one; the reason says why.
        """
        typed = text.strip().removeprefix("$")
        known = self._by_ticker.get(typed.upper())
        if known is not None:
            return known
        typed = bare(text).removeprefix("$")
        known = self._by_ticker.get(typed.upper())
        if known is not None:
            return known
        typed = address_in(typed)
        if (reason := foreign_address(typed) or why_no_name(typed)) is not None:
            raise UnknownSymbol(text, f"is not a ticker: {reason}")
        if len(typed) >= _SHORTEST_FOR_ADDRESS:
            mint = check_address(typed)
            return self._by_mint.get(mint) or Token(symbol=short_address(mint), name="", mint=mint)
        if not typed:
            raise UnknownSymbol(text, "names no token; give a ticker such as SOL or a mint address")
        advice = self.similar(typed) or "give its mint address, or add it to [tokens] in the configuration"
        raise UnknownSymbol(text, f"is not a ticker in the token table; {advice}")

    def __iter__(self) -> Iterator[Token]:
        """Iterate over all tokens, each once."""
        return iter(self._by_mint.values())

    def by_mint(self, mint: str) -> Token | None:
        """Return the token with that mint address, or ``None``."""
        return self._by_mint.get(mint)

    def complete(self, prefix: str) -> list[Token]:
        """Return the tokens whose ticker starts with ``prefix``, then those where a word of the name does.

        Each group is sorted by ticker; an empty prefix returns every token.
        """
        return matching(prefix, self._by_ticker)

    @property
    def tickers(self) -> Collection[str]:
        """The tickers it knows, in capitals."""
        return self._by_ticker.keys()

    def _configured(self, ticker: str, mint: str) -> Token:
        key = f"tokens.{ticker}"
        origin = "the configuration"
        symbol = ticker.strip().removeprefix("$")
        if not _TICKER.fullmatch(symbol) or not symbol.isprintable():
            allowed = "a ticker has 1 to 24 visible characters, without spaces, commas and quotes"
            raise SettingsError(key, ticker, allowed, origin)
        try:
            address = check_address(mint)
        except BadAddress as error:
            raise SettingsError(key, mint, f"must be a mint address, but {error.reason}", origin) from error
        pinned = self._by_mint.get(address)
        name = (
            f"{pinned.name}, from the configuration" if pinned and pinned.name else "from the configuration"
        )
        return Token(symbol=symbol, name=name, mint=address, decimals=pinned.decimals if pinned else None)

    def similar(self, typed: str) -> str:
        """Return a question that names tickers like the one that was typed; empty when there is none."""
        similar = difflib.get_close_matches(typed.upper(), self._by_ticker, n=3, cutoff=0.6)
        symbols = dict.fromkeys(self._by_ticker[ticker].symbol for ticker in similar)
        return f"did you mean {' or '.join(symbols)}?" if symbols else ""


def matching(prefix: str, tokens: Mapping[str, Token]) -> list[Token]:
    """Return the tokens whose ticker starts with ``prefix``, then those where a word of the name does.

    Args:
        prefix: What was typed, in any case, with or without ``$``.
        tokens: Tickers to what they stand for.
    """
    wanted = prefix.strip().removeprefix("$").casefold()
    ordered = sorted(tokens.items())
    by_ticker = [token for ticker, token in ordered if ticker.casefold().startswith(wanted)]
    by_name = [
        token
        for _, token in ordered
        if any(word.startswith(wanted) for word in (token.name.casefold(), *token.name.casefold().split()))
    ]
    return list(dict.fromkeys(by_ticker + by_name))


@cache
def _pinned() -> tuple[Token, ...]:
    # Every public token list that has one of these tokens agrees with its mint and decimals.
    data = Path(__file__).with_name("tokens.json").read_bytes()
    return msgspec.json.decode(data, type=tuple[Token, ...])


@cache
def _pinned_mints() -> dict[str, str]:
    table = TokenTable()
    return {ticker: table.resolve(ticker).mint for ticker in table.tickers}


def pinned_mint(ticker: str) -> str | None:
    """Return the mint that the pinned table has for a ticker, whatever is configured; or ``None``."""
    return _pinned_mints().get(ticker.upper())


def check_address(text: str) -> str:
    """Return the Solana address in ``text``, without what stands around it: quotes, or a link.

    An address is base58 and decodes to exactly 32 bytes; whether it lies on the curve does not matter,
    program-derived addresses do not.

    Raises:
        BadAddress: There is none; the reason names the first thing that is wrong.
    """
    address = address_in(text)
    reason = _why_not(address)
    if reason is None:
        return address
    reason = foreign_address(address) or why_no_name(address) or reason
    raise BadAddress(text, f"is not a Solana address: {reason}")


def is_address(text: str) -> bool:
    """Return whether a text is an address and nothing else; see `check_address` for why it is none."""
    return _why_not(text) is None


def short_address(address: str) -> str:
    """Return an address shortened to ``7xKX…gAsU``. Texts of up to nine characters stay as they are."""
    return address if len(address) <= 9 else f"{address[:4]}…{address[-4:]}"


def _why_not(text: str) -> str | None:
    """Return why a text is no address; ``None`` if it is one."""
    if not text:
        return "it is empty"
    for position, character in enumerate(text, 1):
        if character not in _ALPHABET:
            hint = "; 0, O, I and l are never used" if character in "0OIl" else ""
            return f"character {position} is {character!r}, which base58 does not have{hint}"
    shortest, longest = _ADDRESS_LENGTHS
    if not shortest <= len(text) <= longest:
        size = "short" if len(text) < shortest else "long"
        return f"it is too {size}: {len(text)} characters, an address has {shortest} to {longest}"
    decoded = len(base58.b58decode(text))
    if decoded != ADDRESS_BYTES:
        return f"it decodes to {decoded} bytes, an address has {ADDRESS_BYTES}"
    return None
