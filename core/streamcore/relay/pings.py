"""Asks all terminals of a relay for a sign of life, in rounds: one timer for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from websockets.exceptions import ConnectionClosed
from websockets.protocol import State as ConnectionState

from streamcore.clock import Clock
from streamcore.relay.limits import Close, RelayLimits
from streamcore.relay.terminal import Terminal


async def ping_all(
    terminals: Collection[Terminal],
    clock: Clock,
    limits: RelayLimits,
    *,
    close: Callable[[Terminal, int, str], None],
) -> None:
    """Ping every terminal that seems to keep up, and close those that give no sign of life; never returns.

    Args:
        terminals: Those that are connected, as they come and go.
        clock: Time.
        limits: How often, and how long a terminal may take to answer.
        close: Closes a terminal's connection with a code and a reason, without waiting for that.
    """
    while True:
        await clock.sleep(limits.ping_every)
        waiting = []
        for terminal in tuple(terminals):
            # one that takes nothing has a deadline of its own, and a ping would wait behind the rest
            if terminal.connection.state is ConnectionState.OPEN and not terminal.backlog:
                try:
                    pong = await terminal.connection.ping()
                except ConnectionClosed:
                    continue
                if isinstance(pong, asyncio.Future):  # always; its type says less than its documentation
                    waiting.append((terminal, pong))
        await clock.sleep(limits.pong_within)
        for terminal, pong in waiting:
            if not pong.done():
                close(terminal, Close.NO_PONG, f"no pong within {limits.pong_within:g} s")
            elif not pong.cancelled():
                pong.exception()  # retrieved: the connection has ended, which is noticed elsewhere
