"""Transactions with NFTs: minting, buying from a pool, selling, and listing without a transfer.

Modelled on real transactions of Metaplex (a master edition), TensorSwap (a purchase from a pool, whose price
goes to several receivers) and Tensor (the listing of a compressed NFT).
"""

from __future__ import annotations

import random

from streamsim.world.chain import RENT, TokenAccount
from streamsim.world.holders import Holders, token_address
from streamsim.world.instructions import (
    allocate_account,
    close_account,
    create_account,
    open_associated,
    transfer_sol,
    transfer_tokens,
)
from streamsim.world.programs import (
    BUBBLEGUM,
    METAPLEX,
    SYSTEM,
    TENSOR,
    TENSOR_SWAP,
    TOKEN,
    anchor_data,
    numbered_data,
)
from streamsim.world.transaction_builder import MINT_LAMPORTS, TransactionBuilder
from streamsim.world.truth import TransactionTruth, one_of

_METADATA, _EDITION, _LISTING, _RECORD, _MINT = 679, 282, 317, 80, 82


def mint(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet mint an NFT, which costs only rent; return the signature.

    Raises:
        ValueError: It cannot pay the rent.
    """
    nft = chain.new_key(rng)
    account = token_address(wallet, nft)
    builder = TransactionBuilder(chain, rng, wallet, version="legacy", seconds_ago=ago)
    builder.use(nft, writable=True, signer=True)
    builder.use(SYSTEM, TOKEN, METAPLEX)
    made = {"lamports": MINT_LAMPORTS, "newAccount": nft, "owner": TOKEN, "source": wallet, "space": _MINT}
    builder.parsed(SYSTEM, "createAccount", made)
    builder.pay(wallet, nft, MINT_LAMPORTS)
    begun = {"decimals": 0, "freezeAuthority": wallet, "mint": nft, "mintAuthority": wallet}
    builder.parsed(TOKEN, "initializeMint", begun)
    rent = MINT_LAMPORTS + _open(builder, wallet, nft)
    builder.call(METAPLEX, [wallet, nft], numbered_data(33, rng, 40))
    rent += allocate_account(builder, wallet, chain.new_key(rng), METAPLEX, _METADATA)
    info = {"account": account, "amount": "1", "mint": nft, "mintAuthority": wallet}
    builder.parsed(TOKEN, "mintTo", info)
    builder.issue(account, 1)
    builder.call(METAPLEX, [wallet, nft], numbered_data(17, rng, 9))
    rent += allocate_account(builder, wallet, chain.new_key(rng), METAPLEX, _EDITION)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("received"),
        fee=builder.fee,
        rent=-rent,
        tokens={nft: 1},
        action="mint",
        program=METAPLEX,
        says=("minted",),
    )
    signature = chain.record_truth(builder.commit(), truth)
    chain.nfts.setdefault(wallet, []).append(nft)
    return signature


def buy(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet buy an NFT from a pool; the price goes to four receivers. Return the signature.

    Raises:
        ValueError: It has too little.
    """
    price = int(chain.balance(wallet) * rng.uniform(0.02, 0.2))
    if price < 5_000_000:
        raise ValueError(f"{wallet} has too little SOL for an NFT")
    nft, pool = chain.new_key(rng), chain.pool_owner
    held_at = token_address(pool, nft)
    chain.token_accounts[held_at] = TokenAccount(nft, pool, 0, 1)
    chain.lamports[held_at] = RENT
    chain.provide(pool, chain.holding(wallet))
    builder = TransactionBuilder(
        chain, rng, wallet, version="legacy", priority_fee=rng.randint(1, 20_000), seconds_ago=ago
    )
    builder.use(TENSOR_SWAP, METAPLEX)
    builder.call(TENSOR_SWAP, [wallet, pool, nft], anchor_data("buy_single_listing", rng, 13))
    rent = _open(builder, wallet, nft, inner=True)
    transfer_tokens(builder, pool, held_at, token_address(wallet, nft), 1, inner=True, checked=False)
    rent += allocate_account(builder, wallet, chain.new_key(rng), METAPLEX, _RECORD)
    shares = [price // 20, price // 50, price // 200]
    others = [pool, chain.friend(rng), chain.friend(rng), chain.friend(rng)]
    for other, part in zip(others, [price - sum(shares), *shares], strict=True):
        if chain.balance(other) == 0:
            chain.lamports[other] = 1_000_000_000
        transfer_sol(builder, wallet, other, part, inner=True)
    close_account(builder, pool, held_at, pool, inner=True)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("bought"),
        sol=-price,
        fee=builder.fee,
        rent=-rent,
        tokens={nft: 1},
        program=TENSOR_SWAP,
    )
    signature = chain.record_truth(builder.commit(), truth)
    chain.nfts.setdefault(wallet, []).append(nft)
    return signature


def sell(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet sell its oldest NFT to a pool, and return the signature.

    Raises:
        ValueError: It has none.
    """
    owned = chain.nfts.get(wallet)
    if not owned:
        raise ValueError(f"{wallet} has no NFT")
    nft, pool = owned[0], chain.pool_owner
    price = rng.randint(20_000_000, 3_000_000_000)
    chain.provide(pool, chain.holding(pool) + 3)
    source, target = token_address(wallet, nft), token_address(pool, nft)
    builder = TransactionBuilder(chain, rng, wallet, priority_fee=rng.randint(1, 20_000), seconds_ago=ago)
    builder.use(TENSOR_SWAP)
    builder.call(TENSOR_SWAP, [wallet, pool, nft], anchor_data("sell_nft_token_pool", rng, 13))
    # the pool pays for the account in which the NFT arrives
    _open(builder, pool, nft, inner=True)
    transfer_tokens(builder, wallet, source, target, 1, inner=True, checked=False)
    transfer_sol(builder, pool, wallet, price, inner=True)
    close_account(builder, wallet, source, wallet, inner=True)
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("sold"),
        sol=price,
        fee=builder.fee,
        rent=RENT,
        tokens={nft: -1},
        program=TENSOR_SWAP,
    )
    signature = chain.record_truth(builder.commit(), truth)
    owned.remove(nft)
    return signature


def list_compressed(chain: Holders, wallet: str, rng: random.Random, ago: float) -> str:
    """Let the wallet list a compressed NFT, which no balance shows; return the signature.

    Raises:
        ValueError: It cannot pay the rent.
    """
    builder = TransactionBuilder(chain, rng, wallet, version="legacy", priority_fee=2000, seconds_ago=ago)
    builder.use(TENSOR, BUBBLEGUM)
    builder.call(TENSOR, [wallet, BUBBLEGUM], anchor_data("list", rng, 120))
    rent = create_account(builder, wallet, chain.new_key(rng), TENSOR, _LISTING)
    builder.inner_call(BUBBLEGUM, [wallet], anchor_data("delegate", rng, 60))
    truth = TransactionTruth(
        wallet=wallet,
        types=one_of("called"),
        fee=builder.fee,
        rent=-rent,
        action="list",
        program=TENSOR,
        says=("listed",),
    )
    return chain.record_truth(builder.commit(), truth)


def _open(builder: TransactionBuilder, owner: str, nft: str, *, inner: bool = False) -> int:
    """Open an account for an NFT, which has no decimals; return its rent."""
    account = TokenAccount(nft, owner, 0)
    return open_associated(builder, owner, owner, nft, inner=inner, kind="create", account=account)
