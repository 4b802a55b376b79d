"""The figures of a relay for Prometheus, read from what the relay and its engine count anyway.

It needs the library ``prometheus-client``, which the extra ``streamtui[relay]`` brings. No label ever holds a
symbol, a wallet, an address or a token.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from types import TracebackType

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    StateSetMetricFamily,
)
from prometheus_client.registry import Collector
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from streamcore.events import State
from streamcore.relay.listening import listening_socket, start_serving
from streamcore.relay.server import QUIET, Relay
from streamcore.status import BreakerState, ProviderStatus

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class RelayCollector(Collector):
    """Reads the present figures whenever somebody asks for them; nothing is counted twice for it."""

    def __init__(self, relay: Relay, version: str) -> None:
        self._relay = relay
        self._version = version

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        yield from self._about_itself()
        yield from _about_providers(self._relay.statuses().values())
        yield from self._about_terminals()
        yield from self._about_the_log()

    def _about_itself(self) -> Iterator[Metric]:
        build = _gauge("build_info", "Always 1; the versions are its labels.", ["version", "python"])
        build.add_metric([self._version, platform.python_version()], 1)
        yield build
        lag = _gauge("event_loop_lag_seconds", "How late the last round of housekeeping was.")
        lag.add_metric([], self._relay.housekeeping.lag)
        yield lag
        # one that is alone talks to the providers itself
        member = self._relay.membership
        leader = _gauge("relay_leader", "1: this relay talks to the providers.")
        leader.add_metric([], member is None or member.leads)
        yield leader
        if member is not None:
            connected = _gauge("bus_connected", "1: NATS, which several relays share, can be reached.")
            connected.add_metric([], member.is_connected)
            yield connected
            differ = _gauge("relay_settings_differ", "1: another relay on this NATS has other settings.")
            differ.add_metric([], bool(member.notes()))
            yield differ
        events = _counter(
            "events", "Events taken from the engine, prices of one moment merged.", ["kind", "source"]
        )
        for (kind, source), count in self._relay.fan_out.events.items():
            events.add_metric([kind, source], count)
        yield events

    def _about_terminals(self) -> Iterator[Metric]:
        relay = self._relay
        traffic = relay.fan_out.traffic
        yield _by_label(_gauge("relay_clients", "Terminals connected.", ["encoding"]), relay.terminals)
        lagging = _gauge(
            "relay_clients_lagging", "Terminals that are told nothing until they have taken the rest."
        )
        lagging.add_metric([], relay.fan_out.lagging)
        yield lagging
        connections = _counter("relay_connections", "Attempts to connect.", ["result"])
        connections.add_metric(["accepted"], relay.connected)
        for status, count in relay.gate.refused.items():
            connections.add_metric([str(status)], count)
        yield connections
        codes = {str(code): count for code, count in relay.disconnected.items()}
        yield _by_label(
            _counter("relay_disconnects", "Connections that ended, by close code.", ["code"]), codes
        )
        yield _by_label(_counter("relay_frames_sent", "Frames sent.", ["encoding"]), traffic.frames)
        yield _by_label(
            _counter("relay_payload_bytes", "Bytes of frames sent, before compression.", ["encoding"]),
            traffic.payload,
        )
        skipped = _counter("relay_frames_skipped", "Frames not sent to terminals that took nothing.")
        skipped.add_metric([], traffic.skipped)
        yield skipped
        recoveries = _counter("relay_recoveries", "Terminals that came back.", ["result"])
        for recovered, count in relay.requests.recoveries.items():
            recoveries.add_metric(["recovered" if recovered else "refused"], count)
        yield recoveries
        ticks = traffic.ticks
        histogram = HistogramMetricFamily(
            "streamtui_relay_tick_seconds", "Time to tell one group what is new."
        )
        histogram.add_metric([], ticks.cumulative(), ticks.total)
        yield histogram
        ages = HistogramMetricFamily(
            "streamtui_relay_event_age_seconds",
            "From when the engine had an event until a group of terminals was told, in which many are one.",
            labels=["kind"],
        )
        ages.add_metric(["price"], traffic.price_ages.cumulative(), traffic.price_ages.total)
        ages.add_metric(
            ["transaction"], traffic.transaction_ages.cumulative(), traffic.transaction_ages.total
        )
        yield ages

    def _about_the_log(self) -> Iterator[Metric]:
        relay = self._relay
        for name, text, value in (
            ("relay_log_offset", "Offset of the newest transaction in the log.", relay.log.offset),
            ("relay_log_bytes", "Size of the log on disk.", relay.log.size),
            ("relay_log_waiting", "Transactions that wait until the log can be written.", relay.waiting),
            ("relay_rows", "Prices subscribed for all terminals together.", relay.upstream.rows),
            ("relay_wallets", "Wallets subscribed for all terminals together.", len(relay.upstream.wallets)),
        ):
            metric = _gauge(name, text)
            metric.add_metric([], value)
            yield metric


class MetricsServer:
    """Answers ``GET /metrics``; an asynchronous context manager that listens while it is entered."""

    def __init__(self, relay: Relay, version: str, listen: tuple[str, int]) -> None:
        """``listen``: host and port, without a token: whoever reaches it may read the figures."""
        self._registry = CollectorRegistry()
        self._registry.register(RelayCollector(relay, version))
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._listen = listen
        self._server: Server | None = None

    async def __aenter__(self) -> MetricsServer:
        """Listen.

        Raises:
            ListenFailed: The address cannot be listened on.
        """
        self._server = await serve(
            _nobody,
            sock=listening_socket(*self._listen),
            process_request=self._answer,
            server_header=None,
            logger=QUIET,
            start_serving=False,
        )
        await start_serving(self._server)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are listened on."""
        if self._server is None:
            return self._listen
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    def _answer(self, connection: ServerConnection, request: Request) -> Response:
        if request.path.partition("?")[0] != "/metrics":
            return _response(HTTPStatus.NOT_FOUND, b"there is only /metrics here\n")
        return _response(HTTPStatus.OK, generate_latest(self._registry))


