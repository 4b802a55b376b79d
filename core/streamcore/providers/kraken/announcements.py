"""What Kraken announces in its ``status``: coming maintenance and incidents, each reported once.

Every new connection gets the whole list again, days ahead of the event, so what has been reported is
remembered across connections. Source: a capture of 2026-10-03.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.decoding import Undecodable, content
from streamcore.providers.reports import Notice
from streamcore.text import printable

REMEMBERED = 200
"""Announcements remembered as reported."""


class _Announcement(msgspec.Struct, frozen=True):
    """Of an announcement only what a person wants to know; times are ISO 8601 in UTC."""

    event_id: object = None
    title: object = None
    name: object = None
    message: object = None
    expected_start_utc: object = None
    expected_end_utc: object = None


class Announcements:
    """Turns Kraken's announcements into news. Keep one for all connections."""

    def __init__(self) -> None:
        self._published: dict[tuple[str, str, str], None] = {}

    def news(self, what: str, items: object) -> list[Notice]:
        """Return those of a list of announcements that have not been reported yet.

        Args:
            what: What they are about, for the text: ``maintenance``.
            items: As they came; anything but a list announces nothing.
        """
        notices: list[Notice] = []
        for item in items if isinstance(items, list) else ():
            try:
                announcement = content(item, _Announcement)
            except Undecodable:
                announcement = _Announcement()
            # one that is moved to another time is news again
            identity = (
                what,
                _shown(announcement.event_id) or _title(announcement),
                _shown(announcement.expected_start_utc),
            )
            if identity in self._published:
                continue
            self._published[identity] = None
            while len(self._published) > REMEMBERED:
                del self._published[next(iter(self._published))]
            notices.append(Notice(ProviderError(ErrorKind.SERVER, _sentence(what, announcement))))
        return notices


def _sentence(what: str, announcement: _Announcement) -> str:
    parts = [part for part in (_title(announcement), _span(announcement)) if part]
    return f"Kraken announces {what}" + (f": {', '.join(parts)}" if parts else "")


def _title(announcement: _Announcement) -> str:
    return next(
        (
            shown
            for text in (announcement.title, announcement.name, announcement.message)
            if (shown := _shown(text))
        ),
        "",
    )


def _span(announcement: _Announcement) -> str:
    """Return when it is expected, as ``5 Oct 2026, 09:00 to 10:00 UTC``; empty where it does not say."""
    start, end = _time(announcement.expected_start_utc), _time(announcement.expected_end_utc)
    if start is None:
        return ""
    day = f"{start.day} {start:%b %Y}, {start:%H:%M}"
    if end is None:
        return f"{day} UTC"
    same_day = start.date() == end.date()
    return f"{day} to {end:%H:%M} UTC" if same_day else f"{day} to {end.day} {end:%b %Y}, {end:%H:%M} UTC"


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _shown(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    return printable(value, limit=120) if isinstance(value, str) else ""
