"""The pace of repaints: at once for little, slower for much, fixed where it is set."""

from __future__ import annotations

import pytest

from streamcore.config.model import Settings
from streamcore.config.screen import UiSettings
from streamtui.model.frame_rate import FIXED, SHORTEST, frame_rate

SSH = {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}


@pytest.mark.parametrize(
    ("setting", "environ", "expected"),
    [(None, {}, 10), (None, SSH, 4), (None, {"SSH_TTY": "/dev/pts/1"}, 4), (20, SSH, 20), (3, {}, 3)],
)
def test_when_everything_changes_there_are_so_many_repaints_a_second(
    setting: int | None, environ: dict[str, str], expected: int
) -> None:
    rate = frame_rate(Settings(ui=UiSettings(frames_per_second=setting)), environ)
    assert rate.pause_after(1.0) == pytest.approx(1 / expected)


@pytest.mark.parametrize(("setting", "environ"), [(10, {}), (None, SSH)])
def test_a_rate_that_is_set_and_that_of_ssh_are_the_most_there_is(
    setting: int | None, environ: dict[str, str]
) -> None:
    rate = frame_rate(Settings(ui=UiSettings(frames_per_second=setting)), environ)
    assert rate.pause_after(0.0) == rate.pause_after(0.05) == rate.pause_after(1.0)


def test_a_row_alone_is_followed_by_a_short_pause() -> None:
    rate = frame_rate(Settings(), {})
    assert rate.pause_after(0.0) == pytest.approx(SHORTEST)
    assert rate.pause_after(1 / 20) < 0.015
    assert rate.pause_after(1 / 20) < rate.pause_after(0.2) < rate.pause_after(0.5) < rate.pause_after(1.0)


@pytest.mark.parametrize(("changes", "most"), [(100, 70), (200, 45), (1000, 20)])
def test_the_more_rows_change_the_fewer_repaints_there_are_and_none_costs_more_than_ten_full_ones(
    changes: int, most: int
) -> None:
    rate, rows, window = frame_rate(Settings(), {}), 30, 0.1
    now, shares, painted = 0.0, [], [-window] * rows
    dirty: set[int] = set()
    told = 0
    while now < 4.0:
        while told < now * changes:
            dirty.add(told % rows)
            told += 1
        due = {row for row in dirty if now - painted[row] >= window}
        for row in due:
            painted[row] = now
        dirty -= due
        if now >= 3.0:
            shares.append(len(due) / rows)
        now += rate.pause_after(len(due) / rows)
    assert len(shares) <= most, "in the fourth second of it"
    assert sum(FIXED + (1 - FIXED) * share for share in shares) <= 10.1
