from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick
from wire_fixtures import helius, names

from streamcore.events import ErrorKind
from streamcore.providers.helius.codec import HeliusCodec
from streamcore.providers.reports import (
    Alive,
    Malformed,
    Notice,
    Refusal,
    Report,
    SignatureSeen,
    TokenAccounts,
    TokenAccountsRequest,
    TransactionReport,
)
from streamcore.providers.solana_rpc.codec import HELD_NOTIFICATIONS
from streamcore.providers.solana_rpc.rung import Rung
from streamcore.solana.interpretation import interpret

W = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
W2 = "DFK4931fqk7pnrqdcvDWozDABepb2BeTwE5DYfiRPi4j"
SLOTS, FIRST, SECOND = 1, 2, 3
"""The ids of the requests on a new connection: the heartbeat, then successful and failed transactions."""
SUBSCRIPTION = 4743323479349712

REPORTS = Alive | TransactionReport | Refusal | Notice | Malformed


def opened(*wallets: str, batch_size: int = 100) -> HeliusCodec:
    codec = HeliusCodec(batch_size)
    codec.set_topics(wallets or (W,))
    codec.opened()
    codec.frames_to_send()
    return codec


def subscribed(*wallets: str) -> HeliusCodec:
    """Return a codec whose first two subscriptions are SUBSCRIPTION and SUBSCRIPTION + 1."""
    codec = opened(*wallets)
    for number, result in ((SLOTS, 7), (FIRST, SUBSCRIPTION), (SECOND, SUBSCRIPTION + 1)):
        codec.received(ack(number, result))
    codec.frames_to_send()
    return codec


def sent(codec: HeliusCodec) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in codec.frames_to_send()]


def ack(number: int, result: object) -> str:
    return json.dumps({"jsonrpc": "2.0", "result": result, "id": number})


def refused(number: object, code: int, message: object) -> str:
    return json.dumps({"jsonrpc": "2.0", "error": {"code": code, "message": message}, "id": number})


def notification(subscription: int, signature: str = "s", slot: int = 5) -> str:
    result = {"transaction": {"transaction": None, "meta": None}, "signature": signature, "slot": slot}
    params = {"subscription": subscription, "result": result}
    return json.dumps({"jsonrpc": "2.0", "method": "transactionNotification", "params": params})


def signatures(reports: list[Report]) -> list[str]:
    return [report.signature for report in reports if isinstance(report, TransactionReport)]


# The lower rung: logs


def on_logs(*wallets: str) -> tuple[HeliusCodec, list[None]]:
    """Return a codec that follows logs since the plan refused whole transactions, and the steps it told."""
    steps: list[None] = []
    codec = HeliusCodec(100, stepped_down=lambda: steps.append(None))
    codec.set_topics(wallets)
    codec.opened()
    codec.frames_to_send()
    return codec, steps


def test_a_plan_without_whole_transactions_steps_down_to_the_logs_of_each_wallet() -> None:
    codec, steps = on_logs(W, W2)
    frame = {**json.loads(helius("ws.transactionSubscribe.error_free_plan")), "id": FIRST}
    notice, *questions = codec.received(json.dumps(frame))
    assert isinstance(notice, Notice)
    assert notice.error.kind is ErrorKind.PLAN
    assert "following the logs" in notice.error.message
    assert questions == [TokenAccountsRequest(W), TokenAccountsRequest(W2)]
    assert len(steps) == 1
    documented = json.loads(helius("ws.logsSubscribe.request"))
    requests = sent(codec)
    assert [request["method"] for request in requests] == ["logsSubscribe"] * 2
    assert requests[0]["params"] == documented["params"]
    # the other lane is refused as well, which is no news any more
    assert codec.received(json.dumps({**frame, "id": SECOND})) == []
    assert len(steps) == 1


def test_on_the_logs_rung_it_is_alive_when_every_wallet_is_acknowledged() -> None:
    codec = HeliusCodec(100, rung=Rung.LOGS)
    codec.set_topics([W, W2])
    codec.opened()
    assert [request["method"] for request in sent(codec)] == ["slotSubscribe", *["logsSubscribe"] * 2]
    assert Alive() not in codec.received(ack(2, 24040))
    assert Alive() in codec.received(ack(3, 24041))


