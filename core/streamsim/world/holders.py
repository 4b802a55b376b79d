"""The owners on the emulated chain, and what they hold: wallets, the strangers they deal with, pools.

Amounts are in whole SOL and whole tokens.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal

import base58
import msgspec

from streamcore.clock import Clock
from streamsim.world.catalog import CATALOG, SOL, USDC, listing_of
from streamsim.world.chain import Chain, Expansion, TokenAccount, Transaction
from streamsim.world.programs import TOKEN_2022
from streamsim.world.truth import TransactionTruth

LAMPORTS = 1_000_000_000
"""In one SOL."""

FEE_TOKEN = "ABSgxtc3uuFDA6FVPKMZaGM9ckV7Rq4yvXzzMbJna5fE"  # noqa: S105 - a mint, not a secret
"""A Token-2022 token of this chain with a transfer fee of one percent."""

PLAIN_2022 = "BrUqqsV7BtsYnERCKoSQkPKF7GopEww1kyZLje4jBk3n"
"""A Token-2022 token of this chain without a fee."""

_FRIENDS = 12


def raw_amount(amount: Decimal, decimals: int) -> int:
    """Return an amount in the smallest unit, rounded down."""
    return int(amount.scaleb(decimals).to_integral_value(ROUND_DOWN))


def at_market(chain: Holders, rng: random.Random, units: int, give: str, take: str) -> int:
    """Return how much of one token is got for another, a little below its worth, in smallest units."""
    spread = Decimal(rng.randint(9_900, 10_000)) / 10_000
    amount = Decimal(units).scaleb(-decimals_of(give))
    return max(1, raw_amount(amount * chain.price(give) / chain.price(take) * spread, decimals_of(take)))


def decimals_of(mint: str) -> int:
    """Return how many decimals a token has."""
    return listing_of(mint).decimals


def token_address(owner: str, mint: str) -> str:
    """Return the address of an owner's token account for a mint: always the same, derived by a hash."""
    return base58.b58encode(hashlib.sha256(f"{owner}/{mint}".encode()).digest()).decode()


def token_account(owner: str, mint: str) -> TokenAccount:
    """Return an empty token account for a mint, of its token program and with space for its extensions."""
    if mint == FEE_TOKEN:
        return TokenAccount(mint, owner, decimals_of(mint), program=TOKEN_2022, space=182)
    if mint == PLAIN_2022:
        return TokenAccount(mint, owner, decimals_of(mint), program=TOKEN_2022, space=170)
    return TokenAccount(mint, owner, decimals_of(mint))


class Order(msgspec.Struct, frozen=True):
    """A limit order that waits to be filled: ``units`` of mint ``give`` for tokens of mint ``take``."""

    key: str
    give: str
    units: int
    take: str

    @property
    def escrow(self) -> str:
        """The token account of the order, which holds what was given."""
        return token_address(self.key, self.give)


