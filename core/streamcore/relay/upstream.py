"""What all terminals of a relay want together, and how it is asked for on the bus: once, with a linger."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from streamcore.assets.names import base_of_pair
from streamcore.assets.tokens import Token, check_address, short_address
from streamcore.clock import Clock
from streamcore.errors import InputError
from streamcore.events import ErrorKind, PriceUpdate, StreamError, price_key
from streamcore.relay.bus import Bus
from streamcore.relay.limits import Code, RelayLimits
from streamcore.relay.log import Log, LogFailed
from streamcore.wire.messages import Refusal


@dataclass(eq=False, slots=True)
class UpstreamRow:
    """A price that is subscribed."""

    number: int
    """Its row number on every connection; none is used twice."""
    key: str
    token: Token
    asked: str
    """The text with which it is subscribed."""
    latest: PriceUpdate | None = None
    trouble: StreamError | None = None
    """Why there is no price of it, if that was said; a price ends it."""


_Item = TypeVar("_Item")

NamedRows: TypeAlias = Mapping[str, frozenset[int]]
"""Tickers and mints in a text, and the rows that have them."""

LONGEST_NAME = 256
"""Characters of a symbol or a wallet that is looked at any closer; addresses have 44, tickers fewer."""

MOST_TEXTS = 10_000
"""Ways to write the symbols of rows that are remembered."""

_WORD = re.compile(r"[^\s,;:.()'\"]+")


@dataclass(slots=True)
class _Held(Generic[_Item]):
    item: _Item
    holders: int = 0
    idle_since: float | None = None


@dataclass(slots=True)
class Granted:
    """What of a wish is held for a terminal now; it has to be given back with `Upstream.release`."""

    rows: list[tuple[str, UpstreamRow]] = field(default_factory=list)
    """Each with the text that asked for it."""
    wallets: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


class Upstream:
    """Subscribes on the bus what is wanted by anybody, each thing once."""

    def __init__(
        self,
        bus: Bus,
        log: Log,
        clock: Clock,
        limits: RelayLimits,
        *,
        prices: bool,
        wallets: bool,
    ) -> None:
        """``prices``, ``wallets``: whether that kind of data is served."""
        self._bus = bus
        self._log = log
        self._clock = clock
        self._limits = limits
        self._serves_prices = prices
        self._serves_wallets = wallets
        self._rows: dict[str, _Held[UpstreamRow]] = {}
        self._wallets: dict[str, _Held[str]] = {}
        self._key_of: dict[str, str] = {}
        """The keys of rows by the texts that have asked for them."""
        self._by_symbol: dict[str, list[UpstreamRow]] = {}
        self._troubled_wallets: dict[str, StreamError] = {}
        """Wallets that are none, or cannot be watched, and what was said about each."""
        self._next_row = 1
        self.gone: list[int] = []
        """Numbers of rows that are not subscribed any more; whoever forgets them empties it."""

    @property
    def rows(self) -> int:
        """How many prices are subscribed."""
        return len(self._rows)

    @property
    def wallets(self) -> tuple[str, ...]:
        """The wallets that are subscribed."""
        return tuple(self._wallets)

    def rows_of(self, event: PriceUpdate) -> Iterator[UpstreamRow]:
        """Yield the rows that a price belongs to.

        A ticker and the token of the same name are rows of their own: an event of the exchange has no
        address, and one of the chain has a provider that must be the row's own source.
        """
        sources = self._bus.price_sources
        for row in self._by_symbol.get(event.symbol, ()):
            is_ticker = not row.token.mint
            fits = is_ticker if event.address is None else is_ticker or row.key == event.address
            if fits and sources.get(row.key, event.provider) == event.provider:
                yield row

    def note(self, error: StreamError) -> NamedRows:
        """Remember an error about what is subscribed, for terminals that come to want it later.

        Returns:
            The rows that its text names.
        """
        named = self._named(error.message)
        if error.kind is ErrorKind.SUBSCRIPTION:
            words = _words(error.message)
            for wallet in self._wallets:
                if wallet in words or short_address(wallet) in words:
                    self._troubled_wallets[wallet] = error
            numbers = frozenset().union(*named.values())
            for held in self._rows.values():
                if held.item.number in numbers:
                    held.item.trouble = error
        return named

    def troubles(self, granted: Granted, before: Granted) -> list[tuple[StreamError, NamedRows]]:
        """Return what was said about what a terminal has just come to want, with the rows it names."""
        known = {row.number for _, row in before.rows}
        found = [row.trouble for _, row in granted.rows if row.trouble and row.number not in known]
        found += [
            self._troubled_wallets[wallet]
            for wallet in granted.wallets
            if wallet in self._troubled_wallets and wallet not in before.wallets
        ]
        return [(error, self._named(error.message)) for error in dict.fromkeys(found)]

    def _named(self, text: str) -> NamedRows:
        words = _words(text)
        found: dict[str, frozenset[int]] = {}
        for held in self._rows.values():
            for name in {held.item.token.symbol, held.item.key} & words:
                found[name] = found.get(name, frozenset()) | {held.item.number}
        return found

    async def grant(self, symbols: Sequence[str], wallets: Sequence[str]) -> Granted:
        """Hold for a terminal what it wants, and subscribe what nobody has wanted yet."""
        granted = Granted()
        most = self._limits
        for number, symbol in enumerate(dict.fromkeys(symbols)):
            if number >= most.symbols:
                text = f"a terminal may watch at most {most.symbols} symbols"
                granted.refused.append(Refusal(symbol, Code.LIMIT, text))
            else:
                await self._grant_row(symbol, granted)
        for number, wallet in enumerate(dict.fromkeys(wallets)):
            if number >= most.wallets:
                text = f"a terminal may watch at most {most.wallets} wallets"
                granted.refused.append(Refusal(wallet, Code.LIMIT, text))
            else:
                await self._grant_wallet(wallet, granted)
        return granted

    def release(self, granted: Granted) -> None:
        """Give back what was held; what nobody holds any more lingers until `sweep` ends it."""
        now = self._clock.monotonic()
        for _, row in granted.rows:
            _give_back(self._rows[row.key], now)
        for wallet in granted.wallets:
            _give_back(self._wallets[wallet], now)

    async def sweep(self) -> None:
        """Unsubscribe what nobody has held for the time of the linger. To be called every second."""
        before = self._clock.monotonic() - self._limits.linger
        for key in _idle(self._rows, before):
            await self._drop_row(key)
        for wallet in _idle(self._wallets, before):
            await self._drop_wallet(wallet)

    async def _grant_row(self, symbol: str, granted: Granted) -> None:
        if not self._serves_prices:
            granted.refused.append(Refusal(symbol, Code.NOT_SERVED, "this relay serves no prices"))
            return
        if len(symbol) > LONGEST_NAME:
            text = f"a symbol has at most {LONGEST_NAME} characters"
            granted.refused.append(Refusal(symbol, Code.UNKNOWN_SYMBOL, text))
            return
        try:
            held = self._rows.get(self._key_of.get(symbol, ""))
            if held is None:
                # to understand a text may take milliseconds, and there may be hundreds
                await asyncio.sleep(0)
                token = self._bus.describe(symbol)
                key = price_key(token.symbol, token.mint)
                held = self._rows.get(key)
                if held is not None and len(self._key_of) < MOST_TEXTS:
                    self._key_of[symbol] = key
            if held is None:
                if not await self._has_room(self._rows, self._limits.all_symbols, self._drop_row):
                    text = f"the relay watches at most {self._limits.all_symbols} symbols, and all are taken"
                    granted.refused.append(Refusal(symbol, Code.LIMIT, text, retryable=True))
                    return
                await self._bus.subscribe_prices([symbol])
                held = self._rows[key] = _Held(UpstreamRow(self._next_row, key, token, symbol))
                self._key_of[symbol] = key
                self._next_row += 1
                self._by_symbol.setdefault(token.symbol, []).append(held.item)
        except InputError as error:
            granted.refused.append(Refusal(symbol, Code.UNKNOWN_SYMBOL, str(error)))
            return
        if any(row is held.item for _, row in granted.rows):
            return  # asked for twice, by two names
        held.holders, held.idle_since = held.holders + 1, None
        granted.rows.append((symbol, held.item))

    async def _grant_wallet(self, wallet: str, granted: Granted) -> None:
        if not self._serves_wallets:
            granted.refused.append(Refusal(wallet, Code.NOT_SERVED, "this relay serves no wallets"))
            return
        if len(wallet) > LONGEST_NAME:
            text = f"an address has at most {LONGEST_NAME} characters"
            granted.refused.append(Refusal(wallet, Code.BAD_ADDRESS, text))
            return
        try:
            address = check_address(wallet)
            held = self._wallets.get(address)
            if held is None:
                if not await self._has_room(self._wallets, self._limits.all_wallets, self._drop_wallet):
                    text = f"the relay watches at most {self._limits.all_wallets} wallets, and all are taken"
                    granted.refused.append(Refusal(wallet, Code.LIMIT, text, retryable=True))
                    return
                self._log.follow(address)
                await self._bus.subscribe_wallets([address])
                held = self._wallets[address] = _Held(address)
        except InputError as error:
            granted.refused.append(Refusal(wallet, Code.BAD_ADDRESS, str(error)))
            return
        except LogFailed as error:
            granted.refused.append(Refusal(wallet, Code.BUSY, str(error), retryable=True))
            return
        if held.item in granted.wallets:
            return
        held.holders, held.idle_since = held.holders + 1, None
        granted.wallets.append(held.item)

    async def _has_room(
        self, held: dict[str, _Held[_Item]], most: int, drop: Callable[[str], Awaitable[None]]
    ) -> bool:
        """Whether one more may be subscribed; ends the linger of the one that has been idle for longest."""
        if len(held) < most:
            return True
        idle = _idle(held, float("inf"))
        if not idle:
            return False
        await drop(min(idle, key=lambda key: held[key].idle_since or 0.0))
        return True

    async def _drop_row(self, key: str) -> None:
        row = self._rows.pop(key).item
        self._by_symbol[row.token.symbol].remove(row)
        self.gone.append(row.number)
        self._key_of = {text: known for text, known in self._key_of.items() if known != key}
        await self._bus.unsubscribe_prices([row.asked])

    async def _drop_wallet(self, wallet: str) -> None:
        del self._wallets[wallet]
        self._troubled_wallets.pop(wallet, None)
        await self._bus.unsubscribe_wallets([wallet])


def _words(text: str) -> set[str]:
    """Return the words of a text, and the tickers of the pairs in it: ``BTC`` of ``BTC/USD``."""
    words = set(_WORD.findall(text))
    return words | {base_of_pair(word) for word in words}


def _give_back(held: _Held[_Item], now: float) -> None:
    held.holders -= 1
    if not held.holders:
        held.idle_since = now


def _idle(held: dict[str, _Held[_Item]], before: float) -> list[str]:
    return [key for key, one in held.items() if one.idle_since is not None and one.idle_since <= before]
