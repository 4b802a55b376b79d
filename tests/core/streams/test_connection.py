"""One connection: how it begins, what is asked of it, and how it ends."""

from __future__ import annotations

import asyncio

import pytest
from scripted_connection import DEBOUNCE, LOST, REFUSED, ScriptedConnection

from streamcore.events import ErrorKind, State
from streamcore.providers.reports import Notice, Throttled, TokenAccounts
from streamcore.streams.connection import NOTHING_WANTED, Connection

S = State


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
