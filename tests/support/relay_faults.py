"""What can happen to relays, to their NATS server, and to the network between them; each heals itself.

Each function is a fault: it takes a `Trial`, brings something about, undoes it, and returns.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from nats_server import connection_options
from relay_fleet import RelayProcess
from relay_trial import Trial

Fault = Callable[[Trial], Awaitable[None]]

LEASE = 5.0
"""Seconds after which another relay may lead."""


def named(fault: Fault) -> str:
    """Return what a fault is called in a table."""
    return fault.__name__.replace("_", " ")


async def happen(trial: Trial, fault: Fault, *, in_the_wake: bool = False) -> None:
    """Let a fault happen, and count it.

    Args:
        trial: What it happens to.
        fault: What happens.
        in_the_wake: Not every relay need be well again after the last fault; else that is waited for.
    """
    if not in_the_wake:
        await trial.all_is_well()
    assert await trial.prices_come(60), f"no prices before: {named(fault)}\n{trial.said()}"
    await asyncio.sleep(trial.chance.uniform(0.0, 1.0))
    trial.begins(named(fault), timed=not in_the_wake)
    await fault(trial)


# --- one relay or several ---------------------------------------------------------------------------------


async def relay_killed_and_started(trial: Trial) -> None:
    """``kill -9`` of one relay, whichever it is; it is started at once."""
    relay = trial.chance.choice(trial.relays)
    relay.kill()
    relay.start()
    await trial.recovers()


async def terminals_cut(trial: Trial) -> None:
    """Every connection of a terminal to one relay is reset."""
    trial.chance.choice(trial.doors).reset()
    await trial.recovers()


async def providers_dropped(trial: Trial) -> None:
    """The providers break every connection."""
    trial.emulators.birdeye.drop()
    trial.emulators.helius.drop()
    await trial.recovers()


# --- several: relays --------------------------------------------------------------------------------------


async def leader_killed(trial: Trial) -> None:
    """``kill -9``; it comes back when another one leads."""
    leader = await trial.leader()
    trial.begins_now()
    leader.kill()
    await trial.recovers()
    leader.start()


async def leader_ended(trial: Trial) -> None:
    """It is told to end, as for a new version, and started again."""
    leader = await trial.leader()
    trial.begins_now()
    await leader.stop()
    await trial.recovers()
    leader.start()


async def follower_killed(trial: Trial) -> None:
    """``kill -9`` of a relay that does not lead; it comes back after a while."""
    follower = await _follower(trial)
    trial.begins_now()
    follower.kill()
    await asyncio.sleep(trial.chance.uniform(0.0, 2.0))
    follower.start()
    await trial.recovers()


async def leader_stands_still(trial: Trial) -> None:
    """SIGSTOP for longer than the lease, then SIGCONT: it is not the leader any more and does not know it."""
    leader = await trial.leader()
    await _stands_still(trial, leader, LEASE + trial.chance.uniform(*trial.beyond_lease))


async def leader_stumbles(trial: Trial) -> None:
    """SIGSTOP for about as long as the lease, then SIGCONT: it may still be the leader, or not."""
    leader = await trial.leader()
    await _stands_still(trial, leader, LEASE + trial.chance.uniform(-1.5, 0.5))


async def follower_stands_still(trial: Trial) -> None:
    """A relay that does not lead gets no processor time."""
    await _stands_still(trial, await _follower(trial), trial.chance.uniform(2.0, 10.0))


async def all_started_at_once(trial: Trial) -> None:
    """Every relay is killed, and all are started in the same moment: each would lead."""
    for relay in trial.relays:
        relay.kill()
    for relay in trial.relays:
        relay.start()
    await trial.recovers()


# --- several: the server ----------------------------------------------------------------------------------


async def server_killed(trial: Trial) -> None:
    """``kill -9`` of the NATS server, which comes back after a while."""
    assert trial.server is not None
    trial.server.kill()
    await asyncio.sleep(trial.chance.uniform(0.0, 6.0))
    await asyncio.to_thread(trial.server.start)
    trial.begins_now()
    await trial.recovers()


async def server_stands_still(trial: Trial) -> None:
    """The NATS server gets no processor time."""
    assert trial.server is not None
    trial.server.pause()
    await asyncio.sleep(trial.chance.uniform(1.0, 8.0))
    trial.server.go_on()
    trial.begins_now()
    await trial.recovers()


async def memory_streams_deleted(trial: Trial) -> None:
    """Every stream in memory is gone, as after a restart that nobody has noticed."""
    async with _api(trial) as ask:
        for stream in (await ask("STREAM.LIST"))["streams"]:
            if stream["config"]["storage"] == "memory":
                await ask(f"STREAM.DELETE.{stream['config']['name']}")
    await trial.recovers()


async def stream_full(trial: Trial) -> None:
    """The stream of transactions takes no more for a while."""
    async with _api(trial) as ask:
        streams = (await ask("STREAM.LIST"))["streams"]
        (found,) = [one for one in streams if one["config"]["name"].endswith("_TX")]
        update = f"STREAM.UPDATE.{found['config']['name']}"
        full = {"max_bytes": max(1, found["state"]["bytes"]), "discard": "new"}
        await ask(update, {**found["config"], **full})
        await asyncio.sleep(trial.chance.uniform(1.0, 5.0))
        await trial.recovers()
        await ask(update, found["config"])


# --- several: the network ---------------------------------------------------------------------------------


async def leader_cut_off(trial: Trial) -> None:
    """The leader cannot reach the server any more, but the providers and terminals can reach the leader."""
    leader = await trial.leader()
    path = trial.paths[leader.number]
    trial.begins_now()
    path.cut()
    async with asyncio.TaskGroup() as both:
        both.create_task(trial.recovers())
        await asyncio.sleep(trial.chance.uniform(0.5, 8.0))
        path.heal()


async def line_goes_dead(trial: Trial) -> None:
    """What a relay and the server send to each other is lost, and neither is told."""
    path = trial.chance.choice(trial.paths)
    path.silence()
    await asyncio.sleep(trial.chance.uniform(1.0, 8.0))
    path.heal()
    trial.begins_now()
    await trial.recovers()


async def line_is_slow(trial: Trial) -> None:
    """A relay and the server hear each other late, and little at a time."""
    path = trial.chance.choice(trial.paths)
    path.slow(seconds=trial.chance.uniform(0.05, 0.4), rate=100_000.0)
    await asyncio.sleep(trial.chance.uniform(1.0, 6.0))
    path.heal()
    trial.begins_now()
    await trial.recovers()


ALONE: Sequence[Fault] = (relay_killed_and_started, terminals_cut, providers_dropped)
"""What can happen to one relay without NATS."""

OF_RELAYS: Sequence[Fault] = (
    leader_killed,
    leader_ended,
    follower_killed,
    leader_stands_still,
    leader_stumbles,
    follower_stands_still,
    all_started_at_once,
)
OF_THE_SERVER: Sequence[Fault] = (server_killed, server_stands_still, memory_streams_deleted, stream_full)
OF_THE_NETWORK: Sequence[Fault] = (
    leader_cut_off,
    line_goes_dead,
    line_is_slow,
    terminals_cut,
    providers_dropped,
)
ON_NATS: Sequence[Fault] = (*OF_RELAYS, *OF_THE_SERVER, *OF_THE_NETWORK)
"""What can happen to several relays on NATS."""


async def _follower(trial: Trial) -> RelayProcess:
    leader = await trial.leader()
    return trial.chance.choice([one for one in trial.relays if one is not leader])


async def _stands_still(trial: Trial, relay: RelayProcess, seconds: float) -> None:
    trial.begins_now()
    relay.pause()
    async with asyncio.TaskGroup() as both:
        both.create_task(trial.recovers())  # terminals need not wait until it goes on
        await asyncio.sleep(seconds)
        relay.go_on()


@asynccontextmanager
async def _api(trial: Trial) -> AsyncIterator[Callable[..., Awaitable[dict[str, Any]]]]:
    """Yield a function that asks JetStream, at the server itself, and returns its answer."""
    import nats

    async def quiet(error: Exception) -> None:
        """Say nothing: what fails raises."""

    assert trial.server is not None
    client = await nats.connect(**connection_options(trial.server, error_cb=quiet))

    async def ask(method: str, request: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = await client.request(f"$JS.API.{method}", json.dumps(request or {}).encode(), timeout=20)
        found: dict[str, Any] = json.loads(answer.data)
        assert "error" not in found, (method, found)
        return found

    try:
        yield ask
    finally:
        await client.close()
