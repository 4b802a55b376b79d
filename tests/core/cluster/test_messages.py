from __future__ import annotations

import json

import fake_manager
import msgspec
import pytest
from sample_events import price, trouble

from streamcore.cluster.messages import (
    MOST_KEYS,
    MOST_TERM,
    Live,
    Question,
    WalletRecord,
    first_term,
    in_parts,
    read,
    read_live,
    record_of,
    write,
)
from streamcore.errors import MalformedMessage
from streamcore.events import ErrorKind, State
from streamcore.providers.reports import Checkpoint
from streamcore.streams.checkpoints import SavedCheckpoint


def test_what_the_leader_tells_arrives_as_it_was() -> None:
    message = Live(
        term=7,
        events=[price(value="0.00000012583000"), trouble()],
        statuses=[fake_manager.status("kraken", topics=("BTC/USD",))],
        sources={"BTC": "kraken", "X": None},
    )
    found = read(write(message), Live)
    assert tuple(found.events) == tuple(message.events)
    assert str(found.events[0].price) == str(message.events[0].price)  # type: ignore[union-attr]
    assert tuple(found.statuses or ()) == tuple(message.statuses or ())
    assert (found.term, found.sources, found.leaves) == (7, message.sources, False)


@pytest.mark.parametrize(
    "saved",
    [
        SavedCheckpoint(12.5, None),
        SavedCheckpoint(12.5, Checkpoint("sig", 99), frozenset({"a", "b"}), 88),
        SavedCheckpoint(12.5, Checkpoint("", 99), unsure=(10, 99)),
    ],
)
def test_a_record_brings_back_what_a_fetch_starts_from(saved: SavedCheckpoint) -> None:
    record = record_of(saved, epoch="00c0ffee", covered_from=3, now=1000.0)
    assert read(write(record), WalletRecord).saved == saved


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"term":"x"}', b"\xff", b"[" * 50_000])
def test_what_makes_no_sense_is_no_message(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        read(data, Live)


def test_what_a_newer_version_adds_is_passed_over() -> None:
    assert read(b'{"term":3,"weather":"fine"}', Live).term == 3


def test_what_only_a_newer_leader_tells_is_passed_over_and_the_rest_is_taken() -> None:
    status = fake_manager.status("kraken", topics=("BTC/USD",))
    message = Live(term=7, events=[price(), trouble()], statuses=[status], sources={"SOL": "kraken"})
    fields = json.loads(write(message))
    forecast = {**fields["statuses"][0], "provider": "weather", "kind": "forecasts"}
    fields["statuses"] = [forecast, {**fields["statuses"][0], "state": "flying"}]
    fields["events"] = [{"event": "forecast", "rain": True}, *fields["events"]]
    fields["events"][2]["kind"] = "weather"
    found, reason = read_live(json.dumps(fields).encode())
    assert found.events == [price(), msgspec.structs.replace(trouble(), kind=ErrorKind.SERVER)]
    assert found.statuses == [msgspec.structs.replace(status, state=State.CONNECTING)]
    assert (found.term, found.sources, found.leaves) == (7, {"SOL": "kraken"}, False)
    assert reason is not None


def test_what_a_leader_of_this_version_tells_is_read_whole() -> None:
    message = Live(term=7, events=[price()], leaves=True)
    found, reason = read_live(write(message))
    assert (tuple(found.events), found.leaves, reason) == ((price(),), True, None)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"term":"x"}', b'{"term":1,"events":5}', b"[" * 50_000])
def test_what_makes_no_sense_is_no_message_of_any_leader(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        read_live(data)


def test_a_message_is_split_until_the_server_takes_each_part() -> None:
    events = [price(f"T{number}") for number in range(50)]
    status = fake_manager.status("kraken", topics=("BTC/USD",))
    live = Live(term=7, events=events, statuses=[status], sources={"BTC": "kraken"})
    parts = list(in_parts(live, most=4_000))
    assert all(len(part.data) <= 4_000 for part in parts)
    assert [event for part in parts for event in part.events] == events
    read_again = [read(part.data, Live) for part in parts]
    assert [event for one in read_again for event in one.events] == events
    assert {one.term for one in read_again} == {7}
    assert [one.statuses for one in read_again if one.statuses] == [(status,)] or [
        list(one.statuses) for one in read_again if one.statuses
    ] == [[status]]
    assert [one.sources for one in read_again if one.sources] == [{"BTC": "kraken"}]
    assert not any(part.is_shortened for part in parts)


def test_what_cannot_be_split_is_told_without_what_is_too_long() -> None:
    status = fake_manager.status("kraken", topics=tuple(f"{number:044d}" for number in range(100)))
    parts = list(
        in_parts(Live(term=7, events=[price()], statuses=[status], sources={"SOL": "kraken"}), most=2_000)
    )
    assert [event for part in parts for event in read(part.data, Live).events] == [price()]
    assert [part.is_shortened for part in parts].count(True) == 1
    assert all(len(part.data) <= 2_000 for part in parts)
    signs = list(in_parts(Live(term=7, statuses=[status]), most=2_000))
    assert [(read(one.data, Live), one.is_shortened) for one in signs] == [(Live(term=7), True)]


@pytest.mark.parametrize("term", [-1, MOST_TERM + 1, 2**63, 2**70])
def test_a_term_that_cannot_be_is_no_message(term: int) -> None:
    with pytest.raises(MalformedMessage):
        read(b'{"term":%d}' % term, Live)


def test_the_terms_of_a_new_bucket_come_after_those_heard_unless_there_would_be_none_left() -> None:
    assert first_term(1000.0, 5) == 1_000_000
    assert first_term(1000.0, 7_000_000) == 7_000_001
    assert first_term(1000.0, MOST_TERM) == 1_000_000


@pytest.mark.parametrize(
    "question",
    [Question("x" * 200), Question("search", "x" * 5000), Question("trends", keys=("k",) * (MOST_KEYS + 1))],
)
def test_a_question_without_end_is_none(question: Question) -> None:
    with pytest.raises(MalformedMessage):
        read(write(question), Question)
