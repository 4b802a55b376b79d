"""The command as a process of its own: signals, pipes and exit status."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from free_port import free_port
from processes import COMMAND, LIMIT, PipedCommand, starting, surroundings

pytestmark = [pytest.mark.long, pytest.mark.timeout(150)]

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
Start = Callable[..., PipedCommand]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with starting(tmp_path) as started:
        yield started


def variables(export: str) -> dict[str, str]:
    """Return what a line for a shell exports."""
    return dict(item.split("=", 1) for item in export.split()[1:])


def test_the_demo_streams_prices_and_transactions_until_the_count_is_reached(start: Start) -> None:
    demo = start("stream", "--demo", "-s", "SOL,$btc", "-w", WALLET, "--count", "5")
    status, out, errors = demo.end()
    assert (status, errors) == (0, b"")
    events = [json.loads(line) for line in out.splitlines()]
    assert sum(event["event"] in ("price", "transaction") for event in events) == 5
    assert all(event["demo"] is True for event in events)
    assert {event["symbol"] for event in events if event["event"] == "price"} <= {"SOL", "BTC"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_ends_the_stream_quietly(start: Start, number: signal.Signals) -> None:
    stream = start("stream", "--demo", "-s", "SOL")
    assert stream.line()
    status, _, errors = stream.end(number)
    assert (status, errors) == (0, b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "command",
    [
        ("stream", "--demo", "-s", "SOL"),
        ("emulator",),
        ("relay", "--demo", "-s", "SOL", "--listen", "127.0.0.1:0"),
        ("serve", "--demo", "-s", "SOL", "--listen", "127.0.0.1:0"),
    ],
    ids=lambda command: command[0],
)
def test_who_presses_ctrl_c_again_and_again_gets_no_other_end(
    start: Start, command: tuple[str, ...], number: signal.Signals, tmp_path: Path
) -> None:
    running = start(*command, XDG_STATE_HOME=str(tmp_path))
    assert running.line()
    while running.process.poll() is None:
        running.process.send_signal(number)
        time.sleep(0.002)
    status, _, errors = running.end()
    assert (status, errors) == (0, b"")


@pytest.mark.skipif(not hasattr(fcntl, "F_SETPIPE_SZ"), reason="needs a small pipe")
def test_a_signal_ends_a_stream_that_nobody_reads(start: Start) -> None:
    stream = start("stream", "--demo", "--demo-rate", "300", "-s", "SOL,BTC,ETH,BONK,JUP,WIF,PYTH")
    pipe = stream.process.stdout
    assert pipe is not None
    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
    before, waiting = -1, 0
    # it grows until a batch of lines no longer fits; a slow machine only makes this less of a test
    while not waiting or waiting != before:
        time.sleep(0.1)
        before = waiting
        waiting = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]

    stream.process.send_signal(signal.SIGTERM)

    assert stream.process.wait(LIMIT) == 0


def test_a_closed_pipe_ends_the_stream_quietly(start: Start) -> None:
    stream = start("stream", "--demo", "-s", "SOL")
    assert stream.line()
    stream.stop_reading()
    status, _, errors = stream.end()
    assert (status, errors) == (0, b"")


def test_the_past_of_a_price_is_lines_of_json_and_a_reader_that_has_seen_enough_is_no_failure(
    start: Start,
) -> None:
    past = start("history", "SOL", "--demo", "--range", "7d", "--format", "json")
    first = json.loads(past.line())
    assert (first["event"], first["symbol"], first["demo"]) == ("candle", "SOL", True)
    past.stop_reading()
    status, _, errors = past.end()
    assert (status, errors) == (0, b"")


INTERRUPTED_WHILE_A_CLASS_IS_MADE = """
import sys
from streamtui import cli, parsing
def parse(arguments):
    exec("raise KeyboardInterrupt")  # as named tuples and data classes are made, of which the start has many
