from __future__ import annotations

from collections import deque
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick

from streamcore.errors import IllegalTransition
from streamcore.events import State
from streamcore.streams.state import TRANSITIONS, StateMachine

LEGAL = {
    ("disconnected", "connecting"),
    ("connecting", "connected"),
    ("connecting", "failed"),
    ("connecting", "disconnecting"),
    ("connected", "failed"),
    ("connected", "disconnecting"),
    ("failed", "fallback"),
    ("failed", "connecting"),
    ("failed", "disconnecting"),
    ("fallback", "connecting"),
    ("fallback", "failed"),
    ("fallback", "disconnecting"),
    ("disconnecting", "disconnected"),
}
ALL = [(start, target) for start, target in product(State, State)]


def path_to(wanted: State) -> list[State]:
    waiting = deque([[State.DISCONNECTED]])
    while waiting:
        path = waiting.popleft()
        if path[-1] is wanted:
            return path[1:]
        waiting.extend([*path, following] for following in State if (path[-1], following) in LEGAL)
    raise AssertionError(f"no way to {wanted}")


def machine_in(start: State) -> tuple[StateMachine, list[tuple[State, str | None]]]:
    reports: list[tuple[State, str | None]] = []
    machine = StateMachine(lambda state, reason: reports.append((state, reason)))
    for step in path_to(start):
        machine.advance(step)
    reports.clear()
    return machine, reports


@pytest.mark.parametrize(("start", "target"), [pair for pair in ALL if pair in LEGAL])
def test_a_legal_step_changes_the_state_and_is_reported_once(start: State, target: State) -> None:
    machine, reports = machine_in(start)
    machine.advance(target, "because")
    assert machine.state is target
    assert reports == [(target, "because")]


@pytest.mark.parametrize(("start", "target"), [pair for pair in ALL if pair not in LEGAL])
def test_an_illegal_step_changes_nothing_and_reports_nothing(start: State, target: State) -> None:
    machine, reports = machine_in(start)
    with pytest.raises(IllegalTransition) as caught:
        machine.advance(target, "because")
    assert machine.state is start
    assert reports == []
    assert (caught.value.state, caught.value.target) == (start, target)
    assert str(caught.value) == f"a stream cannot go from {start} to {target}"


def test_the_machine_goes_on_after_an_illegal_step() -> None:
    machine, reports = machine_in(State.CONNECTING)
    with pytest.raises(IllegalTransition):
        machine.advance(State.FALLBACK)
    machine.advance(State.CONNECTED)
    assert reports == [(State.CONNECTED, None)]


def test_it_starts_disconnected_and_reports_nothing_about_that() -> None:
    reports: list[State] = []
    assert StateMachine(lambda state, reason: reports.append(state)).state is State.DISCONNECTED
    assert reports == []


def test_every_state_has_a_row_and_can_be_reached_and_left() -> None:
    assert set(TRANSITIONS) == set(State)
    assert all(TRANSITIONS[state] for state in State)
    assert all(path_to(state) is not None for state in State)


def test_no_step_leads_back_to_the_same_state() -> None:
    assert not [state for state in State if state in TRANSITIONS[state]]


def test_polling_never_begins_without_a_failure_before_it() -> None:
    assert [state for state in State if State.FALLBACK in TRANSITIONS[state]] == [State.FAILED]


@quick
@given(st.lists(st.sampled_from(State), max_size=40))
def test_whatever_is_tried_only_legal_steps_are_ever_reported(steps: list[State]) -> None:
    reports: list[State] = []
    machine = StateMachine(lambda state, reason: reports.append(state))
    for step in steps:
        before = machine.state
        try:
            machine.advance(step)
        except IllegalTransition:
            assert machine.state is before
    assert all(pair in LEGAL for pair in pairwise([State.DISCONNECTED, *reports]))
