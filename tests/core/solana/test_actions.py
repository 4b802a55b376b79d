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
    RENT,
    SOL,
    USDC,
    WALLET,
    make,
    parsed,
    tokens,
    told,
)

from streamcore.events import TransactionType
from streamcore.solana.programs import (
    AUCTION_HOUSE,
    BUBBLEGUM,
    JUPITER_BORROW,
    JUPITER_DCA,
    JUPITER_EARN,
    JUPITER_LIMIT_V2,
    KAMINO_FARMS,
    KAMINO_LEND,
    KAMINO_VAULT,
    MARGINFI,
    MARINADE,
    METAPLEX,
    RAYDIUM_CLMM,
    SOLEND,
    STAKE,
    STAKE_POOL,
    SYSTEM,
    TENSOR,
    TOKEN,
    WORMHOLE,
    WORMHOLE_TOKEN_BRIDGE,
)
from streamcore.solana.rent import rent_of
from streamcore.solana.verbs import discriminator

POSITION = "5DSYZ9BPjW9PoQHQk2ZbybAcEArnGooHvPU9DfhzQuu1"
MSOL = "mSoLzYCxHdYgdzU16g5QSh3i5K3z3KZK7ytfqcJm7So"


def call(program: str, name: str = "", data: bytes = b"") -> dict[str, Any]:
    data = data or (discriminator(name) if name else b"\x03")
    return {"programId": program, "accounts": [], "data": base58.b58encode(data).decode()}


def usdc(change: int, *instructions: dict[str, Any], wallet_signs: bool = True) -> Any:
    """The wallet gains or loses USDC to an account of a program."""
    have, other = max(-change, 0), max(change, 0)
    keys = (WALLET, PAYER) if wallet_signs else (PAYER, WALLET)
    return make(
        {keys[0]: (SOL, SOL), keys[1]: (SOL, SOL), ACCOUNT: (1, 1), OTHER_ACCOUNT: (1, 1)},
        before=[tokens(2, USDC, WALLET, have), tokens(3, USDC, FRIEND, other)],
        after=[tokens(2, USDC, WALLET, have + change), tokens(3, USDC, FRIEND, other - change)],
        instructions=list(instructions),
    )


@pytest.mark.parametrize(
    ("change", "instruction", "signs", "action", "summary"),
    [
        (
            -5,
            call(JUPITER_DCA, "open_dca_v2"),
            True,
            "order placed",
            "sent 0.000005 USDC to order, Jupiter DCA",
        ),
        (
            5,
            call(JUPITER_DCA, "close_dca"),
            True,
            "order cancelled",
            "received 0.000005 USDC from cancelled order, Jupiter DCA",
        ),
        (
            5,
            call(JUPITER_LIMIT_V2, "flash_fill_order"),
            False,
            "order filled",
            "received 0.000005 USDC from filled order, Jupiter Limit Order v2",
        ),
        (
            -5,
            call(WORMHOLE_TOKEN_BRIDGE),
            True,
            "bridge",
            "sent 0.000005 USDC (bridged out), Wormhole Token Bridge",
        ),
        (
            5,
            call(WORMHOLE_TOKEN_BRIDGE),
            True,
            "bridge",
            "received 0.000005 USDC (bridged in), Wormhole Token Bridge",
        ),
        (
            -5,
            call(MARGINFI, "lending_account_deposit"),
            True,
            "deposit",
            "sent 0.000005 USDC (deposited), marginfi",
        ),
        (-5, call(MARGINFI, "lending_account_repay"), True, "repay", "sent 0.000005 USDC (repaid), marginfi"),
        (
            5,
            call(KAMINO_LEND, "borrow_obligation_liquidity"),
            True,
            "borrow",
            "received 0.000005 USDC (borrowed), Kamino Lend",
        ),
        (
            5,
            call(SOLEND, data=b"\x0f\x01"),
            True,
            "withdraw",
            "received 0.000005 USDC (withdrawn), Solend",
        ),
        (
            -5,
            call(JUPITER_EARN, "deposit"),
            True,
            "deposit",
            "sent 0.000005 USDC (deposited), Jupiter Lend Earn",
        ),
        (-5, call(TENSOR, "list"), True, "list", "sent 0.000005 USDC (listed), Tensor"),
        (
            -5,
            call(JUPITER_DCA, "a_name_nobody_knows"),
            True,
            None,
            "sent 0.000005 USDC to DFK4…Pi4j, Jupiter DCA",
        ),
    ],
)
def test_a_verb_is_told_where_the_program_is_known_for_one_thing(
    change: int, instruction: dict[str, Any], signs: bool, action: str | None, summary: str
) -> None:
    meaning = told(usdc(change, instruction, wallet_signs=signs))
    assert (meaning.action, meaning.summary) == (action, summary)


