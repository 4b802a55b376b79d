"""``streamtui emulator --fault``: what can go wrong on request."""

from __future__ import annotations

import pytest
from command_line import run
from emulated import still

from streamsim import Fault
from streamtui.commands.simulate import directions, places, planned_faults


def test_the_list_names_every_fault(capsys: pytest.CaptureFixture[str]) -> None:
    listed = run(capsys, "emulator", "--fault", "list")
    assert listed.status == 0
    named = {line.split()[0] for line in listed.out.splitlines() if line}
    assert {fault.value for fault in Fault} <= named


@pytest.mark.parametrize(
    ("text", "says"),
    [("explode@3", "half_open"), ("nobody:stall", "birdeye, helius"), ("stall@soon", "SECONDS")],
)
def test_a_fault_that_is_none_is_wrong_usage_and_the_answer_says_what_there_is(
    capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    refused = run(capsys, "emulator", "--fault", text)
    assert refused.status == 2
    assert text in refused.errors
    assert says in refused.errors
    assert len(refused.errors.splitlines()) == 1


def test_several_faults_can_be_planned() -> None:
    plans = planned_faults(["stall@10", "helius:half_open@3+5"])
    assert [plan.needs_proxy for plan in plans] == [False, True]


async def test_the_directions_leave_no_provider_on_the_internet() -> None:
    async with still() as emulators:
        lines = directions(places(emulators)).splitlines()
    every, without = (line for line in lines if line.startswith("export "))
    for name in ("BIRDEYE", "HELIUS", "KRAKEN", "JUPITER", "GECKOTERMINAL", "DEFILLAMA", "SNS"):
        assert f"STREAMTUI_{name}_" in every
        assert (f"STREAMTUI_{name}_" in without) == (name not in {"BIRDEYE", "HELIUS"})


async def test_the_directions_begin_with_the_urls_of_every_provider() -> None:
    async with still() as emulators:
        found = places(emulators)
        lines = directions(found).splitlines()
        for line, (name, urls) in zip(lines, found.items(), strict=False):
            assert line.split() == [name.capitalize(), *urls.values()]
        assert [line for line in lines if line.endswith("keys:")] == ["With keys:", "Without keys:"]
