from __future__ import annotations

import pytest

from streamcore.settings import Settings, UiSettings
from streamtui.feed import frames_per_second


@pytest.mark.parametrize(
    ("setting", "environ", "expected"),
    [
        (None, {}, 10),
        (None, {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, 4),
        (None, {"SSH_TTY": "/dev/pts/1"}, 4),
        (20, {"SSH_TTY": "/dev/pts/1"}, 20),
    ],
)
def test_fewer_frames_are_drawn_over_ssh_unless_it_is_set(
    setting: int | None, environ: dict[str, str], expected: int
) -> None:
    assert frames_per_second(Settings(ui=UiSettings(frames_per_second=setting)), environ) == expected
