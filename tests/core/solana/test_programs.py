from __future__ import annotations

import pytest
from made_transactions import (
    ACCOUNT,
    FRIEND,
    JUPITER,
    PAYER,
    SOL,
    UNKNOWN_PROGRAM,
    WALLET,
    make,
    parsed,
    tokens,
    told,
)

from streamcore.assets.tokens import check_address
from streamcore.solana.failures import MEANINGS
from streamcore.solana.programs import (
    ASSOCIATED_TOKEN,
    COMPUTE_BUDGET,
    JUPITER_DCA,
    MEMO,
    NAMES,
    PLUMBING,
    SYSTEM,
    TOKEN,
    TOKEN_2022,
)
from streamcore.solana.tips import TIP_ACCOUNTS
from streamcore.solana.verbs import NAMED_VERBS, NUMBERED_VERBS


def test_every_named_program_is_an_address() -> None:
    assert all(check_address(address) for address in NAMES)


def call(program: str) -> dict[str, object]:
    return {"programId": program, "accounts": [], "data": "3"}


def test_every_tip_account_and_every_program_with_verbs_or_errors_is_an_address() -> None:
    assert all(check_address(address) for address in TIP_ACCOUNTS)
    known = {*NAMED_VERBS, *NUMBERED_VERBS, *MEANINGS}
    assert known <= NAMES.keys(), "what has words of its own has a name"


NONCE = parsed(SYSTEM, "advanceNonce", nonceAccount=ACCOUNT, nonceAuthority=PAYER)
BUDGET = call(COMPUTE_BUDGET)
CREATE = parsed(ASSOCIATED_TOKEN, "createIdempotent", source=PAYER, wallet=WALLET)
TAG, NEXT = UNKNOWN_PROGRAM, "24Uqj9JCLxUeoC3hGfh5W3s9FM9uCHDS2SG3LYwBpyTi"
NOTE = {"programId": MEMO, "parsed": "a note"}
CHECK = call("Ed25519SigVerify111111111111111111111111111")


@pytest.mark.parametrize(
    ("outer", "program"),
    [
        ([BUDGET, call(JUPITER), call(JUPITER_DCA)], "Jupiter"),
        ([call(TAG), BUDGET, call(JUPITER)], "Jupiter"),
        ([CHECK, call(TAG), NOTE], TAG),
        ([NONCE, BUDGET, NOTE], "Memo"),
        ([BUDGET], "Compute Budget"),
        ([NONCE, CREATE], "Associated Token Account"),
        ([NONCE], "System Program"),
    ],
)
def test_the_program_is_the_first_with_a_name_and_plumbing_never_is_while_there_is_another(
    outer: list[dict[str, object]], program: str
) -> None:
    meaning = told(make({WALLET: (SOL, SOL), PAYER: (SOL, SOL)}, instructions=outer))
    assert meaning.program == program


def test_without_a_name_it_is_the_first_that_called_others() -> None:
    transaction = make(
        {WALLET: (SOL, SOL), FRIEND: (1, 1)},
        instructions=[call(NEXT), call(TAG)],
        inner=[parsed(SYSTEM, "transfer", source=WALLET, destination=FRIEND, lamports=0)],
        inner_of=1,
    )
    assert told(transaction).program == TAG


@pytest.mark.parametrize("token_program", [TOKEN, TOKEN_2022])
def test_a_tag_before_a_plain_transfer_is_not_what_moved_the_tokens(token_program: str) -> None:
    transaction = make(
        {WALLET: (SOL, SOL), ACCOUNT: (1, 1), PAYER: (1, 1)},
        before=[tokens(1, TAG, WALLET, 5), tokens(2, TAG, FRIEND, 0)],
        after=[tokens(1, TAG, WALLET, 0), tokens(2, TAG, FRIEND, 5)],
        instructions=[
            call(NEXT),
            parsed(token_program, "transfer", source=ACCOUNT, destination=PAYER, amount="5"),
        ],
    )
    assert told(transaction).program == NAMES[token_program]
    assert NAMES[token_program] in {NAMES[program] for program in PLUMBING}
