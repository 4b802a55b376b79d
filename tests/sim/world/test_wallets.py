"""The emulated chain: every shape of transaction adds up and looks as the real ones do."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import base58
import pytest
import wire_fixtures
from manual_clock import START, ManualClock

from streamsim.helius.messages import streamed
from streamsim.world.catalog import BONK, SOL, USDC, listing_of
from streamsim.world.chain import FIRST_SLOT, RENT, Expansion, Transaction
from streamsim.world.programs import COMPUTE_BUDGET, JUPITER
from streamsim.world.wallets import WalletChain

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"

Deed = Callable[[WalletChain], str]

SHAPES: dict[str, Deed] = {
    "sol_in": lambda chain: chain.sol_in(WALLET),
    "sol_out": lambda chain: chain.sol_out(WALLET),
    "v1_sol_out": lambda chain: chain.sol_out_v1(WALLET),
    "spl_in_wallet_not_in_keys": lambda chain: chain.spl_in(WALLET),
    "spl_out_creates_ata": lambda chain: chain.spl_out(WALLET),
    "swap_sol_to_usdc": lambda chain: chain.swap(WALLET),
    "failed": lambda chain: chain.failed_swap(WALLET),
    "close_account_rent": lambda chain: chain.close_token_account(WALLET),
}
OTHERS: dict[str, Deed] = {
    "swap_usdc_to_sol": lambda chain: chain.swap(WALLET, Decimal(50), USDC, SOL),
    "swap_usdc_to_bonk": lambda chain: chain.swap(WALLET, Decimal(50), USDC, BONK),
    "memo": lambda chain: chain.memo(WALLET),
    "spl_in_of_a_new_token": lambda chain: chain.spl_in(WALLET, Decimal(7), BONK),
}


def wallet_chain(seed: int = 7, keep: int = 20_000) -> WalletChain:
    return WalletChain(ManualClock(), seed, lambda mint: listing_of(mint).price, keep=keep)


def happened(book: WalletChain, deed: Deed) -> Transaction:
    transaction = book.transaction(deed(book))
    assert transaction is not None
    return transaction


def notification(transaction: Transaction) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(streamed(transaction, full=True))
    return body


@pytest.mark.parametrize("name", [*SHAPES, *OTHERS])
def test_what_goes_out_less_the_fee_comes_in(name: str) -> None:
    transaction = happened(wallet_chain(), {**SHAPES, **OTHERS}[name])
    body = notification(transaction)["transaction"]
    meta, keys = body["meta"], body["transaction"]["message"]["accountKeys"]
    assert sum(meta["preBalances"]) - sum(meta["postBalances"]) == meta["fee"]
    assert len(keys) == len(meta["preBalances"]) == len(meta["postBalances"])
    assert len({key["pubkey"] for key in keys}) == len(keys)
    assert all(len(base58.b58decode(key["pubkey"])) == 32 for key in keys)
    assert len(base58.b58decode(transaction.signature)) == 64
    assert keys[0]["signer"]
    named = {key["pubkey"] for key in keys}
    for instruction in body["transaction"]["message"]["instructions"]:
        assert instruction["programId"] in named
        assert named.issuperset(instruction.get("accounts", []))


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_that_of_its_example(name: str) -> None:
    example = json.loads(wire_fixtures.helius(f"ws.transactionNotification.synthetic_{name}"))["params"][
        "result"
    ]
    body = notification(happened(wallet_chain(), SHAPES[name]))
    assert _shape(body) == _shape(example)
    message, expected = (part["transaction"]["transaction"]["message"] for part in (body, example))
    assert _kinds(message) == _kinds(expected)
    meta, expected = body["transaction"]["meta"], example["transaction"]["meta"]
    assert (meta["fee"], meta["err"]) == (expected["fee"], expected["err"])
    assert body["transaction"]["version"] == example["transaction"]["version"]


def _shape(content: Any) -> Any:
    """Keys all the way down, except where the number of things differs by nature."""
    if isinstance(content, dict):
        skipped = {"instructions", "innerInstructions"}
        return {key: _shape(value) for key, value in content.items() if key not in skipped}
    if isinstance(content, list) and content:
        return [_shape(content[0])]
    return type(content).__name__ if isinstance(content, list) else None


def _kinds(message: dict[str, Any]) -> list[Any]:
    kinds = [
        step["parsed"]["type"] if "parsed" in step else step["programId"] for step in message["instructions"]
    ]
    # Ours opens the account for what it buys, which does nothing when there is one, and pays for priority.
    return [kind for kind in kinds if kind not in {"createIdempotent", COMPUTE_BUDGET}]


def test_incoming_tokens_do_not_name_the_wallet_but_its_account() -> None:
    book = wallet_chain()
    transaction = happened(book, SHAPES["spl_in_wallet_not_in_keys"])
    assert WALLET not in transaction.keys
    assert WALLET in transaction.owners_changed
    assert transaction not in book.transactions(WALLET)
    assert transaction in book.transactions(WALLET, Expansion.BALANCE_CHANGED)


def test_sent_tokens_open_the_account_of_a_stranger_and_the_wallet_pays() -> None:
    book = wallet_chain()
    book.know(WALLET)
    sol, usdc = book.holding(WALLET), book.holding(WALLET, USDC)
    transaction = happened(book, SHAPES["spl_out_creates_ata"])
    lamports = transaction.balances_after[0] - transaction.balances_before[0]
    assert lamports == -RENT - transaction.fee
    assert book.holding(WALLET) == sol + Decimal(lamports).scaleb(-9)
    assert book.holding(WALLET, USDC) == usdc - 10


def test_a_swap_gives_and_takes_at_the_markets_rate() -> None:
    book = wallet_chain()
    book.know(WALLET)
    sol, usdc = book.holding(WALLET), book.holding(WALLET, USDC)
    transaction = happened(book, SHAPES["swap_sol_to_usdc"])
    assert JUPITER in transaction.keys
    assert book.holding(WALLET) == sol - 1 - Decimal(transaction.fee).scaleb(-9)
    assert book.holding(WALLET, USDC) - usdc == pytest.approx(listing_of(SOL).price, rel=Decimal("0.01"))


def test_a_failed_swap_costs_the_fee_and_nothing_else() -> None:
    book = wallet_chain()
    book.know(WALLET)
    before = {mint: book.holding(WALLET, mint) for mint in (SOL, USDC)}
    transaction = happened(book, SHAPES["failed"])
    assert transaction.err == {"InstructionError": [2, {"Custom": 6001}]}
    assert book.holding(WALLET) == before[SOL] - Decimal(transaction.fee).scaleb(-9)
    assert book.holding(WALLET, USDC) == before[USDC]
    assert transaction.logs[-1].endswith("custom program error: 0x1771")


def test_a_hostile_memo_is_passed_on_as_it_was_written() -> None:
    book = wallet_chain()
    signature = book.memo(WALLET, "[red]\x1b[2J")
    transaction = book.transaction(signature)
    assert transaction is not None
    assert transaction.memo == "[9] [red]\x1b[2J"


def test_who_has_not_enough_is_told_and_nothing_changes() -> None:
    book = wallet_chain()
    book.know(WALLET)
    before = (book.holding(WALLET), book.holding(WALLET, USDC))
    with pytest.raises(ValueError, match="does not hold enough"):
        book.sol_out(WALLET, Decimal(1_000_000))
    with pytest.raises(ValueError, match="does not hold enough"):
        book.spl_out(WALLET, Decimal(1_000_000_000))
    assert book.signatures_of(WALLET, history=False) == ()
    assert (book.holding(WALLET), book.holding(WALLET, USDC)) == before


def test_a_wallet_has_a_past_when_it_is_first_asked_for() -> None:
    book = wallet_chain()
    book.know(WALLET)
    past = book.transactions(WALLET, Expansion.BALANCE_CHANGED)
    assert 4 <= len(past) <= 7
    assert [known.order for known in past] == sorted(known.order for known in past)
    assert all(known.slot < FIRST_SLOT and known.block_time < START for known in past)
    assert book.signatures_of(WALLET, history=False) == ()


def test_the_chain_tells_what_it_made_in_order() -> None:
    book = wallet_chain()
    heard: list[str] = []
    book.listen(lambda transaction: heard.append(transaction.signature))
    made = [deed(book) for deed in (*SHAPES.values(), *OTHERS.values())]
    assert list(book.signatures_of(WALLET, history=False)) == made == heard


def test_equal_seeds_give_equal_lives() -> None:
    lives = []
    for seed in (1, 1, 2):
        book = wallet_chain(seed)
        lives.append([book.live(WALLET) for _ in range(20)])
    assert lives[0] == lives[1] != lives[2]


def test_a_long_life_never_breaks_the_books_nor_fills_the_memory() -> None:
    book = wallet_chain(keep=100)
    made = [book.live(WALLET) for _ in range(400)]
    assert len(set(made)) == 400
    assert book.transaction(made[0]) is None
    kept = [known for signature in made[-100:] if (known := book.transaction(signature)) is not None]
    assert len(kept) == 100
    assert all(sum(known.balances_before) - sum(known.balances_after) == known.fee for known in kept)
    assert len(book.signatures_of(WALLET)) == 100
    kinds = {known.version for known in kept}
    assert kinds == {"legacy", 0, 1}
    assert all(value >= 0 for value in book.lamports.values())


async def test_slots_follow_the_clock() -> None:
    book = wallet_chain()
    clock = book._clock  # the one `wallet_chain` made
    assert isinstance(clock, ManualClock)
    assert book.slot == FIRST_SLOT
    await clock.advance(4.1)
    assert book.slot == FIRST_SLOT + 10
