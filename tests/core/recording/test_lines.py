from __future__ import annotations

import json

import pytest

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.recording.lines import (
    FORMAT,
    Ended,
    Exchange,
    Failure,
    KeptAnswer,
    KeptRequest,
    Line,
    Opened,
    Received,
    Sent,
    Start,
    Stop,
    content,
    decoded,
    encoded,
)

START = Start(0.0, FORMAT, 1_793_311_200.0, "streamtui 0.1.0")
LINES: list[Line] = [
    START,
    Opened(0.1, "kraken", 1),
    Sent(0.2, "kraken", 1, text="{}"),
    Received(0.3, "kraken", 1, base64="/w=="),
    Ended(0.4, "kraken", 1, Failure(ErrorKind.NETWORK, "lost", True, 2.5)),
    Exchange(0.5, "solana", 0.25, KeptRequest("POST", "/", json={"method": "x"}), KeptAnswer(200, text="{}")),
    Stop(0.6, "the file is full"),
]


def test_what_was_written_is_read_again() -> None:
    assert decoded([encoded(line) for line in LINES]) == LINES


def test_each_line_is_one_json_object_with_its_time_and_direction() -> None:
    objects = [json.loads(encoded(line)) for line in LINES]
    assert all(encoded(line).count(b"\n") == 1 for line in LINES)
    assert [one["direction"] for one in objects] == ["start", "open", "out", "in", "end", "http", "stop"]
    assert [one["t"] for one in objects] == [line.t for line in LINES]


def test_a_last_line_that_was_cut_off_is_left_out() -> None:
    whole = [encoded(line) for line in LINES[:3]]
    assert decoded([*whole, encoded(LINES[3])[:20]]) == LINES[:3]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "does not begin as a capture"),
        ([encoded(LINES[1])], "does not begin as a capture"),
        ([encoded(Start(0.0, FORMAT + 1, 0.0))], "does not begin as a capture"),
        ([encoded(START), b"no line\n"], "line 2 is not of a capture"),
    ],
)
def test_a_file_that_is_no_capture_is_refused_with_a_sentence(lines: list[bytes], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        decoded(lines)


def test_a_failure_becomes_the_error_that_it_was() -> None:
    error = ProviderError(ErrorKind.RATE_LIMIT, "fewer, please", retryable=False, retry_after=3.0)
    again = Failure.of(error).error()
    assert (again.kind, again.message, again.retryable, again.retry_after) == (
        error.kind,
        error.message,
        error.retryable,
        error.retry_after,
    )


def test_bytes_that_are_text_stay_readable_and_others_come_back_as_they_were() -> None:
    assert content('{"é":1}'.encode()) == {"text": '{"é":1}'}
    assert Received(0.0, "x", 1, **content(b"\xff\x00")).frame == b"\xff\x00"
    assert KeptAnswer(200, {}, **content(b"\xff")).answer() == Answer(200, {}, b"\xff")
    assert KeptAnswer(200, {}, **content(b"")).answer().body == b""
