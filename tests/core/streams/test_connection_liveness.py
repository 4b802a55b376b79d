"""How a connection finds out that it is dead, and what is said of it meanwhile."""

from __future__ import annotations

import logging

import pytest
from scripted_connection import ScriptedConnection

from streamcore.events import ErrorKind, State
from streamcore.providers.reports import Alive, Malformed, Notice, Refusal

S = State


# Keeping alive


async def test_it_pings_in_turn_and_tells_the_latency(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    await stage.live()
    assert stage.connection.statistics.latency is None
    for _ in range(70):
        await stage.clock.advance(1)
        stage.socket.say("chatter")
    assert stage.socket.pinged_at == pytest.approx([0, 30.05, 60.1])
    assert stage.connection.statistics.latency == pytest.approx(0.05)


async def test_a_missing_pong_ends_the_stream(stage: ScriptedConnection) -> None:
    stage.pong_after = None
    await stage.watch("SOL")
    await stage.live()
    await stage.clock.advance(10)
    assert stage.lost[0].message == "no pong for 10 s"


async def test_half_the_silence_is_stale_and_all_of_it_the_end(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    await stage.live()
    await stage.clock.advance(29.9)
    assert not stage.connection.stale
    await stage.clock.advance(0.1)
    assert stage.connection.stale
    assert stage.connection.state is S.CONNECTED
    await stage.clock.advance(29.9)
    assert stage.connection.state is S.CONNECTED
    await stage.clock.advance(0.1)
    assert stage.lost[0].message == "no data for 60 s"
    assert stage.lost[0].kind is ErrorKind.NETWORK


async def test_any_frame_makes_a_stale_stream_fresh_and_both_are_told(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    await stage.live()
    await stage.clock.advance(40)
    assert stage.stale[-1] is True
    stage.socket.say("bad")
    await stage.clock.settle()
    assert stage.stale[-1] is False
    await stage.clock.advance(59)
    assert stage.connection.state is S.CONNECTED
    await stage.clock.advance(1)
    assert stage.lost


# What is said


async def test_reports_are_passed_on_and_counted(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    for frame in ("alive", "bad", "naïve", b"\x00\x01"):
        stage.socket.say(frame)
    await stage.clock.settle()
    assert [type(report) for report in stage.reports] == [Alive, Malformed, Notice, Notice]
    statistics = stage.connection.statistics
    assert (statistics.messages_received, statistics.bytes_received) == (4, 5 + 3 + 6 + 2)
    assert (statistics.messages_sent, statistics.bytes_sent) == (1, len("want SOL"))
    assert statistics.malformed == 1
    assert stage.connection.last_message_at == stage.clock.time()


async def test_what_a_frame_makes_the_codec_say_is_sent(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    stage.socket.say("answer")
    await stage.clock.settle()
    assert stage.socket.sent == ["want SOL", "answered"]


async def test_a_refusal_of_some_topics_leaves_the_stream_alone(stage: ScriptedConnection) -> None:
    await stage.watch("SOL", "BTC")
    await stage.live()
    stage.socket.say("refuse:subscription:BTC")
    await stage.clock.settle()
    assert stage.connection.state is S.CONNECTED
    assert isinstance(stage.reports[-1], Refusal)


@pytest.mark.parametrize(("kind", "parked"), [("auth", True), ("plan", True), ("rate_limit", False)])
async def test_a_refusal_of_everything_ends_the_stream_after_what_was_said_before_it(
    stage: ScriptedConnection, kind: str, parked: bool
) -> None:
    await stage.watch("SOL")
    stage.socket.say(f"refuse:{kind}")
    await stage.clock.settle()
    assert [type(report) for report in stage.reports] == [Notice]
    assert [error.kind for error in stage.lost] == [kind]
    assert (stage.connection.parked, stage.socket.closed) == (parked, True)


async def test_a_mistake_of_our_own_is_logged_and_the_stream_comes_back(
    stage: ScriptedConnection, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.watch("SOL")
    await stage.live()
    stage.socket.say("crash")
    with caplog.at_level(logging.ERROR):
        await stage.clock.settle()
    assert "a mistake of our own" in caplog.text
    assert "RuntimeError" in (stage.connection.reason or "")
    assert stage.lost[0].retryable
    await stage.clock.advance(1)
    await stage.live()
    assert stage.connection.state is S.CONNECTED


async def test_uptime_counts_from_the_proof_of_life(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    await stage.clock.advance(5)
    assert stage.connection.uptime == 0.0
    await stage.live()
    await stage.clock.advance(7)
    assert stage.connection.uptime == 7.0
