"""The connections: a row for each provider, the details of the selected one, and a log of recent events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from streamcore import BreakerState, DataKind, ProviderStatus, State
from streamtui.format.ages import countdown, duration, moment, time_of_day
from streamtui.format.cells import PARAGRAPH, Cell, cell, literal
from streamtui.format.lamps import Tone, healthy, lamp
from streamtui.format.numbers import UNKNOWN, latency, rate, size
from streamtui.format.texts import count, unread
from streamtui.model.provider_health import Health, LogEntry
from streamtui.screens.dialog import Dialog
from streamtui.widgets.columns import Column
from streamtui.widgets.fact_sheet import FactSheet
from streamtui.widgets.line_table import LineTable

PROVIDER_COLUMNS = (
    Column("provider", "PROVIDER", 11),
    Column("lamp", "STATE", 12),
    Column("since", "FOR", 7, "right", rank=2),
    Column("tries", "TRIES", 5, "right", rank=1),
    Column("next", "NEXT", 6, "right"),
    Column("latency", "LATENCY", 7, "right", rank=3),
    Column("rate", "MSG", 6, "right", rank=4),
    Column("bytes", "BYTES", 9, "right", rank=7),
    Column("reconnects", "RECON", 5, "right", rank=5),
    Column("gaps", "GAPS", 4, "right", rank=8),
    Column("dropped", "DROPS", 5, "right", rank=6),
    Column("subscriptions", "SUBS", 4, "right", rank=1),
)
LOG_COLUMNS = (
    Column("time", "TIME", 8, rank=1),
    Column("provider", "PROVIDER", 11),
    Column("text", "WHAT HAPPENED", 16, grows=400),
)
CELL_STYLES: dict[Tone, str] = {"good": "up", "warn": "warn", "bad": "down", "quiet": "dim"}


UNTOLD = "unknown until the relay is back"
"""What is said of a provider behind a relay that is lost."""


class Connections(Dialog[None]):
    """Shows the state of every provider, kept up to date, and lets the person reconnect them."""

    WIDTH_CLASS = "-wide"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c,q", "cancel", "Close", show=False),
        Binding("r", "reconnect", "Reconnect", show=False),
        Binding("R", "reconnect_all", "Reconnect all", show=False),
        Binding("tab", "app.focus_next", "Next list", show=False),
    ]

    def __init__(
        self,
        health: Health,
        at: float,
        *,
        reconnect: Callable[[str], Awaitable[None]],
        reconnect_all: Callable[[], Awaitable[None]],
        topic_name: Callable[[str], str],
        poll_interval: float,
        demo: str,
    ) -> None:
        """Make the screen.

        Args:
            health: The state of the providers.
            at: Unix seconds now.
            reconnect: Reconnects the provider of a name.
            reconnect_all: Reconnects all of them.
            topic_name: Returns the name shown for a topic: a ticker, or the label of a wallet.
            poll_interval: Seconds between polls while a stream is down.
            demo: What the mark for invented data says.
        """
        super().__init__(
            "Connections", demo=demo, hint="esc closes · r reconnects it · R all · tab list or log"
        )
        self._providers = LineTable(PROVIDER_COLUMNS, id="providers")
        self._detail = FactSheet({}, id="provider-detail")
        self._log = LineTable(LOG_COLUMNS, id="provider-log")
        self._health = health
        self._reconnect = reconnect
        self._reconnect_all = reconnect_all
        self._topic_name = topic_name
        self._poll_interval = poll_interval
        self._at = at

    def body(self) -> ComposeResult:
        """Yield the list, the details and the log."""
        yield self._providers
        yield self._detail
        yield self._log

    def on_mount(self) -> None:
        """Let the keys go to the list."""
        self._providers.set_message("The engine has not started any connection.")
        self._log.set_message("Nothing has happened yet.")
        self._providers.focus()
        self.pass_time(self._at)

    def on_line_table_cursor_moved(self, event: LineTable.CursorMoved) -> None:
        """Show the details of the provider the cursor went to."""
        event.stop()
        if event.table is self._providers:
            self._show_detail(self._health, self._at)

    def pass_time(self, at: float) -> None:
        """Show how things are now."""
        health, self._at = self._health, at
        self._providers.set_order(list(health.statuses))
        for name, status in health.statuses.items():
            self._providers.put(name, _row(status, health, at))
        self._show_detail(health, at)
        entries = list(reversed(health.log))
        keys = [f"{entry.ts} {entry.provider} {entry.text}" for entry in entries]
        unique = dict(zip(keys, entries, strict=True))
        self._log.set_order(list(unique))
        for key, entry in unique.items():
            self._log.put(key, _log_row(entry))

    async def action_reconnect(self) -> None:
        """Reconnect the selected provider."""
        if self._providers.cursor is not None:
            await self._reconnect(self._providers.cursor)

    async def action_reconnect_all(self) -> None:
        """Reconnect all of them."""
        await self._reconnect_all()

    def _show_detail(self, health: Health, at: float) -> None:
        status = health.statuses.get(self._providers.cursor or "")
        self._detail.show(
            {}
            if status is None
            else _detail(status, health, at, poll_interval=self._poll_interval, topic_name=self._topic_name)
        )


def _row(status: ProviderStatus, health: Health, at: float) -> tuple[Cell, ...]:
    shown = lamp(status)
    return (
        cell(status.provider, "strong"),
        cell(str(shown), CELL_STYLES[shown.tone]),
        cell(duration(at - health.since(status.provider))),
        cell(str(status.attempt), "" if status.attempt else "dim"),
        cell(next_attempt(status, at), "warn" if status.retry_at is not None else "dim"),
        cell(latency(status.latency_ms)),
        cell(rate(health.rates(status.provider).messages)),
        cell(size(status.bytes_received)),
        cell(str(status.reconnects), "" if status.reconnects else "dim"),
        cell(str(status.gaps_filled), "" if status.gaps_filled else "dim"),
        cell(str(status.dropped), "warn" if status.dropped else "dim"),
        cell(str(status.subscriptions)),
    )


def _log_row(entry: LogEntry) -> tuple[Cell, ...]:
    return (
        cell(time_of_day(entry.ts), "dim"),
        cell(entry.provider or "–"),
        cell(entry.text, "warn" if entry.bad else ""),
    )


def _detail(
    status: ProviderStatus,
    health: Health,
    at: float,
    *,
    poll_interval: float,
    topic_name: Callable[[str], str],
) -> dict[str, Content]:
    rates = health.rates(status.provider)
    received = UNKNOWN if rates.received is None else f"{size(int(rates.received))}/s"
    topics = ", ".join(topic_name(topic) for topic in status.topics) or "nothing"
    since = health.since(status.provider)
    shown = "DEMO data, " if status.demo else ""
    kind = f"all that {status.relay} serves" if status.is_relay else str(status.kind)
    state = "unknown how it is" if status.cut_off else str(status.state)
    fields = {
        "reason": _reason(status, at),
        "state": f"{shown}{kind}, {state}; {lamp(status)} since {moment(since)}",
        "next try": _plan(status, at),
        "messages": (
            f"{status.messages_received:,} in, {status.messages_sent:,} out, {rate(rates.messages)}; "
            f"unusable {status.malformed:,}, dropped {status.dropped:,}"
        ),
        "bytes": f"{size(status.bytes_received)} in, {size(status.bytes_sent)} out, {received}",
        "last data": f"{time_of_day(status.last_message_at)}, latency {latency(status.latency_ms)}",
        "gaps": _gaps(status),
        "polling": _polling(status, poll_interval),
        "limits": status.limits or "none are known",
        "watching": f"{topics}; over {count(status.connections, 'connection')}",
    }
    if status.is_relay:
        del fields["gaps"], fields["polling"]  # those are about the sources behind it
    return {name: literal(text, limit=PARAGRAPH) for name, text in fields.items()}


def _reason(status: ProviderStatus, at: float) -> str:
    if status.reason:
        return status.reason
    if status.idle:
        return "nothing of it is watched"
    if status.state is State.CONNECTED and not status.stale:
        return unread(status) or "none, all is well"
    if status.stale and status.last_message_at is not None:
        return f"nothing has come for {duration(at - status.last_message_at)}"
    if status.state is State.CONNECTING:
        return "none: it is connecting"
    return "none, all is well" if healthy(status) else "none is known"


def _gaps(status: ProviderStatus) -> str:
    text = f"{status.gaps_filled} filled, {count(status.recovered, 'transaction')} recovered"
    if status.behind and status.kind is DataKind.WALLETS:
        text += f"; catching up: {status.behind} of {count(status.subscriptions, 'wallet')} still to be read"
    return "; ".join(filter(None, (text, unread(status))))


def _polling(status: ProviderStatus, poll_interval: float) -> str:
    if status.cut_off:
        return UNTOLD
    if not status.streams:
        parts = [f"every {poll_interval:g} s: it has no stream"]
    else:
        parts = [f"every {poll_interval:g} s in place of the stream" if status.fallback else "not needed now"]
    if status.breaker is BreakerState.OPEN:
        parts.append("REST is left alone for a while: it kept failing")
    elif status.breaker is BreakerState.HALF_OPEN:
        parts.append("REST kept failing, the next call is a trial")
    elif status.poll_failed:
        parts.append("the last round brought nothing")
    return "; ".join(parts)


def _plan(status: ProviderStatus, at: float) -> str:
    if status.cut_off:
        return UNTOLD
    if status.idle:
        return "none is needed: nothing is watched"
    so_far = f"{count(status.reconnects, 'reconnect')} so far"
    if status.retry_at is not None:
        return f"number {status.attempt} in {countdown(status.retry_at - at)}, {so_far}"
    if status.parked:
        return "none: it waits for you; r tries again"
    return f"none is needed, {so_far}"


def next_attempt(status: ProviderStatus, at: float) -> str:
    """Return the time to the next attempt, ``parked`` when there will be none, else a dash."""
    if status.cut_off:
        return UNKNOWN
    if status.retry_at is not None:
        return countdown(status.retry_at - at)
    return "parked" if status.parked and not status.idle else UNKNOWN
