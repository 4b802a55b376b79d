"""Planned faults: which one begins and ends when, by time or with an event, at which provider."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from streamcore.clock import Clock
from streamsim.servers.faults import (
    BIRDEYE_FAULTS,
    EXCHANGE_FAULTS,
    HELIUS_FAULTS,
    HTTP_FAULTS,
    NETWORK_FAULTS,
    Event,
    Fault,
    Faults,
)
from streamsim.servers.provider import HttpServer
from streamsim.servers.websocket import ProviderServer


class Moment(StrEnum):
    """A fault that is an action of a server; all but `FREEZE` have no duration."""

    DROP = "drop"
    """Break every open WebSocket without a close frame."""
    CLOSE = "close"
    """Close every open WebSocket with a close frame, code 1012."""
    ERROR_FRAME = "error_frame"
    """Send an error frame that answers nothing."""
    FREEZE = "freeze"
    """Stop listening to the clients that are connected then: no pong, no answer, no data."""


FORM = "[PROVIDER:]NAME[*TIMES][@WHEN[+UNTIL]]"
"""How a fault is planned. WHEN and UNTIL are seconds, or an event as in ``connect`` or ``request*3``."""

_MOMENT = rf"\d+(?:\.\d+)?|(?:{'|'.join(Event)})(?:\*[1-9]\d*)?"
_FORM = re.compile(
    rf"(?:(?P<provider>[a-z]+):)?(?P<name>[a-z_]+)(?:\*(?P<times>[1-9]\d*))?"
    rf"(?:@(?P<at>{_MOMENT})(?:\+(?P<lasts>{_MOMENT}))?)?"
)

OWN_FAULTS = {
    "birdeye": BIRDEYE_FAULTS,
    "helius": HELIUS_FAULTS,
    "kraken": EXCHANGE_FAULTS,
    "coinbase": EXCHANGE_FAULTS,
    "solana": HELIUS_FAULTS,
}
"""The faults that only some providers can have, by provider; all providers with a stream are keys."""

PROVIDERS = tuple(OWN_FAULTS)
POLLED = ("jupiter", "dexscreener", "geckoterminal", "defillama", "sns")
"""The providers without a stream: they have the faults of answers to HTTP requests, if they are named."""
PROXIED = ("birdeye", "helius")
"""The providers for which a proxy can be started."""

_SPECIAL = frozenset[Fault | Moment]().union(*OWN_FAULTS.values())


class BadFault(ValueError):
    """The text of a fault cannot be understood, or the provider cannot have it; the message says why."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """The time when an event has happened ``count`` times."""

    event: Event
    count: int = 1


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault, planned."""

    what: Fault | Moment
    providers: tuple[str, ...]
    at: float | Occasion = 0.0
    """Seconds after the start, or the event it begins with."""
    lasts: float | Occasion | None = None
    """Seconds, or the event it ends with, counted from its beginning; ``None``: it does not end."""
    times: int | None = None
    """How often it applies; ``None``: always."""

    @property
    def needs_proxy(self) -> bool:
        """Whether it is a fault of the network, which needs a proxy before the server."""
        return self.what in NETWORK_FAULTS


def plan(text: str) -> Planned:
    """Read one planned fault; see `FORM`.

    Raises:
        BadFault: There is no such fault or provider, or the one cannot have the other.
    """
    match = _FORM.fullmatch(text.strip().lower())
    if match is None:
        events = ", ".join(Event)
        raise BadFault(f"expected {FORM}; WHEN and UNTIL are SECONDS or one of {events}, or *N behind one")
    known: dict[str, Fault | Moment] = {what.value: what for what in (*Fault, *Moment)}
    what = known.get(match["name"])
    if what is None:
        raise BadFault(f"there is no fault {match['name']!r}; there are: {', '.join(known)}")
    able = _able(what)
    provider = match["provider"]
    if provider is not None:
        every = (*PROVIDERS, *POLLED)
        if provider not in every:
            raise BadFault(f"there is no provider {provider!r}; there are: {', '.join(every)}")
        if provider not in able and not (provider in POLLED and what in HTTP_FAULTS):
            raise BadFault(f"{provider} cannot have the fault {what!s}")
        able = (provider,)
    if match["lasts"] and isinstance(what, Moment) and what is not Moment.FREEZE:
        raise BadFault(f"{what!s} happens once, so it has no duration")
    if match["times"] and isinstance(what, Moment):
        raise BadFault(f"{what!s} happens once, so it cannot be asked for {match['times']} times")
    lasts = _moment(match["lasts"]) if match["lasts"] else None
    times = int(match["times"]) if match["times"] else None
    return Planned(what, able, _moment(match["at"] or "0"), lasts, times)


def _moment(text: str) -> float | Occasion:
    if text[0].isdigit():
        return float(text)
    name, _, count = text.partition("*")
    return Occasion(Event(name), int(count or 1))


