"""Saving changes what the person changed, and nothing that others have changed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from streamcore import AlertSettings
from streamtui.model.config_merge import Watched, added, merge

A = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
B = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"
EMPTY = Watched(symbols=(), wallets=())
ABOVE = AlertSettings(symbol="SOL", above=Decimal(200))
BELOW = AlertSettings(symbol="SOL", below=Decimal(100))


def symbols(*names: str) -> Watched:
    return replace(EMPTY, symbols=names)


@pytest.mark.parametrize(
    ("before", "now", "theirs", "result"),
    [
        ("SOL", "SOL", "SOL ETH", "SOL ETH"),
        ("SOL", "SOL BTC", "SOL ETH", "SOL ETH BTC"),
        ("SOL BTC", "SOL", "SOL BTC ETH", "SOL ETH"),
        ("SOL BTC", "BTC SOL", "SOL BTC", "BTC SOL"),
        ("SOL BTC", "SOL", "ETH", "ETH"),
        ("SOL", "SOL ETH", "SOL ETH", "SOL ETH"),
        ("SOL BTC", "SOL", "sol $btc eth", "sol eth"),
        ("SOL BTC", "BTC SOL", "sol $btc", "$btc sol"),
        ("", "SOL", "", "SOL"),
    ],
)
def test_of_a_list_only_the_persons_changes_are_made(before: str, now: str, theirs: str, result: str) -> None:
    merged, conflicts = merge(symbols(*before.split()), symbols(*now.split()), symbols(*theirs.split()))
    assert merged.symbols is not None
    assert list(merged.symbols) == result.split()
    assert conflicts == []


def test_a_list_that_was_never_the_files_takes_its_place_only_with_a_persons_word() -> None:
    shown = replace(EMPTY, symbols=("SOL",))
    theirs = symbols("BTC", "ETH", "sol", "BONK", "WIF")
    merged, conflicts = merge(replace(EMPTY, symbols=None), shown, theirs)
    assert conflicts == ["there are symbols that this session does not have: BTC, ETH, BONK and 1 more"]
    assert merged.symbols == ["sol"]
    assert added(theirs, merged).symbols == ["BTC", "ETH", "sol", "BONK", "WIF"]


@pytest.mark.parametrize("theirs", [(), ("SOL",)])
def test_a_list_that_was_never_the_files_is_saved_where_nothing_is_lost(theirs: Sequence[str]) -> None:
    merged, conflicts = merge(
        replace(EMPTY, symbols=None), replace(EMPTY, symbols=("SOL", "BTC")), replace(EMPTY, symbols=theirs)
    )
    assert (merged.symbols, conflicts) == (["SOL", "BTC"], [])


def test_wallets_are_merged_as_symbols_are() -> None:
    merged, _ = merge(
        replace(EMPTY, wallets=(A,)), replace(EMPTY, wallets=()), replace(EMPTY, wallets=(A, B))
    )
    assert merged.wallets == [B]


@pytest.mark.parametrize(
    ("before", "now", "theirs", "result", "asked"),
    [
        ("", "mine", "", "mine", False),
        ("old", "old", "theirs", "theirs", False),
        ("old", "mine", "old", "mine", False),
        ("old", "mine", "mine", "mine", False),
        ("old", "mine", "theirs", "mine", True),
        ("", "mine", "theirs", "mine", True),
    ],
)
def test_of_a_name_the_change_counts_and_two_changes_are_asked_about(
    before: str, now: str, theirs: str, result: str, asked: bool
) -> None:
    sides = (replace(EMPTY, labels={A: name} if name else {}) for name in (before, now, theirs))
    merged, conflicts = merge(*sides)
    assert merged.labels == {A: result}
    assert conflicts == (["Gfyz…eN6T is called 'theirs', not 'mine'"] if asked else [])


def test_alerts_of_others_stay_and_ones_own_are_added_and_taken_away() -> None:
    other = AlertSettings(wallet=A)
    before, now = replace(EMPTY, alerts=[ABOVE]), replace(EMPTY, alerts=[BELOW])
    merged, conflicts = merge(before, now, replace(EMPTY, alerts=[ABOVE, other]))
    assert (merged.alerts, conflicts) == ([other, BELOW], [])


@pytest.mark.parametrize(
    ("before", "now", "theirs", "result", "asked"),
    [
        ("nord", "nord", "dracula", None, False),
        ("nord", "gruvbox", "nord", "gruvbox", False),
        (None, "gruvbox", None, "gruvbox", False),
        ("nord", "gruvbox", "dracula", "gruvbox", True),
    ],
)
def test_a_theme_is_written_when_the_person_has_changed_it(
    before: str | None, now: str, theirs: str | None, result: str | None, asked: bool
) -> None:
    merged, conflicts = merge(*(replace(EMPTY, theme=theme) for theme in (before, now, theirs)))
    assert merged.theme == result
    assert bool(conflicts) is asked


USUAL, FEW, OTHER = ("symbol", "price"), ("price",), ("price", "age")


@pytest.mark.parametrize(
    ("before", "now", "theirs", "result", "asked"),
    [
        (None, None, USUAL, None, False),
        (USUAL, list(USUAL), OTHER, None, False),
        (USUAL, FEW, USUAL, FEW, False),
        (None, FEW, None, FEW, False),
        (USUAL, FEW, None, FEW, False),
        (USUAL, FEW, OTHER, FEW, True),
    ],
)
def test_columns_are_written_when_the_person_has_chosen_others(before, now, theirs, result, asked) -> None:
    merged, conflicts = merge(*(replace(EMPTY, columns=columns) for columns in (before, now, theirs)))
    assert merged.columns == result
    assert bool(conflicts) is asked
    assert not asked or conflicts == ["the columns are price, age, not price"]
