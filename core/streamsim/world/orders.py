"""Limit orders at Jupiter: placed by a wallet, filled by a keeper or cancelled.

Modelled on real transactions of Jupiter Limit Order v2: the order holds what was given in a token account of
its own; filling and cancelling close both accounts, and the rent goes back to the maker.
"""

from __future__ import annotations

import random
from decimal import Decimal

from streamsim.world.catalog import BONK, CATALOG, SOL, USDC
from streamsim.world.chain import RENT
from streamsim.world.holders import Holders, Order, decimals_of, raw_amount, token_address
from streamsim.world.instructions import close_account, create_account, open_associated, transfer_tokens
from streamsim.world.programs import JUPITER_LIMIT_V2, anchor_data, rent_of
from streamsim.world.trades import some_dollars
from streamsim.world.transaction_builder import TransactionBuilder
from streamsim.world.truth import TransactionTruth, one_of

ORDER_SPACE = 372
"""Bytes of an order."""

_TAKEN = (BONK, *(mint for mint in CATALOG if mint not in {SOL, USDC}))


def place(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet offer some of its USDC for another token, and return the signature.

    Raises:
        ValueError: It has none.
    """
    units = some_dollars(chain, wallet, rng)
    order = Order(chain.new_key(rng), USDC, units, rng.choice(_TAKEN))
    builder = TransactionBuilder(
        chain, rng, wallet, version="legacy", priority_fee=rng.randint(1, 60_000), seconds_ago=ago
    )
    rent = open_associated(builder, wallet, wallet, order.take)
    builder.use(JUPITER_LIMIT_V2)
    accounts = [wallet, order.key, order.escrow, token_address(wallet, USDC)]
    builder.call(JUPITER_LIMIT_V2, accounts, anchor_data("initialize_order", rng, 26))
    rent += create_account(builder, wallet, order.key, JUPITER_LIMIT_V2, ORDER_SPACE)
    rent += open_associated(builder, wallet, order.key, USDC, inner=True, kind="create")
    source = chain.account_of(wallet, USDC)
    transfer_tokens(builder, wallet, source, order.escrow, units, inner=True)
    chain.orders.setdefault(wallet, []).append(order)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("sent"),
        fee=builder.fee,
        rent=-rent,
        tokens={USDC: -units},
        action="order placed",
        program=JUPITER_LIMIT_V2,
        says=("order",),
    )
    return chain.record_truth(builder.commit(), truth)


def fill(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let a keeper fill the oldest order of the wallet, and return the signature.

    Raises:
        ValueError: It has none.
    """
    order = _oldest(chain, wallet)
    keeper = chain.friend(rng)
    worth = Decimal(order.units).scaleb(-decimals_of(order.give)) * chain.price(order.give)
    bought = max(1, raw_amount(worth / chain.price(order.take), decimals_of(order.take)))
    chain.provide(keeper, Decimal(1))
    chain.provide(keeper, Decimal(bought).scaleb(-decimals_of(order.take)) + 1, order.take)
    target, kept_by = chain.account_of(wallet, order.take), chain.account_of(keeper, order.give)
    source = chain.account_of(keeper, order.take)
    builder = TransactionBuilder(chain, rng, keeper, priority_fee=rng.randint(1, 20_000), seconds_ago=ago)
    builder.use(JUPITER_LIMIT_V2)
    accounts = [keeper, order.key, order.escrow, kept_by]
    builder.call(JUPITER_LIMIT_V2, accounts, anchor_data("pre_flash_fill_order", rng, 8))
    transfer_tokens(builder, order.key, order.escrow, kept_by, order.units, inner=True)
    builder.call(JUPITER_LIMIT_V2, [*accounts, wallet, target], anchor_data("flash_fill_order", rng, 8))
    transfer_tokens(builder, keeper, source, target, bought, inner=True)
    builder.use(wallet, writable=True)
    rent = _close(builder, order, wallet)
    chain.orders[wallet].remove(order)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("received"),
        rent=rent,
        tokens={order.take: bought},
        action="order filled",
        program=JUPITER_LIMIT_V2,
        says=("filled order",),
    )
    return chain.record_truth(builder.commit(), truth)


def cancel(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet cancel its oldest order, and return the signature.

    Raises:
        ValueError: It has none.
    """
    order = _oldest(chain, wallet)
    target = chain.account_of(wallet, order.give)
    builder = TransactionBuilder(
        chain, rng, wallet, version="legacy", priority_fee=rng.randint(1, 200_000), seconds_ago=ago
    )
    builder.use(JUPITER_LIMIT_V2)
    accounts = [wallet, order.key, order.escrow, target]
    builder.call(JUPITER_LIMIT_V2, accounts, anchor_data("cancel_order", rng, 0))
    transfer_tokens(builder, order.key, order.escrow, target, order.units, inner=True)
    rent = _close(builder, order, wallet)
    chain.orders[wallet].remove(order)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("received"),
        fee=builder.fee,
        rent=rent,
        tokens={order.give: order.units},
        action="order cancelled",
        program=JUPITER_LIMIT_V2,
        says=("cancelled order",),
    )
    return chain.record_truth(builder.commit(), truth)


def _oldest(chain: Holders, wallet: str) -> Order:
    orders = chain.orders.get(wallet)
    if not orders:
        raise ValueError(f"{wallet} has no order")
    return orders[0]


def _close(builder: TransactionBuilder, order: Order, wallet: str) -> int:
    """Close an order; return the rent that comes back. Its own lamports move without an instruction."""
    close_account(builder, order.key, order.escrow, wallet, inner=True)
    builder.use(order.key, writable=True)
    builder.empty(order.key, wallet)
    return RENT + rent_of(ORDER_SPACE)
