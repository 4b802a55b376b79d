"""The contract suite of ``pytest -m live``, pointed at the simulators finds them well, or their faults."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from bench import WALLET
from captured_sessions import as_capture
from message_shapes import news, shapes
from provider_contract import Unreached, meet
from realdata import realdata
from simulated_contract import known_shapes, meet_simulated
from virtual_time import VirtualClock, on_virtual_time

from streamcore.config.model import Settings
from streamcore.config.sources import JupiterSettings, KrakenSettings
from streamcore.errors import ProviderError
from streamcore.providers import PROVIDERS
from streamcore.providers.reports import PriceReport, TransactionReport
from streamcore.recording.lines import Exchange, KeptAnswer, KeptRequest, Line, Opened, Received
from streamsim import Emulators, Fault

pytestmark = pytest.mark.long

TESTS = Path(__file__).parent.parent


def faulty(provider: str, fault: Fault, **terms: object) -> Callable[[Emulators], None]:
    return lambda emulators: getattr(emulators, provider).faults.set(fault, **terms)


@pytest.mark.parametrize("name", PROVIDERS)
@on_virtual_time
async def test_every_simulated_provider_keeps_the_contract(name: str) -> None:
    meeting = await meet_simulated(name, VirtualClock())
    assert meeting.broken == []
    assert meeting.said == []
    assert news(meeting.shapes, meeting.shapes) == []
    assert sum(isinstance(one, PriceReport | TransactionReport) for one in meeting.streamed) < 100


@pytest.mark.parametrize("name", ["kraken", "coinbase", "birdeye", "helius", "solana"])
@on_virtual_time
async def test_one_connection_and_a_few_requests_are_all_that_it_takes(name: str) -> None:
    clock = VirtualClock()
    meeting = await meet_simulated(name, clock)
    opened = [line for line in meeting.lines if isinstance(line, Opened)]
    asked = [line for line in meeting.lines if isinstance(line, Exchange)]
    assert len(opened) == 1
    assert len(asked) <= 8
    assert clock.monotonic() < 60


@on_virtual_time
async def test_a_field_nobody_knows_is_printed_as_new() -> None:
    clock = VirtualClock()
    known = await meet_simulated("kraken", clock)
    seen = await meet_simulated("kraken", clock, prepare=faulty("kraken", Fault.EXTRA_FIELDS))
    assert seen.broken == []
    assert news(seen.shapes, known.shapes) != []
    assert all(line.startswith("ticker") for line in news(seen.shapes, known.shapes))


async def test_what_was_captured_of_a_venue_before_is_not_new() -> None:
    session = realdata("kraken/ws_2026-10-03_session")
    before = await known_shapes("kraken")
    assert news(shapes(as_capture(session)), before) == []
    assert "upcoming_maintenance" in str(before["status update"])


@pytest.mark.parametrize(
    ("name", "fault", "sentence"),
    [
        ("kraken", Fault.MALFORMED_JSON, "makes no sense"),
        ("kraken", Fault.STALL, "the stream brought nothing of SOL/USD within 20 s"),
        ("coinbase", Fault.REJECT_SUBSCRIBE, "was refused"),
        ("coinbase", Fault.HTTP_GARBAGE, "web page"),
    ],
)
@on_virtual_time
async def test_what_does_not_keep_the_contract_is_named(name: str, fault: Fault, sentence: str) -> None:
    meeting = await meet_simulated(name, VirtualClock(), prepare=faulty(name, fault))
    assert any(sentence in wrong for wrong in meeting.broken), meeting.broken


@on_virtual_time
async def test_without_a_way_to_the_host_it_is_unreached_which_is_no_failure() -> None:
    nowhere = Settings(
        kraken=KrakenSettings(ws_url="ws://127.0.0.1:9/", rest_url="http://127.0.0.1:9"),
        jupiter=JupiterSettings(rest_url="http://127.0.0.1:9"),
    )
    for name in ("kraken", "jupiter"):
        with pytest.raises(Unreached, match=r"127\.0\.0\.1:9"):
            await meet(name, nowhere, VirtualClock(), wallet=WALLET)


@on_virtual_time
async def test_a_host_that_refuses_is_not_unreached() -> None:
    with pytest.raises(ProviderError, match="503"):
        await meet_simulated(
            "kraken", VirtualClock(), prepare=faulty("kraken", Fault.REFUSE_UPGRADE, status=503)
        )


def test_a_usual_run_leaves_the_live_tests_out() -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--collect-only",
        str(TESTS / "live"),
    ]
    run = subprocess.run(command, capture_output=True, text=True, cwd=TESTS.parent, check=False)
    assert run.returncode == 5, run.stdout  # pytest's word for: nothing to run
    assert "no tests collected" in run.stdout
    assert "deselected" in run.stdout


def test_a_shape_says_names_and_types_and_nothing_of_what_a_message_is_about() -> None:
    lines: list[Line] = [
        Received(0.0, "x", 1, text='{"channel":"ticker","data":[{"symbol":"SOL/USD","last":1.5,"n":null}]}'),
        Received(0.0, "x", 1, text='{"channel":"ticker","data":[{"symbol":"BTC/USD","last":2}]}'),
        Exchange(
            0.0,
            "x",
            0.0,
            KeptRequest("GET", "/products/SOL-USD/stats"),
            KeptAnswer(200, text='{"SOLUSD":{"a":["1"]},"XBTUSD":{"a":["2"]}}'),
        ),
    ]
    assert shapes(lines) == {
        "ticker": {
            "channel (str)",
            "data[].symbol (str)",
            "data[].last (number)",
            "data[].n (NoneType)",
        },
        "HTTP 200 /products/*/stats": {"*.a[] (str)"},
    }
    assert news({"a": {"x", "y"}, "b": {"z"}}, {"a": {"x"}}) == ["a: y", "b: a new kind of message, z"]
