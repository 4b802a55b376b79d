"""What is said about a copy."""

from __future__ import annotations

from streamtui.clipboard import sent


def test_a_copy_is_called_sent_because_nobody_knows_whether_it_arrived() -> None:
    assert sent("the signature", "5h6x", {}) == "Sent to the terminal's clipboard: the signature 5h6x"


def test_inside_tmux_it_says_what_lets_it_through() -> None:
    assert "set -g set-clipboard on" in sent("the signature", "5h6x", {"TMUX": "/tmp/tmux-0/default,1,0"})
