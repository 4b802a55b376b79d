from __future__ import annotations

from decimal import Decimal
from typing import Any

import base58
import pytest
from made_transactions import (
    ACCOUNT,
    FRIEND,
    JUPITER,
    OTHER_ACCOUNT,
    PAYER,
    POOL_MAKER,
    RENT,
    SOL,
    UNKNOWN_PROGRAM,
    USDC,
    WALLET,
    fixture,
    make,
    movement,
    parsed,
    tokens,
    told,
)

from streamcore.assets.tokens import WRAPPED_SOL
from streamcore.events import TransactionType
from streamcore.solana.programs import ASSOCIATED_TOKEN, JUPITER_DCA, STAKE, SYSTEM, TOKEN
from streamcore.solana.rent import Rent, rent_of
from streamcore.solana.verbs import discriminator

ORDER = "7F3Wg8gzekghzqPLGubCSSjZGj6ihVb14A6QmGKjNL92"
END_AND_CLOSE = base58.b58encode(discriminator("end_and_close")).decode()
CALL = {"programId": UNKNOWN_PROGRAM, "accounts": [], "data": "3"}


@pytest.mark.parametrize(
    ("name", "wallet", "paid", "back"),
    [
        ("synthetic_spl_out_creates_ata", WALLET, RENT, 0),
        ("synthetic_close_account_rent", WALLET, 0, RENT),
        ("captured_pool_create", POOL_MAKER, 6_124_800 + 23_357_760 + 1_461_600 + 3 * RENT + 16_258_560, 0),
        ("synthetic_spl_in_wallet_not_in_keys", WALLET, 0, 0),
    ],
)
def test_rent_is_told_apart_from_what_was_sent(name: str, wallet: str, paid: int, back: int) -> None:
    rent = movement(fixture(name), wallet).rent
    assert (sum(rent.paid.values()), sum(rent.back.values())) == (paid, back)
    assert told(fixture(name), wallet).rent == Decimal(back - paid) / SOL


def test_wrapped_sol_that_arrives_is_sol_from_its_owner() -> None:
    transaction = make(
        {PAYER: (SOL, SOL), ACCOUNT: (3 * SOL + RENT, SOL + RENT), OTHER_ACCOUNT: (RENT, 2 * SOL + RENT)},
        before=[tokens(1, WRAPPED_SOL, FRIEND, 3 * SOL, 9), tokens(2, WRAPPED_SOL, WALLET, 0, 9)],
        after=[tokens(1, WRAPPED_SOL, FRIEND, SOL, 9), tokens(2, WRAPPED_SOL, WALLET, 2 * SOL, 9)],
    )
    meaning = told(transaction)
    assert meaning.summary == "received 2 SOL from DFK4…Pi4j"
    assert meaning.token_changes == ()


def test_wrapping_sol_opens_an_account_and_sends_nothing() -> None:
    transaction = make(
        {WALLET: (5 * SOL, 4 * SOL - RENT), ACCOUNT: (0, SOL + RENT)},
        after=[tokens(1, WRAPPED_SOL, WALLET, SOL, 9)],
    )
    meaning = told(transaction)
    assert meaning.sol_change == 0
    assert meaning.summary == "opened token account, rent 0.00203928 SOL, wrapped 1 SOL"


def test_sol_that_is_unwrapped_is_told_beside_the_rent() -> None:
    transaction = make(
        {WALLET: (SOL, 4 * SOL + RENT), ACCOUNT: (3 * SOL + RENT, 0)},
        before=[tokens(1, WRAPPED_SOL, WALLET, 3 * SOL, 9)],
        instructions=[close(ACCOUNT)],
    )
    meaning = told(transaction)
    assert (meaning.type, meaning.sol_change) == (TransactionType.ACCOUNT, 0)
    assert meaning.summary == "closed token account, rent 0.00203928 SOL back, unwrapped 3 SOL"


