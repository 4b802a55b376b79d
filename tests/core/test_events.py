from __future__ import annotations

from decimal import Decimal

import pytest
from sample_events import price, status, transaction, trouble

from streamcore.events import Event, PriceKind, price_key


@pytest.mark.parametrize("event", [price(), transaction(), status(), trouble()])
def test_events_cannot_be_changed(event: Event) -> None:
    with pytest.raises(AttributeError):
        event.provider = "another"  # type: ignore[misc]


def test_a_change_can_be_told_as_the_whole_state_to_somebody_who_knows_nothing_yet() -> None:
    change = price(kind=PriceKind.DELTA, changed=("price",), change_24h=None)
    whole = change.as_snapshot()
    assert (whole.kind, whole.changed) == (PriceKind.SNAPSHOT, ("price", "volume_24h"))
    assert (whole.price, whole.change_24h, whole.ts) == (Decimal("150.5"), None, change.ts)
    assert change.kind is PriceKind.DELTA


def test_the_spread_is_in_basis_points_of_the_middle() -> None:
    event = price(bid=Decimal("99.99"), ask=Decimal("100.01"))
    assert event.spread == Decimal(2)


@pytest.mark.parametrize(
    ("bid", "ask"), [("100", "100"), ("100.1", "100"), ("0", "100"), (None, "100"), ("100", None)]
)
def test_a_book_that_is_out_of_order_or_half_known_has_no_spread(bid: str | None, ask: str | None) -> None:
    event = price(bid=None if bid is None else Decimal(bid), ask=None if ask is None else Decimal(ask))
    assert event.spread is None


def test_the_key_of_a_price_is_its_mint_and_without_one_its_ticker_in_capitals() -> None:
    assert price_key("Bonk", "DezX") == "DezX"
    assert price_key("doge", None) == price_key("DOGE", "") == "DOGE"
