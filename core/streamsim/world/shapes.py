"""The usual kinds of transactions.

Each method (`TransactionShapes.sol_in`, `TransactionShapes.swap`, …) records one transaction and returns its
signature. Amounts are in whole SOL and whole tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from streamsim.world.catalog import SOL, USDC
from streamsim.world.holders import LAMPORTS, Holders, decimals_of, raw_amount, token_address
from streamsim.world.instructions import (
    close_account,
    open_associated,
    transfer_sol,
    transfer_tokens,
    wrap_sol,
)
from streamsim.world.programs import ASSOCIATED_TOKEN, JUPITER, SLIPPAGE, SYSTEM, TOKEN, anchor_data
from streamsim.world.transaction_builder import TransactionBuilder
from streamsim.world.truth import TransactionTruth, one_of

HOSTILE_MEMO = (
    "[bold red]free[/] \x1b[2Jairdrop\u202e \x07https://claim.example/?a=1\r\n[@click=app.quit]win[/]"
)
"""A memo with markup, escape sequences and direction marks, as in spam."""


class TransactionShapes(Holders):
    """The chain with methods that make transactions of wallets; see `Holders` for its arguments."""

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
        return self._send_sol(builder, source, wallet, sol, memo)

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
        return self._send_sol(builder, wallet, target, sol, None)

    def sol_out_v1(self, wallet: str, sol: Decimal = Decimal("0.1"), *, seconds_ago: float = 0.0) -> str:
        """Let the wallet send SOL in a version 1 transaction, and return the signature.

        Raises:
            ValueError: The wallet has not that much.
        """
        return self.sol_out(wallet, sol, version=1, priority_fee=5000, seconds_ago=seconds_ago)

    def memo(self, wallet: str, text: str = HOSTILE_MEMO, *, seconds_ago: float = 0.0) -> str:
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
        units = raw_amount(amount, decimals_of(mint))
        transfer_tokens(builder, source_owner, source, target, units)
        if units == 0:
            return builder.commit().signature
        received = TransactionTruth(
            wallet=wallet, types=one_of("received"), tokens={mint: units}, parties=(source_owner,)
        )
        sent = TransactionTruth(
            wallet=source_owner,
            types=one_of("sent"),
            fee=builder.fee,
            tokens={mint: -units},
            parties=(wallet,),
        )
        return self.record_truth(builder.commit(), received, sent)

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
        rent = open_associated(builder, wallet, owner, mint)
        units = raw_amount(amount, decimals_of(mint))
        transfer_tokens(builder, wallet, source, target, units)
        sent = TransactionTruth(
            wallet=wallet,
            types=one_of("sent"),
            fee=builder.fee,
            rent=-rent,
            tokens={mint: -units},
            parties=(owner,),
        )
        return self.record_truth(builder.commit(), sent)

    def swap(
        self,
        wallet: str,
        amount: Decimal = Decimal(1),
        give: str = SOL,
        take: str = USDC,
        *,
        program: str = JUPITER,
        tip: tuple[str, int] | None = None,
        seconds_ago: float = 0.0,
    ) -> str:
        """Let the wallet swap ``amount`` of one token into another, and return the signature.

        SOL goes through a wrapped account that lives only inside the transaction. ``tip``: to whom, and
        how many lamports.

        Raises:
            ValueError: The wallet has not that much, or gives and takes the same token.
        """
        if give == take:
            raise ValueError("a swap needs two different tokens")
        if not amount:
            raise ValueError("a swap needs something to give")
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
        builder.use(give, take, lookup=True)
        builder.mint(give)
        builder.mint(take)
        rent = 0
        if SOL in {give, take}:
            wrap_sol(builder, wallet, wrapped, paid if give == SOL else 0)
        if take != SOL:
            rent = open_associated(builder, wallet, wallet, take)
        accounts = [TOKEN, wallet, source, target, amm, pool_in, pool_out]
        builder.call(program, accounts, anchor_data("route", rng))
        transfer_tokens(builder, wallet, source, pool_in, paid, inner=True, checked=False)
        transfer_tokens(builder, self.pool_owner, pool_out, target, received, inner=True, checked=False)
        if SOL in {give, take}:
            close_account(builder, wallet, wrapped, wallet)
        if tip is not None:
            transfer_sol(builder, wallet, *tip)
        done = _swapped(wallet, {give: -paid, take: received}, rent, builder.fee, program, tip)
        return self.record_truth(builder.commit(lookup_table=self.lookup_table), done)

    def failed_swap(self, wallet: str, *, program: str = JUPITER, seconds_ago: float = 0.0) -> str:
        """Let a swap of the wallet fail for slippage; it pays the fee. Return the signature."""
        rng = self.rng_of(wallet)
        held = self.account_of(wallet, USDC)
        number = SLIPPAGE[program][0]
        builder = TransactionBuilder(self, rng, wallet, priority_fee=5000, seconds_ago=seconds_ago)
        builder.use(held, writable=True)
        builder.use(program, TOKEN)
        failed = f"custom program error: {number:#x}"
        builder.call(program, [TOKEN, wallet, held], anchor_data("route", rng), failed=failed)
        error = {"InstructionError": [2, {"Custom": number}]}
        truth = TransactionTruth(
            wallet=wallet,
            types=one_of("failed"),
            fee=builder.fee,
            program=program,
            says=("slippage", str(number)),
        )
        return self.record_truth(builder.commit(err=error), truth)

    def close_token_account(self, wallet: str, mint: str | None = None, *, seconds_ago: float = 0.0) -> str:
        """Let the wallet close an empty token account and get its rent back; return the signature.

        Args:
            wallet: Whose.
            mint: Which of its accounts; ``None`` or one it does not have: an empty account is added first.
            seconds_ago: How long ago it happened.

        Raises:
            ValueError: The account is not empty.
        """
        rng = self.rng_of(wallet)
        mint = mint or self.new_key(rng)
        held = self.account_of(wallet, mint)
        account = self.token_accounts[held]
        if account.amount:
            raise ValueError(f"the account of {wallet} for {mint} is not empty")
        builder = TransactionBuilder(self, rng, wallet, version="legacy", seconds_ago=seconds_ago)
        close_account(builder, wallet, held, wallet)
        truth = TransactionTruth(wallet=wallet, types=one_of("account"), fee=builder.fee, rent=account.rent)
        return self.record_truth(builder.commit(), truth)

    def _send_sol(
        self, builder: TransactionBuilder, source: str, target: str, sol: Decimal, memo: str | None
    ) -> str:
        lamports = raw_amount(sol, 9)
        transfer_sol(builder, source, target, lamports)
        if memo is not None:
            builder.memo(memo)
        if source == target or lamports == 0:
            return builder.commit().signature
        sent = TransactionTruth(
            wallet=source, types=one_of("sent"), sol=-lamports, fee=builder.fee, parties=(target,)
        )
        received = TransactionTruth(wallet=target, types=one_of("received"), sol=lamports, parties=(source,))
        return self.record_truth(builder.commit(), received, sent)


def _swapped(
    wallet: str,
    changes: Mapping[str, int],
    rent: int,
    fee: int,
    program: str,
    tip: tuple[str, int] | None,
) -> TransactionTruth:
    lamports = changes.get(SOL, 0)
    kind = "swapped" if SOL not in changes else "bought" if lamports < 0 else "sold"
    tipped = 0 if tip is None else tip[1]
    return TransactionTruth(
        wallet=wallet,
        types=one_of(kind),
        sol=lamports - tipped,
        fee=fee,
        rent=-rent,
        tip=tipped,
        tokens={mint: units for mint, units in changes.items() if mint != SOL},
        program=program,
    )