def test_the_token_accounts_of_a_wallet_are_followed_too_and_dropped_with_it() -> None:
    codec = HeliusCodec(100, rung=Rung.LOGS)
    codec.set_topics([W])
    codec.opened()
    codec.frames_to_send()
    codec.received(ack(2, 24040))
    codec.resolved(TokenAccounts(W, (W, "ata")))
    (request,) = sent(codec)
    assert request["params"][0] == {"mentions": ["ata"]}
    codec.received(ack(request["id"], 24041))
    codec.set_topics([])
    assert {request["method"] for request in sent(codec)} == {"logsUnsubscribe"}


@pytest.mark.parametrize("name", ["ws.logsNotification.success", "ws.logsNotification.failed"])
def test_a_log_is_a_hint_at_its_transaction_given_once(name: str) -> None:
    codec = HeliusCodec(100, rung=Rung.LOGS)
    codec.set_topics([W])
    codec.opened()
    codec.received(ack(2, 24040))
    said = json.loads(helius(name))["params"]["result"]
    hint = SignatureSeen(W, said["value"]["signature"], said["context"]["slot"])
    assert codec.received(helius(name)) == [hint]
    assert codec.received(helius(name)) == []


# What is sent


def test_nothing_is_sent_before_the_socket_is_open() -> None:
    codec = HeliusCodec(100)
    codec.set_topics([W])
    assert codec.frames_to_send() == []


def test_a_new_connection_asks_for_the_heartbeat_and_for_successful_and_failed_transactions() -> None:
    codec = HeliusCodec(100)
    codec.set_topics([W, W2])
    codec.opened()
    slots, good, failed = sent(codec)
    assert (slots["method"], slots["params"]) == ("slotSubscribe", [])
    documented = json.loads(helius("ws.transactionSubscribe.request"))["params"]
    for request, flag in ((good, False), (failed, True)):
        assert request["method"] == "transactionSubscribe"
        assert request["params"] == [{**documented[0], "failed": flag}, documented[1]]
    assert [slots["id"], good["id"], failed["id"]] == [1, 2, 3]


def test_version_one_transactions_are_asked_for() -> None:
    codec = HeliusCodec(100)
    codec.set_topics([W])
    codec.opened()
    assert sent(codec)[1]["params"][1]["maxSupportedTransactionVersion"] == 1


def test_an_empty_list_of_wallets_is_never_sent_for_it_would_mean_the_whole_network() -> None:
    codec = HeliusCodec(100)
    codec.set_topics([])
    codec.opened()
    assert [request["method"] for request in sent(codec)] == ["slotSubscribe"]
    codec = subscribed()
    codec.set_topics([])
    assert {request["method"] for request in sent(codec)} == {"transactionUnsubscribe"}


def test_more_wallets_than_fit_go_into_further_subscriptions() -> None:
    codec = HeliusCodec(2)
    codec.set_topics(["a", "b", "c"])
    codec.opened()
    lists = [request["params"][0]["accountInclude"] for request in sent(codec)[1:]]
    assert lists == [["a", "b"], ["a", "b"], ["c"], ["c"]]


def test_the_same_wallets_again_send_nothing() -> None:
    codec = subscribed()
    codec.set_topics([W])
    assert codec.frames_to_send() == []


def test_a_new_list_is_subscribed_first_and_the_old_one_given_up_when_all_of_it_is_acknowledged() -> None:
    codec = subscribed()
    codec.set_topics([W, W2])
    assert [request["method"] for request in sent(codec)] == ["transactionSubscribe"] * 2
    codec.received(ack(4, 1001))
    assert codec.frames_to_send() == []
    codec.received(ack(5, 1002))
    assert [(request["method"], request["params"]) for request in sent(codec)] == [
        ("transactionUnsubscribe", [SUBSCRIPTION]),
        ("transactionUnsubscribe", [SUBSCRIPTION + 1]),
    ]


def test_while_the_new_list_is_not_acknowledged_the_old_one_goes_on() -> None:
    codec = subscribed()
    codec.set_topics([W, W2])
    assert signatures(codec.received(notification(SUBSCRIPTION))) == ["s"]


def test_a_list_that_changed_again_before_its_acknowledgement_is_given_up_at_once() -> None:
    codec = subscribed()
    codec.set_topics([W, W2])
    codec.set_topics([W])
    codec.frames_to_send()
    codec.received(ack(4, 1001))
    codec.received(ack(5, 1002))
    given_up = [request["params"] for request in sent(codec)]
    assert given_up == [[1001], [1002]]
    assert signatures(codec.received(notification(SUBSCRIPTION))) == ["s"]


