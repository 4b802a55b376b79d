"""Who is connected, and what a client's frames say."""

from __future__ import annotations

import pytest

from streamsim.servers.clients import Profile, Unreadable, decoded


@pytest.mark.parametrize(
    ("key", "profile"),
    [
        (None, Profile.BAD),
        ("", Profile.BAD),
        ("bad-key", Profile.BAD),
        ("free", Profile.FREE),
        ("FREE-2", Profile.FREE),
        ("exhausted", Profile.EXHAUSTED),
        ("dev", Profile.PAID),
        ("anything else", Profile.PAID),
    ],
)
def test_the_name_of_a_key_says_what_it_is_good_for(key: str | None, profile: Profile) -> None:
    assert Profile.of(key) is profile


def test_a_frame_that_is_no_json_is_kept_as_it_came() -> None:
    assert decoded('{"a":[1]}') == {"a": [1]}
    assert decoded("nonsense") == Unreadable("nonsense")
    assert decoded(b"\xff") == Unreadable(b"\xff")
