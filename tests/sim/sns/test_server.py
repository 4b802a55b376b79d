"""The emulated proxy of the name service, as a client sees it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import wire_fixtures
from emulated import still
from wire_fixtures import shape

from streamsim import Emulators
from streamsim.wire import is_address
from streamsim.world.names import NAMES


def recorded(name: str) -> Any:
    return json.loads(wire_fixtures.history("sns", name))


@asynccontextmanager
async def proxy() -> AsyncIterator[tuple[Emulators, httpx.AsyncClient]]:
    async with (
        still() as emulators,
        httpx.AsyncClient(base_url=emulators.sns.rest_url, trust_env=False) as client,
    ):
        yield emulators, client


@pytest.mark.parametrize("route", ["resolve", "safe-resolve"])
@pytest.mark.parametrize("typed", ["alice.sns", "Alice.SNS", "%20alice.sns%20", "tips.alice.sns"])
async def test_a_name_leads_to_its_owner(route: str, typed: str) -> None:
    async with proxy() as (_, client):
        reply = await client.get(f"/{route}/{typed}")
        assert reply.status_code == 200
        assert shape(reply.json()) == shape(recorded("rest_resolve_ok_constructed"))
        label = typed.replace("%20", "").lower().removesuffix(".sns")
        assert reply.json() == {"s": "ok", "result": NAMES[label]}


@pytest.mark.parametrize(
    ("typed", "status", "name"),
    [
        ("alice", 400, "rest_resolve_invalid_documented"),
        ("a.b.c.sns", 400, "rest_resolve_invalid_documented"),
        (".sns", 400, "rest_resolve_invalid_documented"),
        ("alice.sol", 400, "rest_resolve_unsupported_tld_documented"),
        ("alice.eth", 400, "rest_resolve_unsupported_tld_documented"),
        ("nobody.sns", 404, "rest_resolve_not_found_documented"),
    ],
)
async def test_what_is_no_name_is_refused_as_documented(typed: str, status: int, name: str) -> None:
    async with proxy() as (_, client):
        for route in ("resolve", "safe-resolve"):
            reply = await client.get(f"/{route}/{typed}")
            assert (reply.status_code, reply.json()) == (status, recorded(name))


async def test_registries_that_do_not_agree_are_told_by_the_safe_route_only() -> None:
    async with proxy() as (emulators, client):
        emulators.sns.mismatched.add("bob")
        reply = await client.get("/safe-resolve/bob.sns")
        assert (reply.status_code, reply.json()) == (409, recorded("rest_safe_resolve_mismatch_documented"))
        assert (await client.get("/resolve/bob.sns")).json()["result"] == NAMES["bob"]


async def test_a_record_that_cannot_be_read_and_a_node_that_is_down() -> None:
    async with proxy() as (emulators, client):
        emulators.sns.malformed.add("bob")
        reply = await client.get("/safe-resolve/bob.sns")
        assert (reply.status_code, reply.json()["result"]) == (422, "Record is malformed")
        emulators.sns.rpc_is_down = True
        for path in ("safe-resolve/alice.sns", "resolve/bob.sns", f"primary-domain/{NAMES['bob']}"):
            reply = await client.get(f"/{path}")
            assert (reply.status_code, reply.json()) == (502, recorded("rest_rpc_unavailable_documented"))


async def test_a_result_can_change_between_two_calls() -> None:
    async with proxy() as (emulators, client):
        before = (await client.get("/safe-resolve/whale.sns")).json()["result"]
        emulators.sns.names["whale"] = NAMES["bob"]
        after = (await client.get("/safe-resolve/whale.sns")).json()["result"]
        assert (before, after) == (NAMES["whale"], NAMES["bob"])


async def test_sol_names_led_to_the_same_registry_until_they_moved() -> None:
    async with proxy() as (emulators, client):
        emulators.sns.resolves_sol = True
        assert (await client.get("/safe-resolve/alice.sol")).json()["result"] == NAMES["alice"]


async def test_the_name_an_owner_shows_may_be_stale_or_none() -> None:
    async with proxy() as (emulators, client):
        emulators.sns.lost.add("bob")
        for label, stale in (("alice", False), ("bob", True)):
            told = (await client.get(f"/primary-domain/{NAMES[label]}")).json()
            assert shape(told) == shape(recorded("rest_primary_domain_ok_constructed"))
            assert (told["result"]["reverse"], told["result"]["stale"]) == (label, stale)
        stranger = "A1TMhSGzQxMr1TboBKtgixKz1sS6REASMxPo1qsyTSJd"
        told = (await client.get(f"/primary-domain/{stranger}")).json()
        assert told == recorded("rest_primary_domain_none_documented")
        assert (await client.get("/primary-domain/nope")).status_code == 400
        assert (await client.get("/other/alice.sns")).status_code == 404


async def test_too_many_calls_are_refused() -> None:
    async with proxy() as (emulators, client):
        emulators.sns.limit_to(2, 10.0)
        statuses = [(await client.get("/resolve/alice.sns")).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]


def test_names_belong_to_addresses() -> None:
    assert all(map(is_address, NAMES.values()))
    assert len(set(NAMES.values())) == len(NAMES)
