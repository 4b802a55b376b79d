"""The figures of a relay, as Prometheus reads them."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
import sample_events
from prometheus_client.parser import text_string_to_metric_families
from relay_bench import WALLETS, Terminal, eventually, running
from relayed_engine import RelayedEngine

from streamcore.config.model import Settings
from streamcore.config.serving import RelaySettings
from streamcore.errors import SettingsError
from streamcore.events import State
from streamcore.relay import plan
from streamcore.relay.measures import TICK_BOUNDS, Histogram
from streamcore.relay.metrics import MetricsServer
from streamcore.relay.server import Relay


@asynccontextmanager
async def measured(folder: Path) -> AsyncIterator[tuple[Relay, RelayedEngine, MetricsServer]]:
    async with (
        running(folder) as (relay, engine),
        MetricsServer(relay, "1.2", ("127.0.0.1", 0)) as server,
    ):
        yield relay, engine, server


async def get(server: MetricsServer, path: str = "/metrics") -> httpx.Response:
    host, port = server.address
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://{host}:{port}{path}")


async def figures(server: MetricsServer) -> dict[str, float]:
    """Every sample by its name and labels, as it is written."""
    found = {}
    for family in text_string_to_metric_families((await get(server)).text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


async def test_what_a_relay_does_is_in_its_figures(tmp_path: Path) -> None:
    async with measured(tmp_path) as (relay, engine, server):
        terminal = await Terminal(relay, "json").open()
        await terminal.want(["SOL", "BTC"], WALLETS[:1])
        engine.price("SOL", "150")
        engine.transaction(WALLETS[0])
        await terminal.until(lambda: terminal.mirror.prices and terminal.transactions())
        gone = await Terminal(relay).open()
        await gone.close()
        await eventually(lambda: relay.disconnected)
        found = await figures(server)
    assert found["streamtui_relay_clients{encoding=json}"] == 1
    assert found["streamtui_relay_clients_lagging"] == 0
    assert found["streamtui_relay_connections_total{result=accepted}"] == 2
    assert found["streamtui_relay_disconnects_total{code=1000}"] == 1
    assert found["streamtui_relay_frames_sent_total{encoding=json}"] >= 2
    assert found["streamtui_relay_payload_bytes_total{encoding=json}"] > 100
    assert found["streamtui_events_total{kind=price,source=stream}"] == 1
    assert found["streamtui_events_total{kind=transaction,source=stream}"] == 1
    assert found["streamtui_relay_log_offset"] == 1
    assert found["streamtui_relay_log_bytes"] > 0
    assert (found["streamtui_relay_rows"], found["streamtui_relay_wallets"]) == (2, 1)
    assert found["streamtui_relay_tick_seconds_count"] >= 1
    assert any(name.startswith("streamtui_build_info{python=3.") for name in found)
    assert found["process_resident_memory_bytes"] > 0


async def test_the_state_of_each_provider_is_in_the_figures(tmp_path: Path) -> None:
    async with measured(tmp_path) as (_, engine, server):
        engine.set_status("kraken", state=State.FALLBACK, fallback=True, malformed=3, latency_ms=250.0)
        found = await figures(server)
    assert found["streamtui_provider_state{provider=kraken,streamtui_provider_state=fallback}"] == 1
    assert found["streamtui_provider_state{provider=kraken,streamtui_provider_state=connected}"] == 0
    assert (
        found["streamtui_provider_up{provider=kraken}"],
        found["streamtui_provider_up{provider=helius}"],
    ) == (0, 1)
    assert found["streamtui_provider_polling{provider=kraken}"] == 1
    assert found["streamtui_provider_ping_seconds{provider=kraken}"] == 0.25
    assert found["streamtui_provider_unusable_frames_total{provider=kraken}"] == 3
    assert found["streamtui_provider_messages_total{direction=in,provider=helius}"] == 812


async def test_bid_and_ask_that_were_asked_for_are_no_old_price_in_the_figures(tmp_path: Path) -> None:
    async with measured(tmp_path) as (relay, engine, server):
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL"])
        quiet = time.time() - 600.0
        engine.price("SOL", "150", ts=quiet)
        await terminal.until(lambda: terminal.mirror.prices)
        engine.price("SOL", "150", ts=quiet, bid=Decimal(149), ask=Decimal(151))
        await terminal.until(lambda: terminal.mirror.prices[sample_events.SOL].bid)
        found = await figures(server)
    assert found["streamtui_relay_event_age_seconds_count{kind=price}"] == 1


async def test_how_old_what_is_told_is_when_it_is_sent_is_in_the_figures(tmp_path: Path) -> None:
    async with measured(tmp_path) as (relay, engine, server):
        name = "streamtui_relay_event_age_seconds"
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL", "BTC"], WALLETS[:1])
        begun = time.time()
        engine.price("SOL", "150", ts=begun - 30.0)
        engine.price("SOL", "151", ts=begun - 20.0)
        engine.transaction(WALLETS[0], ts=begun + 60.0)
        await terminal.until(lambda: terminal.mirror.prices and terminal.transactions())
        found = await figures(server)
    assert found[f"{name}_count{{kind=price}}"] == 1
    assert found[f"{name}_bucket{{kind=price,le=10.0}}"] == 0
    assert found[f"{name}_sum{{kind=price}}"] >= 20.0
    # a clock that was set back makes nothing come from the future
    assert found[f"{name}_count{{kind=transaction}}"] == 1
    assert found[f"{name}_sum{{kind=transaction}}"] >= 0.0


async def test_no_figure_names_what_anybody_watches(tmp_path: Path) -> None:
    async with measured(tmp_path) as (relay, engine, server):
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL", "BONK"], WALLETS[:1])
        engine.price("SOL", "150")
        text = (await get(server)).text
    assert not any(name in text for name in ("SOL", "BONK", WALLETS[0], sample_events.SOL))


async def test_there_is_nothing_but_the_figures(tmp_path: Path) -> None:
    async with measured(tmp_path) as (relay, _, server):
        assert (await get(server, "/")).status_code == 404
        assert relay.terminals == {}


def test_a_histogram_counts_up_to_each_bound() -> None:
    histogram = Histogram(TICK_BOUNDS)
    for value in (0.0001, 0.0005, 0.02, 9.0):
        histogram.observe(value)
    counts = dict(histogram.cumulative())
    assert (counts["0.0005"], counts["0.01"], counts["0.025"], counts["+Inf"]) == (2, 2, 3, 4)
    assert histogram.total == pytest.approx(9.0206)


def test_without_the_library_the_start_is_refused_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = Settings(demo=True, relay=RelaySettings(metrics="127.0.0.1:9787"))
    assert plan(wanted).metrics == ("127.0.0.1", 9787)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(SettingsError, match=r"pip install 'streamtui\[relay\]'"):
        plan(wanted)
