"""What the kernel still has to deliver between the sockets of one process.

Data sent over loopback usually arrives within the call that sends it, but not always: on a busy machine the
kernel delivers it milliseconds later, and to a reader that has taken nothing for a while it goes on only when
a timer of the kernel runs out, which takes a fifth of a second and more. Linux tells for each connection how
much was sent and how much has arrived (TCP_INFO, see ``struct tcp_info`` in ``linux/tcp.h``). If the two ends
of a connection disagree, something is in flight.
"""

from __future__ import annotations

import functools
import os
import selectors
import socket
import stat
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass

Address = tuple[str, int]
Pair = tuple[Address, Address]
"""The own address of an end of a connection, and the other end's."""

_INFO = struct.Struct("=B127xQ8xI52xQQ")
"""State, bytes received, bytes not sent yet, bytes sent, how many of these were sent again; Linux 4.19."""

_ESTABLISHED, _CONNECTING, _HALF_CLOSED = 1, 2, (4, 5)

LONGEST = 10.0
"""Real seconds that something may be in flight without any progress; it is given up afterwards."""

KNOCKING = 0.1
"""Real seconds until a connection is made or refused; after that, nobody answers it."""


@dataclass(frozen=True)
class _Progress:
    state: int
    received: int
    sent: int


@dataclass
class _End:
    """A socket that the loop has waited for at least once."""

    inode: int
    socket: socket.socket
    listens: bool
    pair: Pair | None = None
    progress: _Progress | None = None
    since: float = 0.0
    """When it was first found to be waiting for the kernel as it is now."""

    def look(self, now: float) -> _Progress:
        state, received, waiting, sent, again = _INFO.unpack(
            self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size)
        )
        progress = _Progress(state, received, sent - again + waiting)
        if progress != self.progress:
            self.progress, self.since = progress, now
        return progress


class InFlight:
    """Watches the TCP sockets that one selector waits for."""

    def __init__(self) -> None:
        self._ends: dict[int, _End] = {}
        self._seen: set[Pair] = set()
        """Every end of a connection that was ever here, also if it is closed now."""

    def watch(self, descriptor: int) -> None:
        """Take note of a file descriptor that the selector is asked to wait for."""
        status = os.fstat(descriptor)
        known = self._ends.get(descriptor)
        if known is not None and known.inode == status.st_ino:
            return
        self._forget(descriptor)
        if not stat.S_ISSOCK(status.st_mode):
            return
        made = socket.socket(fileno=descriptor)
        if made.family in {socket.AF_INET, socket.AF_INET6} and made.type == socket.SOCK_STREAM:
            listens = bool(made.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
            self._ends[descriptor] = _End(status.st_ino, made, listens)
        else:
            made.detach()

    def anything(self, waited_for: Mapping[int, selectors.SelectorKey]) -> bool:
        """Return whether the kernel will wake one of the sockets that are waited for without anybody's help.

        A reader that has paused is not waited for, so what it leaves lying counts for nothing.
        """
        now = time.monotonic()
        self._forget_closed()
        listening = {_address(end.socket.getsockname()) for end in self._ends.values() if end.listens}
        open_ends: dict[Pair, _Progress] = {}
        for end in self._ends.values():
            if not end.listens and (pair := self._pair(end)):
                open_ends[pair] = end.look(now)
        reads = {
            end.pair
            for descriptor, end in self._ends.items()
            if descriptor in waited_for and waited_for[descriptor].events & selectors.EVENT_READ
        }
        return any(
            self._is_awaited(end, now, open_ends, listening)
            or self._is_held_up(end, now, waited_for[descriptor].events, reads)
            for descriptor, end in self._ends.items()
            if descriptor in waited_for and not end.listens
        )

    def close(self) -> None:
        for descriptor in list(self._ends):
            self._forget(descriptor)

    def _is_awaited(
        self, end: _End, now: float, open_ends: dict[Pair, _Progress], listening: set[Address]
    ) -> bool:
        if end.pair is None:
            return end.look(now).state == _CONNECTING and now - end.since < KNOCKING
        ours, theirs = end.pair
        progress = open_ends[end.pair]
        is_open = progress.state == _ESTABLISHED or progress.state in _HALF_CLOSED
        if (other := open_ends.get((theirs, ours))) is not None:
            awaited = other.sent > progress.received and is_open
        elif (theirs, ours) in self._seen:
            awaited = is_open  # the other end is closed, and this one has not heard of it
        else:
            awaited = is_open and theirs in listening  # it has yet to be accepted
        return awaited and now - end.since < LONGEST

    def _is_held_up(self, end: _End, now: float, events: int, reads: set[Pair | None]) -> bool:
        """Return whether it waits for room to send, and the other end reads: the kernel will make room."""
        if end.pair is None or not events & selectors.EVENT_WRITE:
            return False
        ours, theirs = end.pair
        return (theirs, ours) in reads and now - end.since < LONGEST

    def _pair(self, end: _End) -> Pair | None:
        if end.pair is None:
            try:
                end.pair = _address(end.socket.getsockname()), _address(end.socket.getpeername())
            except OSError:  # not connected yet
                return None
            self._seen.add(end.pair)
        return end.pair

    def _forget_closed(self) -> None:
        for descriptor, end in list(self._ends.items()):
            try:
                is_same = os.fstat(descriptor).st_ino == end.inode
            except OSError:
                is_same = False
            if not is_same:
                self._forget(descriptor)

    def _forget(self, descriptor: int) -> None:
        if end := self._ends.pop(descriptor, None):
            end.socket.detach()  # whoever opened it closes it


@functools.cache
def is_told() -> bool:
    """Return whether this kernel tells what `InFlight` asks for."""
    if not hasattr(socket, "TCP_INFO"):
        return False
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as near,
    ):
        far, _ = server.accept()
        with far:
            near.sendall(b"12345")
            far.recv(5, socket.MSG_WAITALL)
            try:
                said = [_End(0, one, listens=False).look(0.0) for one in (near, far)]
            except (OSError, struct.error):
                return False
    return said == [_Progress(_ESTABLISHED, 0, 5), _Progress(_ESTABLISHED, 5, 0)]


def _address(name: tuple[str, int] | tuple[str, int, int, int]) -> Address:
    return name[0].removeprefix("::ffff:"), name[1]
