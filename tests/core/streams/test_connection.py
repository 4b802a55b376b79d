from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

import pytest
from scripted_connection import DEBOUNCE, LOST, ScriptedConnection

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, State
from streamcore.providers.reports import Alive, Malformed, Notice, Refusal, Throttled, TokenAccounts
from streamcore.streams.backoff import HEALTHY_AFTER
from streamcore.streams.connection import NOTHING_WANTED, RECONNECT_ASKED, Connection

S = State
REFUSED = ProviderError(ErrorKind.NETWORK, "refused the connection")
MakeStage = Callable[..., ScriptedConnection]


@pytest.fixture
async def make_stage() -> AsyncIterator[MakeStage]:
    stages: list[ScriptedConnection] = []

    def make(**stream: float | bool) -> ScriptedConnection:
        stages.append(ScriptedConnection(**stream))
        return stages[-1]

    yield make
    for made in stages:
        await made.connection.close()


@pytest.fixture
async def stage(make_stage: MakeStage) -> ScriptedConnection:
    return make_stage()


# Connecting


async def test_without_topics_it_rests(stage: ScriptedConnection) -> None:
    stage.connection.start()
    await stage.clock.advance(600)
    assert (stage.connection.state, stage.connected_at, stage.states) == (S.DISCONNECTED, [], [])


async def test_it_connects_as_soon_as_something_is_wanted(stage: ScriptedConnection) -> None:
    stage.connection.start()
    await stage.clock.settle()
    await stage.watch("SOL")
    assert stage.connection.state is S.CONNECTING
    assert stage.socket.sent == ["want SOL"]


