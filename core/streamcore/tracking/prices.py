"""Prices between the providers and the consumers: subscriptions, the choice of source, the merged state.

Several providers may serve an instrument; at any moment the prices of one of them, its source, are published.
When the source changes, the next event is a snapshot, and names the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from streamcore.assets.instruments import Instrument, Venue
from streamcore.assets.tokens import Token, TokenTable
from streamcore.clock import Clock
from streamcore.errors import InputError
from streamcore.events import DataKind, ErrorKind, Event, PriceUpdate, Source
from streamcore.providers.reports import PriceReport, Refusal, Report
from streamcore.status import Health
from streamcore.streams.reporting import ReportSource
from streamcore.streams.subscriptions import References
from streamcore.tracking.missing_prices import MissingPrices
from streamcore.tracking.price_state import PriceState
from streamcore.tracking.quiet_rows import QuietRows, streamed_rows
from streamcore.tracking.routing import Router
from streamcore.tracking.symbols import Symbols
from streamcore.tracking.tracker import Rerouting


class PriceSource(ReportSource, Protocol):
    """A provider of prices that is being run."""

    @property
    def health(self) -> Health:
        """How well it delivers."""
        ...

    def set_topics(self, topics: Sequence[str]) -> None:
        """Make these the wanted topics, all of them."""
        ...

    def refresh(self, topics: Sequence[str]) -> None:
        """Ask for the present state of some wanted topics, over HTTP and at once."""
        ...

    def ask_quote(self, topic: str) -> None:
        """Have bid and ask of a wanted topic asked for, where they are not told all the time."""
        ...


class PriceTracker:
    """Subscribes instruments at the providers in use and publishes their merged prices."""

    def __init__(
        self,
        streams: Sequence[PriceSource],
        tokens: TokenTable,
        clock: Clock,
        *,
        publish: Callable[[Event], None],
        publish_together: Callable[[Sequence[PriceUpdate]], None] | None = None,
        quiet_after: float = 120.0,
    ) -> None:
        """Make a tracker that follows nothing yet.

        Args:
            streams: The preferred first.
            tokens: What is known of tokens.
            clock: Time.
            publish: Passes an event on to the consumers.
            publish_together: The same for prices of one provider that came together; ``None``: ``publish``
                is called for each.
            quiet_after: Seconds after which a price that its stream does not tell is asked for over HTTP.
        """
        self._streams = streams
        self._clock = clock
        self._publish = publish
        self._publish_together = publish_together or self._publish_each
        providers = [stream.provider for stream in streams]
        self._router = Router(providers)
        self.symbols = Symbols(providers, tokens, self._router)
        """What symbols stand for, whether they are wanted or not."""
        self._quiet = QuietRows(quiet_after)
        self._rerouting = Rerouting(self._reroute)
        self._wanted = References()
        self._instruments: dict[str, Instrument] = {}
        self._sources: dict[str, str | None] = {}
        """Key of each instrument to its source; ``None``: no provider has it."""
        self._states: dict[str, PriceState] = {}
        """Key of each instrument to what is known of it, for as long as its source is the same."""
        self._streamed: dict[str, dict[str, PriceState]] = {}
        """Provider to its topics to the state that the reports of each change, where that is simple."""
        self._topics: dict[str, frozenset[str]] = {}
        """Provider to its topics as of the last rerouting."""
        self._missing = MissingPrices(
            tokens, clock, demo=any(stream.demo for stream in streams), publish=publish
        )

    def _publish_each(self, events: Sequence[PriceUpdate]) -> None:
        for event in events:
            self._publish(event)

    @property
    def sources(self) -> Mapping[str, str | None]:
        """Key of each wanted instrument to its source; ``None``: no provider has it."""
        return self._sources

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """All wanted instruments."""
        return tuple(self._instruments.values())

    def source_of(self, instrument: Instrument) -> str | None:
        """Return the provider that serves an instrument, or would if it were wanted; ``None``: none does."""
        return self._sources.get(instrument.key) or self._router.source(instrument, self._health())

    def latest(self, instrument: Instrument) -> PriceUpdate | None:
        """Return the last event about an instrument from its present source."""
        state = self._states.get(instrument.key)
        return None if state is None else state.latest

    def subscribe(self, symbols: Iterable[str]) -> list[Token]:
        """Add one reference to each symbol; return what each stands for.

        Raises:
            InputError: No provider in use can know one of them; nothing has been changed.
        """
        if not self._streams:
            raise InputError(str(DataKind.PRICES), "cannot be watched: stream.enable_prices is off")
        instruments = self.symbols.instruments(symbols)
        new = [instrument for instrument in instruments if self._wanted.add(instrument.key)]
        for instrument in new:
            self._instruments.setdefault(instrument.key, instrument)
        self.reroute()
        for instrument in new:
            self._request_first_price(instrument)
        return [self.symbols.described(instrument) for instrument in instruments]

    def _request_first_price(self, instrument: Instrument) -> None:
        """Have the first price of a new instrument fetched, or publish why there is none."""
        for stream in self._streams:
            if stream.name != self._sources.get(instrument.key):
                continue
            for name, topic in self._router.candidates(instrument):
                if name == stream.name and len(self._router.instruments(name, topic)) > 1:
                    # subscribed for another instrument already: no new snapshot comes
                    stream.refresh((topic,))
            return
        self._missing.no_source(instrument)

    def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Take one reference of each symbol away.

        Raises:
            InputError: No provider in use can know one of them; nothing has been changed.
        """
        for instrument in self.symbols.instruments(symbols):
            if self._wanted.remove(instrument.key):
                self._instruments.pop(instrument.key, None)
                self._sources.pop(instrument.key, None)
                self._missing.forget(instrument.key)
                self._forget(instrument.key)
                self._router.forget(instrument)
        self.reroute()

    def _forget(self, key: str) -> None:
        self._states.pop(key, None)
        self._streamed.clear()

    def ask_quote(self, symbol: str) -> None:
        """Have the source of a wanted instrument asked for bid and ask.

        Raises:
            InputError: No provider in use can know it.
        """
        instrument = self.symbols.instrument(symbol)
        source = self._sources.get(instrument.key)
        topics = [topic for name, topic in self._router.candidates(instrument) if name == source]
        for stream in self._streams:
            if stream.name == source:
                for topic in topics:
                    stream.ask_quote(topic)

    def snapshot(self) -> dict[str, PriceUpdate]:
        """Return each key that has a price to all that is known of it, as a ``snapshot`` event."""
        known = ((key, state.latest) for key, state in self._states.items())
        return {key: event.as_snapshot() for key, event in known if event is not None}

    def reroute(self) -> None:
        """Choose the source of every instrument anew. To be called when the health of a provider changes."""
        self._rerouting.ask()

    def _reroute(self) -> None:
        health = self._health()
        wanted = self._router.wanted(self._instruments.values(), health)
        before, self._topics = self._topics, {name: frozenset(topics) for name, topics in wanted.items()}
        for stream in self._streams:
            stream.set_topics(wanted[stream.name])
        moved: dict[str, list[str]] = {}
        for key, instrument in self._instruments.items():
            source = self._router.source(instrument, health)
            if source != self._sources.get(key, source):
                self._forget(key)  # figures of two sources are never mixed in one state
                for name, topic in self._router.candidates(instrument):
                    # its reports of this topic were dropped so far; one that is new to it, it reports anyway
                    if name == source and topic in before.get(name, ()):
                        moved.setdefault(name, []).append(topic)
            self._sources[key] = source
        self._streamed.clear()
        for stream in self._streams:
            if stream.name in moved:
                stream.refresh(moved[stream.name])

    def forgive(self, name: str) -> None:
        """Ask a provider again for what it has refused."""
        self._router.forgive(name)
        self.reroute()

    def markets_changed(self) -> None:
        """Choose sources anew. To be called when the list of markets of a provider has changed."""
        self.reroute()
        for key, instrument in self._instruments.items():
            if self._sources.get(key) is None:
                self._request_first_price(instrument)
            else:
                self._missing.forget(key)

    def pass_time(self) -> None:
        """Ask again for what was refused or told long enough ago. To be called every few seconds."""
        now = self._clock.monotonic()
        if self._router.forgive_expired(now):
            self.reroute()
        told_at = {key: state.price_told_at for key, state in self._states.items()}
        rows = streamed_rows(self._streams, self._instruments, self._sources, told_at)
        for row in self._quiet.left_out(rows, now):
            error = row.left_out()
            self._publish(error.event(row.source.name, self._clock.time(), demo=row.source.demo))
            self._refused(row.source, Refusal(error, (row.topic,)), Source.STREAM)
        self._quiet.ask(rows, now)

    def _refused(self, stream: ReportSource, refusal: Refusal, source: Source) -> None:
        """Move the instruments that a provider refuses to the next one that may have them.

        A topic that it streams at the moment it has, even if an answer over HTTP leaves it out.
        """
        for topic in refusal.topics:
            if source is not Source.STREAM and self._is_streamed(stream.name, topic):
                continue
            now = self._clock.monotonic()
            lasting = refusal.error.kind not in (ErrorKind.SERVER, ErrorKind.GAP)
            for instrument in self._router.refuse(stream.name, topic, now, lasting=lasting):
                if not self._router.candidates(instrument):
                    self._missing.refused(stream.name, instrument, refusal.error.message)
        self.reroute()

    def _is_streamed(self, name: str, topic: str) -> bool:
        return any(
            self._sources.get(instrument.key) == name and self._is_state_streamed(instrument)
            for instrument in self._router.instruments(name, topic)
        )

    def _is_state_streamed(self, instrument: Instrument, field: str | None = None) -> bool:
        state = self._states.get(instrument.key)
        return state is not None and state.is_streamed(field)

    def restarted(self, stream: ReportSource, topics: Sequence[str]) -> None:
        """Make the next price of each topic a snapshot, where this provider is the source."""
        for topic in topics:
            for instrument in self._router.instruments(stream.name, topic):
                state = self._states.get(instrument.key)
                if state is not None and self._sources.get(instrument.key) == stream.name:
                    state.restart()

    def prices(self, stream: ReportSource, reports: Sequence[PriceReport], as_of: float) -> None:
        """Merge and publish what a stream said of prices, read together, in order; see `ReportSink.prices`.

        The hot path. What needs more than a merge is left to `report`.
        """
        ts = self._clock.time()
        states, unpriced = self._streamed_by(stream), self._router.has_unpriced
        events: list[PriceUpdate] = []
        for report in reports:
            state = states.get(report.topic)
            knows_nothing = report.price is None and report.complete
            if state is None or knows_nothing or unpriced:
                if events:
                    self._publish_together(events)
                    events = []
                self.report(stream, report, Source.STREAM, as_of)
                # the source of something may be another now
                states, unpriced = self._streamed_by(stream), self._router.has_unpriced
                self._remember(stream, report.topic, states)
                continue
            event = state.stream(report, as_of, ts)
            if event is not None:
                events.append(event)
        if events:
            self._publish_together(events)

    def _streamed_by(self, stream: ReportSource) -> dict[str, PriceState]:
        return self._streamed.setdefault(stream.name, {})

    def _remember(self, stream: ReportSource, topic: str, states: dict[str, PriceState]) -> None:
        """Note whose state the reports of a topic change, if that is simple; until the next rerouting."""
        instruments = self._router.instruments(stream.name, topic)
        if len(instruments) == 1 and self._sources.get(instruments[0].key) == stream.name:
            states[topic] = self._state(stream, instruments[0])

    def _state(self, stream: ReportSource, instrument: Instrument) -> PriceState:
        state = self._states.get(instrument.key)
        if state is None:
            address = instrument.address_at(stream.provider.venue)
            state = PriceState(stream.name, instrument.symbol, address, demo=stream.demo)
            self._states[instrument.key] = state
        return state

    def report(self, stream: ReportSource, report: Report, source: Source, as_of: float) -> bool:
        """Merge and publish a price, or move on what the provider refuses.

        Returns whether the price was news.
        """
        if not isinstance(report, PriceReport):
            if isinstance(report, Refusal):
                self._refused(stream, report, source)
            return False
        news = False
        name = stream.name
        if report.knows_nothing if report.price is None else self._router.has_unpriced:
            self._note_price(stream, report)
        for instrument in self._router.instruments(name, report.topic):
            # a provider that is no longer the source may still report for a moment
            if self._sources.get(instrument.key) == name:
                news |= self._merge(stream, instrument, report, source, as_of)
        return news

    def _note_price(self, stream: ReportSource, report: PriceReport) -> None:
        """Move an instrument to another provider while its own knows no price of it, and back afterwards."""
        priced = report.price is not None
        if not self._router.set_priced(stream.name, report.topic, priced=priced):
            return
        self.reroute()
        if priced:
            return
        for instrument in self._router.instruments(stream.name, report.topic):
            if self._sources.get(instrument.key) == stream.name:
                self._missing.unpriced(stream.name, instrument)

    def _merge(
        self, stream: ReportSource, instrument: Instrument, report: PriceReport, source: Source, as_of: float
    ) -> bool:
        # for prices there is no backfill: a price fetched over HTTP after a gap is one that was polled
        source = Source.STREAM if source is Source.STREAM else Source.POLL
        if source is not Source.STREAM and self._streams_change(stream, instrument):
            report = msgspec.structs.replace(report, change_24h=None)
        state = self._state(stream, instrument)
        event = state.merge(report, source, now=self._clock.monotonic(), as_of=as_of, ts=self._clock.time())
        if state.refused:
            fields, symbol = ", ".join(state.refused), instrument.symbol
            text = f"{stream.name} sent an impossible {fields} for {symbol}; it was left out"
            stream.malformed(text)
        if event is None:
            return False
        self._publish(event)
        if "price" not in event.changed:
            return False
        if source is not Source.STREAM and stream.provider.venue is Venue.EXCHANGE:
            # on the chain the two are different figures: one of many pools
            self._quiet.moved(instrument.key, self._clock.monotonic())
        return True

    def _streams_change(self, stream: ReportSource, instrument: Instrument) -> bool:
        """Whether the change over 24 hours is the stream's, so that the figure over HTTP is left out."""
        return stream.provider.streams_change and (
            self._health()[stream.name] in (Health.UP, Health.STARTING)
            or self._is_state_streamed(instrument, "change_24h")
        )

    def _health(self) -> dict[str, Health]:
        return {stream.name: stream.health for stream in self._streams}
