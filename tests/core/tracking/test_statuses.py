"""How the providers are, and which events tell of it."""

from __future__ import annotations

from collections import Counter

import pytest
from manual_clock import ManualClock
from scripted_source import ScriptedSource

from streamcore import DataKind, Event, State, StatusChange
from streamcore.tracking.statuses import Statuses


class Table:
    """Three providers, of which two serve the same kind of data."""

    def __init__(self) -> None:
        self.first = ScriptedSource("first")
        self.second = ScriptedSource("second")
        self.wallets = ScriptedSource("wallets", kind=DataKind.WALLETS)
        self.seen: list[Event] = []
        self.dropped = Counter[str]()
        self.clock = ManualClock()
        streams = {one.name: one for one in (self.first, self.second, self.wallets)}
        self.statuses = Statuses(
            streams, self.clock, dropped=self.dropped, hint=lambda stream: "", publish=self.seen.append
        )

    def told(self) -> list[tuple[str, State]]:
        return [(event.provider, event.state) for event in self.seen if isinstance(event, StatusChange)]


@pytest.fixture
def table() -> Table:
    return Table()


def test_a_change_is_told_once(table: Table) -> None:
    table.first.state = State.CONNECTING
    table.statuses.changed(table.first)
    table.statuses.changed(table.first)
    table.first.state = State.CONNECTED
    table.statuses.changed(table.first)
    assert table.told() == [("first", State.CONNECTING), ("first", State.CONNECTED)]


def test_who_waits_to_step_in_is_on_standby_and_told_of_only_when_that_changes(table: Table) -> None:
    assert [name for name, status in table.statuses.all().items() if status.standby] == ["second"]
    table.statuses.publish_all()
    assert [name for name, _ in table.told()] == ["first", "wallets"]
    table.second.set_topics(["SOL/USD"])
    assert not table.statuses.of(table.second).standby


def test_what_gave_way_in_full_buffers_is_counted_in_the_status(table: Table) -> None:
    table.dropped["wallets"] = 7
    assert table.statuses.all()["wallets"].dropped == 7
    assert table.statuses.all()["first"].dropped == 0


def test_who_has_heard_nothing_is_told_of_those_there_has_been_news_of(table: Table) -> None:
    table.statuses.publish_all()
    assert table.statuses.known() == []
    table.first.state = State.CONNECTING
    table.statuses.changed(table.first)
    table.first.state = State.CONNECTED
    table.clock._now = 5.0
    (event,) = table.statuses.known()
    assert (event.provider, event.state, event.ts) == ("first", State.CONNECTED, table.clock.time())
