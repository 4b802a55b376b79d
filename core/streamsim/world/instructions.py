"""The instructions that many transactions share, in the form of real ones, along with their effects."""

from __future__ import annotations

from streamsim.world.catalog import SOL
from streamsim.world.chain import TokenAccount, ui_amount
from streamsim.world.holders import token_account, token_address
from streamsim.world.programs import ASSOCIATED_TOKEN, SYSTEM, TOKEN, TOKEN_2022, rent_of
from streamsim.world.transaction_builder import TransactionBuilder

_RENT_SYSVAR = "SysvarRent111111111111111111111111111111111"


def transfer_sol(
    builder: TransactionBuilder, source: str, target: str, lamports: int, *, inner: bool = False
) -> None:
    """Move lamports with the system program; ``inner``: as part of the last instruction."""
    builder.use(source, target, writable=True)
    builder.use(SYSTEM)
    say = builder.inner if inner else builder.parsed
    say(SYSTEM, "transfer", {"destination": target, "lamports": lamports, "source": source})
    builder.pay(source, target, lamports)


def transfer_tokens(
    builder: TransactionBuilder,
    authority: str,
    source: str,
    target: str,
    units: int,
    *,
    inner: bool = False,
    checked: bool = True,
    withheld: int | None = None,
) -> None:
    """Move tokens from one token account to another.

    Args:
        builder: The transaction to add it to.
        authority: The owner or delegate that signs.
        source: A token account.
        target: Another one of the same mint.
        units: How many, in the smallest unit.
        inner: Whether it is an inner instruction of the last one.
        checked: Whether the instruction names mint and decimals.
        withheld: The Token-2022 fee to name, in the smallest unit; ``None``: an instruction without a fee.
    """
    held = builder.opened_account(source)
    builder.use(source, target, writable=True)
    builder.use(held.program)
    info: dict[str, object] = {"authority": authority, "destination": target, "source": source}
    kind = "transfer"
    if checked or withheld is not None:
        kind = "transferChecked"
        info |= {"mint": builder.mint(held.mint), "tokenAmount": ui_amount(units, held.decimals)}
    else:
        info["amount"] = str(units)
    if withheld is not None:
        kind = "transferCheckedWithFee"
        info["feeAmount"] = ui_amount(withheld, held.decimals)
    say = builder.inner if inner else builder.parsed
    say(held.program, kind, info)
    builder.move(source, target, units, withheld or 0)


def open_associated(
    builder: TransactionBuilder,
    payer: str,
    owner: str,
    mint: str,
    *,
    inner: bool = False,
    kind: str = "createIdempotent",
    account: TokenAccount | None = None,
) -> int:
    """Open the token account of an owner unless there is one; return the rent that ``payer`` paid for it.

    ``account``: the new account, where its properties do not follow from the mint.
    """
    key, account = token_address(owner, mint), account or token_account(owner, mint)
    builder.use(key, writable=True)
    builder.use(owner, builder.mint(mint), SYSTEM, account.program, ASSOCIATED_TOKEN)
    info = {
        "account": key,
        "mint": mint,
        "source": payer,
        "systemProgram": SYSTEM,
        "tokenProgram": account.program,
        "wallet": owner,
    }
    say = builder.inner if inner else builder.parsed
    say(ASSOCIATED_TOKEN, kind, info)
    if builder.has_account(key):
        return 0
    token = account.program
    builder.inner(token, "getAccountDataSize", {"extensionTypes": ["immutableOwner"], "mint": mint})
    opening = {
        "lamports": account.rent,
        "newAccount": key,
        "owner": token,
        "source": payer,
        "space": account.space,
    }
    builder.inner(SYSTEM, "createAccount", opening)
    builder.inner(token, "initializeImmutableOwner", {"account": key})
    builder.inner(token, "initializeAccount3", {"account": key, "mint": mint, "owner": owner})
    builder.open_account(key, account, payer)
    return account.rent


def create_account(builder: TransactionBuilder, payer: str, key: str, owner: str, space: int) -> int:
    """Let the last instruction create an account of a program; return its rent, which ``payer`` paid."""
    lamports = rent_of(space)
    builder.use(key, writable=True)
    builder.use(owner, SYSTEM)
    made = {"lamports": lamports, "newAccount": key, "owner": owner, "source": payer, "space": space}
    builder.inner(SYSTEM, "createAccount", made)
    builder.pay(payer, key, lamports)
    return lamports


def allocate_account(builder: TransactionBuilder, payer: str, key: str, owner: str, space: int) -> int:
    """Like `create_account`, but in three steps: transfer, allocate, assign, as some programs do."""
    lamports = rent_of(space)
    builder.use(key, writable=True)
    builder.use(owner, SYSTEM)
    builder.inner(SYSTEM, "transfer", {"destination": key, "lamports": lamports, "source": payer})
    builder.inner(SYSTEM, "allocate", {"account": key, "space": space})
    builder.inner(SYSTEM, "assign", {"account": key, "owner": owner})
    builder.pay(payer, key, lamports)
    return lamports


def wrap_sol(builder: TransactionBuilder, wallet: str, wrapped: str, units: int) -> None:
    """Open a token account with ``units`` lamports of wrapped SOL, on top of its rent."""
    account = TokenAccount(SOL, wallet, 9, units)
    builder.use(wrapped, writable=True)
    info = {
        "base": wallet,
        "lamports": account.rent + units,
        "newAccount": wrapped,
        "owner": TOKEN,
        "seed": wrapped[:8],
        "source": wallet,
        "space": account.space,
    }
    builder.parsed(SYSTEM, "createAccountWithSeed", info)
    builder.open_account(wrapped, account, wallet)
    held = {"account": wrapped, "mint": SOL, "owner": wallet, "rentSysvar": _RENT_SYSVAR}
    builder.parsed(TOKEN, "initializeAccount", held)


def close_account(
    builder: TransactionBuilder, owner: str, account: str, destination: str, *, inner: bool = False
) -> None:
    """Close a token account; its lamports go to ``destination``."""
    held = builder.opened_account(account)
    builder.use(account, destination, writable=True)
    builder.use(held.program)
    info = {"account": account, "destination": destination, "owner": owner}
    say = builder.inner if inner else builder.parsed
    say(TOKEN_2022 if held.program == TOKEN_2022 else TOKEN, "closeAccount", info)
    builder.close_account(account, destination)


def close_in_batch(builder: TransactionBuilder, owner: str, accounts: list[str], destination: str) -> None:
    """Close accounts of the Token Program with one instruction; their lamports go to ``destination``."""
    members = []
    for account in accounts:
        builder.use(account, destination, writable=True)
        info = {"account": account, "destination": destination, "owner": owner}
        members.append({"info": info, "type": "closeAccount"})
        builder.close_account(account, destination)
    builder.parsed(TOKEN, "batch", {"instructions": members})
