"""Saving what a session watches: what of it belongs into the configuration file."""

from __future__ import annotations

import asyncio
from pathlib import Path

from streamtui.model.config_merge import Watched
from streamtui.model.config_writer import OnConflict, save
from streamtui.model.price_row import WatchedToken, key_of
from streamtui.model.session import Session


async def save_session(session: Session, path: Path, theme: str | None, on_conflict: OnConflict) -> None:
    """Write what a person has changed into the configuration file.

    Args:
        session: What is watched.
        path: The file.
        theme: The theme that was chosen; ``None`` leaves the file's own.
        on_conflict: What to do with entries that the file would lose.

    Raises:
        Conflict: Something in the file would be lost, and nobody has agreed to that; nothing was written.
        NotSaved: It could not be written, and is as it was.
    """
    watched = _watched(session, theme)
    await asyncio.to_thread(save, path, watched, session.saved, on_conflict, session.key_of_symbol)
    session.saved = watched
    session.unsaved = False


def _watched(session: Session, theme: str | None) -> Watched:
    rows = sorted(session.prices.rows.values(), key=lambda row: row.number)
    names = session.labels.keys() - session.invented_labels
    return Watched(
        symbols=[_symbol(session, row.token) for row in rows if row.key not in session.only_in_watchlist],
        wallets=list(session.wallets),
        labels={address: session.labels[address] for address in session.wallets if address in names},
        alerts=session.alerts.rules,
        theme=theme,
        columns=session.view.columns_to_save,
        # what the demo calls a token is invented
        tokens={} if session.settings.demo else session.names.tickers(row.token.mint for row in rows),
    )


def _symbol(session: Session, token: WatchedToken) -> str:
    # the ticker only if it leads back to this token: it may belong to another one, or be a shortened mint
    return token.symbol if session.key_of_symbol(token.symbol) == key_of(token) else token.mint
