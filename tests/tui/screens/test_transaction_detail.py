"""Everything about one transaction."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from stage import OTHER_WALLET, WALLET, full_transaction, on_stage


async def test_enter_shows_everything_about_a_transaction() -> None:
    async with on_stage() as stage:
        transaction = full_transaction(stage, error="custom program error [0x1]")
        await stage.tell(transaction)
        await stage.press("tab", "enter")
        text = "".join(stage.text().split())
        for wanted in (
            transaction.signature, WALLET, OTHER_WALLET, "447,200,007", "+1.14 SOL", "-171.25", "USDC",
            "+12,000", "unknown token", "0.000005 SOL", "Jupiter", "custom program error [0x1]",
            "2026-10-29 21:59:57 UTC",
        ):  # fmt: skip
            assert "".join(wanted.split()) in text, wanted


async def test_a_transaction_gives_signature_link_and_wallet_to_the_clipboard() -> None:
    async with on_stage() as stage:
        transaction = full_transaction(stage)
        await stage.tell(transaction)
        await stage.press("tab", "y")
        assert stage.app.clipboard == transaction.signature
        await stage.press("enter", "l")
        assert stage.app.clipboard == f"https://solscan.io/tx/{transaction.signature}"
        await stage.press("m")
        assert stage.app.clipboard == WALLET
        await stage.press("y")
        assert stage.app.clipboard == transaction.signature


async def test_the_amounts_of_a_transaction_that_could_not_be_read_are_said_to_be_unknown() -> None:
    async with on_stage() as stage:
        unknown: dict[str, Any] = dict.fromkeys(("sol_change", "fee", "rent", "tip"))
        await stage.tell(stage.transaction(1, summary="unparsed: no message", token_changes=(), **unknown))
        assert any("unparsed: no message" in line for line in stage.lines())
        await stage.press("tab", "enter")
        assert stage.text().count("not known: the transaction could not be read") == 4


async def test_a_long_memo_is_shown_whole() -> None:
    async with on_stage(size=(80, 24)) as stage:
        memo = " ".join(f"word{number}" for number in range(34))
        await stage.tell(stage.transaction(1, summary=f"sent 1 SOL to 7xKX…gAsU, memo “{memo}”"))
        await stage.press("tab", "enter")
        assert "word32 word33”" in " ".join(stage.text().replace("│", " ").split())


async def test_an_invented_transaction_has_no_link() -> None:
    async with on_stage() as stage:
        await stage.tell(full_transaction(stage, demo=True))
        await stage.press("tab", "enter", "l")
        assert stage.app.clipboard == ""
        assert "No explorer knows an invented transaction" in stage.toasts()


async def test_the_detail_of_a_transaction_tells_rent_tip_action_and_everybody_on_the_other_side() -> None:
    async with on_stage() as stage:
        everybody = tuple(f"{number}{WALLET[1:]}" for number in range(1, 6))
        await stage.tell(
            stage.transaction(
                1,
                summary="sent 15 SOL to 5 wallets (3 each)",
                rent=Decimal("-0.0101964"),
                tip=Decimal("0.0001"),
                action="stake",
                counterparty=None,
                counterparties=everybody,
            )
        )
        assert sum("15 SOL to 5 wallets" in line for line in stage.lines()) == 1
        await stage.press("tab", "enter")
        text = stage.text()
        assert "0.0101964 SOL paid for new accounts" in text
        assert "0.0001 SOL, counted in the SOL above" in text
        assert "action       stake" in text
        assert all(address in text for address in everybody)