def operate(collateral: int, debt: int) -> dict[str, Any]:
    numbers = (value.to_bytes(16, "little", signed=True) for value in (collateral, debt))
    return call(JUPITER_BORROW, data=discriminator("operate") + b"".join(numbers) + b"\x00")


@pytest.mark.parametrize(
    ("change", "collateral", "debt", "action", "words"),
    [
        (-5, 5, 0, "deposit", "sent 0.000005 USDC (deposited)"),
        (5, -5, 0, "withdraw", "received 0.000005 USDC (withdrawn)"),
        (5, 0, 5, "borrow", "received 0.000005 USDC (borrowed)"),
        (-5, 0, -5, "repay", "sent 0.000005 USDC (repaid)"),
        (-5, 5, -5, "repay", "sent 0.000005 USDC (deposited and repaid)"),
    ],
)
def test_a_loan_is_read_from_the_signs_of_collateral_and_debt(
    change: int, collateral: int, debt: int, action: str, words: str
) -> None:
    meaning = told(usdc(change, operate(collateral, debt)))
    assert (meaning.action, meaning.summary) == (action, f"{words}, Jupiter Lend Borrow")


def test_paying_back_and_taking_collateral_is_no_purchase() -> None:
    transaction = make(
        {WALLET: (3 * SOL, SOL), ACCOUNT: (1, 1), FRIEND: (0, 2 * SOL)},
        before=[tokens(1, USDC, WALLET, 0)],
        after=[tokens(1, USDC, WALLET, 40_000_000)],
        instructions=[operate(-40, -2)],
    )
    meaning = told(transaction)
    assert meaning.type is TransactionType.MULTI
    assert meaning.summary == "multi: +40 USDC (withdrawn), -2 SOL (repaid) on Jupiter Lend Borrow"


def test_the_token_that_stands_for_a_loan_account_is_minted_and_not_borrowed() -> None:
    """Who deposits for the first time gets a token that stands for the account, and pays for its metadata."""
    rent, fee = rent_of(607), SOL // 100
    transaction = make(
        {
            WALLET: (SOL, SOL - rent - fee),
            ACCOUNT: (1, 1),
            OTHER_ACCOUNT: (1, 1),
            FRIEND: (1, 1),
            POSITION: (0, rent + fee),
        },
        before=[tokens(1, USDC, WALLET, 10_000_001), tokens(2, USDC, FRIEND, 5)],
        after=[
            tokens(1, USDC, WALLET, 0),
            tokens(2, USDC, FRIEND, 10_000_006),
            tokens(3, POSITION, WALLET, 1, 0),
        ],
        instructions=[operate(10_000_001, 0)],
        inner=[
            parsed(SYSTEM, "transfer", source=WALLET, destination=POSITION, lamports=rent + fee),
            parsed(SYSTEM, "allocate", account=POSITION, space=607),
            parsed(SYSTEM, "assign", account=POSITION, owner=METAPLEX),
        ],
    )
    meaning = told(transaction)
    assert (meaning.type, meaning.action) == (TransactionType.MULTI, "deposit")
    assert meaning.sol_change == Decimal("-0.01")
    assert meaning.summary == (
        "multi: -10 USDC (deposited), +1 5DSY…Quu1 (minted), -0.01 SOL (fee) on Jupiter Lend Borrow"
    )


@pytest.mark.parametrize(
    ("change", "summary"),
    [
        (-1, "multi: -1 5DSY…Quu1 (burned), +1 SOL on Raydium CLMM"),
        (1, "multi: +1 5DSY…Quu1 (minted), -1 SOL on Raydium CLMM"),
    ],
)
def test_a_token_that_stands_for_a_position_is_not_traded(change: int, summary: str) -> None:
    """Who gives liquidity to a pool gets a token for it, which is burned when it is taken out."""
    sol = -change * SOL
    transaction = make(
        {WALLET: (3 * SOL, 3 * SOL + sol), FRIEND: (3 * SOL, 3 * SOL - sol), ACCOUNT: (1, 1)},
        before=[tokens(2, POSITION, WALLET, max(-change, 0), 0)],
        after=[tokens(2, POSITION, WALLET, max(change, 0), 0)],
        instructions=[call(RAYDIUM_CLMM)],
    )
    meaning = told(transaction)
    assert (meaning.type, meaning.summary) == (TransactionType.MULTI, summary)


def test_a_loan_account_opened_with_sol_is_told_as_a_deposit() -> None:
    transaction = make(
        {WALLET: (2 * SOL, SOL), ACCOUNT: (0, SOL), OTHER_ACCOUNT: (1, 1)},
        after=[tokens(2, POSITION, WALLET, 1, 0)],
        instructions=[operate(SOL, 0)],
    )
    summary = told(transaction).summary
    assert summary.endswith("(minted), -1 SOL (deposited) on Jupiter Lend Borrow")


