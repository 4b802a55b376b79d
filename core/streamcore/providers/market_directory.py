"""Keeping the list of an exchange's markets: asked for once a day, remembered on disk, assumed till known."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from streamcore.assets.instruments import Instrument
from streamcore.clock import Clock
from streamcore.config.cache import Cache
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.loopback import leads_to_loopback
from streamcore.providers.markets import Market, Markets
from streamcore.tasks import first_to_end

FRESH_FOR = 86_400.0
"""Seconds for which a list is believed: no exchange wants to be asked for it more often than once a day."""

USABLE_FOR = 30 * 86_400.0
"""Seconds for which a list from disk is better than none, while the exchange cannot be asked."""

FIRST_RETRY = 60.0
LONGEST_RETRY = 3600.0
"""Seconds until a list that could not be had is asked for again, at first and at most; doubled in between."""

LEAST_AGE = 60.0
"""Seconds for which a list is believed even when a person asks to try everything again."""

_LOGGER = logging.getLogger(__name__)


class _Remembered(msgspec.Struct, frozen=True):
    """A list as it is kept on disk."""

    source: str
    """The URL it is from, so that another host's list is never taken for it."""
    at: float
    """Unix seconds at which it was asked for."""
    markets: list[Market]


_read_remembered = msgspec.json.Decoder(_Remembered).decode


class MarketDirectory:
    """What one exchange lists, as far as it is known; `keep` finds out and goes on finding out."""

    def __init__(
        self,
        name: str,
        source: str | None,
        clock: Clock,
        *,
        ask: Callable[[], Awaitable[Sequence[Market]]],
        assumed: Callable[[Instrument], str | None],
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        """Make one that knows nothing yet.

        Args:
            name: The exchange's, for the file and the log.
            source: Where the list is from; ``None``: nowhere, there is no HTTP side that could be asked.
            clock: Time.
            ask: Asks the exchange for its list.
            assumed: Says what it calls an instrument for as long as the list is not known.
            renamed: See `Markets`.
        """
        self._name = name
        self._source = source
        self._clock = clock
        self._ask = ask
        self._assumed = assumed
        self._renamed = renamed or {}
        self._markets: Markets | None = None
        self._asked_at = float("-inf")
        self._doubted = asyncio.Event()
        self._tried = asyncio.Event()
        self._failure: ProviderError | None = None

    @property
    def markets(self) -> Markets:
        """What is listed; nothing while that is not known."""
        return self._markets or Markets(())

    @property
    def is_known(self) -> bool:
        """Whether the exchange has said what it lists."""
        return self._markets is not None

    async def listed(self) -> Markets:
        """Return what is listed; waits for the first answer while it is not known.

        Raises:
            ProviderError: The exchange could not be asked, or has no side that could be.
        """
        if self._source is None:
            raise ProviderError(ErrorKind.NETWORK, f"what {self._name} lists cannot be asked here")
        while self._markets is None:
            await self._tried.wait()
            if self._failure is not None and self._markets is None:
                raise self._failure
        return self._markets

    def pair_of(self, instrument: Instrument) -> str | None:
        """Return what the exchange calls an instrument; ``None`` if it does not have it."""
        if self._markets is None:
            return self._assumed(instrument)
        return self._markets.pair_of(instrument)

    def doubt(self) -> None:
        """Have the list asked for anew, unless that was done just now: a person asked to try again."""
        self._doubted.set()

    async def keep(self, cache: Cache | None, changed: Callable[[], None]) -> None:
        """Keep the list known, until cancelled; ``changed`` is called whenever it has become another one.

        What ``cache`` remembers is used while it is fresh; a file that is old or damaged is as good as none,
        except that an old list serves until the exchange can be asked.
        """
        if self._source is None:
            return
        if leads_to_loopback(self._source):
            cache = None  # an emulator's list is not worth remembering
        if cache is not None and (remembered := await self._from(cache)) is not None:
            self._use(remembered, changed)
        retry = FIRST_RETRY
        while True:
            age = self._clock.time() - self._asked_at
            fresh_for = LEAST_AGE if self._doubted.is_set() else FRESH_FOR
            if 0 <= age < fresh_for:
                await self._rest(fresh_for - age)
                continue
            self._doubted.clear()
            try:
                asked_at = self._clock.time()
                markets = list(await self._ask())
            except ProviderError as error:
                _LOGGER.info("what %s lists is not known at the moment: %s", self._name, error.message)
                self._failure = error
                self._tried.set()
                await self._rest(max(retry, error.retry_after or 0.0))
                retry = min(2 * retry, LONGEST_RETRY)
                continue
            retry = FIRST_RETRY
            news = _Remembered(self._source, asked_at, markets)
            self._use(news, changed)
            if cache is not None:
                await self._to(cache, news)

    async def _rest(self, seconds: float) -> None:
        """Wait, but not for what is doubted from now on."""
        if self._doubted.is_set():
            await self._clock.sleep(seconds)
        else:
            await first_to_end(self._clock.sleep(seconds), self._doubted.wait())

    def _use(self, remembered: _Remembered, changed: Callable[[], None]) -> None:
        self._asked_at = remembered.at
        self._failure = None
        before = self._markets
        self._markets = Markets(remembered.markets, self._renamed)
        self._tried.set()
        if before is None or [*before] != remembered.markets:
            changed()

    async def _from(self, cache: Cache) -> _Remembered | None:
        data = await cache.read(self._file)
        if data is None:
            return None
        try:
            remembered = _read_remembered(data)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            _LOGGER.info("what was remembered of the markets of %s is damaged; it is asked anew", self._name)
            return None
        age = self._clock.time() - remembered.at
        usable = 0 <= age < USABLE_FOR and remembered.source == self._source and remembered.markets
        return remembered if usable else None

    async def _to(self, cache: Cache, remembered: _Remembered) -> None:
        data = msgspec.json.encode(remembered)
        try:
            await cache.write(self._file, data)
        except OSError as error:
            _LOGGER.info("the markets of %s could not be remembered: %s", self._name, error)

    @property
    def _file(self) -> str:
        return f"markets-{self._name}.json"