def test_wanting_back_what_is_under_way_asks_only_once() -> None:
    codec = opened(W)
    codec.set_topics([W2])
    codec.set_topics([W])
    asked = [request["params"][0]["accountInclude"] for request in sent(codec)]
    assert asked == [[W2], [W2]]


def test_ids_are_never_used_twice() -> None:
    codec = HeliusCodec(1)
    codec.opened()
    ids: list[int] = []
    for wallets in (["a"], ["a", "b"], ["b"], [], ["a"]):
        codec.set_topics(wallets)
        for request in sent(codec):
            ids.append(request["id"])
            codec.received(ack(request["id"], 1000 + request["id"]))
    ids += [request["id"] for request in sent(codec)]
    assert len(ids) == len(set(ids))
    assert 0 not in ids


# Proof of life


def test_it_is_alive_when_all_that_is_wanted_is_acknowledged_and_not_before() -> None:
    codec = opened()
    assert codec.received(ack(SLOTS, 7)) == []
    assert codec.received(ack(FIRST, SUBSCRIPTION)) == []
    assert codec.received(ack(SECOND, SUBSCRIPTION + 1)) == [Alive()]


def test_the_heartbeat_alone_is_no_proof_of_life() -> None:
    codec = opened()
    codec.received(ack(SLOTS, 0))
    assert codec.received(helius("ws.slotNotification")) == []


def test_proof_of_life_is_given_once() -> None:
    codec = subscribed()
    codec.set_topics([W, W2])
    assert codec.received(ack(4, 1001)) == []
    assert codec.received(ack(5, 1002)) == []


def test_it_is_alive_although_one_of_two_subscriptions_was_refused() -> None:
    codec = opened()
    codec.received(ack(FIRST, SUBSCRIPTION))
    alive, refusal = codec.received(refused(SECOND, -32602, "Invalid params"))
    assert alive == Alive()
    assert isinstance(refusal, Refusal)
    assert refusal.topics == (W,)


def test_it_is_not_alive_when_everything_was_refused() -> None:
    codec = opened()
    for number in (FIRST, SECOND):
        assert Alive() not in codec.received(refused(number, -32602, "Invalid params"))


# Acknowledgements and refusals


def test_a_documented_acknowledgement_opens_its_subscription() -> None:
    codec = opened()
    codec.received(json.dumps({**json.loads(helius("ws.transactionSubscribe.response")), "id": FIRST}))
    assert signatures(codec.received(notification(SUBSCRIPTION))) == ["s"]


def test_a_free_plan_ends_the_connection_and_parks() -> None:
    frame = {**json.loads(helius("ws.transactionSubscribe.error_free_plan")), "id": FIRST}
    (report,) = opened().received(json.dumps(frame))
    assert isinstance(report, Refusal)
    assert (report.topics, report.error.kind, report.error.parks) == ((), ErrorKind.PLAN, True)


def test_a_free_plan_is_told_by_its_text_under_another_code_too() -> None:
    (report,) = opened().received(
        refused(FIRST, -32601, "transactionSubscribe is not available on the free plan")
    )
    assert isinstance(report, Refusal)
    assert report.error.kind is ErrorKind.PLAN


def test_refused_parameters_are_about_the_wallets_of_that_subscription_alone() -> None:
    said = json.loads(helius("ws.transactionSubscribe.error_invalid_tokenAccounts"))
    codec = opened(W, W2)
    codec.received(ack(SECOND, SUBSCRIPTION))
    assert codec.received(json.dumps({**said, "id": FIRST})) == []
    halves = sent(codec)
    assert [request["params"][0]["accountInclude"] for request in halves] == [[W], [W2]]
    codec.received(ack(halves[0]["id"], SUBSCRIPTION + 1))
    reports = codec.received(json.dumps({**said, "id": halves[1]["id"]}))
    (refusal,) = [report for report in reports if isinstance(report, Refusal)]
    assert (refusal.topics, refusal.error.kind) == ((W2,), ErrorKind.SUBSCRIPTION)


def test_a_connection_of_which_every_wallet_is_refused_ends_for_that_reason() -> None:
    said = json.loads(helius("ws.transactionSubscribe.error_invalid_tokenAccounts"))
    codec = opened(W)
    codec.received(json.dumps({**said, "id": FIRST}))
    (report,) = codec.received(json.dumps({**said, "id": SECOND}))
    assert isinstance(report, Refusal)
    assert (report.topics, report.error.kind) == ((), ErrorKind.SUBSCRIPTION)