@pytest.mark.parametrize(("change", "kind"), [(-1, "sold"), (1, "bought")])
def test_an_nft_listed_and_sold_in_one_transaction_is_sold(change: int, kind: str) -> None:
    """Who takes a bid lists the NFT and sells it at once; who buys may take it off the market first."""
    price = -change * SOL
    transaction = make(
        {WALLET: (3 * SOL, 3 * SOL + price), FRIEND: (3 * SOL, 3 * SOL - price), ACCOUNT: (1, 1)},
        before=[tokens(2, POSITION, WALLET, max(-change, 0), 0)],
        after=[tokens(2, POSITION, WALLET, max(change, 0), 0)],
        instructions=[call(AUCTION_HOUSE, "sell"), call(AUCTION_HOUSE, "execute_sale")],
    )
    meaning = told(transaction)
    assert meaning.summary == f"{kind} 1 5DSY…Quu1 for 1 SOL on Auction House"
    assert meaning.action is None


@pytest.mark.parametrize(
    ("data", "summary", "action"),
    [
        (b"\x07", "called Wormhole", None),  # VerifySignatures
        (b"\x02", "called Wormhole", None),  # PostVAA
        (b"\x01", "bridged for another, Wormhole", "bridge"),  # PostMessage
        (b"\x08", "bridged for another, Wormhole", "bridge"),  # PostMessageUnreliable
    ],
)
def test_only_a_message_to_another_chain_is_a_bridge_of_wormhole(
    data: bytes, summary: str, action: str | None
) -> None:
    transaction = make({WALLET: (SOL, SOL), PAYER: (1, 1)}, instructions=[call(WORMHOLE, data=data)])
    meaning = told(transaction)
    assert (meaning.summary, meaning.action) == (summary, action)


def test_a_swap_whose_proceeds_are_bridged_is_a_bridge() -> None:
    transaction = make(
        {WALLET: (3 * SOL, SOL), ACCOUNT: (1, 1), FRIEND: (0, 2 * SOL)},
        before=[tokens(1, USDC, WALLET, 0)],
        after=[tokens(1, USDC, WALLET, 100_000)],
        instructions=[call(JUPITER), call(WORMHOLE_TOKEN_BRIDGE)],
    )
    meaning = told(transaction)
    assert (meaning.type, meaning.action, meaning.program) == (
        TransactionType.MULTI,
        "bridge",
        "Jupiter",
    )
    assert meaning.summary == "multi: +0.1 USDC, -2 SOL on Wormhole Token Bridge (bridged out)"


def test_of_several_things_with_a_verb_the_first_is_told() -> None:
    transaction = usdc(-5, call(KAMINO_VAULT, "deposit"), call(KAMINO_FARMS, "stake"))
    assert told(transaction).summary == "sent 0.000005 USDC (deposited), Kamino Vault"


def test_a_verb_is_told_with_the_program_that_did_it_and_not_with_what_made_it_ready() -> None:
    meaning = told(usdc(-5, call(JUPITER), call(MARGINFI, "lending_account_deposit")))
    assert meaning.summary == "sent 0.000005 USDC (deposited), marginfi"
    assert meaning.program == "Jupiter", "the first one with a name"


