"""Relays as real processes over emulated providers, and what the providers see of them.

A `RelayProcess` keeps its port and its folder over all its lives. Each life has API keys of its own, so that
a provider's connections say whose they are; `ConnectionWatch` looks how long two of them have one at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from free_port import LOOPBACK, free_port
from processes import COMMAND, leading_to, surroundings

from streamsim import Emulators

LOOK_EVERY = 0.02
"""Seconds between two looks at the connections."""


class RelayProcess:
    """One ``streamtui relay``, which can be killed, stopped and started again."""

    def __init__(
        self, number: int, folder: Path, emulators: Emulators, arguments: Callable[[], Sequence[str]]
    ) -> None:
        """Make one that does not run. ``arguments``: those that are only its own, asked at each start."""
        self.number = number
        self.port = free_port()
        self.folder = folder / f"relay-{number}"
        self.folder.mkdir(parents=True)
        self.output = self.folder / "output"
        self.lives = 0
        self.is_paused = False
        self._process: subprocess.Popen[bytes] | None = None
        self._emulators = emulators
        self._arguments = arguments

    @property
    def url(self) -> str:
        return f"ws://{LOOPBACK}:{self.port}"

    @property
    def life(self) -> str:
        """What its present life is called, in its keys."""
        return f"paid-{self.number}-{self.lives}"

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; it opens its door when it can."""
        assert not self.runs
        self.lives += 1
        self.is_paused = False
        variables = leading_to(self._emulators) | {"BIRDEYE_API_KEY": self.life, "HELIUS_API_KEY": self.life}
        command = [*COMMAND, "relay", "--listen", f"{LOOPBACK}:{self.port}", *self._arguments()]
        command += ["--state", str(self.folder / "state")]
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=surroundings(self.folder, variables),
            )

    def kill(self) -> None:
        """End it with SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self.is_paused = False

    async def stop(self) -> None:
        """End it in order."""
        assert self._process is not None
        self._process.terminate()
        await asyncio.to_thread(self._process.wait, 60)

    def pause(self) -> None:
        """Have it stand still, as a machine does that has no time for it."""
        assert self._process is not None
        self.is_paused = True
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Have it go on."""
        if self.is_paused and self.runs:
            assert self._process is not None
            os.kill(self._process.pid, signal.SIGCONT)
        self.is_paused = False

    @property
    def said(self) -> str:
        """What it has printed, in all its lives."""
        return self.output.read_text(encoding="utf-8") if self.output.exists() else ""


@contextmanager
def ended(relays: Sequence[RelayProcess]) -> Iterator[None]:
    """End all of them when the block ends, however it does."""
    try:
        yield
    finally:
        for one in relays:
            one.kill()


@dataclass
class Overlap:
    """How long two lives of relays had a connection to the same provider at once."""

    longest: float = 0.0
    """Seconds, of those that ran."""
    longest_with_paused: float = 0.0
    """Seconds, counting also connections of a process that stood still, which nobody can close."""
    times: int = 0
    _since: float | None = None
    _since_with_paused: float | None = None


@dataclass
class ConnectionWatch:
    """Looks at the connections of the providers with a stream until it is cancelled."""

    emulators: Emulators
    relays: Sequence[RelayProcess]
    overlaps: dict[str, Overlap] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    """Lives that have had a connection."""

    async def watch(self) -> None:
        while True:
            self._look(time.monotonic())
            await asyncio.sleep(LOOK_EVERY)

    def leaders(self) -> set[str]:
        """Return the lives that have a connection to the provider of wallets now."""
        return self._lives()["helius"]

    def leader(self) -> RelayProcess | None:
        """Return the relay that alone has the connection to the provider of wallets; ``None``: not one."""
        lives = self.leaders()
        found = [one for one in self.relays if one.life in lives and one.runs and not one.is_paused]
        return found[0] if len(found) == 1 else None

    def _lives(self) -> Mapping[str, set[str]]:
        emulators = self.emulators
        return {
            "birdeye": {one.key for one in emulators.birdeye.clients},
            "helius": {one.key for one in emulators.helius.clients},
        }

    def _look(self, now: float) -> None:
        paused = {one.life for one in self.relays if one.is_paused}
        for provider, lives in self._lives().items():
            self.seen |= lives
            overlap = self.overlaps.setdefault(provider, Overlap())
            if len(lives - paused) < 2:
                overlap._since = None
            else:
                if overlap._since is None:
                    overlap._since = now
                    overlap.times += 1
                overlap.longest = max(overlap.longest, now - overlap._since)
            if len(lives) < 2:
                overlap._since_with_paused = None
            else:
                overlap._since_with_paused = overlap._since_with_paused or now
                longest = now - overlap._since_with_paused
                overlap.longest_with_paused = max(overlap.longest_with_paused, longest)
