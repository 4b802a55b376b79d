"""The texts of the price pane: beside its title, and in place of missing rows and prices."""

from __future__ import annotations

from collections.abc import Sequence

from streamcore import DataKind
from streamtui.format.lamps import DOWN, lamp
from streamtui.model.session import Session
from streamtui.screens.main.engine_texts import why_nothing


def prices_info(session: Session, shown: int) -> str:
    """Return what stands beside the title: the watchlist, the number of rows, and the order or filter."""
    prices = session.prices
    if prices.filter:
        return f"{shown} of {len(prices.rows)} match “{prices.filter}”"
    parts = [f"list {session.watchlist}"] if session.watchlist else []
    if prices.rows:
        order = f"{prices.sort}, reversed" if prices.backwards else str(prices.sort)
        parts += [f"{shown} of {len(prices.rows)}" if session.watchlist else str(len(prices.rows)), order]
    return " · ".join(parts)


def why_no_prices(session: Session) -> tuple[str, ...]:
    """Return why the price table is empty, and what to press."""
    prices = session.prices
    if not session.settings.stream.enable_prices:
        return ("Prices are switched off: stream.enable_prices is false.",)
    if nothing := why_nothing(session):
        return nothing
    if prices.rows and not prices.filter:
        return ("Nothing of this watchlist is shown.", "Press ] for the next one.")
    if prices.rows:
        return (f"No price matches “{prices.filter}”.", "Press esc to see all, / to change the filter.")
    return ("No symbols are watched.", "Press s and type some, for example: SOL BTC")


def no_source(session: Session) -> str:
    """Return in a few words, for the title line, what `why_waiting` explains; empty when it is empty."""
    if not why_waiting(session):
        return ""
    who = _who_is_silent(session)
    return f"{who} · R" if session.settings.demo else f"{who} · R again · D demo"


def _who_is_silent(session: Session) -> str:
    by_relay = any(status.is_relay for status in session.health.statuses.values())
    return "the relay does not answer" if by_relay else "no source answers"


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def why_waiting(session: Session) -> tuple[str, ...]:
    """Return why no row has a price, and what to press; empty unless every source in use is down."""
    if not session.running or any(row.update is not None for row in session.prices.rows.values()):
        return ()
    sources = [status for status in session.health.statuses.values() if status.kind is DataKind.PRICES]
    down = [status for status in sources if lamp(status) is DOWN]
    if not down or len(down) < len([status for status in sources if not status.idle]):
        return ()
    tried = [status.provider for status in down if not status.parked]
    reason = next((status.reason for status in down if status.reason), "")
    demo = "" if session.settings.demo else ", D shows invented data"
    return (
        f"No price yet: {_who_is_silent(session)}. R tries again{demo}.",
        *([f"Tried again automatically: {_listed(tried)}."] if tried else []),
        *([f"{down[0].provider}: {reason}"] if reason else []),
    )
