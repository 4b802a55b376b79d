"""What a relay needs of a bus: what is known and what happens comes over it, and what is wanted goes there.

For a relay that is alone the bus is its own engine. Several relays have one in common, over which the engine
of one of them is shared, see `streamcore.cluster`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from streamcore.assets.tokens import Token
from streamcore.candles import CandleSeries, ChartRange
from streamcore.hub import Subscriber
from streamcore.status import ProviderStatus
from streamcore.token_hits import SearchResult, TokenHit


class Bus(Protocol):
    """Where events come from. Every method is that of `streamcore.engine.Engine` with the same name."""

    def consumer(self, capacity: int | None = None) -> Subscriber:
        """Attach a consumer that takes in batches, of at most ``capacity`` events; see `Engine.events`."""
        ...

    async def subscribe_prices(self, symbols: Iterable[str]) -> Sequence[Token]: ...  # noqa: D102

    async def unsubscribe_prices(self, symbols: Iterable[str]) -> None: ...  # noqa: D102

    async def subscribe_wallets(self, addresses: Iterable[str]) -> Sequence[str]: ...  # noqa: D102

    async def unsubscribe_wallets(self, addresses: Iterable[str]) -> None: ...  # noqa: D102

    def describe(self, symbol: str) -> Token: ...  # noqa: D102

    @property
    def price_sources(self) -> Mapping[str, str | None]: ...  # noqa: D102

    def ask_quote(self, symbol: str) -> None: ...  # noqa: D102

    def statuses(self) -> Mapping[str, ProviderStatus]: ...  # noqa: D102

    def status(self, name: str) -> ProviderStatus: ...  # noqa: D102

    async def history(self, symbol: str, span: ChartRange) -> CandleSeries: ...  # noqa: D102

    async def trends(self) -> Mapping[str, CandleSeries]: ...  # noqa: D102

    def cached_trends(self) -> Mapping[str, CandleSeries]: ...  # noqa: D102

    async def search(self, text: str) -> SearchResult: ...  # noqa: D102

    async def name_tokens(self, mints: Iterable[str]) -> Mapping[str, TokenHit]: ...  # noqa: D102

    async def resolve_wallet(self, name: str) -> str: ...  # noqa: D102

    async def reconnect(self, name: str) -> None: ...  # noqa: D102

    async def reconnect_all(self) -> None: ...  # noqa: D102


class Membership(Protocol):
    """A relay's place among several that share a bus."""

    @property
    def leads(self) -> bool:
        """Whether this relay runs the engine that all of them share."""
        ...

    @property
    def is_connected(self) -> bool:
        """Whether the bus can be reached."""
        ...

    def troubles(self) -> list[str]:
        """Return why not everything can be served at present, as phrases."""
        ...

    def notes(self) -> list[str]:
        """Return what an operator should know although everything is served, as sentences."""
        ...

    async def caught_up(self) -> None:
        """Return when the log has everything that any other relay may have told, so far as can be known."""
        ...

    async def cut_off(self) -> None:
        """Return when this relay has been without the bus for so long that another one may serve better."""
        ...
