"""Wallets and what they do: the usual shapes of a transaction, on request or by themselves.

The methods named after a shape (`WalletChain.sol_in`, `WalletChain.swap`, …) record one transaction and
return its signature. `WalletChain.live` picks a scenario as a person might. Amounts are whole SOL and whole
tokens.
"""

from __future__ import annotations

import random
from decimal import Decimal

from streamsim.world import scenarios
from streamsim.world.catalog import SOL, USDC
from streamsim.world.chain import ASSOCIATED_TOKEN, JUPITER, RENT, SYSTEM, TOKEN, TokenAccount, ui_amount
from streamsim.world.holders import LAMPORTS, Holders, decimals_of, raw_amount, token_address
from streamsim.world.transaction_builder import TransactionBuilder

_RENT_SYSVAR = "SysvarRent111111111111111111111111111111111"


class WalletChain(Holders):
    """The chain with wallets that do something; see `Holders` for what it takes."""

    def live(self, wallet: str) -> str:
        """Let the wallet do, or be done, something usual now; return the signature."""
        return scenarios.act(self, wallet, self.rng_of(wallet), 0.0)

    def _became_known(self, wallet: str, rng: random.Random) -> None:
        """Give the wallet a short past."""
        ago = rng.uniform(20_000.0, 90_000.0)
        for _ in range(rng.randint(4, 7)):
            scenarios.act(self, wallet, rng, ago)
            ago *= rng.uniform(0.3, 0.8)

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
        rng = self.rng_of(wallet)
        source = self.known_or_friend(sender, rng)
        if sender is None:
            self.provide(source, sol + 1)
        builder = TransactionBuilder(self, rng, source, version="legacy", seconds_ago=seconds_ago)
        return self._transfer_sol(builder, source, wallet, sol, memo)

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
        rng = self.rng_of(wallet)
        target = self.known_or_friend(recipient, rng)
        builder = TransactionBuilder(
            self, rng, wallet, version=version, priority_fee=priority_fee, seconds_ago=seconds_ago
        )
        return self._transfer_sol(builder, wallet, target, sol, None)

    def sol_out_v1(self, wallet: str, sol: Decimal = Decimal("0.1"), *, seconds_ago: float = 0.0) -> str:
        """Let the wallet send SOL in a version 1 transaction, and return the signature.

        Raises:
            ValueError: The wallet has not that much.
        """
        return self.sol_out(wallet, sol, version=1, priority_fee=5000, seconds_ago=seconds_ago)

    def memo(self, wallet: str, text: str = scenarios.HOSTILE_MEMO, *, seconds_ago: float = 0.0) -> str:
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
        rng = self.rng_of(wallet)
        source_owner = self.known_or_friend(sender, rng)
        if sender is None:
            self.provide(source_owner, Decimal(1))
            self.provide(source_owner, amount, mint)
        source, target = self.account_of(source_owner, mint), self.account_of(wallet, mint)
        builder = TransactionBuilder(self, rng, source_owner, seconds_ago=seconds_ago)
        builder.use(source, target, writable=True)
        builder.use(self.mint(mint), TOKEN)
        self._transfer_tokens(builder, source_owner, source, target, amount)
        return builder.commit().signature

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
        rng = self.rng_of(wallet)
        owner = self.new_key(rng) if recipient is None else recipient
        source, target = self.account_of(wallet, mint), token_address(owner, mint)
        builder = TransactionBuilder(self, rng, wallet, seconds_ago=seconds_ago)
        builder.use(source, target, writable=True)
        builder.use(owner, self.mint(mint), SYSTEM, TOKEN, ASSOCIATED_TOKEN)
        self._open_associated(builder, wallet, owner, mint)
        self._transfer_tokens(builder, wallet, source, target, amount)
        return builder.commit().signature

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
        rng = self.rng_of(wallet)
        paid = raw_amount(amount, decimals_of(give))
        worth = amount * self.price(give) / self.price(take) * Decimal("0.9985")
        received = raw_amount(worth, decimals_of(take))
        self.provide(self.pool_owner, amount + 50_000, give)
        self.provide(self.pool_owner, worth * 2 + 50_000, take)
        pool_in, pool_out = (token_address(self.pool_owner, mint) for mint in (give, take))
        wrapped = self.new_key(rng)
        source = wrapped if give == SOL else self.account_of(wallet, give)
        target = wrapped if take == SOL else token_address(wallet, take)
        amm = token_address(self.pool_owner, f"{give}/{take}")
        self.lamports.setdefault(amm, 6_124_800)

        builder = TransactionBuilder(self, rng, wallet, priority_fee=5000, seconds_ago=seconds_ago)
        builder.use(source, target, writable=True)
        builder.use(SYSTEM, TOKEN, ASSOCIATED_TOKEN, program)
        builder.use(amm, pool_in, pool_out, writable=True, lookup=True)
        builder.use(self.mint(give), self.mint(take), lookup=True)
        if SOL in {give, take}:
            self._wrap(builder, wallet, wrapped, paid if give == SOL else 0)
        if take != SOL:
            self._open_associated(builder, wallet, wallet, take)
        builder.call(program, [TOKEN, wallet, source, target, amm, pool_in, pool_out], "6mBKvzWhPSm1")
        for mover, start, end, units in (
            (wallet, source, pool_in, paid),
            (self.pool_owner, pool_out, target, received),
        ):
            info = {"amount": str(units), "authority": mover, "destination": end, "source": start}
            builder.inner(TOKEN, "transfer", info)
            builder.move(start, end, units)
        if SOL in {give, take}:
            self._close(builder, wallet, wrapped)
        return builder.commit(lookup_table=self.lookup_table).signature

    def failed_swap(self, wallet: str, *, program: str = JUPITER, seconds_ago: float = 0.0) -> str:
        """Let a swap of the wallet fail for slippage; it pays the fee. Return the signature."""
        rng = self.rng_of(wallet)
        held = self.account_of(wallet, USDC)
        builder = TransactionBuilder(self, rng, wallet, priority_fee=5000, seconds_ago=seconds_ago)
        builder.use(held, writable=True)
        builder.use(program, TOKEN)
        builder.call(program, [TOKEN, wallet, held], "6mBKvzWhPSm1", failed="custom program error: 0x1771")
        return builder.commit(err={"InstructionError": [2, {"Custom": 6001}]}).signature

    def close_token_account(self, wallet: str, mint: str | None = None, *, seconds_ago: float = 0.0) -> str:
        """Let the wallet close an empty token account and get its rent back; return the signature.

        Args:
            wallet: Whose.
            mint: Which of its accounts; ``None`` or one it has not: an empty account it had forgotten.
            seconds_ago: How long ago it happened.

        Raises:
            ValueError: The account is not empty.
        """
        rng = self.rng_of(wallet)
        mint = mint or self.new_key(rng)
        held = self.account_of(wallet, mint)
        if self.token_accounts[held].amount:
            raise ValueError(f"the account of {wallet} for {mint} is not empty")
        builder = TransactionBuilder(self, rng, wallet, version="legacy", seconds_ago=seconds_ago)
        builder.use(held, writable=True)
        builder.use(TOKEN)
        self._close(builder, wallet, held)
        return builder.commit().signature

    # Parts of transactions

    def _transfer_sol(
        self, builder: TransactionBuilder, source: str, target: str, sol: Decimal, memo: str | None
    ) -> str:
        units = raw_amount(sol, 9)
        builder.use(source, target, writable=True)
        builder.use(SYSTEM)
        builder.parsed(SYSTEM, "transfer", {"destination": target, "lamports": units, "source": source})
        builder.pay(source, target, units)
        if memo is not None:
            builder.memo(memo)
        return builder.commit().signature

    def _transfer_tokens(
        self, builder: TransactionBuilder, owner: str, source: str, target: str, amount: Decimal
    ) -> None:
        held = self.token_accounts[source]
        units = raw_amount(amount, held.decimals)
        info = {
            "authority": owner,
            "destination": target,
            "mint": held.mint,
            "source": source,
            "tokenAmount": ui_amount(units, held.decimals),
        }
        builder.parsed(TOKEN, "transferChecked", info)
        builder.move(source, target, units)

    def _open_associated(self, builder: TransactionBuilder, payer: str, owner: str, mint: str) -> None:
        account = token_address(owner, mint)
        info = {
            "account": account,
            "mint": mint,
            "source": payer,
            "systemProgram": SYSTEM,
            "tokenProgram": TOKEN,
            "wallet": owner,
        }
        builder.parsed(ASSOCIATED_TOKEN, "createIdempotent", info)
        if account in self.token_accounts:
            return
        opening = {"lamports": RENT, "newAccount": account, "owner": TOKEN, "source": payer, "space": 165}
        builder.inner(SYSTEM, "createAccount", opening)
        builder.inner(TOKEN, "initializeAccount3", {"account": account, "mint": mint, "owner": owner})
        builder.open_account(account, TokenAccount(mint, owner, decimals_of(mint)), payer)

    def _wrap(self, builder: TransactionBuilder, wallet: str, wrapped: str, units: int) -> None:
        info = {
            "base": wallet,
            "lamports": RENT + units,
            "newAccount": wrapped,
            "owner": TOKEN,
            "seed": wrapped[:8],
            "source": wallet,
            "space": 165,
        }
        builder.parsed(SYSTEM, "createAccountWithSeed", info)
        builder.open_account(wrapped, TokenAccount(SOL, wallet, 9, units), wallet)
        held = {"account": wrapped, "mint": SOL, "owner": wallet, "rentSysvar": _RENT_SYSVAR}
        builder.parsed(TOKEN, "initializeAccount", held)

    def _close(self, builder: TransactionBuilder, wallet: str, account: str) -> None:
        info = {"account": account, "destination": wallet, "owner": wallet}
        builder.parsed(TOKEN, "closeAccount", info)
        builder.close_account(account, wallet)
