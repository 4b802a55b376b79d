"""Searching the sources for a token by its ticker, name or mint, and asking them what a mint is called."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

import msgspec

from streamcore.assets.foreign_addresses import foreign_address
from streamcore.assets.instruments import Instrument, understand
from streamcore.assets.names import address_in, names_given, why_no_name
from streamcore.assets.tokens import Token, TokenTable, check_address, is_address
from streamcore.clock import Clock, wait_for
from streamcore.errors import InputError, ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.token_directory import TokenDirectory
from streamcore.search.lookalikes import KnownNames, marked
from streamcore.search.ranking import ranked
from streamcore.token_hits import SearchFailure, SearchResult, TokenHit
from streamcore.wallet_secrets import secret_refusal

LONGEST = 64
"""Characters of a text to search for; an address has 44, and no name that is read is longer."""
MOST_WORDS = 6
"""Words of a text to search for; the beginning of a recovery phrase has more, and no name."""
LIKE_AN_ADDRESS = 32
"""Characters of one word that was meant to be an address: no ticker or name is that long."""
PATIENCE = 6.0
"""Seconds that one source may take; what the others found is not kept from the person for longer."""
FRESH_FOR = 600.0
"""Seconds for which an answer stands: a person who corrects a letter comes back to what was asked before."""
KEPT = 64
"""Answers kept."""
TABLE = "table"
"""Where a hit of the table of tokens was found."""

_PINNED = TokenTable()
"""The table as it comes, without a person's own tickers."""

_LOGGER = logging.getLogger(__name__)


class Searched(msgspec.Struct, frozen=True):
    """A provider that can be searched."""

    name: str
    title: str
    directory: TokenDirectory
    is_exchange: bool
    topic: Callable[[Instrument], str | None]
    """Returns what it calls an instrument; ``None``: it does not have it."""


class TokenSearch:
    """Asks the exchanges in use, and of those that know the tokens of the chain the first that answers."""

    def __init__(self, sources: Sequence[Searched], tokens: TokenTable, clock: Clock) -> None:
        """``sources``: the preferred first; ``tokens``: the table, with a person's own tickers."""
        self._exchanges = [source for source in sources if source.is_exchange]
        self._chain = [source for source in sources if not source.is_exchange]
        self._tokens = tokens
        self._clock = clock
        self._answers: OrderedDict[tuple[str, str], tuple[float, tuple[TokenHit, ...]]] = OrderedDict()

    async def search(self, text: str) -> SearchResult:
        """See `streamcore.engine.Engine.search`."""
        wanted = checked_text(text)
        exchanges = [self._try(source, wanted) for source in self._exchanges]
        asked = await asyncio.gather(self._first_of_the_chain(wanted), *exchanges)
        hits = list(self._of_the_table(wanted))
        failures: list[SearchFailure] = []
        for found, failed in asked:
            hits += found
            failures += failed
        usable = [hit for hit in hits if self._can_be_watched(hit)]
        return SearchResult(
            hits=tuple(ranked(wanted, usable, KnownNames(self._tokens))), failures=tuple(failures)
        )

    async def name(self, mints: Iterable[str]) -> dict[str, TokenHit]:
        """See `streamcore.engine.Engine.name_tokens`."""
        wanted = list(dict.fromkeys(check_address(mint) for mint in names_given(mints)))
        found: dict[str, TokenHit] = {}
        failure: ProviderError | None = None
        for source in self._chain:
            missing = [mint for mint in wanted if mint not in found]
            if not missing:
                break
            try:
                hits = await wait_for(self._clock, source.directory.name(missing), PATIENCE)
            except (ProviderError, TimeoutError) as error:
                failure = _failure(source, error)
                _LOGGER.info("%s", failure.message)
                continue
            found |= {hit.mint: hit for hit in hits if hit.mint is not None and (hit.symbol or hit.name)}
        if failure is not None and not found:
            raise failure
        known = KnownNames(self._tokens)
        return {hit.mint: hit for hit in marked(found.values(), known) if hit.mint is not None}

    async def _first_of_the_chain(self, text: str) -> tuple[Sequence[TokenHit], list[SearchFailure]]:
        failures: list[SearchFailure] = []
        for source in self._chain:
            found, failed = await self._try(source, text)
            failures += failed
            if found or not (failed or is_address(text)):  # a mint that one does not know, the next one may
                return found, failures
        return (), failures

    async def _try(self, source: Searched, text: str) -> tuple[Sequence[TokenHit], list[SearchFailure]]:
        try:
            return await self._ask(source, text), []
        except (ProviderError, TimeoutError) as error:
            failure = _failure(source, error)
            _LOGGER.info("%s", failure.message)
            return (), [SearchFailure(provider=source.name, message=failure.message)]

    async def _ask(self, source: Searched, text: str) -> Sequence[TokenHit]:
        key = (source.name, text.casefold() if not is_address(text) else text)
        known = self._answers.get(key)
        if known is not None and self._clock.monotonic() - known[0] < FRESH_FOR:
            self._answers.move_to_end(key)
            return known[1]
        asking = source.directory.name([text]) if is_address(text) else source.directory.find(text)
        found = tuple(await wait_for(self._clock, asking, PATIENCE))
        self._answers[key] = (self._clock.monotonic(), found)
        self._answers.move_to_end(key)
        if len(self._answers) > KEPT:
            self._answers.popitem(last=False)
        return found

    def _of_the_table(self, text: str) -> Iterable[TokenHit]:
        by_mint = self._tokens.by_mint(text)
        tokens: Sequence[Token] = [by_mint] if by_mint is not None else self._tokens.complete(text)
        for token in tokens:
            if token != self._tokens.by_mint(token.mint):
                continue  # another name for one that is there as well
            yield TokenHit(
                symbol=token.symbol,
                name=token.name,
                mint=token.mint,
                provider=TABLE,
                verified=_PINNED.by_mint(token.mint) is not None,
            )

    def _can_be_watched(self, hit: TokenHit) -> bool:
        """Whether asking for a hit brings just that: a ticker of an exchange may stand for something else."""
        if hit.mint is not None:
            return True
        try:
            instrument = understand(hit.symbol, self._tokens, exchanges=True)
        except InputError:
            return False
        return any(source.topic(instrument) is not None for source in self._exchanges)


def checked_text(text: str) -> str:
    """Return what to search for.

    Raises:
        InputError: It is empty, too long, looks like a wallet's secret or a piece of one, or is the name of
            something else, such as a wallet.
    """
    if secret_refusal(text):
        raise InputError(text, "")
    wanted = " ".join(address_in(text).removeprefix("$").split())
    if not wanted:
        raise InputError(text, "names nothing that could be searched for")
    if len(wanted) > LONGEST:
        raise InputError(wanted[:LONGEST], f"is too long to search for: more than {LONGEST} characters")
    if wanted.count(" ") >= MOST_WORDS:
        raise InputError(text, f"is too long to search for: more than {MOST_WORDS} words")
    reason = foreign_address(wanted) or why_no_name(wanted)
    if reason is not None:
        raise InputError(wanted, f"is not searched for: {reason}")
    if len(wanted) >= LIKE_AN_ADDRESS and " " not in wanted:
        # a piece of a key is as long; only what is an address is sent
        return check_address(wanted)
    return wanted


def _failure(source: Searched, error: Exception) -> ProviderError:
    if isinstance(error, ProviderError):
        return error
    text = f"{source.title} could not be asked within {PATIENCE:g} s"
    return ProviderError(ErrorKind.NETWORK, text)
