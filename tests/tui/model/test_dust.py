from __future__ import annotations

from decimal import Decimal

from sample_events import transaction

from streamcore.events import TokenChange, TransactionType
from streamtui.model.dust import is_dust


def test_dust_is_what_strangers_send_to_be_noticed() -> None:
    tiny = Decimal("0.00001")
    unknown = (TokenChange(mint="m", symbol=None, amount=Decimal(1000)),)
    known = (TokenChange(mint="m", symbol="USDC", amount=Decimal(1)),)
    assert is_dust(transaction(sol_change=tiny, token_changes=()))
    assert is_dust(transaction(sol_change=Decimal(0), token_changes=unknown))
    assert is_dust(transaction(type=TransactionType.MENTIONED))
    unread = transaction(
        type=TransactionType.MENTIONED, summary="unparsed: no message", sol_change=None, fee=None
    )
    assert not is_dust(unread), "nobody knows what it is"
    assert is_dust(transaction(type=TransactionType.FAILED)), "it failed for somebody else"
    assert not is_dust(transaction(type=TransactionType.FAILED, fee=Decimal("0.000005")))
    assert not is_dust(transaction(sol_change=tiny, token_changes=known))
    assert not is_dust(transaction(sol_change=Decimal("0.1"), token_changes=unknown))
    assert not is_dust(transaction(sol_change=tiny, token_changes=(), fee=Decimal("0.000005")))
    assert not is_dust(transaction(sol_change=-tiny, token_changes=(), type=TransactionType.SENT))
