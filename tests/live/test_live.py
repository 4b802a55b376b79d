"""The real hosts keep to what this program relies on: ``pytest -m live``, never a part of a usual run.

One connection each, a few requests, a minute at most. What they say that no simulator says is printed: an
unknown field, another type, words. Where there is no way to a host, its test is skipped with the reason.
Sources with a key are tried if its variable is set.
"""

from __future__ import annotations

import os

import pytest
from message_shapes import news
from provider_contract import Unreached, meet
from simulated_contract import known_shapes

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
