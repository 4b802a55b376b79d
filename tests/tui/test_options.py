from __future__ import annotations

from pathlib import Path

import pytest

from streamtui.declarations import Kind, Option, WrongUsage
from streamtui.options import APP, COMMANDS

EVERY = [APP, *COMMANDS]


def test_each_option_is_declared_once() -> None:
    """What is typed alike in two commands may set two settings; else it is the same option."""
    declared: dict[tuple[str, str], Option] = {}
    for command in EVERY:
        for option in command.options:
            assert declared.setdefault((option.name, option.setting), option) is option


def test_no_two_options_of_a_command_are_typed_alike() -> None:
    for command in EVERY:
        flags = [flag for option in command.options for flag in option.flags]
        assert len(flags) == len(set(flags))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.TEXT, "x", "x"),
        (Kind.PATH, "a/b", Path("a/b")),
        (Kind.WHOLE, "12", 12),
        (Kind.NUMBER, "1.5", 1.5),
    ],
)
def test_what_is_typed_is_read_as_what_it_stands_for(kind: Kind, text: str, value: object) -> None:
    assert Option(name="x", kind=kind, help="").read(text) == value


@pytest.mark.parametrize(
    ("least", "most", "text", "allowed"),
    [
        (None, None, "x", "expected a number"),
        (0, None, "-1", "expected a number from 0 up"),
        (None, 5, "6", "expected a number up to 5"),
        (0, 5, "inf", "expected a number from 0 to 5"),
    ],
)
def test_a_number_that_is_none_or_out_of_bounds_is_refused_in_one_sentence(
    least: float | None, most: float | None, text: str, allowed: str
) -> None:
    option = Option(name="wait_for", kind=Kind.NUMBER, least=least, most=most, help="")
    with pytest.raises(WrongUsage) as refused:
        option.read(text)
    assert str(refused.value) == f"--wait-for = {text!r}: {allowed}"


@pytest.mark.parametrize("text", ["1_0", "\u0663", "\uff11", "1e3_0"])
@pytest.mark.parametrize("kind", [Kind.WHOLE, Kind.NUMBER])
def test_a_number_is_written_in_plain_digits(kind: Kind, text: str) -> None:
    with pytest.raises(WrongUsage, match="expected a"):
        Option(name="n", kind=kind, help="").read(text)


def test_a_file_without_a_name_is_refused() -> None:
    with pytest.raises(WrongUsage, match="--log-file = '': expected the name of a file"):
        Option(name="log_file", kind=Kind.PATH, help="").read("")
