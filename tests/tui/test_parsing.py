from __future__ import annotations

import re

import pytest

from streamtui.declarations import Kind, WrongUsage
from streamtui.options import APP, COMMANDS
from streamtui.parsing import parse


def test_nothing_given_is_the_app_with_nothing_set() -> None:
    assert parse([]) == ("", {})


@pytest.mark.parametrize(
    "arguments", [["-s", "SOL,BTC", "--symbols=ETH", "-sJUP"], ["-sSOL,BTC", "-s", "ETH", "-s=JUP"]]
)
def test_an_option_may_be_repeated_in_every_spelling(arguments: list[str]) -> None:
    command, given = parse(arguments)
    assert command == ""
    assert [text.lstrip("=") for text in given["symbols"]] == ["SOL,BTC", "ETH", "JUP"]


def test_the_last_of_two_values_holds() -> None:
    assert parse(["--prices", "a", "--prices", "b"]) == ("", {"prices": "b"})
    assert parse(["--demo", "--no-demo"]) == ("", {"demo": False})


def test_an_option_before_the_command_holds_unless_it_has_its_own() -> None:
    command, given = parse(["-s", "SOL", "-w", "a", "stream", "-s", "BTC", "--count", "3"])
    assert command == "stream"
    assert given == {"symbols": ["BTC"], "wallets": ["a"], "count": 3}


def test_a_command_of_two_words_is_one_command() -> None:
    assert parse(["--config", "x", "config", "init"])[0] == "config init"
    assert parse(["config"]) == ("config", {})


def test_a_value_that_is_called_like_a_command_is_a_value() -> None:
    assert parse(["--prices", "stream", "doctor"]) == ("doctor", {"prices": "stream"})


def test_a_command_may_take_words_of_its_own() -> None:
    assert parse(["search", "usd", "coin"]) == ("search", {"text": ["usd", "coin"]})
    assert parse(["--demo", "search", "--format", "json", "usdc"]) == (
        "search",
        {"demo": True, "format": "json", "text": ["usdc"]},
    )


@pytest.mark.parametrize("arguments", [["search"], ["search", "x", "--format", "xml"]])
def test_words_of_its_own_that_are_missing_and_a_form_that_does_not_exist_are_refused(
    arguments: list[str],
) -> None:
    with pytest.raises(WrongUsage):
        parse(arguments)


@pytest.mark.parametrize("arguments", [["--sym", "x"], ["-x"], ["--demo=1"], ["stream", "x"], ["--prices"]])
def test_what_cannot_be_understood_is_refused_with_a_pointer_to_the_help(arguments: list[str]) -> None:
    with pytest.raises(WrongUsage):
        parse(arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--symbol", "SOL"], "there is no option --symbol; did you mean --symbols?; see streamtui --help"),
        (["--symbol=SOL"], "there is no option --symbol; did you mean --symbols?; see streamtui --help"),
        (["relay", "--foo", "x"], "there is no option --foo; see streamtui relay --help"),
        (["relay", "--demo", "--relay", "ws://h"], "there is no option --relay; see streamtui relay --help"),
        (
            ["--demo", "stream", "--cuont", "3"],
            "there is no option --cuont; did you mean --count?; see stream",
        ),
        (["relay", "token", "--foo", "add"], "there is no option --foo; see streamtui relay token --help"),
        (["relay", "x"], "there is no command 'relay x'; there are: relay token add, relay token list"),
        (["config", "shwo"], "there is no command 'config shwo'; there are: config init"),
        (
            ["relay", "token", "add", "a", "--file", "b"],
            "there is no option --file; see streamtui relay token add",
        ),
    ],
)
def test_an_option_that_does_not_exist_is_named_and_not_the_word_behind_it(
    arguments: list[str], said: str
) -> None:
    with pytest.raises(WrongUsage, match=f"^{re.escape(said)}"):
        parse(arguments)


@pytest.mark.parametrize("command", ["", *(command.name for command in COMMANDS)])
def test_every_option_of_every_command_is_known(command: str) -> None:
    (found,) = (one for one in (APP, *COMMANDS) if one.name == command)
    for option in found.options:
        for flag in (one for one in option.flags if one.startswith("--")):
            spelled = [flag, flag.replace("--", "--no-", 1)] if option.kind is Kind.SWITCH else [flag]
            for one in spelled:
                said = ""
                try:
                    parse([*command.split(), one])
                except WrongUsage as error:  # a value or a word may be missing
                    said = str(error)
                assert "there is no option" not in said