def test_sol_sent_as_wrapped_sol_to_a_new_account_of_another_is_not_mistaken_for_rent() -> None:
    transaction = make(
        {WALLET: (5 * SOL, 4 * SOL - RENT), ACCOUNT: (0, SOL + RENT)},
        after=[tokens(1, WRAPPED_SOL, FRIEND, SOL, 9)],
        instructions=[
            parsed(
                SYSTEM, "createAccount", source=WALLET, newAccount=ACCOUNT, lamports=SOL + RENT, owner=TOKEN
            )
        ],
    )
    assert movement(transaction, WALLET).rent.paid == {ACCOUNT: RENT}
    assert told(transaction).summary == "sent 1 SOL to DFK4…Pi4j"


def test_a_temporary_wrapped_sol_account_leaves_no_trace_of_its_own() -> None:
    transaction = fixture("synthetic_swap_sol_to_usdc")
    assert movement(transaction, WALLET).rent == Rent({}, {})


def test_an_account_opened_for_another_costs_rent_and_sends_nothing() -> None:
    transaction = make(
        {WALLET: (SOL, SOL - RENT), ACCOUNT: (0, RENT)},
        after=[tokens(1, USDC, FRIEND, 0)],
        inner=[
            parsed(SYSTEM, "createAccount", source=WALLET, newAccount=ACCOUNT, lamports=RENT, owner=TOKEN)
        ],
    )
    mine, theirs = told(transaction, WALLET), told(transaction, FRIEND)
    assert (mine.type, mine.sol_change) == (TransactionType.ACCOUNT, Decimal(0))
    assert mine.summary == "opened token account for another, rent 0.00203928 SOL"
    assert theirs.summary == "opened token account, rent 0.00203928 SOL, paid by another"


def test_rent_that_another_takes_from_a_closed_account_is_told() -> None:
    transaction = make({PAYER: (SOL, SOL + RENT), ACCOUNT: (RENT, 0)}, before=[tokens(1, USDC, WALLET, 0)])
    assert told(transaction).summary == "closed token account, rent 0.00203928 SOL went to another"


def create(account: str, lamports: int, space: int, owner: str = UNKNOWN_PROGRAM) -> dict[str, Any]:
    return parsed(
        SYSTEM,
        "createAccount",
        source=WALLET,
        newAccount=account,
        lamports=lamports,
        space=space,
        owner=owner,
    )


def close(account: str, destination: str = WALLET, owner: str = WALLET) -> dict[str, Any]:
    return parsed(TOKEN, "closeAccount", account=account, destination=destination, owner=owner)


@pytest.mark.parametrize("space", [0, 80, 165, 289, 10_000])
def test_rent_of_any_account_is_no_payment_whoever_owns_it(space: int) -> None:
    rent = rent_of(space)
    transaction = make(
        {WALLET: (SOL, SOL - rent), ORDER: (0, rent)}, instructions=[CALL], inner=[create(ORDER, rent, space)]
    )
    meaning = told(transaction)
    assert (meaning.type, meaning.sol_change) == (TransactionType.CALLED, Decimal(0))
    assert meaning.rent == -Decimal(rent) / SOL
    assert meaning.summary == f"called BCVV…C25a, rent {Decimal(rent) / SOL:f} SOL"


def test_what_is_put_in_above_the_rent_is_a_payment() -> None:
    transaction = make(
        {WALLET: (2 * SOL, SOL - rent_of(10)), ORDER: (0, SOL + rent_of(10))},
        instructions=[CALL],
        inner=[create(ORDER, SOL + rent_of(10), 10)],
    )
    meaning = told(transaction)
    assert (meaning.sol_change, meaning.rent) == (Decimal(-1), -Decimal(rent_of(10)) / SOL)
    assert meaning.counterparty == ORDER