class Holders(Chain):
    """The chain, with owners of SOL and tokens on it.

    Args:
        clock: Time.
        seed: Equal seeds give equal owners.
        price: Returns the USD price of a mint, for swaps at the market's rate.
        keep: How many transactions are kept.
    """

    def __init__(
        self, clock: Clock, seed: int, price: Callable[[str], Decimal], *, keep: int = 20_000
    ) -> None:
        super().__init__(clock, keep=keep)
        self.price = price
        """Returns the USD price of a mint."""
        self._seed = seed
        self._rng = random.Random(f"{seed}/ledger")
        self._wallets: dict[str, random.Random] = {}
        self._friends = [self.new_key() for _ in range(_FRIENDS)]
        self.pool_owner = self.new_key()
        """The owner of everything that pools hold."""
        self.lookup_table = self.new_key()
        """The address lookup table that swaps use."""
        self.orders: dict[str, list[Order]] = {}
        """The orders that wait, by wallet, oldest first."""
        self.stakes: dict[str, list[str]] = {}
        """The stake accounts, by wallet, oldest first."""
        self.nfts: dict[str, list[str]] = {}
        """The mints of NFTs, by wallet, oldest first."""
        self._truths: dict[str, tuple[TransactionTruth, ...]] = {}

    def record_truth(self, transaction: Transaction, *truths: TransactionTruth) -> str:
        """Keep what a transaction means for each wallet, and return its signature."""
        self._truths[transaction.signature] = truths
        return transaction.signature

    def truths(self, signature: str) -> tuple[TransactionTruth, ...]:
        """Return what a transaction means, for every wallet for which that was recorded."""
        return self._truths.get(signature, ())

    def _forget(self, transaction: Transaction) -> None:
        super()._forget(transaction)
        self._truths.pop(transaction.signature, None)

    def know(self, wallet: str) -> None:
        """Add a wallet with balances, unless the address is known, a token account, a mint or a program."""
        if wallet in self._wallets or wallet in self.token_accounts or wallet in CATALOG:
            return
        if self.is_program(wallet):
            return
        rng = self._wallets[wallet] = random.Random(f"{self._seed}/wallet/{wallet}")
        self.fund(wallet, Decimal(rng.randint(40_000, 95_000)) / 1000)
        self.fund(wallet, Decimal(rng.randint(900_000, 4_000_000)) / 1000, USDC)
        self._became_known(wallet, rng)

    def _became_known(self, wallet: str, rng: random.Random) -> None:
        """Called for each new wallet, after it was given balances; subclasses give it a history."""

    def is_wallet(self, address: str) -> bool:
        """Return whether an address is a wallet that was added with `know`."""
        return address in self._wallets

    def fund(self, owner: str, amount: Decimal, mint: str = SOL) -> None:
        """Add SOL or tokens to an owner's balance, without a transaction."""
        if mint == SOL:
            self.lamports[owner] = self.balance(owner) + raw_amount(amount, 9)
        else:
            account = self.token_accounts[self.account_of(owner, mint)]
            account.amount += raw_amount(amount, account.decimals)

    def holding(self, owner: str, mint: str = SOL) -> Decimal:
        """Return how much an owner holds now."""
        if mint == SOL:
            return Decimal(self.balance(owner)) / LAMPORTS
        account = self.token_accounts.get(token_address(owner, mint))
        return Decimal(0) if account is None else Decimal(account.amount).scaleb(-account.decimals)

    def signatures_of(self, wallet: str, *, history: bool = True) -> tuple[str, ...]:
        """Return the signatures of a wallet's transactions, oldest first.

        Args:
            wallet: The wallet; transactions that only change its token balances count, too.
            history: Whether to include its invented past.
        """
        concerned = self.transactions(wallet, Expansion.BALANCE_CHANGED)
        return tuple(known.signature for known in concerned if history or known.made_at >= 0)

    def friend(self, rng: random.Random) -> str:
        """Return one of the few strangers that the wallets of this chain deal with."""
        return rng.choice(self._friends)

    def known_or_friend(self, name: str | None, rng: random.Random) -> str:
        """Return the wallet ``name``, added if it is new, or for ``None`` a `friend`."""
        if name is None:
            return self.friend(rng)
        self.know(name)
        return name

    def rng_of(self, wallet: str) -> random.Random:
        """Return a wallet's own random generator; the wallet is added if it is new."""
        self.know(wallet)
        return self._wallets.get(wallet, self._rng)

    def new_key(self, rng: random.Random | None = None) -> str:
        """Return a new random address."""
        return base58.b58encode((rng or self._rng).randbytes(32)).decode()

    def account_of(self, owner: str, mint: str) -> str:
        """Return the address of an owner's token account; a new one is added without a transaction."""
        address = token_address(owner, mint)
        if address not in self.token_accounts:
            account = self.token_accounts[address] = token_account(owner, mint)
            self.lamports[address] = account.rent
        return address

    def provide(self, owner: str, amount: Decimal, mint: str | None = None) -> None:
        """Make sure that a stranger or a pool holds at least ``amount``; without a mint, of unwrapped SOL."""
        if mint is None:
            self.fund(owner, max(Decimal(0), amount * 3 - self.holding(owner)))
            return
        address = self.account_of(owner, mint)
        account = self.token_accounts[address]
        if account.amount < (needed := raw_amount(amount, account.decimals)):
            account.amount += needed
            if mint == SOL:
                self.lamports[address] += needed
