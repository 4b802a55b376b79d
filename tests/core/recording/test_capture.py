from __future__ import annotations

import logging
import os
import stat
import threading
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from manual_clock import ManualClock
from replayed_network import read_capture
from scripted_http import Asked
from scripted_transport import ScriptedTransport

from streamcore import Clock, StreamManager
from streamcore.config.model import Settings, StreamSettings
from streamcore.config.sources import BirdeyeSettings, SolanaSettings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer, Http
from streamcore.providers import PROVIDERS
from streamcore.providers.base import Provider
from streamcore.recording import Capture
from streamcore.recording.lines import Exchange, Line, Received, Start, Stop


def frame(text: str) -> Line:
    return Received(0.0, "kraken", 1, text=text)


def frames(text: str) -> list[Line]:
    return [frame(text)]


def test_a_capture_is_readable_by_its_owner_alone_and_says_when_it_began(tmp_path: Path) -> None:
    file = tmp_path / "capture.jsonl"
    mask = os.umask(0)
    try:
        with Capture(file, clock=ManualClock(), program="streamtui 1.2.3") as capture:
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    finally:
        os.umask(mask)
    assert read_capture(file) == [Start(0.0, 1, ManualClock().time(), "streamtui 1.2.3")]
    assert capture.ended == ""


def test_a_file_that_is_there_already_is_never_touched(tmp_path: Path) -> None:
    file = tmp_path / "capture.jsonl"
    file.write_text("mine")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    for path in (file, link):
        with pytest.raises(FileExistsError):
            Capture(path)
    assert file.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_capture_ends_by_itself_when_it_is_full_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "capture.jsonl"
    with caplog.at_level(logging.WARNING), Capture(file, max_bytes=4096) as capture:
        for number in range(100):
            capture.note(partial(frames, f"{number:200d}"))
    assert file.stat().st_size <= 4096
    lines = read_capture(file)
    assert isinstance(lines[-1], Stop)
    texts = [int(line.text or "") for line in lines if isinstance(line, Received)]
    assert texts == list(range(len(texts)))
    assert len(texts) > 5
    sentence = f"nothing more is captured, everything else goes on: {file} is full, 0.00390625 MiB"
    assert capture.ended == sentence
    assert [record.getMessage() for record in caplog.records] == [sentence]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk to try")
def test_a_full_disk_ends_the_capture_with_a_sentence_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr(os, "open", lambda *_, **__: full)
    with caplog.at_level(logging.WARNING), Capture(tmp_path / "x") as capture:
        capture.note(lambda: [frame("x" * 100_000)])
    assert capture.ended.endswith("x cannot be written any more: No space left on device")
    assert [record.getMessage() for record in caplog.records] == [capture.ended]
    capture.note(lambda: [frame("after the end")])


def test_no_more_waits_for_a_slow_disk_than_the_file_may_hold(tmp_path: Path) -> None:
    file = tmp_path / "x"
    go_on = threading.Event()

    def slow() -> list[Line]:
        go_on.wait(30)
        return []

    with Capture(file, max_bytes=1000) as capture:
        capture.note(slow)
        for number in range(10):
            capture.note(partial(frames, str(number)), 400)
        assert capture.ended.endswith("x does not keep up")
        go_on.set()
    _, *kept, last = read_capture(file)
    assert [line.text for line in kept if isinstance(line, Received)] == ["0", "1", "2"]
    assert isinstance(last, Stop)
    assert last.reason == "the disk did not keep up"


def test_a_mistake_of_our_own_ends_the_capture_and_nothing_else(tmp_path: Path) -> None:
    with Capture(tmp_path / "x") as capture:
        capture.note(lambda: [1 / 0])  # type: ignore[list-item]
    assert capture.ended.endswith("was given up on an internal error (ZeroDivisionError)")


async def test_one_capture_keeps_what_several_engines_do_and_masks_every_key_it_knows(tmp_path: Path) -> None:
    file = tmp_path / "x"
    clock = ManualClock()
    keys = ["first-key-1234", "second-key-1234"]
    network = ScriptedTransport(lambda asked: Answer(200, {}, " ".join(keys).encode()), clock.monotonic)
    with Capture(file, clock=clock) as capture:
        for key in keys:
            settings = Settings(birdeye=BirdeyeSettings(api_key=key))
            transport = capture.around(network, Settings(), configured=settings)
            await transport.request("GET", "https://api.kraken.com/x")
            await clock.advance(1.5)
    _, first, second = read_capture(file)
    assert isinstance(first, Exchange)
    assert isinstance(second, Exchange)
    assert [one.answer.text for one in (first, second) if one.answer] == [
        "*** second-key-1234",
        "*** ***",
    ]
    assert (first.t, second.t) == (0.0, 1.5)


def test_closing_twice_does_nothing(tmp_path: Path) -> None:
    capture = Capture(tmp_path / "x")
    capture.close()
    capture.close()
    assert capture.ended == ""


@pytest.mark.parametrize("on", [True, False])
async def test_what_is_not_captured_goes_over_the_transport_itself(tmp_path: Path, on: bool) -> None:
    clock = ManualClock()
    network = ScriptedTransport(lambda asked: Answer(200, {}, b""), clock.monotonic)
    handed: list[Http] = []

    def make(settings: Settings, http: Http, clock: Clock) -> Provider:
        handed.append(http)
        return PROVIDERS["jupiter"].make(settings, http, clock)

    providers = {"jupiter": msgspec.structs.replace(PROVIDERS["jupiter"], make=make)}
    with Capture(tmp_path / "x", clock=clock) as capture:
        async with StreamManager(
            Settings(prices="jupiter", stream=StreamSettings(enable_wallets=False)),
            clock=clock,
            transport=network,
            providers=providers,
            capture=capture if on else None,
        ):
            pass
    assert [http is network for http in handed] == [not on]


async def test_where_a_server_of_one_s_own_is_is_masked_in_what_failed(tmp_path: Path) -> None:
    file, clock = tmp_path / "x", ManualClock()

    def lost(asked: Asked) -> Answer:
        raise ProviderError(ErrorKind.NETWORK, f"the connection to {urlsplit(asked.url).netloc} was lost")

    network = ScriptedTransport(lost, clock.monotonic)
    own = Settings(solana=SolanaSettings(rpc_url="https://quiet-fog.solana.example:8899/key"))
    with Capture(file, clock=clock) as capture:
        transport = capture.around(network, own, configured=own)
        for url in (own.solana.rpc_url, own.kraken.rest_url):
            with pytest.raises(ProviderError, match="lost"):
                await transport.request("POST", url)
    failures = [
        line.failure.message for line in read_capture(file) if isinstance(line, Exchange) and line.failure
    ]
    assert failures == ["the connection to ***:8899 was lost", "the connection to api.kraken.com was lost"]