def test_transfers_to_an_account_that_is_allocated_are_rent_up_to_what_it_costs() -> None:
    rent = rent_of(233)
    transaction = make(
        {WALLET: (2 * SOL, SOL - rent), ORDER: (0, SOL + rent)},
        instructions=[
            parsed(SYSTEM, "transfer", source=WALLET, destination=ORDER, lamports=rent),
            parsed(SYSTEM, "allocate", account=ORDER, space=233),
            parsed(SYSTEM, "assign", account=ORDER, owner=UNKNOWN_PROGRAM),
            parsed(SYSTEM, "transfer", source=WALLET, destination=ORDER, lamports=SOL),
        ],
    )
    assert movement(transaction, WALLET).rent == Rent({ORDER: rent}, {})
    assert told(transaction).summary == "sent 1 SOL to 7F3W…NL92"


def test_a_transfer_to_an_account_that_is_not_made_is_a_payment() -> None:
    transaction = make(
        {WALLET: (SOL, SOL - RENT), FRIEND: (0, RENT)},
        instructions=[parsed(SYSTEM, "transfer", source=WALLET, destination=FRIEND, lamports=RENT)],
    )
    assert told(transaction).sol_change == -Decimal(RENT) / SOL


def test_an_account_that_came_and_went_cost_nothing() -> None:
    transaction = make(
        {WALLET: (SOL, SOL), ACCOUNT: (0, 0)},
        instructions=[create(ACCOUNT, RENT, 165, TOKEN), close(ACCOUNT)],
    )
    assert movement(transaction, WALLET).rent == Rent({}, {})


def test_what_goes_into_a_new_stake_account_is_stake_and_only_the_exact_rent_is_rent() -> None:
    exact = rent_of(200)
    for lamports, sent in ((SOL + exact, SOL + exact), (exact, 0)):
        transaction = make(
            {WALLET: (5 * SOL, 5 * SOL - lamports), ORDER: (0, lamports)},
            instructions=[create(ORDER, lamports, 200, STAKE)],
        )
        assert movement(transaction, WALLET).core == -sent


def test_a_trade_smaller_than_the_rent_that_comes_back_keeps_its_sol() -> None:
    """0.001 SOL is wrapped and traded, and the account of wrapped SOL is closed."""
    spent = SOL // 1000
    transaction = make(
        {
            WALLET: (SOL, SOL - spent + RENT),
            ACCOUNT: (RENT, 0),
            FRIEND: (0, 0),
            OTHER_ACCOUNT: (RENT, RENT + spent),
            ORDER: (RENT, RENT),
        },
        before=[
            tokens(1, WRAPPED_SOL, WALLET, 0, 9),
            tokens(3, WRAPPED_SOL, FRIEND, 0, 9),
            tokens(4, USDC, WALLET, 0),
        ],
        after=[tokens(3, WRAPPED_SOL, FRIEND, spent, 9), tokens(4, USDC, WALLET, 167_225)],
        instructions=[
            parsed(SYSTEM, "transfer", source=WALLET, destination=ACCOUNT, lamports=spent),
            {"programId": JUPITER, "accounts": [], "data": "3"},
            close(ACCOUNT),
        ],
    )
    meaning = told(transaction)
    assert meaning.summary == "bought 0.1672 USDC for 0.001 SOL on Jupiter"
    assert (meaning.sol_change, meaning.rent) == (Decimal("-0.001"), Decimal(RENT) / SOL)


def test_an_account_of_a_program_that_closes_without_a_word_gives_its_rent_back() -> None:
    rent = rent_of(289)
    transaction = make({WALLET: (SOL, SOL + rent), ORDER: (rent, 0)}, instructions=[CALL])
    assert movement(transaction, WALLET).rent == Rent({}, {ORDER: rent})
    assert told(transaction).sol_change == 0


@pytest.mark.parametrize("rate", [6_333, 5_080, 2_575, 1_322, 696])
def test_rent_at_each_lower_rate_that_is_announced_comes_back_as_rent(rate: int) -> None:
    rent = rate * (128 + 289)
    transaction = make({WALLET: (SOL, SOL + rent), ORDER: (rent, 0)}, instructions=[CALL])
    assert movement(transaction, WALLET).rent == Rent({}, {ORDER: rent})
    split = rate * (128 + 200)
    transaction = make(
        {WALLET: (SOL, SOL - split), ORDER: (0, split)}, instructions=[create(ORDER, split, 200, STAKE)]
    )
    assert movement(transaction, WALLET).rent == Rent({ORDER: split}, {})