async def test_an_open_socket_is_not_yet_connected_only_proof_of_life_is(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    stage.socket.say("chatter")
    await stage.clock.advance(1)
    assert (stage.connection.state, stage.established) == (S.CONNECTING, 0)
    await stage.live()
    assert (stage.connection.state, stage.established, stage.connection.reason) == (S.CONNECTED, 1, None)
    assert stage.seen() == [S.CONNECTING, S.CONNECTED]


async def test_proof_of_life_counts_once(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    for _ in range(3):
        await stage.live()
    assert stage.established == 1


async def test_a_server_that_never_proves_its_life_is_given_up(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    for _ in range(9):
        stage.socket.say("chatter")
        await stage.clock.advance(1)
    assert stage.connection.state is S.CONNECTING
    await stage.clock.advance(1)
    assert stage.connection.state is S.FALLBACK
    assert "nothing was heard for 10 s" in (stage.connection.reason or "")
    assert stage.socket.closed


async def test_a_refused_attempt_is_told_with_its_reason_and_polling_may_stand_in(
    stage: ScriptedConnection,
) -> None:
    stage.refusals = [REFUSED]
    await stage.watch("SOL")
    reason = "refused the connection"
    assert stage.states == [
        (S.CONNECTING, None),
        (S.FAILED, reason),
        (S.FALLBACK, reason),
    ]
    assert stage.lost == [REFUSED]


async def test_while_nobody_polls_it_stays_failed(stage: ScriptedConnection) -> None:
    stage.when_lost = lambda: None
    stage.refusals = [REFUSED]
    await stage.watch("SOL")
    assert stage.connection.state is S.FAILED
    await stage.clock.advance(1)
    assert stage.connection.state is S.CONNECTING


# What belongs to a topic


async def test_after_a_loss_what_was_known_to_belong_to_a_topic_is_subscribed_with_it_at_once(
    stage: ScriptedConnection,
) -> None:
    """Row "link lost → live again" of issue 12: token accounts of wallets came a second later."""
    await stage.watch("SOL", "BTC")
    await stage.live()
    for accounts in (("SOL", "old"), ("BTC", "b0"), ("SOL", "s0", "s1")):
        stage.connection.resolve(TokenAccounts(accounts[0], accounts))
    await stage.clock.advance(DEBOUNCE)
    assert stage.socket.sent[1:4] == ["follow SOL old", "follow BTC b0", "follow SOL s0 s1"]
    await stage.loss()
    await stage.clock.advance(1)
    assert stage.socket.sent == ["want SOL BTC", "follow SOL s0 s1", "follow BTC b0"]


async def test_what_belonged_to_a_topic_is_forgotten_when_that_is_not_wanted_any_more(
    stage: ScriptedConnection,
) -> None:
    await stage.watch("SOL", "BTC")
    await stage.live()
    stage.connection.resolve(TokenAccounts("SOL", ("SOL", "s0")))
    await stage.clock.advance(DEBOUNCE)
    for topics in (("BTC",), ("SOL", "BTC")):
        await stage.watch(*topics)
        await stage.clock.advance(DEBOUNCE)
    await stage.loss()
    await stage.clock.advance(1)
    assert stage.socket.sent == ["want SOL BTC"]


# A provider that wants fewer frames


async def test_row_p_a_denial_keeps_the_connection_and_the_codec_goes_on_after_its_rest(
    stage: ScriptedConnection,
) -> None:
    await stage.watch("SOL")
    await stage.live()
    stage.socket.say("slow:4")
    await stage.clock.advance(1)
    stage.connection.set_topics(("SOL", "BTC"))
    await stage.clock.advance(2.9)
    assert stage.socket.sent == ["want SOL"]
    await stage.clock.advance(0.1)
    assert stage.socket.sent == ["want SOL", "rested", "want SOL BTC"]
    assert (len(stage.sockets), stage.connection.state) == (1, S.CONNECTED)
    assert Throttled in [type(report) for report in stage.reports]


async def test_row_p_a_second_denial_during_the_rest_makes_it_longer(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    await stage.live()
    stage.socket.say("slow:2")
    await stage.clock.advance(1.5)
    stage.socket.say("slow:5")
    await stage.clock.advance(4.9)
    assert stage.socket.sent == ["want SOL"]
    await stage.clock.advance(0.1)
    assert stage.socket.sent[1] == "rested"


# Coming back


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


# Wishes


async def test_changes_are_gathered_and_sent_together(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    await stage.live()
    for topics in (("SOL", "BTC"), ("SOL", "BTC", "ETH"), ("BTC", "ETH")):
        stage.connection.set_topics(topics)
        await stage.clock.advance(DEBOUNCE / 5)
    await stage.clock.advance(DEBOUNCE)
    assert stage.socket.sent == ["want SOL", "want BTC ETH"]


async def test_wanting_the_same_sends_nothing(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    await stage.live()
    stage.connection.set_topics(("SOL",))
    await stage.clock.advance(5)
    assert stage.socket.sent == ["want SOL"]


async def test_a_wish_made_while_disconnected_counts_on_connect(stage: ScriptedConnection) -> None:
    stage.refusals = [REFUSED]
    await stage.watch("SOL")
    stage.connection.set_topics(("BTC",))
    await stage.clock.advance(1)
    assert stage.socket.sent == ["want BTC"]


async def test_a_new_wish_does_not_cut_the_wait_short(stage: ScriptedConnection) -> None:
    stage.refusals = [REFUSED, REFUSED]
    await stage.watch("SOL")
    await stage.clock.advance(1.5)
    stage.connection.set_topics(("BTC",))
    await stage.clock.advance(1)
    assert stage.connected_at == [0, 1]


async def test_when_nothing_is_wanted_any_more_it_closes_and_comes_back_for_the_next_wish(
    stage: ScriptedConnection,
) -> None:
    await stage.watch("SOL")
    await stage.live()
    stage.connection.set_topics(())
    await stage.clock.advance(DEBOUNCE)
    assert stage.socket.closed
    assert stage.states[-2:] == [(S.DISCONNECTING, NOTHING_WANTED), (S.DISCONNECTED, NOTHING_WANTED)]
    assert stage.lost == []
    stage.connection.set_topics(("BTC",))
    await stage.clock.settle()
    assert stage.socket.sent == ["want BTC"]


async def test_a_wish_taken_back_within_the_debounce_keeps_the_stream(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    await stage.live()
    stage.connection.set_topics(())
    await stage.clock.advance(DEBOUNCE / 2)
    stage.connection.set_topics(("SOL",))
    await stage.clock.advance(DEBOUNCE * 2)
    assert stage.connection.state is S.CONNECTED
    assert len(stage.sockets) == 1


async def test_when_nothing_is_wanted_any_more_a_waiting_retry_is_given_up(stage: ScriptedConnection) -> None:
    stage.refusals = [REFUSED]
    await stage.watch("SOL")
    stage.connection.set_topics(())
    await stage.clock.advance(100)
    assert (stage.connection.state, stage.connection.reason) == (S.DISCONNECTED, NOTHING_WANTED)
    assert stage.connected_at == [0]
    assert (stage.connection.attempt, stage.connection.retry_at) == (0, None)


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


# The end


@pytest.mark.parametrize("moment", ["never started", "resting", "dialling", "connecting", "live", "waiting"])
async def test_it_can_be_closed_at_any_moment_and_twice(stage: ScriptedConnection, moment: str) -> None:
    match moment:
        case "resting":
            stage.connection.start()
            await stage.clock.settle()
        case "dialling":
            stage.hang = True
            await stage.watch("SOL")
        case "connecting":
            await stage.watch("SOL")
        case "live":
            await stage.watch("SOL")
            await stage.live()
        case "waiting":
            stage.refusals = [REFUSED]
            await stage.watch("SOL")
    await stage.connection.close()
    await stage.connection.close()
    assert stage.connection.state is S.DISCONNECTED
    assert all(socket.closed for socket in stage.sockets)
    dialled = len(stage.connected_at)
    await stage.clock.advance(1000)
    assert len(stage.connected_at) == dialled
    assert stage.clock.sleeping == 0


async def test_after_the_end_nothing_starts_it_again(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    await stage.live()
    await stage.connection.close()
    stage.connection.set_topics(("SOL", "BONK"))
    stage.connection.start()
    await stage.clock.advance(100)
    assert stage.connection.state is S.DISCONNECTED
    assert len(stage.connected_at) == 1


async def test_nothing_of_an_old_socket_reaches_the_listener_after_a_loss(stage: ScriptedConnection) -> None:
    await stage.watch("SOL")
    await stage.live()
    old = stage.socket
    await stage.loss(LOST)
    old.say("late")
    await stage.clock.advance(1)
    await stage.live()
    assert not [report for report in stage.reports if isinstance(report, Notice)]


async def test_no_task_is_left_behind(stage: ScriptedConnection) -> None:
    before = asyncio.all_tasks()
    await stage.watch("SOL")
    await stage.live()
    await stage.loss()
    await stage.clock.advance(1)
    await stage.live()
    stage.connection.reconnect()
    await stage.clock.settle()
    await stage.connection.close()
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize("moment", [S.CONNECTING, S.CONNECTED, S.FAILED, S.FALLBACK])
async def test_a_mistake_while_a_change_is_told_does_not_end_the_stream(
    stage: ScriptedConnection, moment: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 1: whatever raises where, the loop is started again and finds a state to begin from."""
    hear, raised = stage.connection_changed, False

    def fail_once(connection: Connection) -> None:
        nonlocal raised
        hear(connection)
        if connection.state is moment and not raised:
            raised = True
            raise RuntimeError("a mistake of our own")

    monkeypatch.setattr(stage, "connection_changed", fail_once)
    await stage.watch("SOL")
    if stage.sockets:
        await stage.live()
    if stage.connection.state is S.CONNECTED:
        await stage.loss()
    await stage.clock.advance(10)
    await stage.live()
    assert raised
    assert stage.connection.state is S.CONNECTED
    told = [*stage.internal, *stage.lost]
    assert "internal error (RuntimeError); the log has the details" in [error.message for error in told]


# Last words


async def test_what_the_peer_said_before_it_closed_counts_though_nothing_could_be_sent(
    stage: ScriptedConnection,
) -> None:
    stage.last_words = ["refuse:auth"]
    await stage.watch("SOL")
    await stage.clock.advance(600)
    (error,) = stage.lost
    assert (error.kind, error.message) == (ErrorKind.AUTH, "refused")
    assert len(stage.connected_at) == 1  # a wrong key is not tried again


async def test_last_words_that_refuse_nothing_leave_the_loss_what_it_is(stage: ScriptedConnection) -> None:
    stage.last_words = ["alive", "chatter"]
    await stage.watch("SOL")
    assert stage.lost == [LOST]
    assert stage.connection.statistics.messages_received == 2
    assert [type(report) for report in stage.reports] == [Notice]
    assert stage.established == 0
