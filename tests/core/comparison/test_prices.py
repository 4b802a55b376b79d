from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from sample_events import price, status

from streamcore.comparison.prices import UnreadableFile, prices_in
from streamcore.config.model import Settings
from streamcore.events import PriceUpdate
from streamcore.json_lines import to_json
from streamcore.recording.lines import FORMAT, Opened, Received, Start, encoded

SNAPSHOT = (
    '{"channel":"ticker","type":"snapshot","data":[{"symbol":"SOL/USD","bid":150.1,"bid_qty":1.0,"ask":150.2,'
    '"ask_qty":1.0,"last":150.15,"volume":1000.0,"vwap":149.0,"low":140.0,"high":155.0,"change":2.0,'
    '"change_pct":1.35}]}'
)


def read(path: Path) -> list[PriceUpdate]:
    return prices_in(path, Settings())


def test_lines_of_stream_are_read_and_other_events_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    first = price("SOL", "150")
    second = msgspec.structs.replace(price("SOL", "151"), ts=first.ts + 1)
    lines = [to_json(first), to_json(status()), to_json(second)]
    path.write_bytes(b"\n".join(lines) + b'\n{"event":"pri')
    assert read(path) == [first, second]


def test_a_capture_is_read_by_the_providers_own_codec(tmp_path: Path) -> None:
    path = tmp_path / "capture.jsonl"
    update = SNAPSHOT.replace("snapshot", "update").replace('"last":150.15', '"last":150.25')
    lines = [
        Start(0.0, FORMAT, 1_793_000_000.0),
        Opened(0.5, "kraken", 1),
        Received(1.0, "kraken", 1, text=SNAPSHOT),
        Received(2.0, "kraken", 1, text=update),
    ]
    path.write_bytes(b"".join(map(encoded, lines)))
    events = read(path)
    assert [(event.symbol, str(event.price), event.ts) for event in events] == [
        ("SOL", "150.15", 1_793_000_001.0),
        ("SOL", "150.25", 1_793_000_002.0),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"hello\n", "line 1"),
        (b'{"direction":"start","t":0,"format":99,"started":0}\n', "format"),
        (to_json(price()) + b"\n", "at least two"),
    ],
)
def test_a_file_without_prices_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=reason):
        read(path)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be read: No such file"):
        read(tmp_path / "none")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes and devices here")
def test_a_pipe_is_read_to_its_end_and_a_device_that_has_none_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    first = price("SOL", "150")
    events = [msgspec.structs.replace(first, ts=first.ts + number) for number in range(3)]
    content = b"".join(to_json(event) + b"\n" for event in events)
    with ThreadPoolExecutor() as threads:
        threads.submit(pipe.write_bytes, content)
        assert len(read(pipe)) == 3
        monkeypatch.setattr("streamcore.comparison.prices.LARGEST", 100)
        threads.submit(pipe.write_bytes, content)
        with pytest.raises(UnreadableFile, match="larger than"):
            read(pipe)
    with pytest.raises(UnreadableFile, match="it is not a file"):
        read(Path("/dev/zero"))