def test_more_than_an_account_that_a_program_makes_can_cost_at_a_lower_rate_is_no_rent() -> None:
    much = 696 * (128 + 10 * 1024 + 1)
    transaction = make({WALLET: (SOL, SOL + much), ORDER: (much, 0)}, instructions=[CALL])
    assert not movement(transaction, WALLET).rent.back


@pytest.mark.parametrize(
    ("moves", "inner"),
    [
        # another gained as much, too
        ({PAYER: (9, 9), WALLET: (SOL, SOL + 890_880), ORDER: (890_880, 0), FRIEND: (0, 890_880)}, None),
        # it held no whole number of bytes
        ({PAYER: (9, 9), WALLET: (SOL, SOL + 890_881), ORDER: (890_881, 0)}, None),
        # it held less than any account must
        ({PAYER: (9, 9), WALLET: (SOL, SOL + 69_600), ORDER: (69_600, 0)}, None),
        # an instruction says that it was sent
        (
            {PAYER: (9, 9), WALLET: (SOL, SOL + 890_880), ORDER: (890_880, 0)},
            [parsed(SYSTEM, "transfer", source=ORDER, destination=WALLET, lamports=890_880)],
        ),
        # the wallet did not get it
        ({PAYER: (9, 9 + 890_880), WALLET: (SOL, SOL), ORDER: (890_880, 0)}, None),
    ],
)
def test_what_need_not_have_been_rent_is_not_said_to_be(
    moves: dict[str, tuple[int, int]], inner: list[dict[str, Any]] | None
) -> None:
    spare = sum(before - after for before, after in moves.values())
    moves = {**moves, USDC: (max(-spare, 0) + 5, max(spare, 0) + 5)}
    transaction = make(moves, instructions=[CALL], inner=inner)
    assert not movement(transaction, WALLET).rent.back


def test_of_two_closed_accounts_each_goes_to_whom_its_size_fits() -> None:
    large, small = rent_of(145), rent_of(80)
    transaction = make(
        {WALLET: (SOL, SOL + small), FRIEND: (SOL, SOL + large), ORDER: (small, 0), USDC: (large, 0)},
        instructions=[CALL],
    )
    assert movement(transaction, WALLET).rent.back == {ORDER: small}
    assert movement(transaction, FRIEND).rent.back == {USDC: large}


def test_an_account_of_another_that_the_wallet_closes_says_where_the_rent_goes() -> None:
    transaction = make(
        {WALLET: (SOL, SOL), ACCOUNT: (RENT, 0), PAYER: (0, RENT)},
        before=[tokens(1, USDC, FRIEND, 0)],
        instructions=[close(ACCOUNT, PAYER, WALLET)],
    )
    assert told(transaction).summary == "closed token account of another, rent 0.00203928 SOL to 955d…Apxc"
    assert told(transaction, FRIEND).summary == "closed token account, rent 0.00203928 SOL went to another"


def test_an_account_made_anew_and_closed_again_returns_its_first_rent_once() -> None:
    """Another closes it to itself; the wallet makes it anew, and what that costs comes back to it."""
    made = parsed(
        SYSTEM, "createAccount", source=WALLET, newAccount=ACCOUNT, lamports=RENT, space=165, owner=TOKEN
    )
    transaction = make(
        {WALLET: (SOL, SOL + 7), ACCOUNT: (RENT, 0), PAYER: (7, RENT)},
        before=[tokens(1, USDC, FRIEND, 0)],
        instructions=[close(ACCOUNT, PAYER, FRIEND), made, close(ACCOUNT, WALLET, FRIEND)],
    )
    assert movement(transaction, PAYER).rent == Rent({}, {ACCOUNT: RENT})
    assert movement(transaction, WALLET).rent == Rent({}, {})
    assert movement(transaction, WALLET).core == 7