_EXPLAINED: dict[Fault | Moment, str] = {
    Fault.REFUSE_UPGRADE: "answer the upgrade to a WebSocket with HTTP 503",
    Fault.SLOW_UPGRADE: "let the upgrade wait a second",
    Fault.ACCEPT_AND_CLOSE: "complete the upgrade, then close at once",
    Fault.STALL: "send no data; pings and pongs go on",
    Fault.LEAVE_OUT: "send no data; heartbeats go on",
    Fault.STALL_SLOTS: "send no slot notifications",
    Fault.STALL_HEARTBEATS: "send no heartbeats",
    Fault.WITHHOLD_WELCOME: "never send the greeting",
    Fault.WITHHOLD_ACK: "never answer a subscribe request, nor honour it",
    Fault.DELAY_ACK: "answer a subscribe request a second late",
    Fault.NOTIFY_BEFORE_ACK: "send the first notification before the answer that names its subscription",
    Fault.REJECT_SUBSCRIBE: "answer a subscribe request with an error frame",
    Fault.DUPLICATE: "send each data frame twice",
    Fault.OUT_OF_ORDER: "send data frames in swapped pairs",
    Fault.MALFORMED_JSON: "cut each data frame off in the middle",
    Fault.BINARY_GARBAGE: "send meaningless bytes in place of each data frame",
    Fault.UNKNOWN_TYPE: "send a frame of an unknown kind before each data frame",
    Fault.HUGE_FRAME: "send a frame of 5 MB before each data frame",
    Fault.STRING_NUMBERS: "write the numbers of price frames as strings",
    Fault.NULL_PRICE: "write null where price frames have numbers",
    Fault.MILLISECONDS: "give the time of candles in milliseconds",
    Fault.EXTRA_FIELDS: "add unknown fields to price frames",
    Fault.EMPTY_SYMBOL: "leave the symbol of price frames empty",
    Fault.HTTP_STATUS: "answer HTTP requests with status 503",
    Fault.HTTP_SLOW: "answer HTTP requests a second late",
    Fault.HTTP_DROP: "close the connection instead of answering an HTTP request",
    Fault.HTTP_GARBAGE: "answer HTTP requests with a page of HTML",
    Fault.THROTTLE: "refuse HTTP requests as too many",
    Fault.REFUSE_CONNECT: "do not listen",
    Fault.RESET: "break every connection with a reset",
    Fault.HALF_OPEN: "swallow everything both ways and keep the connections open",
    Fault.SLOW_LINK: "let 4 kB a second pass, each piece a second late",
    Fault.SPLIT: "cut what passes into segments of 7 bytes",
    Fault.MERGE: "send what passes within a second as one piece",
    Fault.CUT: "break each connection after 7 bytes towards the client",
    Moment.DROP: "once: break every open WebSocket without a close frame",
    Moment.CLOSE: "once: close every open WebSocket with code 1012",
    Moment.ERROR_FRAME: "once: send an error frame that answers nothing",
    Moment.FREEZE: "stop listening to the clients connected then: no pong, no answer, no data",
}


def _able(what: Fault | Moment) -> tuple[str, ...]:
    """Return the providers that can have a fault."""
    if what in NETWORK_FAULTS:
        return PROXIED
    if what in _SPECIAL:
        return tuple(name for name, own in OWN_FAULTS.items() if what in own)
    return PROVIDERS


def listing() -> str:
    """Return every fault and what it does, one per line."""
    lines = []
    for kind in (Fault, Moment):
        for what in kind:
            able = _able(what)
            only = "" if able == PROVIDERS else f" ({', '.join(able)} only)"
            lines.append(f"{what.value:18} {_EXPLAINED[what]}{only}")
    return "\n".join(lines)


async def carry_out(
    plans: Iterable[Planned],
    servers: Mapping[str, HttpServer],
    network: Mapping[str, Faults],
    clock: Clock,
) -> None:
    """Carry out the planned faults, each at its time; return after the last one has ended.

    Args:
        plans: What is planned.
        servers: The emulated providers, by name.
        network: The faults of the proxies before them, by provider; needed where a plan `needs_proxy`.
        clock: Time; seconds count from the call.
    """
    async with asyncio.TaskGroup() as tasks:
        for planned in plans:
            for provider in planned.providers:
                faults = network[provider] if planned.needs_proxy else servers[provider].faults
                tasks.create_task(_carry_out(planned, servers[provider], faults, clock))


async def _carry_out(planned: Planned, server: HttpServer, faults: Faults, clock: Clock) -> None:
    # moments are about clients of a stream, so a plan has none for a provider without one
    streaming = server if isinstance(server, ProviderServer) else None

    def begin() -> None:
        if isinstance(planned.what, Fault):
            faults.set(planned.what, times=planned.times)
        elif streaming is not None and planned.what is Moment.DROP:
            streaming.drop()
        elif streaming is not None and planned.what is Moment.FREEZE:
            streaming.freeze()

    def end() -> None:
        if isinstance(planned.what, Fault):
            faults.clear(planned.what)
        elif streaming is not None:
            streaming.thaw()

    await _at(planned.at, server, clock, begin)
    if streaming is not None and planned.what is Moment.CLOSE:
        await streaming.close_clients(1012, "service restart")
    elif streaming is not None and planned.what is Moment.ERROR_FRAME:
        await streaming.send_error("something went wrong")
    if planned.lasts is not None:
        await _at(planned.lasts, server, clock, end)


async def _at(moment: float | Occasion, server: HttpServer, clock: Clock, act: Callable[[], None]) -> None:
    """Call ``act`` when it is time: for an event synchronously, before anything else can happen."""
    if not isinstance(moment, Occasion):
        if moment:
            await clock.sleep(moment)
        act()
        return
    acted = asyncio.Event()

    def act_now() -> None:
        act()
        acted.set()

    server.faults.on(moment.event, act_now, count=moment.count)
    await acted.wait()
