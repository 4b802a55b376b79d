from __future__ import annotations

from fake_manager import status
from sample_events import price

from streamcore.events import ErrorKind, State, StreamError
from streamtui.format.texts import demo_words, trouble
from streamtui.model.provider_health import Health, Rates


def test_rates_are_averaged_over_the_last_seconds() -> None:
    health = Health()
    for second in range(20):
        received = 10 * second if second < 10 else 90 + 2 * (second - 9)
        health.update(
            {"birdeye": status(messages_received=received, bytes_received=received * 100)}, float(second), 0.0
        )
    assert health.rates("birdeye") == Rates(2.0, 200.0)


def test_a_rate_is_unknown_before_there_are_two_looks() -> None:
    health = Health()
    assert health.rates("birdeye") == Rates()
    health.update({"birdeye": status()}, 1.0, 1.0)
    health.update({"birdeye": status()}, 1.0, 1.0)
    assert health.rates("birdeye") == Rates()


def test_a_lamp_has_been_what_it_is_since_it_changed_whatever_was_tried_meanwhile() -> None:
    health = Health()
    health.update({"birdeye": status(since=100.0)}, 0.0, 200.0)
    assert health.since("birdeye") == 100.0
    polled = {"state": State.FALLBACK, "fallback": True}
    health.update({"birdeye": status(since=300.0, **polled)}, 1.0, 300.5)
    health.update({"birdeye": status(since=310.0, **{**polled, "state": State.CONNECTING})}, 2.0, 311.0)
    assert health.since("birdeye") == 300.5


def test_only_changes_are_kept_in_the_log() -> None:
    health = Health()
    for state, reason in (
        (State.CONNECTED, None), (State.CONNECTED, None), (State.FAILED, "lost"), (State.FAILED, "refused"),
    ):  # fmt: skip
        health.changed(status(state=state, reason=reason).event(1.0))
    error = StreamError(
        provider="helius", ts=2.0, demo=False, kind=ErrorKind.AUTH, message="key refused", retryable=False
    )
    health.failed(error)
    assert [entry.text for entry in health.log] == [
        "connected", "failed: lost", "failed: refused", "auth: key refused",
    ]  # fmt: skip
    assert [entry.bad for entry in health.log] == [False, True, True, True]


def test_a_connection_that_is_tried_in_vain_leaves_one_line_for_each_failure() -> None:
    health = Health()
    health.changed(status(state=State.CONNECTED).event(1.0))
    for attempt in (1, 2, 3):
        for state in (State.FAILED, State.FALLBACK, State.CONNECTING):
            health.changed(status(state=state, reason="refused", attempt=attempt).event(1.0))
    health.changed(status(state=State.CONNECTED).event(1.0))
    assert [entry.text for entry in health.log] == [
        "connected", "failed: refused", "try 1 failed: refused", "try 2 failed: refused", "connected",
    ]  # fmt: skip


def test_trouble_tells_the_attempt_the_wait_and_the_reason() -> None:
    at = price().ts
    assert trouble(status(), at) == ""
    lacking = "3 transactions known but not fetched: HTTP 503"
    assert trouble(status(reason=lacking), at) == lacking
    waiting = status(
        state=State.FALLBACK, fallback=True, attempt=2, retry_at=at + 3.2, reason="no close frame"
    )
    assert trouble(waiting, at) == "try 2 in 4 s · no close frame"
    parked = status(state=State.FAILED, parked=True, reason="Birdeye refused the API key")
    assert trouble(parked, at) == "stopped trying, r tries again · Birdeye refused the API key"
    assert trouble(status(state=State.CONNECTING, attempt=3), at) == "try 3"
    assert trouble(status(stale=True, last_message_at=at - 35), at) == "quiet for 35s"


def test_what_is_invented_is_named() -> None:
    real, invented = status("helius"), status("birdeye", demo=True)
    assert demo_words(real, None) == ""
    assert demo_words(invented, status("helius", demo=True)) == "DEMO"
    assert demo_words(invented, real) == "DEMO prices"


def test_of_a_lost_relay_only_the_relay_can_be_reconnected() -> None:
    health = Health()
    statuses = {
        "kraken": status(provider="kraken", cut_off=True, stale=True),
        "relay": status(provider="relay", state=State.FAILED),
    }
    health.update(statuses, 0.0, 0.0)
    assert health.unhealthy() == ["relay"]


def test_counters_that_begin_anew_begin_a_rate_anew() -> None:
    health = Health()
    for second, received in enumerate((500, 510, 520, 3, 5)):
        health.update({"birdeye": status(messages_received=received)}, float(second), 0.0)
        assert (health.rates("birdeye").messages or 0) >= 0
    assert health.rates("birdeye").messages == 2.0


def test_behind_a_lost_relay_a_provider_is_stale_in_the_log_and_its_line_has_the_reason_alone() -> None:
    health = Health()
    lost = status(stale=True, cut_off=True, reason="relay lost: r:1 cannot be reached", last_message_at=99.0)
    health.changed(lost.event(100.0))
    assert [entry.text for entry in health.log] == ["stale: relay lost: r:1 cannot be reached"]
    assert trouble(lost, 100.0) == "relay lost: r:1 cannot be reached"
