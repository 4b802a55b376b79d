from __future__ import annotations

from typing import Any

import pytest
from made_transactions import (
    ACCOUNT,
    FRIEND,
    OTHER_ACCOUNT,
    SELLER,
    SOL,
    UNKNOWN_PROGRAM,
    USDC,
    WALLET,
    make,
    parsed,
    tokens,
    told,
)

from streamcore.solana.programs import TOKEN_2022


def taxed(*instructions: dict[str, Any], third: bool = False) -> Any:
    """100 tokens are sent and 99.5 arrive; perhaps another sends something at the same time."""

    def balance(index: int, owner: str, amount: int) -> dict[str, Any]:
        return tokens(index, USDC, owner, amount, 6) | {"programId": TOKEN_2022}

    before = [balance(1, WALLET, 100_000_000), balance(2, FRIEND, 0)]
    after = [balance(1, WALLET, 0), balance(2, FRIEND, 99_500_000)]
    if third:
        before.append(balance(3, SELLER, 7))
        after.append(balance(3, SELLER, 0))
    return make(
        {WALLET: (SOL, SOL), ACCOUNT: (1, 1), OTHER_ACCOUNT: (1, 1), SELLER: (1, 1)},
        before=before,
        after=after,
        instructions=list(instructions),
    )


PLAIN = parsed(
    TOKEN_2022,
    "transferChecked",
    source=ACCOUNT,
    destination=OTHER_ACCOUNT,
    tokenAmount={"amount": "100000000"},
)


def test_both_sides_of_a_taxed_transfer_see_what_was_withheld() -> None:
    assert told(taxed(PLAIN)).summary == "sent 100 USDC (fee 0.5 withheld) to DFK4…Pi4j"
    assert told(taxed(PLAIN), FRIEND).summary == "received 99.5 USDC (fee 0.5 withheld) from Gfyz…eN6T"


def test_an_instruction_that_tells_the_fee_is_believed() -> None:
    told_fee = parsed(
        TOKEN_2022,
        "transferCheckedWithFee",
        source=ACCOUNT,
        destination=OTHER_ACCOUNT,
        tokenAmount={"amount": "100000000"},
        feeAmount={"amount": "500000"},
    )
    assert told(taxed(told_fee, third=True)).summary == "sent 100 USDC (fee 0.5 withheld) to DFK4…Pi4j"


@pytest.mark.parametrize("kind", ["withdrawWithheldTokensFromMint", "withdrawWithheldTokensFromAccounts"])
@pytest.mark.parametrize("is_inner", [False, True])
def test_fees_that_were_withheld_and_are_withdrawn_are_not_minted(kind: str, is_inner: bool) -> None:
    """Withheld tokens are in no balance, so that they seem to come from nowhere."""
    withdraw = parsed(TOKEN_2022, kind, mint=USDC, feeRecipient=ACCOUNT)
    transaction = make(
        {WALLET: (SOL, SOL), ACCOUNT: (1, 1), OTHER_ACCOUNT: (1, 1)},
        before=[tokens(1, USDC, WALLET, 0) | {"programId": TOKEN_2022}],
        after=[tokens(1, USDC, WALLET, 500_000) | {"programId": TOKEN_2022}],
        instructions=[{"programId": UNKNOWN_PROGRAM, "data": "3"} if is_inner else withdraw],
        inner=[withdraw] if is_inner else None,
    )
    meaning = told(transaction)
    if is_inner:
        assert (meaning.action, meaning.summary) == (None, "received 0.5 USDC, BCVV…C25a")
    else:
        assert (meaning.action, meaning.summary) == ("claim", "received 0.5 USDC (claimed)")


def test_tokens_that_were_burned_or_sent_by_others_too_are_not_mistaken_for_a_fee() -> None:
    burn = parsed(TOKEN_2022, "burn", account=ACCOUNT, amount="500000")
    assert told(taxed(PLAIN, burn)).summary == "sent 100 USDC to DFK4…Pi4j"
    assert "withheld" not in told(taxed(PLAIN, third=True)).summary