def test_rent_that_comes_back_to_somebody_who_did_not_sign_is_told() -> None:
    """A keeper ends an order, and what its accounts held goes to who placed it."""
    transaction = make(
        {
            PAYER: (SOL, SOL),
            WALLET: (SOL, SOL + 2 * RENT + 890_880),
            ACCOUNT: (RENT, 0),
            OTHER_ACCOUNT: (RENT, 0),
        }
        | {ORDER: (890_880, 0)},
        before=[tokens(2, USDC, ORDER, 0), tokens(3, WRAPPED_SOL, ORDER, 0, 9)],
        instructions=[{"programId": JUPITER_DCA, "accounts": [], "data": END_AND_CLOSE}],
        inner=[close(ACCOUNT, WALLET, ORDER), close(OTHER_ACCOUNT, WALLET, ORDER)],
    )
    meaning = told(transaction)
    assert (meaning.type, meaning.sol_change) == (TransactionType.ACCOUNT, 0)
    assert meaning.rent == Decimal("0.00496944")
    assert meaning.summary == "got rent 0.00496944 SOL back from filled order, Jupiter DCA"


def test_rent_that_a_program_takes_from_somebody_who_did_not_sign_is_told() -> None:
    """The vault of a multisig pays, which cannot sign: the program signs for it."""
    transaction = make(
        {PAYER: (SOL, SOL), WALLET: (SOL, SOL - RENT), ORDER: (0, RENT)},
        instructions=[CALL],
        inner=[create(ORDER, RENT, 165)],
    )
    meaning = told(transaction)
    assert (meaning.type, meaning.summary) == (
        TransactionType.ACCOUNT,
        "paid rent 0.00203928 SOL, BCVV…C25a",
    )


@pytest.mark.parametrize(
    ("mint", "wrapped", "kind"), [(USDC, 0, "create"), (WRAPPED_SOL, 5 * SOL, "createIdempotent")]
)
def test_without_inner_instructions_an_associated_account_still_costs_its_rent(
    mint: str, wrapped: int, kind: str
) -> None:
    """Nodes that do not record inner instructions write null for them."""
    transaction = make(
        {WALLET: (9 * SOL, 9 * SOL - RENT - wrapped), ACCOUNT: (0, RENT + wrapped), FRIEND: (1, 1)},
        after=[tokens(1, mint, FRIEND, wrapped or 7, 9)],
        instructions=[
            parsed(ASSOCIATED_TOKEN, kind, source=WALLET, account=ACCOUNT, wallet=FRIEND, mint=mint)
        ],
    )
    assert movement(transaction, WALLET).rent == Rent({ACCOUNT: RENT}, {})
    assert movement(transaction, WALLET).core == -wrapped


def test_an_associated_account_that_was_there_or_that_another_pays_for_costs_nothing() -> None:
    create = parsed(
        ASSOCIATED_TOKEN, "createIdempotent", source=WALLET, account=ACCOUNT, wallet=FRIEND, mint=USDC
    )
    there = make(
        {WALLET: (SOL, SOL - 5), ACCOUNT: (RENT, RENT + 5)},
        before=[tokens(1, USDC, FRIEND, 0)],
        after=[tokens(1, USDC, FRIEND, 0)],
        instructions=[create],
    )
    assert movement(there, WALLET).rent == Rent({}, {})
    by_another = make(
        {PAYER: (SOL, SOL - RENT), ACCOUNT: (0, RENT), WALLET: (1, 1)},
        after=[tokens(1, USDC, WALLET, 0)],
        instructions=[
            parsed(ASSOCIATED_TOKEN, "create", source=PAYER, account=ACCOUNT, wallet=WALLET, mint=USDC)
        ],
    )
    assert movement(by_another, WALLET).rent == Rent({}, {})
    assert movement(by_another, PAYER).rent == Rent({ACCOUNT: RENT}, {})


