"""docs/relay-wire.md is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from wire_messages import ANSWERS, QUOTE, QUOTE_FOUND, REQUESTS

from streamcore.wire.encodings import NAMES, encoding
from streamcore.wire.messages import (
    ANSWERS as ANSWER_KINDS,
)
from streamcore.wire.messages import (
    HEARTBEAT,
    MAX_REQUEST_BYTES,
    Message,
    Part,
    Price,
    Transaction,
)
from streamcore.wire.messages import (
    REQUESTS as REQUEST_KINDS,
)

PAGE = (Path(__file__).parents[3] / "docs" / "relay-wire.md").read_text(encoding="utf-8")
EXAMPLES = PAGE.partition("## Examples")[2]


def example(heading: str, language: str) -> bytes:
    """The example under a heading in one encoding."""
    section = EXAMPLES.partition(f"### {heading}\n")[2]
    block = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert block is not None
    return block[1].strip().encode() if language == "json" else bytes.fromhex(block[1])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("message", [*REQUESTS, *ANSWERS], ids=lambda one: type(one).__name__)
def test_the_example_of_each_message_is_what_is_written_and_read(message: Message, name: str) -> None:
    data = example(f"`{type(message).__name__.lower()}`", name)
    assert data == encoding(name).encode(message)  # type: ignore[arg-type]
    read = encoding(name).read_request if message in REQUESTS else encoding(name).read_answer
    assert encoding(name).encode(read(data)) == data  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_a_question_for_bid_and_ask_are_what_is_written_and_read(name: str) -> None:
    wire = encoding(name)
    asked, found = example("`lookup` of bid and ask", name), example("`found` without items", name)
    assert (asked, found) == (wire.encode(QUOTE), wire.encode(QUOTE_FOUND))
    assert (wire.read_request(asked), wire.read_answer(found)) == (QUOTE, QUOTE_FOUND)


def test_every_kind_and_every_field_is_in_the_tables_in_order() -> None:
    for number, kind in [*enumerate(REQUEST_KINDS), *enumerate(ANSWER_KINDS)]:
        row = re.search(rf"^\| {number} \| `{kind.__name__.lower()}` \| (.*?) \|", PAGE, re.MULTILINE)
        assert row is not None, kind
        assert_in_order(kind, row[1])


@pytest.mark.parametrize(("kind", "name"), [(Price, "price"), (Transaction, "transaction")])
def test_every_field_of_the_parts_is_named_in_order(kind: type[Part], name: str) -> None:
    paragraph = re.search(rf"^\*\*{name}\*\*: \[(.*?)\]\.", PAGE, re.MULTILINE | re.DOTALL)
    assert paragraph is not None
    assert_in_order(kind, paragraph[1])


def assert_in_order(kind: type[Message] | type[Part], text: str) -> None:
    places = [text.find(f"`{name}`") for name in kind.__struct_encode_fields__]
    assert -1 not in places, kind
    assert places == sorted(places), kind


def test_the_limits_are_the_programs() -> None:
    assert f"{MAX_REQUEST_BYTES:,} bytes" in PAGE
    assert f'"heartbeat":{HEARTBEAT}' in PAGE
