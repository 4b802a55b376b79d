"""Wallets and what they do: every shape of transaction a watcher must understand, on request or by itself.

The methods named after a shape (`Ledger.sol_in`, `Ledger.swap`, …) record one transaction and return its
signature. `Ledger.live` picks one of them as a person might. Amounts are whole SOL and whole tokens.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal

import base58

from streamcore.clock import Clock
from streamsim.world import scenarios as habits
from streamsim.world.catalog import CATALOG, SOL, USDC, listing_of
from streamsim.world.chain import (
    ASSOCIATED_TOKEN,
    JUPITER,
    RENT,
    SYSTEM,
    TOKEN,
    Chain,
    Expansion,
    TokenAccount,
    ui_amount,
)
from streamsim.world.transaction_builder import Draft

LAMPORTS = 1_000_000_000
"""In one SOL."""

_FRIENDS = 12
_RENT_SYSVAR = "SysvarRent111111111111111111111111111111111"


class Ledger(Chain):
    """The chain with people on it.

    Args:
        clock: Time.
        seed: Equal seeds give equal strangers and habits.
        price: Returns the USD price of a mint, for swaps at the market's rate.
        keep: How many transactions are remembered.
    """

    def __init__(
        self, clock: Clock, seed: int, price: Callable[[str], Decimal], *, keep: int = 20_000
    ) -> None:
        super().__init__(clock, keep=keep)
        self._seed = seed
        self._price = price
        self._rng = random.Random(f"{seed}/ledger")
        self._wallets: dict[str, random.Random] = {}
        self._friends = [self._new_key() for _ in range(_FRIENDS)]
        self._pool_owner = self._new_key()
        self._lookup_table = self._new_key()

    # People and what they hold

    def know(self, wallet: str) -> None:
        """Give a wallet balances and a short past, unless it is known, a token account, mint or program."""
        if wallet in self._wallets or wallet in self.token_accounts or wallet in CATALOG:
            return
        if self.is_program(wallet):
            return
        rng = self._wallets[wallet] = random.Random(f"{self._seed}/wallet/{wallet}")
        self.fund(wallet, Decimal(rng.randint(40_000, 95_000)) / 1000)
        self.fund(wallet, Decimal(rng.randint(900_000, 4_000_000)) / 1000, USDC)
        ago = rng.uniform(20_000.0, 90_000.0)
        for _ in range(rng.randint(4, 7)):
            habits.act(self, wallet, rng, ago)
            ago *= rng.uniform(0.3, 0.8)

    def is_wallet(self, address: str) -> bool:
        """Tell whether an address is a wallet this ledger has been asked about."""
        return address in self._wallets

    def fund(self, owner: str, amount: Decimal, mint: str = SOL) -> None:
        """Give somebody SOL or tokens out of thin air, without a transaction."""
        if mint == SOL:
            self.lamports[owner] = self.balance(owner) + _units(amount, 9)
        else:
            account = self.token_accounts[self._account(owner, mint)]
            account.amount += _units(amount, account.decimals)

    def holding(self, owner: str, mint: str = SOL) -> Decimal:
        """Return how much somebody holds now."""
        if mint == SOL:
            return Decimal(self.balance(owner)) / LAMPORTS
        account = self.token_accounts.get(_address_of(owner, mint))
        return Decimal(0) if account is None else Decimal(account.amount).scaleb(-account.decimals)

    def signatures_of(self, wallet: str, *, history: bool = True) -> tuple[str, ...]:
        """Return what concerned a wallet, oldest first.

        Args:
            wallet: Whose account keys or token balances count.
            history: Also what the wallet is said to have done before the emulator knew it.
        """
        concerned = self.transactions(wallet, Expansion.BALANCE_CHANGED)
        return tuple(known.signature for known in concerned if history or known.made_at >= 0)

    def live(self, wallet: str) -> str:
        """Let the wallet do, or be done, something usual now; return the signature."""
        return habits.act(self, wallet, self._rng_of(wallet), 0.0)

    def friend(self, rng: random.Random) -> str:
        """Return one of the few people the wallets of this ledger deal with."""
        return rng.choice(self._friends)

    # Shapes of transactions

    def sol_in(
        self,
        wallet: str,
        sol: Decimal = Decimal("1.5"),
        *,
        sender: str | None = None,
        memo: str | None = None,
        seconds_ago: float = 0.0,
    ) -> str:
        """Let somebody send SOL to the wallet, and return the signature.

        Raises:
            ValueError: A given sender has not that much.
        """
        rng = self._rng_of(wallet)
        source = self._known_or_friend(sender, rng)
        if sender is None:
            self._provide(source, sol + 1)
        draft = Draft(self, rng, source, version="legacy", seconds_ago=seconds_ago)
        return self._transfer_sol(draft, source, wallet, sol, memo)

    def sol_out(
        self,
        wallet: str,
        sol: Decimal = Decimal("0.25"),
        *,
        recipient: str | None = None,
        version: str | int = 0,
        priority_fee: int = 450,
        seconds_ago: float = 0.0,
    ) -> str:
        """Let the wallet send SOL, and return the signature.

        Raises:
            ValueError: The wallet has not that much; see `fund`.
        """
        rng = self._rng_of(wallet)
        target = self._known_or_friend(recipient, rng)
        draft = Draft(self, rng, wallet, version=version, priority_fee=priority_fee, seconds_ago=seconds_ago)
        return self._transfer_sol(draft, wallet, target, sol, None)

    def sol_out_v1(self, wallet: str, sol: Decimal = Decimal("0.1"), *, seconds_ago: float = 0.0) -> str:
        """Let the wallet send SOL in a version 1 transaction, and return the signature.

        Raises:
            ValueError: The wallet has not that much.
        """
        return self.sol_out(wallet, sol, version=1, priority_fee=5000, seconds_ago=seconds_ago)

    def memo(self, wallet: str, text: str = habits.HOSTILE_MEMO, *, seconds_ago: float = 0.0) -> str:
        """Let a stranger send the wallet dust with a message, and return the signature."""
        dust = Decimal(1000) / LAMPORTS
        return self.sol_in(wallet, dust, memo=text, seconds_ago=seconds_ago)

    def spl_in(
        self,
        wallet: str,
        amount: Decimal = Decimal("125.5"),
        mint: str = USDC,
        *,
        sender: str | None = None,
        seconds_ago: float = 0.0,
    ) -> str:
        """Let somebody send tokens to an account of the wallet, and return the signature.

        The wallet itself is not among the account keys: only its token account is.

        Raises:
            ValueError: A given sender has not that much.
        """
        rng = self._rng_of(wallet)
        source_owner = self._known_or_friend(sender, rng)
        if sender is None:
            self._provide(source_owner, Decimal(1))
            self._provide(source_owner, amount, mint)
        source, target = self._account(source_owner, mint), self._account(wallet, mint)
        draft = Draft(self, rng, source_owner, seconds_ago=seconds_ago)
        draft.use(source, target, writable=True)
        draft.use(self._seen_mint(mint), TOKEN)
        self._transfer_tokens(draft, source_owner, source, target, amount)
        return draft.commit().signature

    def spl_out(
        self,
        wallet: str,
        amount: Decimal = Decimal(10),
        mint: str = USDC,
        *,
        recipient: str | None = None,
        seconds_ago: float = 0.0,
    ) -> str:
        """Let the wallet send tokens, and return the signature.

        The wallet opens the recipient's token account and pays the rent, unless there is one. Without a
        ``recipient`` it goes to a stranger who never has one.

        Raises:
            ValueError: The wallet has not that much.
        """
        rng = self._rng_of(wallet)
        owner = self._new_key(rng) if recipient is None else recipient
        source, target = self._account(wallet, mint), _address_of(owner, mint)
        draft = Draft(self, rng, wallet, seconds_ago=seconds_ago)
        draft.use(source, target, writable=True)
        draft.use(owner, self._seen_mint(mint), SYSTEM, TOKEN, ASSOCIATED_TOKEN)
        self._open_associated(draft, wallet, owner, mint)
        self._transfer_tokens(draft, wallet, source, target, amount)
        return draft.commit().signature

    def swap(
        self,
        wallet: str,
        amount: Decimal = Decimal(1),
        give: str = SOL,
        take: str = USDC,
        *,
        program: str = JUPITER,
        seconds_ago: float = 0.0,
    ) -> str:
        """Let the wallet swap ``amount`` of one token into another, and return the signature.

        SOL goes through a wrapped account that lives only inside the transaction.

        Raises:
            ValueError: The wallet has not that much, or gives and takes the same token.
        """
        if give == take:
            raise ValueError("a swap needs two different tokens")
        rng = self._rng_of(wallet)
        paid = _units(amount, _decimals(give))
        worth = amount * self._price(give) / self._price(take) * Decimal("0.9985")
        received = _units(worth, _decimals(take))
        self._provide(self._pool_owner, amount + 50_000, give)
        self._provide(self._pool_owner, worth * 2 + 50_000, take)
        pool_in, pool_out = (_address_of(self._pool_owner, mint) for mint in (give, take))
        wrapped = self._new_key(rng)
        source = wrapped if give == SOL else self._account(wallet, give)
        target = wrapped if take == SOL else _address_of(wallet, take)
        amm = _address_of(self._pool_owner, f"{give}/{take}")
        self.lamports.setdefault(amm, 6_124_800)

        draft = Draft(self, rng, wallet, priority_fee=5000, seconds_ago=seconds_ago)
        draft.use(source, target, writable=True)
        draft.use(SYSTEM, TOKEN, ASSOCIATED_TOKEN, program)
        draft.use(amm, pool_in, pool_out, writable=True, lookup=True)
        draft.use(self._seen_mint(give), self._seen_mint(take), lookup=True)
        if SOL in {give, take}:
            self._wrap(draft, wallet, wrapped, paid if give == SOL else 0)
        if take != SOL:
            self._open_associated(draft, wallet, wallet, take)
        draft.call(program, [TOKEN, wallet, source, target, amm, pool_in, pool_out], "6mBKvzWhPSm1")
        for mover, start, end, units in (
            (wallet, source, pool_in, paid),
            (self._pool_owner, pool_out, target, received),
        ):
            info = {"amount": str(units), "authority": mover, "destination": end, "source": start}
            draft.inner(TOKEN, "transfer", info)
            draft.move(start, end, units)
        if SOL in {give, take}:
            self._close(draft, wallet, wrapped)
        return draft.commit(lookup_table=self._lookup_table).signature

    def failed_swap(self, wallet: str, *, program: str = JUPITER, seconds_ago: float = 0.0) -> str:
        """Let a swap of the wallet fail for slippage; it pays the fee. Return the signature."""
        rng = self._rng_of(wallet)
        held = self._account(wallet, USDC)
        draft = Draft(self, rng, wallet, priority_fee=5000, seconds_ago=seconds_ago)
        draft.use(held, writable=True)
        draft.use(program, TOKEN)
        draft.call(program, [TOKEN, wallet, held], "6mBKvzWhPSm1", failed="custom program error: 0x1771")
        return draft.commit(err={"InstructionError": [2, {"Custom": 6001}]}).signature

    def close_token_account(self, wallet: str, mint: str | None = None, *, seconds_ago: float = 0.0) -> str:
        """Let the wallet close an empty token account and get its rent back; return the signature.

        Args:
            wallet: Whose.
            mint: Which of its accounts; ``None`` or one it has not: an empty account it had forgotten.
            seconds_ago: How long ago it happened.

        Raises:
            ValueError: The account is not empty.
        """
        rng = self._rng_of(wallet)
        mint = mint or self._new_key(rng)
        held = self._account(wallet, mint)
        if self.token_accounts[held].amount:
            raise ValueError(f"the account of {wallet} for {mint} is not empty")
        draft = Draft(self, rng, wallet, version="legacy", seconds_ago=seconds_ago)
        draft.use(held, writable=True)
        draft.use(TOKEN)
        self._close(draft, wallet, held)
        return draft.commit().signature

    # Parts of transactions

    def _transfer_sol(self, draft: Draft, source: str, target: str, sol: Decimal, memo: str | None) -> str:
        units = _units(sol, 9)
        draft.use(source, target, writable=True)
        draft.use(SYSTEM)
        draft.parsed(SYSTEM, "transfer", {"destination": target, "lamports": units, "source": source})
        draft.pay(source, target, units)
        if memo is not None:
            draft.memo(memo)
        return draft.commit().signature

    def _transfer_tokens(self, draft: Draft, owner: str, source: str, target: str, amount: Decimal) -> None:
        held = self.token_accounts[source]
        units = _units(amount, held.decimals)
        info = {
            "authority": owner,
            "destination": target,
            "mint": held.mint,
            "source": source,
            "tokenAmount": ui_amount(units, held.decimals),
        }
        draft.parsed(TOKEN, "transferChecked", info)
        draft.move(source, target, units)

    def _open_associated(self, draft: Draft, payer: str, owner: str, mint: str) -> None:
        account = _address_of(owner, mint)
        info = {
            "account": account,
            "mint": mint,
            "source": payer,
            "systemProgram": SYSTEM,
            "tokenProgram": TOKEN,
            "wallet": owner,
        }
        draft.parsed(ASSOCIATED_TOKEN, "createIdempotent", info)
        if account in self.token_accounts:
            return
        opening = {"lamports": RENT, "newAccount": account, "owner": TOKEN, "source": payer, "space": 165}
        draft.inner(SYSTEM, "createAccount", opening)
        draft.inner(TOKEN, "initializeAccount3", {"account": account, "mint": mint, "owner": owner})
        draft.open_account(account, TokenAccount(mint, owner, _decimals(mint)), payer)

    def _wrap(self, draft: Draft, wallet: str, wrapped: str, units: int) -> None:
        info = {
            "base": wallet,
            "lamports": RENT + units,
            "newAccount": wrapped,
            "owner": TOKEN,
            "seed": wrapped[:8],
            "source": wallet,
            "space": 165,
        }
        draft.parsed(SYSTEM, "createAccountWithSeed", info)
        draft.open_account(wrapped, TokenAccount(SOL, wallet, 9, units), wallet)
        held = {"account": wrapped, "mint": SOL, "owner": wallet, "rentSysvar": _RENT_SYSVAR}
        draft.parsed(TOKEN, "initializeAccount", held)

    def _close(self, draft: Draft, wallet: str, account: str) -> None:
        info = {"account": account, "destination": wallet, "owner": wallet}
        draft.parsed(TOKEN, "closeAccount", info)
        draft.close_account(account, wallet)

    # Accounts

    def _account(self, owner: str, mint: str) -> str:
        """Return somebody's token account, which they have had for long if it is new here."""
        address = _address_of(owner, mint)
        if address not in self.token_accounts:
            self.token_accounts[address] = TokenAccount(mint, owner, _decimals(mint))
            self.lamports[address] = RENT
        return address

    def _provide(self, owner: str, amount: Decimal, mint: str | None = None) -> None:
        """See to it that a stranger or a pool holds at least ``amount``; no mint: of unwrapped SOL."""
        if mint is None:
            self.fund(owner, max(Decimal(0), amount * 3 - self.holding(owner)))
            return
        address = self._account(owner, mint)
        account = self.token_accounts[address]
        if account.amount < (needed := _units(amount, account.decimals)):
            account.amount += needed
            if mint == SOL:
                self.lamports[address] += needed

    def _seen_mint(self, mint: str) -> str:
        self.lamports.setdefault(mint, 1_461_600)
        return mint

    def _rng_of(self, wallet: str) -> random.Random:
        self.know(wallet)
        return self._wallets.get(wallet, self._rng)

    def _known_or_friend(self, name: str | None, rng: random.Random) -> str:
        if name is None:
            return self.friend(rng)
        self.know(name)
        return name

    def _new_key(self, rng: random.Random | None = None) -> str:
        return base58.b58encode((rng or self._rng).randbytes(32)).decode()


def _units(amount: Decimal, decimals: int) -> int:
    return int(amount.scaleb(decimals).to_integral_value(ROUND_DOWN))


def _decimals(mint: str) -> int:
    return listing_of(mint).decimals


def _address_of(owner: str, mint: str) -> str:
    """Return the token account of an owner: always the same, and like a real one on no curve that matters."""
    return base58.b58encode(hashlib.sha256(f"{owner}/{mint}".encode()).digest()).decode()