def test_the_oldest_request_without_an_answer_is_named() -> None:
    codec = opened()
    assert codec.unanswered == SLOTS
    codec.received(ack(SLOTS, 0))
    assert codec.unanswered == FIRST
    codec.received(ack(FIRST, SUBSCRIPTION))
    codec.received(ack(SECOND, SUBSCRIPTION + 1))
    assert codec.unanswered is None


def test_what_was_refused_is_not_asked_for_again_on_this_connection() -> None:
    codec = opened()
    codec.received(refused(FIRST, -32602, "Invalid params"))
    codec.received(ack(SECOND, SUBSCRIPTION))
    codec.set_topics([W])
    assert codec.frames_to_send() == []


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (-32429, "max usage reached", ErrorKind.QUOTA),
        (-32401, "invalid api key provided", ErrorKind.AUTH),
        (-32603, "Internal Error: Subscription refused. Node subscription limit reached", ErrorKind.SERVER),
        (-32600, "Invalid Request", ErrorKind.SUBSCRIPTION),
        (-32601, "Method not found", ErrorKind.SUBSCRIPTION),
    ],
)
def test_any_other_refusal_ends_the_connection_for_its_reason(
    code: int, message: str, kind: ErrorKind
) -> None:
    (report,) = opened().received(refused(FIRST, code, message))
    assert isinstance(report, Refusal)
    assert (report.topics, report.error.kind) == ((), kind)


@pytest.mark.parametrize("result", [True, None, "7", 1.5, {}, []])
def test_an_acknowledgement_without_a_number_ends_the_connection(result: object) -> None:
    (report,) = opened().received(ack(FIRST, result))
    assert isinstance(report, Refusal)
    assert (report.error.kind, report.error.retryable) == (ErrorKind.PROTOCOL, True)


def test_a_refused_heartbeat_is_a_notice_and_wallets_flow_all_the_same() -> None:
    codec = opened()
    (report,) = codec.received(refused(SLOTS, -32601, "Method not found"))
    assert isinstance(report, Notice)
    codec.received(ack(FIRST, SUBSCRIPTION))
    assert codec.received(ack(SECOND, SUBSCRIPTION + 1)) == [Alive()]


def test_an_unsubscribe_that_fails_is_a_notice() -> None:
    codec = subscribed()
    codec.set_topics([])
    (request, _) = sent(codec)
    frame = {**json.loads(helius("ws.anyUnsubscribe.error_unknown_id")), "id": request["id"]}
    (report,) = codec.received(json.dumps(frame))
    assert isinstance(report, Notice)


@pytest.mark.parametrize("number", [99, 0, "2", None, 1.5, [], {}])
def test_an_answer_to_nothing_that_was_asked_is_unusable(number: object) -> None:
    codec = opened()
    (report,) = codec.received(json.dumps({"jsonrpc": "2.0", "result": 5, "id": number}))
    assert isinstance(report, Malformed)


@pytest.mark.parametrize("name", ["ws.parse_error", "ws.ping.json_error_response"])
def test_an_error_about_nothing_that_was_asked_is_a_notice(name: str) -> None:
    (report,) = opened().received(helius(name))
    assert isinstance(report, Notice)


def test_an_answer_counts_once() -> None:
    codec = subscribed()
    (report,) = codec.received(ack(FIRST, SUBSCRIPTION))
    assert isinstance(report, Malformed)


# Notifications

CAPTURED = [name for name in names("helius") if name.startswith("ws.transactionNotification.")]


@pytest.mark.parametrize("name", CAPTURED)
def test_every_known_notification_is_a_transaction(name: str) -> None:
    params = json.loads(helius(name))["params"]
    codec = opened()
    codec.received(ack(FIRST, params["subscription"]))
    (report,) = codec.received(helius(name))
    assert isinstance(report, TransactionReport)
    assert (report.signature, report.slot) == (params["result"]["signature"], params["result"]["slot"])
    assert (report.block_time, report.topics, report.unreadable) == (None, (W,), "")


