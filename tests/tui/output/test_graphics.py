"""Renditions as codes, and the shortest way from one to another."""

from __future__ import annotations

import itertools

import pytest
from terminal_emulator import Look, Terminal

from streamtui.output.graphics import PLAIN, RESET, Rendition, Renditions, parsed, turn

CODES = [
    "",
    "1",
    "2",
    "1;2",
    "4",
    "1;4;38;2;1;2;3",
    "38;2;1;2;3;48;2;4;5;6",
    "31;44",
    "38;5;9",
    "1;97;100",
    "7;9;53",
]


@pytest.mark.parametrize(("before", "after"), itertools.product(CODES, CODES))
def test_a_turn_leads_from_one_rendition_to_the_other(before: str, after: str) -> None:
    turned, direct = Terminal(2, 1), Terminal(2, 1)
    turned.feed(f"\x1b[{before}m{turn(parsed(before), parsed(after))}x")
    direct.feed(f"\x1b[{after}mx")
    assert turned.rows[0][0] == direct.rows[0][0]


def test_codes_are_told_apart() -> None:
    assert parsed("1;38;2;1;2;3;48;5;9") == Rendition(frozenset({1}), "38;2;1;2;3", "48;5;9")
    assert parsed("") == Rendition()


@pytest.mark.parametrize(
    ("before", "after", "sequence"),
    [
        ("38;2;1;2;3;48;2;4;5;6", "38;2;9;9;9;48;2;4;5;6", "\x1b[38;2;9;9;9m"),
        ("1;31", "31", "\x1b[22m"),
        ("31", "1;31", "\x1b[1m"),
        ("1;31;44", "", RESET),
        ("31", "31", ""),
    ],
)
def test_only_what_differs_is_turned(before: str, after: str, sequence: str) -> None:
    assert turn(parsed(before), parsed(after)) == sequence


def test_a_rendition_has_one_name_and_no_other_has_it() -> None:
    renditions = Renditions()
    names = [renditions.name(f"\x1b[{codes}m" if codes else "", RESET if codes else "") for codes in CODES]
    assert len(set(names)) == len(CODES)
    assert names[0] == PLAIN
    assert renditions.name("\x1b[1m", RESET) == names[1]


def test_on_a_space_only_its_background_and_lines_are_seen() -> None:
    renditions = Renditions()

    def seen(codes: str) -> str:
        return renditions.on_space[renditions.name(f"\x1b[{codes}m", RESET)]

    assert seen("1;31;44") == seen("32;44") != seen("32;45")
    assert seen("4;31;44") != seen("31;44")
    assert seen("7;31;44") != seen("7;32;44")


def test_a_link_is_written_around_each_text() -> None:
    renditions = Renditions()
    name = renditions.name("\x1b]8;;x\x1b\\\x1b[1m", "\x1b[0m\x1b]8;;\x1b\\")
    assert renditions.around(name) == ("\x1b]8;;x\x1b\\\x1b[1m", "\x1b[0m\x1b]8;;\x1b\\")
    assert renditions.around(PLAIN) is None


def test_the_emulator_of_the_tests_reads_attributes() -> None:
    terminal = Terminal(3, 1)
    terminal.feed("\x1b[1;4mx\x1b[22my\x1b[0mz")
    assert [cell.look for cell in terminal.rows[0]] == [Look(frozenset({1, 4})), Look(frozenset({4})), Look()]