@pytest.mark.parametrize(
    ("instruction", "where"),
    [(call(MARINADE, "deposit"), "Marinade"), (call(STAKE_POOL, data=b"\x0e\x01"), "Stake Pool")],
)
def test_sol_staked_for_a_token_is_bought_and_staked(instruction: dict[str, Any], where: str) -> None:
    transaction = make(
        {WALLET: (3 * SOL, SOL), ACCOUNT: (1, 1), FRIEND: (0, 2 * SOL)},
        before=[tokens(1, MSOL, WALLET, 0, 9)],
        after=[tokens(1, MSOL, WALLET, 17 * SOL // 10, 9)],
        instructions=[instruction],
    )
    meaning = told(transaction)
    assert meaning.action == "stake"
    assert meaning.summary == f"bought 1.7 mSOL for 2 SOL on {where} (staked)"


@pytest.mark.parametrize(
    ("kinds", "lamports", "summary"),
    [
        (("createAccount", "initialize", "delegate"), -SOL, "sent 1 SOL (staked), Stake Program"),
        (("deactivate",), 0, "deactivated a stake, Stake Program"),
        (("withdraw",), SOL, "received 1 SOL (unstaked), Stake Program"),
        (("merge",), 0, "called Stake Program"),
    ],
)
def test_what_is_done_with_a_stake_is_said(kinds: tuple[str, ...], lamports: int, summary: str) -> None:
    transaction = make(
        {WALLET: (2 * SOL, 2 * SOL + lamports), ACCOUNT: (SOL, SOL - lamports)},
        instructions=[parsed(STAKE, kind, stakeAccount=ACCOUNT) for kind in kinds],
    )
    assert told(transaction).summary == summary


def test_an_nft_got_for_rent_is_minted_and_not_bought() -> None:
    transaction = make(
        {WALLET: (SOL, SOL - RENT), ACCOUNT: (0, RENT)},
        after=[tokens(1, USDC, WALLET, 1, 0)],
        instructions=[
            parsed(
                "11111111111111111111111111111111",
                "createAccount",
                source=WALLET,
                newAccount=ACCOUNT,
                lamports=RENT,
                space=165,
                owner=TOKEN,
            ),
            call(METAPLEX),
        ],
    )
    meaning = told(transaction)
    assert (meaning.type, meaning.action) == (TransactionType.RECEIVED, "mint")
    assert meaning.summary == "received 1 USDC (minted), Metaplex"


@pytest.mark.parametrize(
    ("price", "summary"),
    [
        (0, "received 1 USDC (minted), Metaplex"),
        (SOL, "bought 1 USDC for 1.01 SOL on Metaplex"),
    ],
)
def test_what_metaplex_takes_for_metadata_is_a_fee_and_no_price(price: int, summary: str) -> None:
    rent, fee = rent_of(679), SOL // 100
    transaction = make(
        {
            WALLET: (3 * SOL, 3 * SOL - RENT - rent - fee - price),
            ACCOUNT: (0, RENT),
            OTHER_ACCOUNT: (0, rent + fee),
            FRIEND: (0, price),
        },
        after=[tokens(1, USDC, WALLET, 1, 0)],
        instructions=[
            parsed(SYSTEM, "createAccount", source=WALLET, newAccount=ACCOUNT, lamports=RENT, space=165),
            call(METAPLEX),
            parsed(SYSTEM, "transfer", source=WALLET, destination=FRIEND, lamports=price),
        ],
        inner=[
            parsed(SYSTEM, "transfer", source=WALLET, destination=OTHER_ACCOUNT, lamports=rent + fee),
            parsed(SYSTEM, "allocate", account=OTHER_ACCOUNT, space=679),
            parsed(SYSTEM, "assign", account=OTHER_ACCOUNT, owner=METAPLEX),
        ],
        inner_of=1,
    )
    assert told(transaction).summary == summary
    assert told(transaction).sol_change == -Decimal(fee + price) / SOL


def test_an_nft_that_a_program_without_a_name_mints_is_told() -> None:
    transaction = make(
        {WALLET: (2 * SOL, SOL), FRIEND: (0, SOL)},
        instructions=[call("TGARDaEzs7px1tEUssCCZ9ewhTW7oCA1MnY5y7rQk9n")],
        inner=[call(BUBBLEGUM, "burn"), call(BUBBLEGUM, "mint_v1")],
    )
    meaning = told(transaction)
    assert meaning.action == "mint"
    assert meaning.summary == "sent 1 SOL to DFK4…Pi4j (minted an NFT), TGAR…Qk9n"


@pytest.mark.parametrize(
    ("instruction", "program"),
    [
        (call(AUCTION_HOUSE, "sell"), "Auction House"),
        (call(MARGINFI, "lending_account_deposit"), "marginfi"),
        (call(KAMINO_LEND, "borrow_obligation_liquidity"), "Kamino Lend"),
        (call(MARINADE, "deposit"), "Marinade"),
    ],
)
def test_what_a_signer_did_is_not_said_of_what_somebody_else_got_of_it(
    instruction: dict[str, Any], program: str
) -> None:
    """Makers of an NFT have a share of its sale, and services one of what they forward."""
    meaning = told(usdc(5, instruction, wallet_signs=False))
    assert (meaning.action, meaning.summary) == (None, f"received 0.000005 USDC from DFK4…Pi4j, {program}")


def test_sol_beside_a_listing_is_not_what_was_listed() -> None:
    transaction = make(
        {WALLET: (SOL, SOL - 50_000), FRIEND: (0, 50_000)}, instructions=[call(TENSOR, "list")]
    )
    meaning = told(transaction)
    assert (meaning.action, meaning.summary) == ("list", "sent 0.00005 SOL to DFK4…Pi4j, Tensor")


def test_what_anothers_transaction_did_besides_is_not_told_to_somebody_who_did_not_sign() -> None:
    transaction = usdc(5, call("TGARDaEzs7px1tEUssCCZ9ewhTW7oCA1MnY5y7rQk9n"), wallet_signs=False)
    assert told(transaction).action is None


@pytest.mark.parametrize("data", ["", "0OIl", "3" * 3_000, "1", "☃"])
def test_odd_data_has_no_verb_and_no_error(data: str) -> None:
    odd = {"programId": JUPITER_BORROW, "accounts": [], "data": data}
    assert told(usdc(-5, odd)).action is None
