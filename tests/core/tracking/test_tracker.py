"""One rerouting at a time."""

from __future__ import annotations

import pytest

from streamcore.tracking.tracker import MOST_IN_A_ROW, Rerouting


def test_a_rerouting_that_is_asked_for_in_the_middle_of_another_is_done_after_it() -> None:
    done: list[str] = []

    def reroute() -> None:
        done.append("begin")
        if len(done) == 1:
            rerouting.ask()
            rerouting.ask()
        done.append("end")

    rerouting = Rerouting(reroute)
    rerouting.ask()
    assert done == ["begin", "end"] * 2
    rerouting.ask()
    assert done == ["begin", "end"] * 3


def test_a_rerouting_that_fails_does_not_keep_the_next_from_being_done() -> None:
    done = 0

    def reroute() -> None:
        nonlocal done
        done += 1
        if done == 1:
            raise RuntimeError

    rerouting = Rerouting(reroute)
    with pytest.raises(RuntimeError):
        rerouting.ask()
    rerouting.ask()
    assert done == 2


def test_reroutings_that_never_settle_are_given_up_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    done = 0

    def reroute() -> None:
        nonlocal done
        done += 1
        rerouting.ask()

    rerouting = Rerouting(reroute)
    rerouting.ask()
    assert done == MOST_IN_A_ROW
    assert "does not settle" in caplog.text
    rerouting.ask()
    assert done == 2 * MOST_IN_A_ROW
