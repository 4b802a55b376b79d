"""The lines of the status bar, made from the states of a session's providers."""

from __future__ import annotations

from streamcore import DataKind, ProviderStatus
from streamtui.format.lamps import lamp
from streamtui.format.numbers import latency, rate
from streamtui.format.texts import count, trouble
from streamtui.model.session import Session
from streamtui.widgets.status_bar import ProviderLine


def provider_lines(session: Session) -> tuple[ProviderLine, ...]:
    """Return a line for each provider."""
    return tuple(_line(session, status) for status in session.health.statuses.values())


def _line(session: Session, status: ProviderStatus) -> ProviderLine:
    return ProviderLine(
        name=status.provider,
        kind=status.kind,
        lamp=lamp(status),
        demo=status.demo and session.demo != "DEMO",
        rate=rate(session.health.rates(status.provider).messages),
        latency=latency(status.latency_ms),
        subscriptions=status.subscriptions,
        served=_served(session, status),
        watched=_watched(session) if status.is_relay else "",
        trouble=trouble(status, session.clock.time()),
        hint=status.hint,
    )


def _watched(session: Session) -> str:
    """Return what all rows and wallets together are: a relay serves them all."""
    return f"{count(len(session.prices.rows), 'price')} · {count(len(session.wallets), 'wallet')}"


def _served(session: Session, status: ProviderStatus) -> int | None:
    """Return how many rows show a price of the provider; ``None`` when that is not known."""
    sources = session.prices.sources
    if status.kind is not DataKind.PRICES or not sources:
        return None
    return sum(source == status.provider for source in sources.values())
