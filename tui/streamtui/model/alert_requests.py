"""Adding and removing alerts as a person asks for them."""

from __future__ import annotations

import msgspec

from streamcore import AlertSettings, InputError
from streamtui.model.alerts import parse_alert
from streamtui.model.price_row import PriceRow, key_of
from streamtui.model.session import Session


def add_alert(session: Session, text: str) -> AlertSettings:
    """Add the alert a person wrote.

    Raises:
        InputError: It cannot be understood, or is about something that is not watched.
        NotRunning: There is no engine to ask what a symbol means.
    """
    wallets = session.wallets
    rule = parse_alert(
        text, {name.casefold(): wallet for wallet in wallets for name in (wallet, session.label(wallet))}
    )
    row: PriceRow | None = None
    if rule.symbol is not None:
        symbol = _mint_shown_as(session, rule.symbol) or rule.symbol
        token = session.running_engine().describe(symbol)
        row = session.prices.rows.get(key_of(token))
        if row is None:
            raise InputError(symbol, "is not watched yet; s watches it")
        shown = token.symbol if token.symbol.casefold() == symbol.casefold() else symbol
        rule = msgspec.structs.replace(rule, symbol=shown)
    if not session.alerts.add(rule):
        raise InputError(text, "is there already")
    if row is not None and row.update is not None:
        session.alerts.alerts[-1].price(row.update)  # so that it knows on which side of the limit it begins
    session.unsaved = True
    return rule


def remove_alert(session: Session, at: int) -> None:
    """Remove the alert of that number, counted from 0."""
    session.alerts.remove(at)
    session.unsaved = True


def _mint_shown_as(session: Session, symbol: str) -> str:
    """Return the mint of the one row with a ticker that was only found for it; empty if there is none."""
    if session.key_of_symbol(symbol) in session.prices.rows:
        return ""  # it means another row
    rows = [row for row in session.prices.rows.values() if row.token.symbol.casefold() == symbol.casefold()]
    return rows[0].token.mint if len(rows) == 1 else ""
