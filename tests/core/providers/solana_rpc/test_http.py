from __future__ import annotations

import json

import pytest
from scripted_node import KEY, NodeBench, W

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.reports import Checkpoint

K = ErrorKind


@pytest.fixture
def bench() -> NodeBench:
    return NodeBench()


async def test_after_a_rate_limit_nothing_is_asked_until_its_end() -> None:
    bench = NodeBench(lambda asked: Answer(429, {"retry-after": "20"}, b""))
    for seconds in (0.5, 100.0):
        with pytest.raises(ProviderError):
            await bench.fetch(within=seconds)
    first, second = [asked.at for asked in bench.http.asked]
    assert second - first == pytest.approx(20.0, abs=0.01)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"\xff", b'{"id":1}', b'{"result":5}', b'{"result":{"value":[{"pubkey":5}]}}'],
)
async def test_an_answer_that_makes_no_sense_is_a_protocol_error(body: bytes) -> None:
    error = await NodeBench(lambda asked: Answer(200, {}, body)).failure()
    assert (error.kind, error.retryable) == (K.PROTOCOL, True)


async def test_every_call_has_an_id_of_its_own_and_the_key_in_the_url_alone(bench: NodeBench) -> None:
    bench.node.happens("s1", 100, W)
    await bench.fetch(first=Checkpoint("", 0))
    ids = [asked.json["id"] for asked in bench.http.asked]
    assert len(set(ids)) == len(ids)
    assert {asked.url for asked in bench.http.asked} == {f"https://mainnet.helius-rpc.com/?api-key={KEY}"}
    assert all(KEY not in json.dumps(asked.json) for asked in bench.http.asked)
