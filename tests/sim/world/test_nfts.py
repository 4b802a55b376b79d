"""NFTs: whose they are after each step, and what was paid to whom."""

from __future__ import annotations

import random

import pytest
from emulated import WALLET, wallet_chain

from streamsim.world import nfts
from streamsim.world.chain import RENT
from streamsim.world.holders import token_address


def test_a_minted_nft_costs_rent_and_is_the_wallets() -> None:
    book = wallet_chain()
    signature = nfts.mint(book, WALLET, random.Random(1), 0.0)
    (nft,) = book.nfts[WALLET]
    assert book.token_accounts[token_address(WALLET, nft)].amount == 1
    (truth,) = book.truths(signature)
    assert truth.rent == -11_971_200  # as a master edition of 2022 cost: mint, account, metadata, edition
    assert truth.fee == 10_000


def test_a_bought_nft_is_paid_to_several_and_a_sold_one_closes_its_account() -> None:
    book, rng = wallet_chain(), random.Random(1)
    (bought,) = book.truths(nfts.buy(book, WALLET, rng, 0.0))
    (nft,) = book.nfts[WALLET]
    transaction = book.transactions(WALLET)[-1]
    gained = [
        after - before
        for key, before, after in zip(
            transaction.keys, transaction.balances_before, transaction.balances_after, strict=True
        )
        if key != WALLET and before and after > before
    ]
    assert sum(gained) == -bought.sol + RENT, "the price, and the rent of the account it was in"
    assert len(gained) >= 2
    before = book.balance(WALLET)
    (sold,) = book.truths(nfts.sell(book, WALLET, rng, 0.0))
    assert book.balance(WALLET) == before + sold.sol + RENT - sold.fee
    assert token_address(WALLET, nft) not in book.token_accounts
    with pytest.raises(ValueError, match="no NFT"):
        nfts.sell(book, WALLET, rng, 0.0)


def test_a_listed_compressed_nft_moves_no_token() -> None:
    book = wallet_chain()
    signature = nfts.list_compressed(book, WALLET, random.Random(1), 0.0)
    transaction = book.transaction(signature)
    assert transaction is not None
    assert transaction.accounts_changed == frozenset()
    assert book.truths(signature)[0].rent == -3_097_200
