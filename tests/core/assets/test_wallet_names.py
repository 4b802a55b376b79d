from __future__ import annotations

import pytest

from streamcore.assets.wallet_names import LONGEST_NAME, is_plain_name, wallet_name

ADDRESS = "A1TMhSGzQxMr1TboBKtgixKz1sS6REASMxPo1qsyTSJd"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("toly.sns", "toly.sns"),
        (" Toly.SOL ", "toly.sol"),
        ('"my-name.sns"', "my-name.sns"),
        ("pay.toly.sns", "pay.toly.sns"),
        ("t\u043ely.sns", "t\u043ely.sns"),
        ("to\u200bly.sns", "toly.sns"),
    ],
)
def test_a_name_is_one_or_two_labels_and_its_ending(text: str, name: str) -> None:
    assert wallet_name(text) == name


@pytest.mark.parametrize(
    "text",
    ["", "toly", ".sns", "a.b.c.sns", "toly.eth", "a b.sns", "a/b.sns", ADDRESS, "x" * LONGEST_NAME + ".sns"],
)
def test_anything_else_is_none(text: str) -> None:
    assert wallet_name(text) is None


def test_only_plain_letters_are_no_doubles() -> None:
    assert is_plain_name("my-name2.sns")
    for name in ("t\u043ely.sns", "t\u00f6ly.sns", "to_ly.sns", "\U0001f438.sns"):
        assert not is_plain_name(name)
