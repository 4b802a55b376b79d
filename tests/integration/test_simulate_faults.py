"""``streamtui emulator --fault``: what can go wrong on request."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from streamsim.servers.faults import Fault
from streamtui.cli import main
from streamtui.commands.simulate import planned_faults

Run = Callable[..., SimpleNamespace]
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the command; whatever still runs afterwards is killed."""
    running: list[subprocess.Popen[bytes]] = []
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("STREAMTUI_") and name not in ("BIRDEYE_API_KEY", "HELIUS_API_KEY")
    } | {"XDG_CONFIG_HOME": str(tmp_path)}

    def start_command(*arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamtui", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment | variables,
            bufsize=0,
        )
        running.append(process)
        return process

    yield start_command
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_main(*arguments: str) -> SimpleNamespace:
        with pytest.raises(SystemExit) as end:
            main(["emulator", *arguments])
        out, err = capsys.readouterr()
        return SimpleNamespace(exit_code=end.value.code, output=out, stderr=err)

    return run_main


def leading_to(process: subprocess.Popen[bytes]) -> dict[str, str]:
    """Return the variables that the emulator prints for a shell."""
    assert process.stdout is not None
    while True:
        ready, _, _ = select.select([process.stdout], [], [], 15)
        assert ready, "no line came"
        line = process.stdout.readline()
        if line.startswith(b"export "):
            return dict(item.split("=", 1) for item in line.decode().split()[1:])


def test_the_list_names_every_fault(run: Run) -> None:
    result = run("--fault", "list")
    assert result.exit_code == 0
    assert {fault.value for fault in Fault} <= {
        line.split()[0] for line in result.output.splitlines() if line
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [("explode@3", "half_open"), ("nobody:stall", "birdeye, helius"), ("stall@soon", "SECONDS")],
)
def test_a_fault_that_is_none_is_wrong_usage_and_the_answer_says_what_there_is(
    run: Run, text: str, says: str
) -> None:
    result = run("--fault", text)
    assert result.exit_code == 2
    assert text in result.stderr
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_several_faults_can_be_planned() -> None:
    plans = planned_faults(["stall@10", "helius:half_open@3+5"])
    assert [plan.needs_proxy for plan in plans] == [False, True]


def test_a_fault_from_the_start_is_what_a_stream_meets(start: Start) -> None:
    emulator = start("emulator", "--market-rate", "20", "--fault", "birdeye:refuse_upgrade")
    variables = leading_to(emulator)
    stream = start("stream", "-s", "SOL", "--duration", "2.5", **variables)
    out, err = stream.communicate(timeout=20)
    assert stream.returncode == 0, err
    events = [json.loads(line) for line in out.splitlines()]
    assert {event["kind"] for event in events if event["event"] == "error"} == {"server"}
    assert {event["source"] for event in events if event["event"] == "price"} == {"poll"}


def test_a_network_fault_comes_when_it_was_planned_and_the_proxy_hides_nothing_else(start: Start) -> None:
    emulator = start("emulator", "--market-rate", "20", "--fault", "reset@1.2+0.1")
    variables = leading_to(emulator)
    stream = start("stream", "-s", "SOL", "--duration", "3.3", **variables)
    out, err = stream.communicate(timeout=20)
    assert stream.returncode == 0, err
    events = [json.loads(line) for line in out.splitlines()]
    states = [event["state"] for event in events if event["event"] == "status"]
    assert states.index("connected") < states.index("fallback")
    assert "connected" in states[states.index("fallback") :]
    began = time.monotonic()
    emulator.send_signal(signal.SIGTERM)
    _, err = emulator.communicate(timeout=5)
    assert (emulator.returncode, err) == (0, b"")
    assert time.monotonic() - began < 2
