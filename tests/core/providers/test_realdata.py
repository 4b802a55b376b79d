"""Every captured file is replayed through the real codecs; what each leads to is tried where it belongs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from realdata import realdata, realdata_names

from streamcore.providers.base import Codec
from streamcore.providers.coinbase.codec import CoinbaseCodec
from streamcore.providers.kraken.codec import KrakenCodec
from streamcore.providers.reports import Malformed, Notice, PriceReport, Refusal

CODECS: dict[str, type[KrakenCodec] | type[CoinbaseCodec]] = {
    "kraken": KrakenCodec,
    "coinbase": CoinbaseCodec,
}
SESSIONS = [name for name in realdata_names() if Path(name).name.startswith("ws_")]


def opened(session: dict[str, Any]) -> Codec:
    codec = CODECS[session["provider"]]()
    codec.opened()
    codec.set_topics(session["topics"])
    codec.frames_to_send()
    return codec


@pytest.mark.parametrize("name", SESSIONS)
def test_every_captured_session_is_read_frame_by_frame(name: str) -> None:
    session = realdata(name)
    codec = opened(session)
    for step in session["steps"]:
        reports = codec.received(step["frame"])
        refused = [topic for one in reports if isinstance(one, Refusal) for topic in one.topics or ("all",)]
        assert refused == step.get("refused", [])
        assert sum(isinstance(one, Notice) for one in reports) == len(step.get("notices", []))
        if step.get("ignored"):
            # of a channel that is not subscribed here: left out, and nothing else comes of it
            assert not any(isinstance(one, PriceReport | Notice) for one in reports)
        else:
            assert not any(isinstance(one, Malformed) for one in reports)
        if "unanswered" in step:
            assert (codec.unanswered or []) == step["unanswered"]


def test_the_prices_of_a_captured_coinbase_session_are_exact() -> None:
    session = realdata("coinbase/ws_2026-09-29_session")
    codec = opened(session)
    reports = [one for step in session["steps"] for one in codec.received(step["frame"])]
    first, second = (one for one in reports if isinstance(one, PriceReport))
    assert (first.price, second.price) == (Decimal("84140.83"), Decimal("84149.24"))
    assert first.change_24h == Decimal("0.610941780392")
    assert (first.complete, second.complete) == (True, False)


def test_no_captured_file_is_left_untried() -> None:
    folder = Path(__file__).parent
    tests = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("test_*.py"))
    untried = [name for name in realdata_names() if name not in SESSIONS and Path(name).name not in tests]
    assert untried == []
