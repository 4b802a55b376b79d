"""Unusual payments: to several receivers, with a token's transfer fee, to tip accounts, with odd memos."""

from __future__ import annotations

import random
from decimal import Decimal

from streamsim.world.catalog import USDC
from streamsim.world.holders import FEE_TOKEN, PLAIN_2022, Holders, decimals_of, raw_amount, token_address
from streamsim.world.instructions import open_associated, transfer_sol, transfer_tokens
from streamsim.world.programs import TIP_ACCOUNTS
from streamsim.world.transaction_builder import TransactionBuilder
from streamsim.world.truth import TransactionTruth, one_of

FEE_IN = 100
"""The transfer fee of `FEE_TOKEN` is one in so many units."""

ODD_MEMOS = (
    "",
    " ",
    "\x00\x07\x1b]0;owned\x07",
    "[bold red]free[/] \x1b[2Jairdrop\u202e",
    '{"p":"brc-20","op":"mint","amt":"1000"}',
    "\u200f\u202eتحذير: رابط",
    "🦍" * 40,
    "line one\r\nline two\u2028three",
    "x" * 566,
    "CFP #4115716",
)
"""Memos to test with: empty, with control characters, markup, right-to-left text, very long."""


def pay_several(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet send SOL to several in one transaction, equal parts or not; return the signature.

    Raises:
        ValueError: It has too little.
    """
    count = rng.randint(2, 5)
    least = int(chain.balance(wallet) * rng.uniform(0.002, 0.02))
    parts = [least] * count if rng.random() < 0.5 else [least * (1 + n) + n for n in range(count)]
    if least < 1_000_000:
        raise ValueError(f"{wallet} has too little SOL for several")
    receivers = [chain.new_key(rng) for _ in parts]
    builder = TransactionBuilder(
        chain, rng, wallet, version="legacy", priority_fee=rng.randint(1, 9000), seconds_ago=ago
    )
    for receiver, part in zip(receivers, parts, strict=True):
        transfer_sol(builder, wallet, receiver, part)
    sent = TransactionTruth(
        wallet=wallet,
        types=one_of("sent"),
        sol=-sum(parts),
        fee=builder.fee,
        parties=_largest_first(dict(zip(receivers, parts, strict=True))),
        says=(f"{count} wallets",),
    )
    got = [
        TransactionTruth(wallet=receiver, types=one_of("received"), sol=part, parties=(wallet,))
        for receiver, part in zip(receivers, parts, strict=True)
    ]
    return chain.record_truth(builder.commit(), sent, *got)


def pay_tokens_to_several(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet send USDC to a few strangers, whose accounts it opens; return the signature.

    Raises:
        ValueError: It has too little.
    """
    count = rng.randint(2, 5)
    units = raw_amount(chain.holding(wallet, USDC) / rng.randint(40, 400), decimals_of(USDC))
    if not units:
        raise ValueError(f"{wallet} has too few dollars for several")
    source, rent, receivers = chain.account_of(wallet, USDC), 0, [chain.new_key(rng) for _ in range(count)]
    builder = TransactionBuilder(chain, rng, wallet, version="legacy", seconds_ago=ago)
    for receiver in receivers:
        rent += open_associated(builder, wallet, receiver, USDC, kind="create")
        transfer_tokens(builder, wallet, source, token_address(receiver, USDC), units, checked=False)
    sent = TransactionTruth(
        wallet=wallet,
        types=one_of("sent"),
        fee=builder.fee,
        rent=-rent,
        tokens={USDC: -units * count},
        parties=tuple(receivers),
        says=(f"{count} wallets",),
    )
    got = [
        TransactionTruth(wallet=receiver, types=one_of("received"), tokens={USDC: units}, parties=(wallet,))
        for receiver in receivers
    ]
    return chain.record_truth(builder.commit(), sent, *got)


def tip(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet pay a tip and nothing else, and return the signature.

    Raises:
        ValueError: It has too little.
    """
    lamports = rng.randint(10_000, 20_000_000)
    account = _tip_account(chain, rng)
    builder = TransactionBuilder(chain, rng, wallet, seconds_ago=ago)
    transfer_sol(builder, wallet, account, lamports)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("sent"),
        sol=-lamports,
        fee=builder.fee,
        tip=lamports,
        says=("tipped",),
    )
    return chain.record_truth(builder.commit(), truth)


def some_tip(chain: Holders, rng: random.Random) -> tuple[str, int]:
    """Return a tip account and a number of lamports as is usual with a swap."""
    return _tip_account(chain, rng), rng.randint(10_000, 1_000_000)


def odd_memo(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let a stranger send the wallet a little SOL with an odd memo, and return the signature."""
    sender, lamports, text = chain.friend(rng), rng.randint(20, 2_000_000), rng.choice(ODD_MEMOS)
    chain.provide(sender, Decimal(1))
    builder = TransactionBuilder(chain, rng, sender, seconds_ago=ago)
    transfer_sol(builder, sender, wallet, lamports)
    builder.memo(text)
    truth = TransactionTruth(wallet=wallet, types=one_of("received"), sol=lamports, parties=(sender,))
    return chain.record_truth(builder.commit(), truth)


def send_with_fee(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet send or get a Token-2022 token, mostly one with a fee; return the signature."""
    mint = rng.choice((FEE_TOKEN, FEE_TOKEN, PLAIN_2022))
    units = rng.randint(1000, 10**9)
    withheld = units // FEE_IN if mint == FEE_TOKEN else 0
    outgoing = rng.random() < 0.5
    stranger = chain.friend(rng)
    sender, receiver = (wallet, stranger) if outgoing else (stranger, wallet)
    chain.provide(sender, Decimal(units).scaleb(-decimals_of(mint)), mint)
    if not outgoing:
        chain.provide(sender, Decimal(1))
    source, target = chain.account_of(sender, mint), token_address(receiver, mint)
    builder = TransactionBuilder(chain, rng, sender, priority_fee=rng.randint(1, 900), seconds_ago=ago)
    rent = open_associated(builder, sender, receiver, mint)
    told = withheld if withheld and rng.random() < 0.5 else None
    transfer_tokens(builder, sender, source, target, units, withheld=told)
    if withheld and told is None:
        builder.issue(target, -withheld)
    sent = TransactionTruth(
        wallet=sender,
        types=one_of("sent"),
        fee=builder.fee,
        rent=-rent,
        tokens={mint: -units},
        withheld=withheld,
        parties=(receiver,),
    )
    got = TransactionTruth(
        wallet=receiver,
        types=one_of("received"),
        tokens={mint: units - withheld},
        withheld=withheld,
        parties=(sender,),
    )
    return chain.record_truth(builder.commit(), sent, got)


def _tip_account(chain: Holders, rng: random.Random) -> str:
    account = rng.choice(TIP_ACCOUNTS)
    chain.lamports.setdefault(account, 1_030_000_000)
    return account


def _largest_first(parts: dict[str, int]) -> tuple[str, ...]:
    return tuple(sorted(parts, key=lambda who: -parts[who]))
