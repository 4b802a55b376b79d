"""The texts of the price pane: beside its title, and in place of missing rows and prices."""

from __future__ import annotations

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
    return "no source answers · R" if session.settings.demo else "no source answers · R again · D demo"


def why_waiting(session: Session) -> tuple[str, ...]:
    """Return why no row has a price, and what to press; empty unless every source in use is down."""
    if not session.running or any(row.update is not None for row in session.prices.rows.values()):
        return ()
    sources = [status for status in session.health.statuses.values() if status.kind is DataKind.PRICES]
    down = [status for status in sources if lamp(status) is DOWN]
    if not down or len(down) < len([status for status in sources if not status.idle]):
        return ()
    *names, last = [status.provider for status in down]
    who = f"{', '.join(names)} and {last}" if names else last
    reason = next((status.reason for status in down if status.reason), "")
    demo = "" if session.settings.demo else ", D shows invented data"
    return (
        f"No price yet: no source answers. R tries again{demo}.",
        f"Tried again automatically: {who}.",
        *([f"{down[0].provider}: {reason}"] if reason else []),
    )