async def _nobody(connection: ServerConnection) -> None:
    """Talk to a WebSocket, of which none is ever opened here."""


def _response(status: HTTPStatus, content: bytes) -> Response:
    headers = Headers(
        [("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(content))), ("Connection", "close")]
    )
    return Response(status.value, status.phrase, headers, content)


def _about_providers(statuses: Iterable[ProviderStatus]) -> Iterator[Metric]:
    states = StateSetMetricFamily("streamtui_provider_state", "State of the stream.", labels=["provider"])
    gauges = {
        "up": _gauge("provider_up", "1: its stream is connected.", ["provider"]),
        "stale": _gauge("provider_stale", "1: connected, but silent for too long.", ["provider"]),
        "polling": _gauge("provider_polling", "1: polling stands in for its stream.", ["provider"]),
        "last": _gauge(
            "provider_last_message_timestamp_seconds", "When it last sent anything, Unix time.", ["provider"]
        ),
        "ping": _gauge("provider_ping_seconds", "Round trip of the last ping.", ["provider"]),
        "subscriptions": _gauge("provider_subscriptions", "What is subscribed there.", ["provider"]),
        "breaker": _gauge("provider_breaker_open", "1: its HTTP API is given a pause.", ["provider"]),
    }
    messages = _counter("provider_messages", "Data frames.", ["provider", "direction"])
    sizes = _counter("provider_bytes", "Payload bytes of data frames.", ["provider", "direction"])
    counters = {
        "reconnects": _counter("provider_reconnects", "How often a lost stream came back.", ["provider"]),
        "malformed": _counter("provider_unusable_frames", "Frames that made no sense.", ["provider"]),
        "dropped": _counter("events_dropped", "Events that a consumer was too slow for.", ["provider"]),
        "recovered": _counter("transactions_recovered", "Transactions fetched after a gap.", ["provider"]),
        "gaps_filled": _counter("gaps", "Gaps that were filled.", ["provider"]),
    }
    for status in statuses:
        label = [status.provider]
        states.add_metric(label, {state.value: status.state is state for state in State})
        gauges["up"].add_metric(label, status.state is State.CONNECTED)
        gauges["stale"].add_metric(label, status.stale)
        gauges["polling"].add_metric(label, status.fallback)
        gauges["subscriptions"].add_metric(label, status.subscriptions)
        gauges["breaker"].add_metric(label, status.breaker is BreakerState.OPEN)
        if status.last_message_at is not None:
            gauges["last"].add_metric(label, status.last_message_at)
        if status.latency_ms is not None:
            gauges["ping"].add_metric(label, status.latency_ms / 1000)
        messages.add_metric([*label, "in"], status.messages_received)
        messages.add_metric([*label, "out"], status.messages_sent)
        sizes.add_metric([*label, "in"], status.bytes_received)
        sizes.add_metric([*label, "out"], status.bytes_sent)
        for name, counter in counters.items():
            counter.add_metric(label, getattr(status, name))
    yield from (states, *gauges.values(), messages, sizes, *counters.values())


def _gauge(name: str, text: str, labels: list[str] | None = None) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"streamtui_{name}", text, labels=labels or [])


def _counter(name: str, text: str, labels: list[str] | None = None) -> CounterMetricFamily:
    """Return a counter, whose samples have ``_total`` at the end of their name."""
    return CounterMetricFamily(f"streamtui_{name}", text, labels=labels or [])


def _by_label(
    metric: GaugeMetricFamily | CounterMetricFamily, values: Mapping[str, int]
) -> GaugeMetricFamily | CounterMetricFamily:
    for label, value in values.items():
        metric.add_metric([label], value)
    return metric
