"""Relays with different settings on one NATS server are told apart, and nothing secret is said for it."""

from __future__ import annotations

import pytest
from manual_clock import ManualClock
from msgspec.structs import replace

from streamcore.cluster.team_settings import TeamSettings, settings_told
from streamcore.cluster.wants import LAST
from streamcore.config.model import Settings
from streamcore.config.sources import HeliusSettings, SolanaSettings

PLAIN = Settings()


def differing(here: Settings, there: Settings) -> list[str]:
    team = TeamSettings(settings_told(here), ManualClock())
    team.take("b", settings_told(there))
    return team.differences()


def test_the_same_settings_are_no_difference() -> None:
    assert differing(PLAIN, Settings()) == []


@pytest.mark.parametrize(
    ("there", "name"),
    [
        (replace(PLAIN, prices="kraken"), "prices"),
        (replace(PLAIN, chain="public"), "chain"),
        (replace(PLAIN, tokens={"X": "So11111111111111111111111111111111111111112"}), "tokens"),
        (replace(PLAIN, helius=HeliusSettings(api_key="secret-1")), "helius.api_key"),
        (replace(PLAIN, solana=SolanaSettings(rpc_url="https://node.example/")), "solana.rpc_url"),
        (replace(PLAIN, relay=replace(PLAIN.relay, keep=100.0)), "relay.keep"),
    ],
)
def test_what_differs_is_named(there: Settings, name: str) -> None:
    (sentence,) = differing(PLAIN, there)
    assert f"({name})" in sentence
    assert "secret" not in sentence


def test_what_is_one_relays_own_may_differ() -> None:
    own = replace(PLAIN.relay, listen="0.0.0.0:9", state="/elsewhere", metrics="127.0.0.1:1")
    assert differing(PLAIN, replace(PLAIN, relay=own, symbols=("SOL",))) == []


def test_nothing_secret_is_told_not_even_as_digits() -> None:
    one = replace(PLAIN, helius=HeliusSettings(api_key="secret-1"))
    other = replace(PLAIN, helius=HeliusSettings(api_key="secret-2"))
    assert settings_told(one) == settings_told(other)
    with_key = SolanaSettings(rpc_url="https://me:pass@node.example/key-1?k=key-2")
    without = SolanaSettings(rpc_url="https://node.example/")
    assert settings_told(replace(PLAIN, solana=with_key)) == settings_told(replace(PLAIN, solana=without))


async def test_a_difference_is_logged_once_and_forgotten_with_the_relay(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = ManualClock()
    team = TeamSettings(settings_told(PLAIN), clock)
    other = settings_told(replace(PLAIN, prices="kraken"))
    for _ in range(3):
        team.take("b", other)
    assert len(caplog.records) == 1
    team.take("c", {})  # one of before this was told, or one that leaves
    team.take("d", {"of a newer version": "1", "prices": team.own["prices"]})
    assert len(team.differences()) == 1
    team.take("b", settings_told(PLAIN))
    assert team.differences() == []
    team.take("b", other)
    assert len(caplog.records) == 2
    await clock.advance(LAST + 1)
    assert team.differences() == []
