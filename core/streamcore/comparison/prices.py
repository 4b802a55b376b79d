"""Price events out of a file: lines of ``streamtui stream``, or a capture of what came over the network."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from streamcore.assets.instruments import Instrument, understand
from streamcore.assets.listings import exchange_tickers
from streamcore.assets.tokens import TokenTable
from streamcore.clock import SystemClock
from streamcore.config.model import Settings
from streamcore.errors import InputError, MalformedEvent, ProviderError, StreamcoreError
from streamcore.events import ErrorKind, PriceUpdate
from streamcore.json_lines import from_json
from streamcore.named_files import read_file, reason_of
from streamcore.net.transport import Answer
from streamcore.providers import PROVIDERS, create
from streamcore.providers.base import Codec, Provider
from streamcore.providers.reports import PriceReport
from streamcore.recording.lines import Opened, Received, Start, decoded
from streamcore.tracking.price_state import PriceState

LARGEST = 512 * 1024 * 1024
"""Bytes of a file: ten times those of the largest capture."""


class UnreadableFile(StreamcoreError):
    """A file has no prices; the text says why."""


class _NoNetwork:
    """What providers are made with here: the file has all that was said."""

    async def request(self, method: str, url: str, **_: Any) -> Answer:
        raise ProviderError(ErrorKind.NETWORK, "nothing is asked while a file is read")


def prices_in(path: Path, settings: Settings) -> list[PriceUpdate]:
    """Return the price events of a file, in order.

    Args:
        path: Lines that ``streamtui stream`` has printed, or what ``--capture`` has kept.
        settings: What symbols and tokens there are, beside those that everybody has.

    Raises:
        UnreadableFile: It cannot be read, is neither, or has fewer than two prices.
    """
    try:
        lines = _content(path).splitlines(keepends=True)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {reason_of(error)}") from error
    if not lines:
        raise UnreadableFile(f"{path} is empty")
    if b'"direction"' in lines[0]:
        try:
            events = list(_of_a_capture(decoded(lines), settings))
        except ValueError as error:
            raise UnreadableFile(f"{path}: {error}") from error
    else:
        events = list(_of_event_lines(path, lines))
    if len(events) < 2 or events[-1].ts <= events[0].ts:
        raise UnreadableFile(f"{path} has {len(events)} prices; it takes at least two, at different times")
    return events


def _content(path: Path) -> bytes:
    """Return what is in a file, or what comes through a pipe."""
    if not path.is_fifo():
        return read_file(path, LARGEST)
    with path.open("rb") as pipe:
        found = pipe.read(LARGEST + 1)
    if len(found) > LARGEST:
        raise OSError(errno.EFBIG, f"it is larger than {LARGEST >> 20} MB")
    return found


def _of_event_lines(path: Path, lines: Iterable[bytes]) -> Iterator[PriceUpdate]:
    for number, line in enumerate(lines, 1):
        if not line.endswith(b"\n"):
            return  # it was cut off
        try:
            event = from_json(line)
        except MalformedEvent as error:
            raise UnreadableFile(f"{path}, line {number}: {error.reason}") from error
        if isinstance(event, PriceUpdate):
            yield event


def _of_a_capture(lines: Iterable[object], settings: Settings) -> Iterator[PriceUpdate]:
    """Yield what the frames of a capture say, dated as they came. What was asked over HTTP is left out."""
    instruments = _instruments(settings)
    providers: dict[str, Provider] = {}
    topics: dict[str, dict[str, Instrument]] = {}
    codecs: dict[int, Codec] = {}
    states: dict[tuple[str, str], PriceState] = {}
    began = 0.0
    for line in lines:
        if isinstance(line, Start):
            began = line.started
        if not isinstance(line, Opened | Received) or line.provider not in PROVIDERS:
            continue
        name = line.provider
        if name not in providers:
            providers[name] = provider = create(name, settings, _NoNetwork(), SystemClock())
            named = ((provider.topic(one), one) for one in instruments)
            topics[name] = {topic: one for topic, one in named if topic is not None}
        if isinstance(line, Opened) or line.connection not in codecs:
            codec = codecs[line.connection] = providers[name].codec()
            codec.opened()
            codec.set_topics(list(topics[name]))
        if isinstance(line, Opened):
            continue
        codec = codecs[line.connection]
        for report in codec.received(line.frame):
            if not isinstance(report, PriceReport):
                continue
            state = states.get((name, report.topic))
            if state is None:
                instrument = topics[name].get(report.topic)
                address = instrument.address_at(providers[name].venue) if instrument is not None else None
                symbol = instrument.symbol if instrument is not None else report.topic
                state = states[(name, report.topic)] = PriceState(name, symbol, address, demo=False)
            event = state.stream(report, line.t, began + line.t)
            if event is not None:
                yield event
        codec.frames_to_send()


def _instruments(settings: Settings) -> list[Instrument]:
    """Return everything that a capture may have prices of: what has a name here, and what is configured."""
    tokens = TokenTable(settings.tokens)
    found: dict[str, Instrument] = {}
    for symbol in (*settings.symbols, *tokens.tickers, *exchange_tickers()):
        try:
            instrument = understand(symbol, tokens, exchanges=True)
        except InputError:
            continue
        found.setdefault(instrument.key, instrument)
    return list(found.values())
