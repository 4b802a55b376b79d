"""Tells, once for each instrument, that no price of it comes."""

from __future__ import annotations

from collections.abc import Callable

from streamcore.assets.instruments import Instrument
from streamcore.assets.tokens import TokenTable
from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, Event


class MissingPrices:
    """The instruments without a source or a price of which an error has been published."""

    def __init__(
        self, tokens: TokenTable, clock: Clock, *, demo: bool, publish: Callable[[Event], None]
    ) -> None:
        """Make one that has told nothing.

        Args:
            tokens: Where similar tickers are looked up.
            clock: Time.
            demo: Whether what consumers are told is invented.
            publish: Passes an event on to the consumers.
        """
        self._tokens = tokens
        self._clock = clock
        self._demo = demo
        self._publish = publish
        self._told: set[str] = set()

    def no_source(self, instrument: Instrument) -> None:
        """Tell that no provider in use has it."""
        text = f"no source in use has {instrument.symbol} at the moment"
        self._tell("", instrument, text + self._suggestion(instrument))

    def refused(self, provider: str, instrument: Instrument, reason: str) -> None:
        """Tell that the last provider that might have had it has not. ``reason``: what that one says."""
        text = f"{reason}, and no other source in use has {instrument.symbol}"
        self._tell(provider, instrument, text + self._suggestion(instrument))

    def unpriced(self, provider: str, instrument: Instrument) -> None:
        """Tell that its source has it, but knows no price."""
        text = f"{provider} lists {instrument.symbol}, but knows no price of it at present"
        self._tell(provider, instrument, text)

    def forget(self, key: str) -> None:
        """Forget an instrument by its key: if it is missing once more, that is told once more."""
        self._told.discard(key)

    def _tell(self, provider: str, instrument: Instrument, text: str) -> None:
        if instrument.key not in self._told:
            self._told.add(instrument.key)
            error = ProviderError(ErrorKind.SUBSCRIPTION, text, retryable=False)
            self._publish(error.event(provider, self._clock.time(), demo=self._demo))

    def _suggestion(self, instrument: Instrument) -> str:
        """Return what to add about an unknown ticker: similar ones, if there are any."""
        suggestion = None if instrument.token is not None else self._tokens.similar(instrument.symbol)
        return f"; {suggestion}" if suggestion else ""