PARSED_BATCH = parsed(
    TOKEN,
    "batch",
    instructions=[
        {"type": "burn", "info": {"account": ACCOUNT, "mint": USDC, "amount": "5"}},
        {"type": "closeAccount", "info": {"account": ACCOUNT, "destination": WALLET, "owner": WALLET}},
    ],
)
ODD_BATCHES = [
    parsed(TOKEN, "batch"),
    parsed(TOKEN, "batch", instructions=7),
    parsed(TOKEN, "batch", instructions=[7, {}, {"type": 7, "info": []}, {"type": "batch", "info": {}}]),
]


@pytest.mark.parametrize("is_inner", [False, True])
def test_an_account_that_is_closed_in_a_batch_gives_its_rent_back(is_inner: bool) -> None:
    """Since 2026 the Token Program runs several instructions as one."""
    transaction = make(
        {WALLET: (SOL, SOL + RENT), ACCOUNT: (RENT, 0)},
        before=[tokens(1, USDC, WALLET, 5)],
        instructions=[CALL if is_inner else PARSED_BATCH],
        inner=[PARSED_BATCH] if is_inner else None,
    )
    assert movement(transaction, WALLET).rent == Rent({}, {ACCOUNT: RENT})
    assert told(transaction).summary.startswith("sent 0.000005 USDC (burned)")


@pytest.mark.parametrize("odd", ODD_BATCHES)
def test_an_odd_batch_is_as_good_as_an_unknown_instruction(odd: dict[str, Any]) -> None:
    transaction = make({WALLET: (SOL, SOL), ACCOUNT: (1, 1)}, instructions=[odd])
    assert told(transaction).summary == "called Token Program"


def test_wrapped_sol_that_is_unwrapped_to_another_is_sent() -> None:
    unwrap = parsed(TOKEN, "unwrapLamports", source=ACCOUNT, destination=FRIEND, amount=str(SOL))
    transaction = make(
        {WALLET: (SOL, SOL), ACCOUNT: (3 * SOL + RENT, 2 * SOL + RENT), FRIEND: (0, SOL)},
        before=[tokens(1, WRAPPED_SOL, WALLET, 3 * SOL, 9)],
        after=[tokens(1, WRAPPED_SOL, WALLET, 2 * SOL, 9)],
        instructions=[unwrap],
    )
    assert told(transaction).summary == "sent 1 SOL to DFK4…Pi4j"
    assert told(transaction, FRIEND).summary == "received 1 SOL from Gfyz…eN6T"
    assert movement(transaction, WALLET).rent == Rent({}, {})


@pytest.mark.parametrize("added", [0, 5_000])
def test_an_account_that_is_paid_for_in_advance_and_then_made_costs_its_rent(added: int) -> None:
    """``createAccountAllowPrefund`` takes what is there already, and adds the rest if there is a payer."""
    made = parsed(SYSTEM, "createAccountAllowPrefund", newAccount=ORDER, space=165, owner=TOKEN)
    if added:
        made["parsed"]["info"] |= {"source": WALLET, "lamports": added}
    transaction = make(
        {WALLET: (SOL, SOL - RENT), ORDER: (0, RENT)},
        instructions=[
            parsed(SYSTEM, "transfer", source=WALLET, destination=ORDER, lamports=RENT - added),
            made,
        ],
    )
    assert movement(transaction, WALLET).rent == Rent({ORDER: RENT}, {})


def test_several_accounts_are_counted() -> None:
    transaction = make(
        {WALLET: (SOL, SOL + 2 * RENT), ACCOUNT: (RENT, 0), OTHER_ACCOUNT: (RENT, 0)},
        before=[tokens(1, USDC, WALLET, 0), tokens(2, WRAPPED_SOL, WALLET, 0, 9)],
        instructions=[close(ACCOUNT), close(OTHER_ACCOUNT)],
    )
    assert told(transaction).summary == "closed 2 token accounts, rent 0.00407856 SOL back"
