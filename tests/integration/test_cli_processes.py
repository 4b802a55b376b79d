"""The command as a process of its own: signals, pipes and exit status."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time

import pytest

WALLET = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"
COMMAND = [sys.executable, "-m", "streamtui"]


@pytest.fixture
def environment(tmp_path):
    wanted = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("STREAMTUI_") and name not in ("BIRDEYE_API_KEY", "HELIUS_API_KEY")
    }
    return wanted | {"XDG_CONFIG_HOME": str(tmp_path)}


@pytest.fixture
def free_port():
    """A port with a free one above it, as far as anybody can know."""
    while True:
        with socket.socket() as one, socket.socket() as above:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                above.bind(("127.0.0.1", port + 1))
                return port


@pytest.fixture
def start(environment):
    """Start the command with pipes; whatever still runs afterwards is killed."""
    running: list[subprocess.Popen[bytes]] = []

    def start_command(*arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment | variables,
            bufsize=0,  # so that select tells the truth about what is left to read
        )
        running.append(process)
        return process

    yield start_command
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def line_of(process: subprocess.Popen[bytes]) -> bytes:
    """Return the next line, which must come soon."""
    ready, _, _ = select.select([process.stdout], [], [], 15)
    assert ready, "no line came"
    return process.stdout.readline()


def test_the_demo_streams_prices_and_transactions_until_the_count_is_reached(start):
    process = start("stream", "--demo", "-s", "SOL,$btc", "-w", WALLET, "--count", "5")
    out, err = process.communicate(timeout=20)
    events = [json.loads(line) for line in out.splitlines()]
    assert process.returncode == 0, err
    assert err == b""
    assert sum(event["event"] in ("price", "transaction") for event in events) == 5
    assert all(event["demo"] is True for event in events)
    assert {event["symbol"] for event in events if event["event"] == "price"} == {"SOL", "BTC"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_ends_the_stream_quietly_within_two_seconds(start, number):
    process = start("stream", "--demo", "-s", "SOL")
    line_of(process)
    began = time.monotonic()

    process.send_signal(number)

    _, err = process.communicate(timeout=5)
    assert process.returncode == 0
    assert time.monotonic() - began < 2
    assert err == b""


@pytest.mark.skipif(not hasattr(fcntl, "F_SETPIPE_SZ"), reason="needs a small pipe")
def test_a_signal_ends_a_stream_that_nobody_reads(start):
    process = start("stream", "--demo", "--demo-rate", "300", "-s", "SOL,BTC,ETH,BONK,JUP,WIF,PYTH")
    fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
    before, waiting = -1, 0
    while not waiting or waiting != before:  # it grows until a batch of lines no longer fits
        time.sleep(0.5)
        before = waiting
        waiting = struct.unpack("i", fcntl.ioctl(process.stdout, termios.FIONREAD, b"\0" * 4))[0]

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=2) == 0


def test_a_closed_pipe_ends_the_stream_quietly(start):
    process = start("stream", "--demo", "-s", "SOL")
    line_of(process)
    process.stdout.close()
    assert process.wait(timeout=5) == 0
    assert process.stderr.read() == b""
    process.stdout = None


def test_head_ends_the_whole_pipeline(environment):
    command = f"{sys.executable} -m streamtui stream --demo -s SOL | head -n 3; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(
        ["bash", "-c", command],
        env=environment,
        capture_output=True,
        timeout=20,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert result.stdout.splitlines()[-1] == b"0"
    assert len(result.stdout.splitlines()) == 4
    assert result.stderr == b""


def test_without_a_standard_output_there_is_nothing_to_do(environment):
    result = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m streamtui stream --demo -s SOL >&-"],
        env=environment,
        stderr=subprocess.PIPE,
        timeout=10,
        check=False,
    )
    assert result.returncode == 2
    assert b"standard output is closed" in result.stderr


def test_a_short_command_into_a_closed_pipe_is_quiet_too(environment):
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(
        [*COMMAND, "config", "show"], env=environment, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (result.returncode, result.stderr) == (0, b"")


def test_duration_ends_the_stream(start):
    process = start("stream", "--demo", "-s", "SOL", "--duration", "0.5")
    _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, b"")


def test_without_a_terminal_the_app_does_not_start(start):
    process = start("--demo")
    _, err = process.communicate(timeout=10)
    assert process.returncode == 2
    assert b"streamtui stream" in err


def test_the_doctor_finds_the_demo_healthy(start):
    process = start("doctor", "--demo", "-s", "SOL", "-w", WALLET)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, out + err
    assert b"failed" not in out


def test_the_doctor_says_what_fails_and_never_shows_the_key(start):
    process = start(
        "doctor",
        STREAMTUI_STREAM_CONNECT_TIMEOUT="2",
        STREAMTUI_STREAM_ENABLE_WALLETS="0",
        STREAMTUI_BIRDEYE_WS_URL="ws://127.0.0.1:9/",
        STREAMTUI_BIRDEYE_REST_URL="http://127.0.0.1:9",
        BIRDEYE_API_KEY="geheim-1234",
    )
    out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "✗ failed" in out.decode()
    assert b"geheim" not in out + err


def test_the_emulator_leads_a_stream_to_itself_and_ends_on_a_signal(start):
    emulator = start("emulator", "--seed", "3", "--market-rate", "20")
    export = b""
    while not export.startswith(b"export "):
        export = line_of(emulator)
    variables = dict(item.split("=", 1) for item in export.decode().split()[1:])

    stream = start("stream", "-s", "SOL", "--count", "2", **variables)
    out, err = stream.communicate(timeout=20)

    assert stream.returncode == 0, err
    assert all(json.loads(line)["demo"] is False for line in out.splitlines())
    emulator.send_signal(signal.SIGTERM)
    _, err = emulator.communicate(timeout=5)
    assert (emulator.returncode, err) == (0, b"")


def test_a_public_source_is_emulated_where_it_was_asked_for(start, free_port):
    emulator = start("emulator", "--kraken-port", str(free_port))
    lines = [line_of(emulator) for _ in range(8)]
    assert any(f"STREAMTUI_KRAKEN_WS_URL=ws://127.0.0.1:{free_port}/".encode() in line for line in lines)


def test_a_port_that_is_taken_is_a_failure_in_one_line(start):
    first = start("emulator")
    port = line_of(first).split(b"127.0.0.1:")[1].split(b"/")[0].split()[0].decode()
    second = start("emulator", "--birdeye-port", port)
    _, err = second.communicate(timeout=10)
    assert second.returncode == 1
    assert port.encode() in err
    assert len(err.splitlines()) == 1


def test_help_and_version_import_nothing_heavy(environment):
    script = (
        "import sys\n"
        "from streamtui.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'textual', 'rich', 'typer', 'pydantic', 'msgspec', 'httpx', 'websockets', 'streamcore'}\n"
        "print(heavy & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    )
    assert result.stdout.splitlines()[-1] == "set()"
