"""Refusals are understood: wherever a provider says no, one kind, one sentence, the right wait."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from bench import BONK, SOL, WALLET, Bench, bench
from virtual_time import VirtualClock, on_virtual_time

from streamcore import ErrorKind, PriceUpdate, State, StreamError, WalletTransaction
from streamsim import Fault

pytestmark = pytest.mark.long

BACKOFF = 1.0
"""Seconds of the first retry."""
PARKED = None
"""No retry at all."""

USAGE = '{"jsonrpc":"2.0","error":{"code":-32429,"message":"max usage reached"},"id":1}'
COMPUTE_UNITS = '{"success":false,"message":"Compute units usage limit exceeded"}'


@dataclass(frozen=True)
class Case:
    """One refusal, and what it has to become."""

    provider: str
    kind: ErrorKind
    says: str
    """A part of the sentence."""
    wait: float | None
    """Seconds until the next attempt; ``PARKED``: none."""
    terms: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return "-".join([self.provider, *map(str, self.terms.values()), self.kind])[:60]


UPGRADES = [
    Case("birdeye", ErrorKind.AUTH, "BIRDEYE_API_KEY", PARKED, {"status": 401}),
    Case("birdeye", ErrorKind.PLAN, "Premium Plus", PARKED, {"status": 403}),
    Case("birdeye", ErrorKind.QUOTA, "quota", PARKED, {"status": 400, "body": COMPUTE_UNITS}),
    Case("birdeye", ErrorKind.QUOTA, "paid", PARKED, {"status": 402}),
    Case("birdeye", ErrorKind.RATE_LIMIT, "fewer requests", BACKOFF, {"status": 429}),
    Case("birdeye", ErrorKind.RATE_LIMIT, "fewer requests", 17.0, {"status": 429, "retry_after": 17.0}),
    Case("birdeye", ErrorKind.SERVER, "HTTP 500", BACKOFF, {"status": 500}),
    Case("birdeye", ErrorKind.SERVER, "HTTP 502", BACKOFF, {"status": 502, "body": "<html>\x1b[2J"}),
    Case("birdeye", ErrorKind.SERVER, "HTTP 503", 25.0, {"status": 503, "retry_after": 25.0}),
    Case("birdeye", ErrorKind.PROTOCOL, "HTTP 404", BACKOFF, {"status": 404}),
    Case("birdeye", ErrorKind.PROTOCOL, "HTTP 302", BACKOFF, {"status": 302}),
    Case("helius", ErrorKind.AUTH, "HELIUS_API_KEY", PARKED, {"status": 401}),
    Case("helius", ErrorKind.PLAN, "plan", PARKED, {"status": 403}),
    Case("helius", ErrorKind.QUOTA, "used up", PARKED, {"status": 429, "body": USAGE}),
    Case("helius", ErrorKind.QUOTA, "used up", PARKED, {"status": 429, "body": "max usage reached"}),
    Case("helius", ErrorKind.RATE_LIMIT, "fewer requests", 10.0, {"status": 429}),
    Case("helius", ErrorKind.RATE_LIMIT, "fewer requests", 33.0, {"status": 429, "retry_after": 33.0}),
    Case("helius", ErrorKind.SERVER, "HTTP 500", BACKOFF, {"status": 500}),
    Case("helius", ErrorKind.SERVER, "HTTP 503", 25.0, {"status": 503, "retry_after": 25.0}),
    Case("helius", ErrorKind.SERVER, "HTTP 504", BACKOFF, {"status": 504, "body": "upstream timed out"}),
]

FRAMES = [
    Case("birdeye", ErrorKind.AUTH, "BIRDEYE_API_KEY", PARKED, {"message": "Origin or API key is invalid"}),
    Case("birdeye", ErrorKind.QUOTA, "quota", PARKED, {"message": "Compute units usage limit exceeded"}),
    Case("birdeye", ErrorKind.PLAN, "plan", PARKED, {"message": "Please upgrade your package"}),
    Case("birdeye", ErrorKind.SUBSCRIPTION, "subscription", BACKOFF, {"message": "Invalid query"}),
    Case(
        "helius", ErrorKind.AUTH, "API key", PARKED, {"code": -32401, "message": "invalid api key provided"}
    ),
    Case("helius", ErrorKind.QUOTA, "used up", PARKED, {"code": -32429, "message": "max usage reached"}),
    Case("helius", ErrorKind.SERVER, "error", BACKOFF, {"code": -32603, "message": "Internal error"}),
]


async def want(table: Bench, *, birdeye: bool = True, helius: bool = True) -> None:
    if birdeye:
        await table.manager.subscribe_prices(["SOL"])
    if helius:
        await table.manager.subscribe_wallets([WALLET])


def untouched(table: Bench, refused: str) -> bool:
    """Whether the other provider has not noticed."""
    other = "helius" if refused == "birdeye" else "birdeye"
    status = table.manager.status(other)
    return status.state is State.CONNECTED and not table.all(StreamError, provider=other)


async def understood(table: Bench, case: Case) -> None:
    error = await table.first(StreamError, provider=case.provider)
    assert (error.kind, error.retryable) == (case.kind, case.wait is not PARKED), error.message
    assert case.says in error.message
    assert error.message.isprintable()
    status = table.manager.status(case.provider)
    assert status.parked is (case.wait is PARKED)
    server = getattr(table, case.provider)
    attempts = len(server.handshakes)
    if case.wait is PARKED:
        await asyncio.sleep(50)
        assert len(server.handshakes) == attempts
        assert table.manager.status(case.provider).reason
    else:
        await asyncio.sleep(case.wait - 0.2)
        assert len(server.handshakes) == attempts
        await asyncio.sleep(0.3)
        assert len(server.handshakes) == attempts + 1
    assert untouched(table, case.provider)


@pytest.mark.parametrize("case", UPGRADES, ids=str)
@on_virtual_time
async def test_a_refused_upgrade_is_understood(case: Case) -> None:
    async with bench(clock=VirtualClock()) as table:
        getattr(table, case.provider).faults.set(Fault.REFUSE_UPGRADE, **case.terms)
        await want(table)
        await understood(table, case)


@pytest.mark.parametrize("case", FRAMES, ids=str)
@on_virtual_time
async def test_a_refused_subscription_is_understood(case: Case) -> None:
    async with bench(clock=VirtualClock()) as table:
        getattr(table, case.provider).faults.set(Fault.REJECT_SUBSCRIBE, **case.terms)
        await want(table)
        await understood(table, case)


@pytest.mark.parametrize("case", [case for case in FRAMES if case.wait is PARKED], ids=str)
@on_virtual_time
async def test_an_error_frame_nobody_asked_for_parks_the_stream_as_well(case: Case) -> None:
    async with bench(clock=VirtualClock()) as table:
        await want(table)
        for name in ("birdeye", "helius"):
            await table.connected(name)
        await asyncio.sleep(1)
        await getattr(table, case.provider).send_error(case.terms["message"], case.terms.get("code", 400))
        error = await table.first(StreamError, provider=case.provider)
        assert error.kind is case.kind
        assert untouched(table, case.provider)


@pytest.mark.parametrize(
    ("terms", "kind"),
    [
        ({"status": 401}, ErrorKind.AUTH),
        ({"status": 402}, ErrorKind.QUOTA),
        ({"status": 400, "body": COMPUTE_UNITS}, ErrorKind.QUOTA),
        ({"status": 429}, ErrorKind.RATE_LIMIT),
        ({"status": 429, "retry_after": 30.0}, ErrorKind.RATE_LIMIT),
        ({"status": 500}, ErrorKind.SERVER),
        ({"status": 503, "body": "<html>"}, ErrorKind.SERVER),
        ({"status": 200, "body": '{"success":false,"message":"something"}'}, ErrorKind.PROTOCOL),
        ({"status": 200, "body": COMPUTE_UNITS}, ErrorKind.QUOTA),
        ({"status": 200, "body": "max usage"}, ErrorKind.PROTOCOL),
        ({"status": 422, "body": '{"success":false,"message":"odd"}'}, ErrorKind.PROTOCOL),
        ({"status": 302, "body": ""}, ErrorKind.PROTOCOL),
    ],
)
@on_virtual_time
async def test_a_refusal_in_a_rest_answer_of_birdeye_is_understood(
    terms: dict[str, Any], kind: ErrorKind
) -> None:
    async with bench(clock=VirtualClock()) as table:
        table.birdeye.faults.set(Fault.HTTP_STATUS, **terms)
        await want(table)
        error = await table.first(StreamError, provider="birdeye")
        assert error.kind is kind, error.message
        assert table.manager.status("birdeye").state is State.CONNECTED  # the stream has not been refused
        assert untouched(table, "birdeye")


@pytest.mark.parametrize(
    ("terms", "kind"),
    [
        ({"status": 401}, ErrorKind.AUTH),
        ({"status": 403}, ErrorKind.PLAN),
        ({"status": 429}, ErrorKind.RATE_LIMIT),
        ({"status": 429, "body": USAGE}, ErrorKind.QUOTA),
        ({"status": 200, "body": USAGE}, ErrorKind.QUOTA),
        ({"status": 200, "body": "max usage reached"}, ErrorKind.QUOTA),
        ({"status": 200, "body": "<html>gateway"}, ErrorKind.NETWORK),
        ({"status": 500}, ErrorKind.SERVER),
        ({"status": 504, "body": "upstream"}, ErrorKind.SERVER),
    ],
)
@on_virtual_time
async def test_a_refusal_in_a_rest_answer_of_helius_is_understood(
    terms: dict[str, Any], kind: ErrorKind
) -> None:
    async with bench(clock=VirtualClock()) as table:
        table.helius.faults.set(Fault.HTTP_STATUS, **terms)
        await want(table)
        await table.until(lambda: table.all(StreamError, provider="helius"), within=20)
        error = table.all(StreamError, provider="helius")[0]
        assert error.kind is kind, error.message
        assert untouched(table, "helius")


@on_virtual_time
async def test_a_parked_stream_is_tried_again_by_hand_and_lives() -> None:
    async with bench(clock=VirtualClock()) as table:
        table.birdeye.faults.set(Fault.REFUSE_UPGRADE, status=401, times=1)
        await want(table)
        await table.first(StreamError, kind=ErrorKind.AUTH)
        await table.manager.reconnect("birdeye")
        await table.connected("birdeye")
        assert not table.manager.status("birdeye").parked


@on_virtual_time
async def test_one_bad_address_never_takes_a_batch_down() -> None:
    async with bench(clock=VirtualClock()) as table:
        bad = "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"
        table.market.unpriced.add(bad)
        await table.manager.subscribe_prices([SOL, bad, BONK])
        refused = await table.first(StreamError, kind=ErrorKind.SUBSCRIPTION)
        assert bad in refused.message
        await table.until(lambda: {e.address for e in table.all(PriceUpdate)} == {SOL, BONK})
        assert table.manager.status("birdeye").state is State.CONNECTED


@on_virtual_time
async def test_more_connections_than_the_plan_allows_is_a_rate_limit_and_not_a_wrong_key() -> None:
    async with bench(clock=VirtualClock(), helius="free") as table:
        table.helius.faults.set(Fault.REFUSE_UPGRADE, status=429)
        await want(table, birdeye=False)
        error = await table.first(StreamError, provider="helius")
        assert (error.kind, error.retryable) == (ErrorKind.RATE_LIMIT, True)
        table.helius.faults.clear()
        await table.until(lambda: table.helius.connections, within=15)


@on_virtual_time
async def test_a_refused_stream_is_polled_where_the_key_still_serves_rest() -> None:
    async with bench(clock=VirtualClock()) as table:
        table.birdeye.faults.set(Fault.REFUSE_UPGRADE, status=403)
        table.helius.faults.set(Fault.REFUSE_UPGRADE, status=403)
        await want(table)
        await asyncio.sleep(3)
        for name in ("birdeye", "helius"):
            status = table.manager.status(name)
            assert (status.state, status.parked, status.fallback) == (State.FALLBACK, True, True)
        signature = table.ledger.sol_in(WALLET)
        await table.first(WalletTransaction, signature=signature, within=10)


@on_virtual_time
async def test_a_redirect_is_a_refusal_and_never_followed() -> None:
    async with bench(clock=VirtualClock()) as table:
        for server in (table.birdeye, table.helius):
            server.faults.set(Fault.REFUSE_UPGRADE, status=302, body="")
            server.faults.set(Fault.HTTP_STATUS, status=302, body="")
        await want(table)
        await asyncio.sleep(5)
        for name in ("birdeye", "helius"):
            error = table.all(StreamError, provider=name)[0]
            assert (error.kind, "302" in error.message) == (ErrorKind.PROTOCOL, True)
