"""The relay: serves what one bus brings to any number of terminals.

Nothing here is done for each terminal that can be done for a group of them, and no terminal is ever waited
for. Whatever belongs together happens in one turn of the event loop: a wish is answered with the state of the
very moment from which on its changes follow.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.typing import Subprotocol

from streamcore.clock import Clock, wait_for
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind, State, StreamError
from streamcore.relay.bus import Bus, Membership
from streamcore.relay.connections import BoundedConnection
from streamcore.relay.fan_out import FanOut
from streamcore.relay.gate import Gate
from streamcore.relay.housekeeping import Housekeeping
from streamcore.relay.limits import Bucket, Close, RelayLimits
from streamcore.relay.listening import listening_socket, start_serving
from streamcore.relay.log import KEEP, MOST, Log
from streamcore.relay.lookups import Lookups
from streamcore.relay.pings import ping_all
from streamcore.relay.requests import Nonsense, Requests, Served
from streamcore.relay.terminal import Terminal
from streamcore.relay.tokens import Tokens
from streamcore.relay.upstream import Upstream
from streamcore.status import ProviderStatus
from streamcore.tasks import Tasks
from streamcore.text import printable
from streamcore.wire.encodings import chosen, encoding, subprotocol
from streamcore.wire.messages import MAX_REQUEST_BYTES, Restart

CUT_OFF = "this relay cannot reach the others"
"""Why terminals are closed by one that is without the bus for long."""

CLOSE_WITHIN = 2.0
"""Seconds for the closing handshake; whoever takes nothing does not answer it either."""

log = logging.getLogger(__name__)


class Relay:
    """Serves a bus; an asynchronous context manager that listens while it is entered.

    Whoever makes it starts the bus before and ends it after.
    """

    def __init__(
        self,
        bus: Bus,
        served: Served,
        transactions: Log,
        clock: Clock,
        *,
        listen: tuple[str, int],
        membership: Membership | None = None,
        tokens: Tokens | None = None,
        limits: RelayLimits | None = None,
        tls: ssl.SSLContext | None = None,
        behind_proxy: bool = False,
        keep: float = KEEP,
        keep_most: int = MOST,
    ) -> None:
        """Make a relay that does nothing yet.

        Args:
            bus: Running.
            served: What terminals are told about it, and what is watched in any case.
            transactions: The log, open.
            clock: Time.
            listen: Host and port; port 0 takes a free one.
            membership: Its place among several relays; ``None``: it is alone. The door opens when it has
                caught up with them.
            tokens: Who may connect; ``None``, or none of them: everybody who can.
            limits: How much.
            tls: With the relay's certificate; ``None``: plain.
            behind_proxy: A reverse proxy is in front.
            keep: Seconds for which transactions are kept.
            keep_most: How many transactions are kept.
        """
        self.limits = limits or RelayLimits()
        self.connected = 0
        """Terminals that have ever connected."""
        self.disconnected: dict[int, int] = {}
        """Terminals that have left, by close code."""
        self.log = transactions
        self.membership = membership
        self._bus = bus
        self._served = served
        self._clock = clock
        self._listen = listen
        self._tls = tls
        self.upstream = Upstream(
            bus,
            transactions,
            clock,
            self.limits,
            prices=served.prices,
            wallets=served.wallets,
        )
        self.fan_out = FanOut(bus, self.upstream, transactions, clock, self.limits, close=self._close)
        self._tasks = Tasks("relay", clock, failed=self._internal_error)
        self.requests = Requests(
            bus,
            served,
            self.upstream,
            self.fan_out,
            transactions,
            Lookups(bus, self._tasks, clock),
            clock,
            self.limits,
        )
        self.housekeeping = Housekeeping(
            self.requests,
            self.fan_out,
            self.upstream,
            transactions,
            clock,
            keep=keep,
            keep_most=keep_most,
        )
        self.gate = Gate(
            tokens or Tokens(),
            self.limits,
            clock,
            behind_proxy=behind_proxy,
            unready=self.unready,
            notes=tuple if membership is None else membership.notes,
        )
        self._terminals: set[Terminal] = set()
        self._server: Server | None = None

    # --- life -------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Relay:
        """Subscribe what is configured, and listen.

        Raises:
            ListenFailed: The address cannot be listened on.
        """
        for refusal in await self.requests.watch_configured():
            log.warning("%s is not watched: %s", printable(refusal.what), refusal.message)
        deflate = ServerPerMessageDeflateFactory(
            server_max_window_bits=12,
            client_max_window_bits=12,
            compress_settings={"memLevel": 5, "level": 4},  # 6 takes thrice the time for 0.4 % of the bytes
        )
        self._server = await serve(
            self._serve,
            sock=listening_socket(*self._listen),
            ssl=self._tls,
            compression=None,
            extensions=[deflate],
            process_request=self.gate,
            select_subprotocol=_selected,
            server_header=None,
            open_timeout=self.limits.want_within,
            ping_interval=None,  # one round of pings for all: see `ping_all`
            close_timeout=CLOSE_WITHIN,
            max_size=MAX_REQUEST_BYTES,
            max_queue=4,
            create_connection=BoundedConnection,
            logger=QUIET,
            start_serving=False,
        )
        await start_serving(self._server)
        self._tasks.start_loop("passing on events", self.fan_out.run)
        self._tasks.start_loop("housekeeping", self.housekeeping.run)
        pings = partial(ping_all, self._terminals, self._clock, self.limits, close=self._close)
        self._tasks.start_loop("pings", pings)
        if self.membership is None:
            self.gate.opened = True
        else:
            self._tasks.start_loop("opening the door", partial(self._keep_door, self.membership))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell the terminals that the relay will be back, close their connections, and write the log."""
        self.gate.opened = False
        await self._tasks.close()
        if self._server is not None:
            self.fan_out.collect()
            self.fan_out.flush()
            for terminal in self._terminals:
                terminal.send(terminal.encoding.encode(Restart(0)))
            # not by the server's own close, which waits for whoever takes nothing
            ends = [self._end(one, Close.RESTART, "the relay restarts") for one in self._terminals]
            await asyncio.gather(*ends)
            self._server.close(code=Close.RESTART, reason="the relay restarts")
            await self._server.wait_closed()
        self.fan_out.collect()  # in one turn with what follows, which counts it as told
        self.log.close()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are listened on; before that, what was asked for."""
        if self._server is None or not self._server.sockets:
            return self._listen
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def _keep_door(self, membership: Membership) -> None:
        """Let terminals in while what they want can be had here; else they may find it at another relay."""
        while True:
            await membership.caught_up()
            self.gate.opened = True
            await membership.cut_off()
            self.gate.opened = False
            log.warning("the terminals are sent to other relays")
            for terminal in tuple(self._terminals):
                self._close(terminal, Close.RESTART, CUT_OFF)

    # --- what is asked of it ----------------------------------------------------------------------------

    def unready(self) -> list[str]:
        """Return why not everything that is wanted can be served at present, as phrases."""
        reasons = [] if self.log.trouble is None else [self.log.trouble]
        if self.log.unreadable is not None:
            reasons.append(self.log.unreadable)
        if self.membership is not None:
            reasons += self.membership.troubles()
        statuses = self._bus.statuses().values()
        wanted = {
            DataKind.PRICES: bool(self.upstream.rows),
            DataKind.WALLETS: bool(self.upstream.wallets),
        }
        for kind, is_wanted in wanted.items():
            if is_wanted and not any(one.kind is kind and _delivers(one) for one in statuses):
                reasons.append(f"{kind}: no source delivers")
        return reasons

    def set_tokens(self, tokens: Tokens) -> None:
        """Take over other tokens; terminals whose token is not among them any more are closed."""
        self.gate.tokens = tokens
        for terminal in tuple(self._terminals):
            holder = terminal.holder
            entry = None if holder is None else tokens.entries.get(holder.name)
            if holder is None:
                if len(tokens):
                    self._close(terminal, Close.WITHDRAWN, "this relay asks for a token now")
            elif entry is None or entry.digest != holder.digest:
                self._close(terminal, Close.WITHDRAWN, "the token was withdrawn")
            else:
                terminal.holder = entry

    @property
    def terminals(self) -> dict[str, int]:
        """How many terminals are connected, by encoding."""
        found: dict[str, int] = {}
        for terminal in self._terminals:
            found[terminal.encoding.name] = found.get(terminal.encoding.name, 0) + 1
        return found

    @property
    def waiting(self) -> int:
        """How many transactions wait until the log can be written."""
        return self.log.waiting

    def statuses(self) -> Mapping[str, ProviderStatus]:
        """Return the status of every provider, by name."""
        return self._bus.statuses()

    # --- one terminal -----------------------------------------------------------------------------------

    async def _serve(self, connection: ServerConnection) -> None:
        """Talk to one terminal until its connection ends."""
        spoken = encoding(chosen([connection.subprotocol] if connection.subprotocol else []) or "json")
        bucket = Bucket(
            self.limits.messages_per_minute, self.limits.messages_at_once, self._clock.monotonic()
        )
        terminal = Terminal(
            cast("BoundedConnection", connection), spoken, self.gate.holder(connection), bucket
        )
        self.connected += 1
        try:
            if self._is_one_too_many(terminal):
                most = self.limits.clients_of_a_token
                await connection.close(
                    Close.TOO_MANY_CONNECTIONS, f"at most {most} connections with one token"
                )
                return
            self._terminals.add(terminal)
            if not self.gate.opened:  # it was while this one came in
                self._close(terminal, Close.RESTART, CUT_OFF)
            terminal.send(spoken.encode(self.requests.hello(terminal)))
            await self._listen_to(terminal)
        except ConnectionClosed:
            pass
        except Nonsense as error:
            await connection.close(error.code, error.reason)
        except Exception:
            log.exception("a request of a terminal failed")
            await connection.close(Close.INTERNAL, "internal error")
        finally:
            self._terminals.discard(terminal)
            self.requests.forget(terminal)
            code = connection.close_code or 1006
            self.disconnected[code] = self.disconnected.get(code, 0) + 1

    async def _listen_to(self, terminal: Terminal) -> None:
        """Do what a terminal asks for until its connection ends.

        Raises:
            ConnectionClosed: It has ended.
            Nonsense: It has to be closed.
        """
        receive = terminal.connection.recv
        try:
            first = await wait_for(self._clock, receive(decode=False), self.limits.want_within)
        except TimeoutError:
            seconds = f"{self.limits.want_within:g}"
            raise Nonsense(Close.NO_WANT, f"nothing was wanted within {seconds} s") from None
        await self.requests.first(terminal, first)
        while True:
            await self.requests.next(terminal, await receive(decode=False))

    def _is_one_too_many(self, terminal: Terminal) -> bool:
        holder = terminal.holder
        if holder is None:
            return False
        same = sum(one.holder is not None and one.holder.name == holder.name for one in self._terminals)
        return same >= self.limits.clients_of_a_token

    def _close(self, terminal: Terminal, code: int, reason: str) -> None:
        """Close a connection without waiting for it."""
        if not terminal.closing:
            terminal.closing = True
            self._tasks.start("closing a connection", self._end, terminal, code, reason)

    async def _end(self, terminal: Terminal, code: int, reason: str) -> None:
        """Close a connection, and cut it off if its other side does not take that either."""
        with suppress(TimeoutError):
            await wait_for(self._clock, terminal.connection.close(code, reason), CLOSE_WITHIN)
        terminal.connection.transport.abort()

    def _internal_error(self, error: ProviderError) -> None:
        self.fan_out.error(
            StreamError(
                provider="",
                ts=self._clock.time(),
                demo=self._served.demo,
                kind=ErrorKind.PROTOCOL,
                message=f"the relay: {error.message}",
                retryable=True,
            )
        )


QUIET = logging.getLogger("streamcore.relay.websockets")
"""The logger of the servers' connections."""
QUIET.setLevel(logging.CRITICAL)  # what strangers send is not worth a line each; the metrics count it


def _selected(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Return the subprotocol to speak; the gate has seen to it that there is one."""
    name = chosen(offered)
    return None if not offered or name is None else Subprotocol(subprotocol(name))


def _delivers(status: ProviderStatus) -> bool:
    if status.cut_off:
        return False
    if not status.streams or status.fallback:
        return not status.poll_failed
    return status.state is State.CONNECTED