def test_a_transaction_of_a_shape_nobody_knows_is_told_to_the_wallets_it_names() -> None:
    params = json.loads(helius("ws.transactionNotification.synthetic_sol_out"))["params"]
    params["result"]["transaction"]["transaction"] = {"message": {"accounts": [W], "version": 9}}
    codec = opened(W, W2)
    codec.received(ack(FIRST, params["subscription"]))
    frame = json.dumps({"jsonrpc": "2.0", "method": "transactionNotification", "params": params})
    (report,) = codec.received(frame)
    assert isinstance(report, TransactionReport)
    assert (report.signature, report.topics) == (params["result"]["signature"], (W,))
    assert report.unreadable == "its shape is not known here yet"


def test_a_notification_in_a_binary_frame_is_read_too() -> None:
    assert signatures(subscribed().received(notification(SUBSCRIPTION).encode())) == ["s"]


def test_a_notification_that_comes_before_its_acknowledgement_is_held_until_then() -> None:
    codec = opened()
    assert codec.received(notification(SUBSCRIPTION, "early")) == []
    reports = codec.received(ack(FIRST, SUBSCRIPTION))
    assert signatures(reports) == ["early"]


def test_held_notifications_wait_for_their_own_acknowledgement_and_keep_their_order() -> None:
    codec = opened()
    for signature, subscription in (("a", 20), ("b", 10), ("c", 20)):
        assert codec.received(notification(subscription, signature)) == []
    assert signatures(codec.received(ack(FIRST, 10))) == ["b"]
    assert signatures(codec.received(ack(SECOND, 20))) == ["a", "c"]


def test_the_proof_of_life_comes_before_what_was_held() -> None:
    codec = opened()
    codec.received(ack(FIRST, 10))
    codec.received(notification(20, "a"))
    reports = codec.received(ack(SECOND, 20))
    assert [type(report) for report in reports] == [Alive, TransactionReport]


def test_a_held_notification_that_makes_no_sense_is_unusable_in_its_turn() -> None:
    codec = opened()
    for signature in ("a", "b"):
        codec.received(notification(10, signature))
    codec.received(
        '{"method":"transactionNotification","params":{"subscription":10,"result":{"signature":5}}}'
    )
    reports = codec.received(ack(FIRST, 10))
    assert [type(report) for report in reports] == [TransactionReport, TransactionReport, Malformed]


def test_no_more_than_so_many_are_held_and_the_newest_stay() -> None:
    codec = opened()
    for number in range(HELD_NOTIFICATIONS + 5):
        codec.received(notification(10, str(number)))
    held = signatures(codec.received(ack(FIRST, 10)))
    assert (len(held), held[0], held[-1]) == (HELD_NOTIFICATIONS, "5", str(HELD_NOTIFICATIONS + 4))


def test_what_comes_for_a_subscription_nobody_waits_for_is_left_alone() -> None:
    codec = subscribed()
    assert codec.received(notification(999)) == []
    codec.set_topics([W, W2])
    assert codec.received(ack(4, 999)) == []


def test_what_still_comes_after_unsubscribing_is_left_alone() -> None:
    codec = subscribed()
    codec.set_topics([])
    assert codec.received(notification(SUBSCRIPTION)) == []


@pytest.mark.parametrize(
    "frame",
    [
        helius("ws.accountNotification.system_account"),
        '{"method":"pong"}',
        '{"method":"transactionNotification"}',
        '{"method":"transactionNotification","params":{}}',
        '{"method":"transactionNotification","params":[1]}',
        f'{{"method":"transactionNotification","params":{{"subscription":{SUBSCRIPTION},"result":{{}}}}}}',
        f'{{"method":"transactionNotification","params":{{"subscription":{SUBSCRIPTION},"result":null}}}}',
        "[]",
        "5",
        "",
        "{}",
        '{"id":2}',
        '{"error":"text"}',
        b"\xff",
        b"\x82\xa4type",
    ],
)
def test_a_frame_that_makes_no_sense_is_unusable_and_the_next_one_is_read(frame: str | bytes) -> None:
    codec = subscribed()
    (report,) = codec.received(frame)
    assert isinstance(report, Malformed)
    assert signatures(codec.received(notification(SUBSCRIPTION))) == ["s"]


def test_an_error_text_is_short_and_cannot_act_on_a_terminal() -> None:
    (report,) = opened().received(refused(None, -1, "\x1b[2J\u202e" + "x" * 5000))
    assert isinstance(report, Notice)
    assert "\x1b" not in report.error.message
    assert "\u202e" not in report.error.message
    assert len(report.error.message) < 250


