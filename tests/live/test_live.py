"""The real hosts keep to what this program relies on: ``pytest -m live``, never a part of a usual run.

One connection each, a few requests, a minute at most. What they say that no simulator says is printed: an
unknown field, another type, words. Where there is no way to a host, its test is skipped with the reason.
Sources with a key are tried if its variable is set.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from message_shapes import news
from provider_contract import Unreached, meet
from simulated_contract import known_shapes

from streamcore import InputError, ProviderError, StreamManager, check_address
from streamcore.clock import SystemClock
from streamcore.config.keys import setting_keys
from streamcore.config.loading import load
from streamcore.providers import PROVIDERS

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

WALLET = os.environ.get("STREAMTUI_LIVE_WALLET", "5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1")
"""Raydium's authority: in transactions of every second."""


@pytest.mark.parametrize("name", PROVIDERS)
async def test_the_real_host_says_what_this_program_understands(
    name: str, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    key = PROVIDERS[name].key
    variables = () if key is None else setting_keys()[key.name].variables
    given = {variable: os.environ[variable] for variable in variables if variable in os.environ}
    if key is not None and not given:
        pytest.skip(f"{' or '.join(variables)} is not set")
    # neither the file nor other variables of who runs this: they could lead elsewhere
    empty = tmp_path_factory.mktemp("settings") / "config.toml"
    empty.touch()
    settings = load(empty, environ=given).settings
    try:
        meeting = await meet(name, settings, SystemClock(), wallet=WALLET)
    except Unreached as reason:
        pytest.skip(f"{name} cannot be reached from here: {reason}")
    new = news(meeting.shapes, await known_shapes(name))
    with capsys.disabled():
        for line in (*(f"new: {one}" for one in new), *(f"said: {one}" for one in meeting.said)):
            print(f"\n{name}: {line}", end="")
    assert meeting.broken == []


async def test_the_real_lists_find_a_famous_token_before_its_doubles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "config.toml"
    empty.touch()
    async with StreamManager(load(empty, environ={}).settings) as manager:
        result = await manager.search("usdc")
    if len(result.failures) > 2:
        pytest.skip("; ".join(failure.message for failure in result.failures))
    with capsys.disabled():
        for failure in result.failures:
            print(f"\n{failure.provider}: {failure.message}", end="")
    first, *others = result.hits
    assert (first.mint, first.verified) == ("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", True)
    assert first.also_at
    assert all(hit.lookalike_of for hit in others if hit.symbol == "USDC")


async def test_the_real_name_service_answers_as_documented(tmp_path: Path) -> None:
    empty = tmp_path / "config.toml"
    empty.touch()
    async with StreamManager(load(empty, environ={}).settings) as manager:
        try:
            address = await manager.resolve_wallet("bonfida.sns")
            with pytest.raises(InputError):
                await manager.resolve_wallet("no-such-name-of-streamtui-8f3a1c.sns")
        except ProviderError as error:
            pytest.skip(error.message)
    assert check_address(address) == address
