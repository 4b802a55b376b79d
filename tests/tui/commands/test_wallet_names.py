"""Names of wallets on the command line: told as addresses before anything is watched."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from fake_manager import FakeManager

from streamcore import ErrorKind, InputError, ProviderError, Settings
from streamtui.commands.stream import print_lines
from streamtui.commands.wallet_names import addresses_of, tell_changes

ADDRESS = "A1TMhSGzQxMr1TboBKtgixKz1sS6REASMxPo1qsyTSJd"
WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"


@pytest.fixture
def engine() -> FakeManager:
    made = FakeManager(Settings())
    made.wallets = {
        "toly.sns": ADDRESS,
        "nobody.sns": InputError("nobody.sns", "is not registered"),
        "down.sns": ProviderError(ErrorKind.NETWORK, "no network"),
    }
    return made


@pytest.fixture
def output() -> Iterator[int]:
    reading, writing = os.pipe()
    yield writing
    os.close(reading)
    os.close(writing)


async def test_each_name_is_said_with_its_whole_address(engine: FakeManager, capsys) -> None:
    assert await addresses_of(engine, [WALLET, "Toly.SNS", ADDRESS]) == [WALLET, ADDRESS]
    assert capsys.readouterr().err == f"streamtui: toly.sns is {ADDRESS}\n"


async def test_a_name_that_leads_nowhere_is_an_error_and_one_that_cannot_be_looked_up_is_left_out(
    engine: FakeManager, caplog
) -> None:
    with pytest.raises(InputError, match="is not registered"):
        await addresses_of(engine, [WALLET, "nobody.sns"])
    assert await addresses_of(engine, ["down.sns", WALLET]) == [WALLET]
    assert "down.sns is not watched: no network" in caplog.text


async def test_a_saved_name_that_leads_elsewhere_is_warned_of(engine: FakeManager, caplog) -> None:
    await tell_changes(engine, [WALLET, ADDRESS], {WALLET: "toly.sns", ADDRESS: "toly.sns"})
    assert caplog.messages == [f"toly.sns leads to {ADDRESS} now; {WALLET} is still watched, as it was saved"]


async def test_the_stream_watches_the_address(engine: FakeManager, output: int) -> None:
    engine.tell(RuntimeError("that is enough"))
    with pytest.raises(RuntimeError):
        await print_lines(engine, symbols=("SOL",), wallets=("toly.sns",), descriptor=output)
    assert engine.asked == [("subscribe_prices", ("SOL",)), ("subscribe_wallets", (ADDRESS,))]


async def test_the_stream_refuses_a_name_that_leads_nowhere_before_it_watches_anything(
    engine: FakeManager, output: int
) -> None:
    with pytest.raises(InputError):
        await print_lines(engine, symbols=("SOL",), wallets=("nobody.sns",), descriptor=output)
    assert engine.asked == []


async def test_a_stream_with_nothing_left_to_watch_fails(engine: FakeManager, output: int) -> None:
    assert await print_lines(engine, symbols=(), wallets=("down.sns",), descriptor=output) == 1
