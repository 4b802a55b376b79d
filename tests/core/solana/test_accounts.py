"""What is behind an address: issue 11, row 20."""

from __future__ import annotations

from typing import Any

import pytest

from streamcore.assets.tokens import TokenTable
from streamcore.solana.accounts import AccountFacts, AccountKind, account_facts, in_words, known_account

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
ADDRESS = "AwfswzK89xCcKs43oK4bvkWWTgBUTP8piZjULuho3nRm"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
SYSTEM = "11111111111111111111111111111111"
TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
TOKEN_2022 = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"
STAKE = "Stake11111111111111111111111111111111111111"
JUPITER = "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4"
K = AccountKind


def told(owner: str, kind: str = "", info: Any = None, *, program: str = "", **more: Any) -> dict[str, Any]:
    data = (
        {"program": program, "parsed": {"type": kind, "info": info}, "space": 1} if kind else ["", "base64"]
    )
    return {"owner": owner, "executable": False, "lamports": 1, "data": data, **more}


@pytest.mark.parametrize("program", [TOKEN, TOKEN_2022])
def test_row_20_mints_and_token_accounts_are_recognised(program: str) -> None:
    assert account_facts(told(program, "mint", {"decimals": 5})) == AccountFacts(K.MINT)
    account = told(program, "account", {"mint": BONK, "owner": WALLET})
    assert account_facts(account) == AccountFacts(K.TOKEN_ACCOUNT, owner=WALLET, mint=BONK)


@pytest.mark.parametrize(
    ("account", "facts"),
    [
        (told("BPFLoaderUpgradeab1e11111111111111111111111", executable=True), AccountFacts(K.PROGRAM)),
        (
            told(STAKE, "delegated", {"meta": {"authorized": {"withdrawer": WALLET}}}, program="stake"),
            AccountFacts(K.STAKE, owner=WALLET),
        ),
        (
            told(SYSTEM, "initialized", {"authority": WALLET}, program="nonce"),
            AccountFacts(K.NONCE, owner=WALLET),
        ),
        (told(JUPITER), AccountFacts(K.OTHER, owner=JUPITER)),
        (told(SYSTEM), None),
    ],
)
def test_row_20_other_accounts_are_recognised_and_a_wallet_is_none(
    account: dict[str, Any], facts: AccountFacts | None
) -> None:
    assert account_facts(account) == facts


@pytest.mark.parametrize(
    "account",
    [
        {},
        {"owner": 5},
        {"owner": TOKEN, "data": None},
        {"owner": TOKEN, "data": {"parsed": "x"}},
        {"owner": TOKEN, "data": {"parsed": {"type": "account", "info": [1]}}},
        {"owner": STAKE, "data": {"parsed": {"info": {"meta": 1}}}},
        {"owner": STAKE, "data": {"parsed": {"info": {"meta": {"authorized": 3}}}}},
        {"owner": "x\x1b[2J" * 50, "data": ["", "base64"]},
    ],
)
def test_whatever_a_node_says_of_an_account_is_no_reason_to_fail(account: dict[str, Any]) -> None:
    facts = account_facts(account)
    if facts is not None:
        assert in_words(ADDRESS, facts, lambda mint: None).isprintable()


def test_known_mints_and_programs_need_nobody_to_be_asked() -> None:
    assert known_account(BONK, TokenTable()) == AccountFacts(K.MINT)
    assert known_account(JUPITER, TokenTable()) == AccountFacts(K.PROGRAM)
    assert known_account(WALLET, TokenTable()) is None


def test_what_it_is_is_said_in_a_sentence() -> None:
    def symbol_of(mint: str) -> str | None:
        return "BONK" if mint == BONK else None

    account = AccountFacts(K.TOKEN_ACCOUNT, owner=WALLET, mint=BONK)
    text = in_words(ADDRESS, account, symbol_of)
    assert text.startswith("Awfs…3nRm is a token account, not a wallet: it belongs to")
    assert WALLET in text
    assert f"holds BONK ({BONK})" in text
    assert len(text) < 200, "what is told is cut there"
    assert in_words(BONK, AccountFacts(K.MINT), symbol_of).startswith("DezX…B263 is the mint of BONK, not")
    assert "the program Jupiter" in in_words(JUPITER, AccountFacts(K.PROGRAM), symbol_of)
    assert "is a program, not" in in_words(ADDRESS, AccountFacts(K.PROGRAM), symbol_of)
    assert "an account of Jupiter" in in_words(ADDRESS, AccountFacts(K.OTHER, owner=JUPITER), symbol_of)