@pytest.mark.parametrize("message", [None, 5, {"a": [1.5]}, []])
def test_an_error_whose_message_is_no_text_still_has_a_sentence(message: object) -> None:
    (report,) = opened().received(refused(None, -32000, message))
    assert isinstance(report, Notice)
    assert report.error.message.startswith("Helius")


# Whatever comes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
RESULT = JSON | st.fixed_dictionaries(
    {},
    optional={"transaction": JSON, "signature": JSON | st.just("s"), "slot": JSON | st.just(1)},
)
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        "id": st.integers(1, 5) | JSON,
        "result": RESULT,
        "error": JSON | st.fixed_dictionaries({}, optional={"code": JSON, "message": JSON}),
        "method": st.sampled_from(["transactionNotification", "slotNotification", "x"]) | JSON,
        "params": JSON
        | st.fixed_dictionaries({}, optional={"subscription": st.just(10) | JSON, "result": RESULT}),
    },
)


@quick
@given(st.lists(st.one_of(st.text(), st.binary()), max_size=4))
def test_any_frames_are_reports_and_never_an_exception(frames: list[str | bytes]) -> None:
    codec = opened()
    for frame in frames:
        assert all(isinstance(report, REPORTS) for report in codec.received(frame))


@quick
@given(st.lists(MESSAGE, max_size=5))
def test_any_messages_are_reports_and_never_an_exception(messages: list[dict[str, Any]]) -> None:
    codec = opened()
    for message in messages:
        reports = codec.received(json.dumps(message))
        assert all(isinstance(report, REPORTS) for report in reports)
        codec.frames_to_send()


@quick
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("want"), st.lists(st.sampled_from("abc"), unique=True)),
            st.tuples(st.just("answer"), st.integers(0, 3)),
            st.tuples(st.just("refuse"), st.integers(0, 3)),
        ),
        max_size=12,
    )
)
def test_in_the_end_just_what_is_wanted_is_subscribed_however_it_came_about(
    steps: list[tuple[str, Any]],
) -> None:
    codec = HeliusCodec(2)
    codec.opened()
    wanted: list[str] = []
    pending: list[dict[str, Any]] = []
    server: dict[int, tuple[tuple[str, ...], bool]] = {}
    bad: set[tuple[tuple[str, ...], bool]] = set()

    def reply(request: dict[str, Any], *, refuse: bool = False) -> None:
        number = request["id"]
        if request["method"] == "transactionSubscribe":
            accounts = request["params"][0]
            wish = (tuple(accounts["accountInclude"]), accounts["failed"])
            assert wish[0]
            if refuse:
                bad.add(wish)
                codec.received(refused(number, -32602, "Invalid params"))
                return
            server[1000 + number] = wish
            codec.received(ack(number, 1000 + number))
        else:
            if request["method"] == "transactionUnsubscribe":
                del server[request["params"][0]]
            codec.received(ack(number, True))

    for action, value in steps:
        pending += sent(codec)
        if action == "want":
            wanted = value
            codec.set_topics(value)
        elif value < len(pending):
            reply(pending.pop(value), refuse=action == "refuse")
    pending += sent(codec)
    while pending:
        reply(pending.pop(0))
        pending += sent(codec)
    lists = [tuple(wanted[start : start + 2]) for start in range(0, len(wanted), 2)]
    expected = {(run, failed) for run in lists for failed in (False, True)} - bad
    active = list(server.values())
    assert expected <= set(active)
    assert len(active) == len(set(active))
    if not bad:
        assert set(active) == expected


@pytest.mark.parametrize("name", [name for name in names("helius") if "transactionNotification" in name])
def test_a_notification_means_the_same_read_in_one_go_and_step_by_step(name: str) -> None:
    """Usually the method is named at its beginning, and then all of it is read at once."""
    message = json.loads(helius(name))
    message["params"]["subscription"] = SUBSCRIPTION
    usual = json.dumps({"method": message.pop("method"), **message})
    late = json.dumps({"padding": "x" * 200, **json.loads(usual)})
    (at_once,), (by_steps,) = subscribed().received(usual), subscribed().received(late)
    assert isinstance(at_once, TransactionReport)
    assert isinstance(by_steps, TransactionReport)
    facts = [(one.signature, one.slot, one.block_time, one.unreadable) for one in (at_once, by_steps)]
    assert facts[0] == facts[1]
    meanings = [interpret(one.transaction, W, lambda mint: None) for one in (at_once, by_steps)]
    assert meanings[0] == meanings[1]
