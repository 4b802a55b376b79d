"""Prices between the providers and the consumers: subscriptions, the choice of source, the merged state.

Several providers may serve an instrument; at any moment the prices of one of them, its source, are published.
When the source changes, the next event is a snapshot, and names the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from streamcore.assets.instruments import Instrument, Venue, understand
from streamcore.assets.listings import exchange_tickers
from streamcore.assets.names import names_given
from streamcore.assets.tokens import Token, TokenTable, matching
from streamcore.clock import Clock
from streamcore.errors import InputError, ProviderError
from streamcore.events import DataKind, ErrorKind, Event, PriceUpdate, Source
from streamcore.providers.reports import PriceReport, Refusal, Report
from streamcore.status import Health
from streamcore.streams.reporting import ReportSource
from streamcore.streams.subscriptions import References
from streamcore.tracking.missing_prices import MissingPrices
from streamcore.tracking.price_state import NEVER, PriceState
from streamcore.tracking.quiet_rows import QuietRows, StreamedRow
from streamcore.tracking.routing import Router
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
        self._tokens = tokens
        self._clock = clock
        self._publish = publish
        self._publish_together = publish_together or self._publish_each
        self._router = Router([stream.provider for stream in streams])
        self._has_exchange = any(stream.provider.venue is Venue.EXCHANGE for stream in streams)
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

    def instrument(self, symbol: str) -> Instrument:
        """Return what a symbol stands for, whether it is wanted or not.

        Raises:
            InputError: No provider in use can know it.
        """
        return understand(symbol, self._tokens, exchanges=self._has_exchange)

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
        instruments = self._understood(symbols)
        new = [instrument for instrument in instruments if self._wanted.add(instrument.key)]
        for instrument in new:
            self._instruments.setdefault(instrument.key, instrument)
        self.reroute()
        for instrument in new:
            self._request_first_price(instrument)
        return [self._described(instrument) for instrument in instruments]

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
        for instrument in self._understood(symbols):
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
        instrument = self.instrument(symbol)
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

    def describe(self, symbol: str) -> Token:
        """Return what a symbol stands for with the sources in use, whether it is watched or not.

        Raises:
            InputError: No provider in use can know it.
        """
        return self._described(self.instrument(symbol))

    def complete(self, prefix: str) -> list[Token]:
        """Return what a ticker or name that begins with ``prefix`` may become, tickers first."""
        tickers = {*self._tokens.tickers, *(exchange_tickers() if self._has_exchange else ())}
        return matching(prefix, {ticker: self.describe(ticker) for ticker in tickers})

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
        rows = self._streamed_rows()
        for key in self._quiet.left_out(rows, now):
            row, name = rows[key], self._sources[key]
            text = f"{name} streamed on but left out trades of {row.topic}; subscribing anew"
            error = ProviderError(ErrorKind.GAP, text)
            for stream in self._streams:
                if stream.name == name:
                    self._publish(error.event(name, self._clock.time(), demo=stream.demo))
                    self._refused(stream, Refusal(error, (row.topic,)), Source.STREAM)
        self._quiet.ask(rows, now)

    def _streamed_rows(self) -> dict[str, StreamedRow]:
        """Return the rows whose source is a living stream that would not say what it leaves out."""
        living = {
            stream.name: stream
            for stream in self._streams
            if stream.health is Health.UP
            and stream.provider.endpoint() is not None
            and not stream.provider.tells_gaps
        }
        rows: dict[str, StreamedRow] = {}
        for key, instrument in self._instruments.items():
            stream, state = living.get(self._sources.get(key) or ""), self._states.get(key)
            topic = None if stream is None else stream.provider.topic(instrument)
            if stream is not None and topic is not None:
                rows[key] = StreamedRow(stream, topic, NEVER if state is None else state.price_told_at)
        return rows

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

    def _understood(self, symbols: Iterable[str]) -> list[Instrument]:
        return [
            understand(symbol, self._tokens, exchanges=self._has_exchange) for symbol in names_given(symbols)
        ]

    def _described(self, instrument: Instrument) -> Token:
        venues = {stream.provider.name: stream.provider.venue for stream in self._streams}
        first = next(iter(self._router.candidates(instrument)), None)
        return instrument.described(Venue.CHAIN if first is None else venues[first[0]])

    def _health(self) -> dict[str, Health]:
        return {stream.name: stream.health for stream in self._streams}