parsing.parse = parse
sys.argv = ["streamtui", "config", "path"]
cli.main()
"""


def test_a_signal_at_any_moment_of_the_start_is_status_0(tmp_path: Path) -> None:
    (tmp_path / "started.py").write_text(INTERRUPTED_WHILE_A_CLASS_IS_MADE)
    result = subprocess.run(
        [sys.executable, "-m", "started"],
        env=surroundings(tmp_path, {"PYTHONPATH": str(tmp_path)}),
        capture_output=True,
        timeout=LIMIT,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    "command",
    [
        "stream --demo -s SOL",
        "history --demo SOL",
        "search --demo SOL",
        "doctor --demo -s SOL",
        "encodings nothing",
        "config show",
        "config init --config never",
        "relay token add never --tokens never",
    ],
)
def test_without_a_standard_output_there_is_nothing_to_do(tmp_path: Path, command: str) -> None:
    result = subprocess.run(
        ["bash", "-c", f"cd {tmp_path} && {sys.executable} -m streamtui {command} >&-"],
        env=surroundings(tmp_path),
        stderr=subprocess.PIPE,
        timeout=LIMIT,
        check=False,
    )
    assert result.returncode == 2
    assert b"standard output is closed" in result.stderr
    assert [*tmp_path.iterdir()] == []


def test_a_short_command_into_a_closed_pipe_is_quiet_too(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(
        [*COMMAND, "config", "show"],
        env=surroundings(tmp_path),
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=LIMIT,
        check=False,
    )
    os.close(writing)
    assert (result.returncode, result.stderr) == (0, b"")


def on_a_free_port(start: Start, *arguments: str) -> tuple[PipedCommand, int]:
    """Start the emulator with Kraken on a port of our choice that nobody has."""
    while True:
        port = free_port(neighbours=1)
        emulator = start("emulator", "--kraken-port", str(port), *arguments)
        if emulator.line():
            return emulator, port
        status, _, errors = emulator.end()
        assert (status, str(port).encode() in errors) == (1, True)


def test_the_emulator_leads_a_stream_to_itself_and_ends_on_a_signal(start: Start) -> None:
    emulator, port = on_a_free_port(start, "--seed", "3", "--market-rate", "20")
    keyed = variables(emulator.line_with("export "))
    public = variables(emulator.line_with("export "))
    assert public["STREAMTUI_KRAKEN_WS_URL"] == f"ws://127.0.0.1:{port}/v2"

    status, out, errors = start("stream", "-s", "SOL", "--count", "2", **keyed).end()
    assert (status, errors) == (0, b"")
    assert all(json.loads(line)["demo"] is False for line in out.splitlines())

    status, _, errors = start("emulator", "--kraken-port", str(port)).end()
    assert status == 1
    assert str(port).encode() in errors
    assert len(errors.splitlines()) == 1

    status, _, errors = emulator.end(signal.SIGTERM)
    assert (status, errors) == (0, b"")


def test_planned_faults_of_the_network_and_of_the_servers_are_what_a_stream_meets(start: Start) -> None:
    # Helius can only refuse what has passed the proxy that stands before every port because of Birdeye
    faults = ("--fault", "birdeye:reset", "--fault", "helius:refuse_upgrade")
    emulator = start("emulator", *faults)
    keyed = variables(emulator.line_with("export "))
    stream = start("stream", "-s", "SOL", "-w", WALLET, **keyed)
    events = stream.events_until(
        lambda events: {"birdeye", "helius"} <= {e["provider"] for e in events if e["event"] == "error"}
    )
    kinds = {(event["provider"], event["kind"]) for event in events if event["event"] == "error"}
    # a reset while the upgrade is under way looks like an answer that is none
    assert kinds <= {("birdeye", "network"), ("birdeye", "protocol"), ("helius", "server")}
    assert ("helius", "server") in kinds
    assert not [event for event in events if event["event"] == "price"]
    status, _, errors = stream.end(signal.SIGTERM)
    assert status == 0
    lines = errors.splitlines()
    assert [line for line in lines if not line.startswith(b"WARNING: streamtui.providers: ")] == []
    status, _, errors = emulator.end(signal.SIGTERM)
    assert (status, errors) == (0, b"")


def test_help_and_version_import_nothing_heavy(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from streamtui.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'textual', 'rich', 'typer', 'msgspec', 'httpcore', 'websockets', 'streamcore'}\n"
        "print(heavy & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        env=surroundings(tmp_path),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=True,
    )
    assert result.stdout.splitlines()[-1] == "set()"
