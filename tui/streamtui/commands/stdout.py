"""Writing to standard output without blocking the event loop, and noticing when its reader is gone."""

from __future__ import annotations

import asyncio
import errno
import os
import queue
import select
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Output:
    """Writes to a file descriptor in a thread of its own.

    A thread works for files, terminals and pipes alike, and the descriptor, which other programs may share,
    stays in blocking mode. The thread is a daemon, so that a reader that never reads cannot keep the process
    alive.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_terminal = os.isatty(descriptor)
        self._loop = asyncio.get_running_loop()
        self._work: queue.SimpleQueue[tuple[bytes, asyncio.Future[None]] | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="output", daemon=True).start()

    async def write(self, data: bytes) -> None:
        """Return when all of ``data`` has been handed to the system. One write at a time.

        Raises:
            BrokenPipeError: Nobody reads any more: the pipe is closed, or the terminal has hung up.
            OSError: It cannot be written, for example because the disk is full.
        """
        done: asyncio.Future[None] = self._loop.create_future()
        self._work.put((data, done))
        await done

    def close(self) -> None:
        """Let the thread end once it has written what it was given."""
        self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            data, done = work
            error: OSError | None = None
            try:
                self._write_all(data)
            except OSError as caught:
                error = caught
                if (
                    self._is_terminal and caught.errno == errno.EIO
                ):  # its window was closed; SIGHUP may come later
                    error = BrokenPipeError(errno.EPIPE, "the terminal has hung up")
            with suppress(RuntimeError):  # the loop is closed: nobody waits for the answer any more
                self._loop.call_soon_threadsafe(_settle, done, error)

    def _write_all(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
            except BlockingIOError:  # somebody else has set the shared descriptor to non-blocking
                select.select([], [self._descriptor], [])


def _settle(done: asyncio.Future[None], error: OSError | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)


@contextmanager
def calling_when_closed(descriptor: int, closed: Callable[[], None]) -> Iterator[None]:
    """Call ``closed`` on the running event loop as soon as the reader of a pipe is gone.

    Without this, a program with nothing to write would never find out. Files and terminals have no such
    reader, and where the platform's loop cannot watch a pipe (Windows), the next write finds out.
    """
    loop = asyncio.get_running_loop()
    kind = os.fstat(descriptor).st_mode

    def readable() -> None:
        # of a pipe's writing end nothing can be read: an event means that the other end is gone
        if stat.S_ISFIFO(kind) or _is_at_end(descriptor):
            closed()
        loop.remove_reader(descriptor)

    watched = False
    if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind):
        with suppress(NotImplementedError, OSError):
            loop.add_reader(descriptor, readable)
            watched = True
    try:
        yield
    finally:
        if watched:
            loop.remove_reader(descriptor)


def _is_at_end(descriptor: int) -> bool:
    with socket.socket(fileno=os.dup(descriptor)) as peer:
        try:
            return not peer.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True
