"""How a connection that was lost or refused comes back."""

from __future__ import annotations

import pytest
from scripted_connection import REFUSED, MakeStage, ScriptedConnection

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, State
from streamcore.streams.backoff import HEALTHY_AFTER
from streamcore.streams.connection import RECONNECT_ASKED

S = State


async def test_attempts_follow_the_backoff_until_one_succeeds(stage: ScriptedConnection) -> None:
    stage.refusals = [REFUSED, REFUSED, REFUSED, None]
    await stage.watch("SOL")
    await stage.clock.advance(7)
    await stage.live()
    assert stage.connected_at == [0, 1, 3, 7]
    assert stage.connection.state is S.CONNECTED
    assert stage.connection.statistics.reconnects == 0


async def test_while_it_waits_it_says_which_attempt_comes_when(stage: ScriptedConnection) -> None:
    stage.refusals = [REFUSED, REFUSED]
    await stage.watch("SOL")
    assert (stage.connection.attempt, stage.connection.retry_at) == (1, stage.clock.time() + 1)
    await stage.clock.advance(1)
    assert (stage.connection.attempt, stage.connection.retry_at) == (2, stage.clock.time() + 2)
    await stage.clock.advance(2)
    assert stage.connection.retry_at is None


async def test_a_lost_stream_comes_back_and_is_counted(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    await stage.live()
    await stage.loss()
    assert (stage.connection.state, stage.connection.uptime) == (S.FALLBACK, 0.0)
    await stage.clock.advance(1)
    assert stage.socket.sent == ["want SOL"]
    await stage.live()
    assert stage.connection.statistics.reconnects == 1
    assert stage.seen() == [
        S.CONNECTING,
        S.CONNECTED,
        S.FAILED,
        S.FALLBACK,
        S.CONNECTING,
        S.CONNECTED,
    ]
    assert stage.established == 2


async def test_each_attempt_has_a_codec_of_its_own_and_old_sockets_are_closed(
    stage: ScriptedConnection,
) -> None:
    await stage.watch("SOL")
    await stage.live()
    await stage.loss()
    await stage.clock.advance(1)
    assert [socket.closed for socket in stage.sockets] == [True, False]


async def test_a_server_that_accepts_and_hangs_up_is_not_hammered(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    for pause in (1, 2, 4, 8, 16):
        await stage.live()
        await stage.loss()
        await stage.clock.advance(pause)
    assert stage.connected_at == [0, 1, 3, 7, 15, 31]


async def test_only_lasting_health_forgets_past_failures(stage: ScriptedConnection) -> None:
    stage.refusals = [REFUSED, REFUSED, None]
    await stage.watch("SOL")
    await stage.clock.advance(3)
    await stage.live()
    for _ in range(int(HEALTHY_AFTER)):
        await stage.clock.advance(1)
        stage.socket.say("chatter")
    await stage.loss()
    assert (stage.connection.attempt, stage.connection.retry_at) == (1, stage.clock.time() + 1)


async def test_a_moment_less_of_health_forgets_nothing(stage: ScriptedConnection) -> None:
    stage.refusals = [REFUSED, REFUSED, None]
    await stage.watch("SOL")
    await stage.clock.advance(3)
    await stage.live()
    for _ in range(int(HEALTHY_AFTER) - 1):
        await stage.clock.advance(1)
        stage.socket.say("chatter")
    await stage.loss()
    assert stage.connection.attempt == 3


async def test_it_waits_as_long_as_the_provider_asks(stage: ScriptedConnection) -> None:
    stage.refusals = [ProviderError(ErrorKind.RATE_LIMIT, "slow down", retry_after=30.0)]
    await stage.watch("SOL")
    await stage.clock.advance(29.9)
    assert stage.connected_at == [0]
    await stage.clock.advance(0.1)
    assert stage.connected_at == [0, 30]


async def test_after_all_attempts_it_stops_and_says_so(make_stage: MakeStage) -> None:
    stage = make_stage(max_attempts=2)
    stage.refusals = [REFUSED] * 9
    await stage.watch("SOL")
    await stage.clock.advance(10_000)
    assert stage.connected_at == [0, 1, 3]
    assert (stage.connection.state, stage.connection.parked) == (S.FALLBACK, True)
    assert stage.connection.reason == "refused the connection; stopped trying after 2 retries"
    assert stage.connection.retry_at is None


async def test_after_it_stopped_a_manual_reconnect_starts_over_at_once(make_stage: MakeStage) -> None:
    stage = make_stage(max_attempts=1)
    stage.refusals = [REFUSED] * 3
    await stage.watch("SOL")
    await stage.clock.advance(100)
    stage.connection.reconnect()
    await stage.clock.settle()
    assert stage.connected_at == [0, 1, 100]
    assert not stage.connection.parked
    await stage.clock.advance(1)
    assert stage.connected_at == [0, 1, 100, 101]


@pytest.mark.parametrize("kind", [ErrorKind.AUTH, ErrorKind.PLAN, ErrorKind.QUOTA])
async def test_what_no_waiting_cures_is_parked_until_somebody_asks(
    stage: ScriptedConnection, kind: ErrorKind
) -> None:
    stage.refusals = [ProviderError(kind, "no")]
    await stage.watch("SOL")
    await stage.clock.advance(10_000)
    assert (stage.connected_at, stage.connection.parked, stage.connection.reason) == ([0], True, "no")
    stage.connection.reconnect()
    await stage.clock.settle()
    await stage.live()
    assert (stage.connection.state, stage.connection.parked) == (S.CONNECTED, False)


async def test_a_parked_stream_stays_parked_when_the_wishes_change(stage: ScriptedConnection) -> None:
    stage.refusals = [ProviderError(ErrorKind.AUTH, "no")]
    await stage.watch("SOL")
    stage.connection.set_topics(("SOL", "BTC"))
    await stage.clock.advance(100)
    assert stage.connected_at == [0]


async def test_without_auto_reconnect_there_is_one_try_and_then_a_manual_one(make_stage: MakeStage) -> None:
    stage = make_stage(auto_reconnect=False)
    await stage.watch("SOL")
    await stage.live()
    await stage.loss()
    await stage.clock.advance(10_000)
    assert (stage.connected_at, stage.connection.parked) == ([0], True)
    stage.connection.reconnect()
    await stage.clock.settle()
    assert stage.connected_at == [0, 10_000]


async def test_a_manual_reconnect_cuts_a_waiting_retry_short(stage: ScriptedConnection) -> None:
    stage.refusals = [REFUSED, REFUSED, REFUSED]
    await stage.watch("SOL")
    await stage.clock.advance(3.5)
    stage.connection.reconnect()
    await stage.clock.settle()
    assert stage.connected_at == [0, 1, 3, 3.5]


async def test_a_manual_reconnect_of_a_live_stream_closes_it_first(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    await stage.live()
    stage.connection.reconnect()
    await stage.clock.settle()
    await stage.live()
    assert [socket.closed for socket in stage.sockets] == [True, False]
    assert stage.states == [
        (S.CONNECTING, None),
        (S.CONNECTED, None),
        (S.DISCONNECTING, RECONNECT_ASKED),
        (S.DISCONNECTED, RECONNECT_ASKED),
        (S.CONNECTING, RECONNECT_ASKED),
        (S.CONNECTED, None),
    ]
    assert stage.lost == []


async def test_a_live_stream_that_is_taken_for_dead_is_lost_like_any_other(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    await stage.live()
    silent = ProviderError(ErrorKind.NETWORK, "prices move elsewhere")
    stage.connection.give_up(silent)
    await stage.clock.settle()
    assert (stage.connection.state, stage.lost) == (S.FALLBACK, [silent])
    assert stage.connection.in_doubt
    await stage.clock.advance(1)
    assert stage.connected_at == [0, 1]


async def test_one_that_is_not_live_cannot_be_taken_for_dead(stage: ScriptedConnection) -> None:
    stage.refusals = [REFUSED]
    await stage.watch("SOL")
    stage.connection.give_up(ProviderError(ErrorKind.NETWORK, "prices move elsewhere"))
    await stage.clock.advance(1)
    await stage.live()
    await stage.clock.advance(5)
    assert (stage.connection.state, stage.lost, stage.connection.in_doubt) == (S.CONNECTED, [REFUSED], False)


async def test_a_check_pings_a_live_stream_at_once_and_cuts_a_waiting_retry_short(
    stage: ScriptedConnection,
) -> None:
    stage.refusals = [REFUSED]
    await stage.watch("SOL")
    await stage.clock.advance(0.5)
    stage.connection.check()
    await stage.clock.settle()
    assert stage.connected_at == [0, 0.5]
    await stage.live()
    await stage.clock.advance(5)
    stage.connection.check()
    await stage.clock.settle()
    assert stage.socket.pinged_at == [0.5, 5.5]


async def test_a_check_leaves_a_parked_stream_parked(stage: ScriptedConnection) -> None:
    stage.refusals = [ProviderError(ErrorKind.AUTH, "no")]
    await stage.watch("SOL")
    stage.connection.check()
    await stage.clock.advance(100)
    assert stage.connected_at == [0]


async def test_when_polling_is_refused_too_it_is_down_and_stops_trying(stage: ScriptedConnection) -> None:
    stage.refusals = [REFUSED]
    await stage.watch("SOL")
    stage.connection.refuse_fallback(ProviderError(ErrorKind.AUTH, "wrong key"))
    await stage.clock.advance(1000)
    assert (stage.connection.state, stage.connection.reason) == (S.FAILED, "wrong key")
    assert (stage.connection.parked, stage.connected_at) == (True, [0])
