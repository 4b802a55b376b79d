"""What the first line of the main screen says about a session."""

from __future__ import annotations

from streamtui.format.ages import age, time_of_day
from streamtui.format.texts import count
from streamtui.model.session import Session
from streamtui.widgets.top_bar import TopBar


def show_summary(bar: TopBar, session: Session, *, can_save: bool) -> None:
    """Show in the bar how much is watched, the alerts not yet seen, and the time of the newest data.

    Args:
        bar: The bar to fill.
        session: Where the values come from.
        can_save: Whether there is a file to save to; without one, "not saved" is not shown.
    """
    bar.demo = session.demo
    bar.summary = f"{count(len(session.prices.rows), 'price')} · {count(len(session.wallets), 'wallet')}"
    bar.unsaved = session.unsaved and can_save
    bar.alerts = session.alerts.unseen
    bar.data_time = time_of_day(session.last_data)
    since = 0.0 if session.last_data is None else session.clock.time() - session.last_data
    bar.data_age = age(since) if since >= session.prices.ttl else ""
