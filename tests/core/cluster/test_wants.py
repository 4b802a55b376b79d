from __future__ import annotations

from manual_clock import ManualClock

from streamcore.cluster.messages import Wants
from streamcore.cluster.wants import LAST, LONGEST_NAME, MOST_NAMES, MOST_RELAYS, WantsOfAll


def test_each_thing_is_wanted_once_however_many_want_it() -> None:
    wants = WantsOfAll(ManualClock())
    wants.take("a", Wants(("SOL", "BTC"), ("w",)))
    wants.take("b", Wants(("BTC", "BONK"), ("w", "x")))
    assert wants.union() == Wants(("SOL", "BTC", "BONK"), ("w", "x"))


async def test_the_word_of_a_relay_that_is_gone_does_not_hold_for_ever() -> None:
    clock = ManualClock()
    wants = WantsOfAll(clock)
    wants.take("gone", Wants(("SOL",)))
    await clock.advance(LAST - 10)
    wants.take("b", Wants(("BTC",)))
    assert wants.union().symbols == ("SOL", "BTC")
    await clock.advance(11)
    assert wants.union().symbols == ("BTC",)


def test_only_another_word_is_a_change() -> None:
    wants = WantsOfAll(ManualClock())
    wants.take("a", Wants(("SOL",)))
    assert wants.changed.is_set()
    wants.changed.clear()
    wants.take("a", Wants(("SOL",)))
    assert not wants.changed.is_set()
    wants.take("a", Wants())
    assert wants.changed.is_set()
    assert wants.union() == Wants()


def test_a_relay_that_wants_without_end_is_cut_short() -> None:
    wants = WantsOfAll(ManualClock())
    wants.take(
        "a", Wants(tuple(f"T{number}" for number in range(MOST_NAMES + 5)), ("w" * (LONGEST_NAME + 1),))
    )
    assert len(wants.union().symbols) == MOST_NAMES
    assert wants.union().wallets == ()
    for number in range(2 * MOST_RELAYS):
        wants.take(f"r{number}", Wants((f"R{number}",)))
    assert len(wants.union().symbols) == MOST_RELAYS
