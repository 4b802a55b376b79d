from __future__ import annotations

from decimal import Decimal

from sample_events import transaction

from streamcore.events import TokenChange, TransactionType
from streamcore.events import WalletTransaction as Tx
from streamtui.model.transaction_list import FeedSort, TransactionList, is_dust, labeller, shortened


def journal(**more: int) -> TransactionList:
    return TransactionList(lambda wallet: {"w": "main", "v": "cold"}.get(wallet, wallet), **more)


def signatures(entries: list[Tx]) -> list[str]:
    return [entry.signature for entry in entries]


def test_what_is_recovered_takes_its_place_in_the_chain() -> None:
    feed = journal()
    for signature, slot in (("a", 1), ("c", 3), ("b", 2)):
        feed.add(transaction(signature, slot=slot))
    assert signatures(feed.ordered()) == ["c", "b", "a"]


def test_one_signature_of_two_wallets_is_two_rows() -> None:
    feed = journal()
    feed.add(transaction("a", wallet="w"))
    feed.add(transaction("a", wallet="v"))
    assert len(feed) == 2


def test_a_pause_loses_nothing() -> None:
    feed = journal()
    feed.add(transaction("a", slot=1))
    feed.set_paused(True)
    for number in range(12):
        feed.add(transaction(f"n{number}", slot=number + 2))
    assert (len(feed), feed.held) == (1, 12)
    feed.set_paused(False)
    assert (len(feed), feed.held) == (13, 0)


def test_the_oldest_go_when_it_is_full() -> None:
    feed = journal(capacity=2)
    for slot in (1, 2, 3):
        feed.add(transaction(f"s{slot}", slot=slot))
    assert signatures(feed.ordered()) == ["s3", "s2"]


def test_the_orders() -> None:
    feed = journal()
    feed.add(transaction("a", wallet="w", slot=1))
    feed.add(transaction("b", wallet="v", slot=2))
    feed.add(transaction("c", wallet="w", slot=3))
    feed.sort = FeedSort.NEWEST_LAST
    assert signatures(feed.ordered()) == ["a", "b", "c"]
    feed.sort = FeedSort.WALLET
    assert signatures(feed.ordered()) == ["b", "a", "c"]


def test_a_filter_finds_what_a_person_would_look_for() -> None:
    feed = journal()
    change = TokenChange(mint="m", symbol="BONK", amount=transaction().sol_change)
    feed.add(transaction("sigA", wallet="w", token_changes=(change,), program="Jupiter"))
    feed.add(transaction("sigB", wallet="v", type=TransactionType.FAILED, summary="failed: slippage"))
    for wanted, found in {
        "bonk": ["sigA"], "JUPITER": ["sigA"], "cold": ["sigB"], "slip": ["sigB"], "failed": ["sigB"],
        "sig": ["sigB", "sigA"], "nothing": [],
    }.items():  # fmt: skip
        feed.filter = wanted
        assert signatures(feed.ordered()) == found


def test_a_wallet_can_be_forgotten_also_during_a_pause() -> None:
    feed = journal()
    feed.add(transaction("a", wallet="w"))
    feed.set_paused(True)
    feed.add(transaction("b", wallet="w"))
    feed.add(transaction("c", wallet="v"))
    feed.forget("w")
    assert (len(feed), feed.held) == (0, 1)


def test_a_wallet_is_called_by_its_label_or_its_short_address() -> None:
    address = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
    assert labeller({address: "treasury"})(address) == "treasury"
    assert labeller({})(address) == "Gfyz…eN6T" == shortened(address)


def test_dust_is_what_strangers_send_to_be_noticed() -> None:
    tiny = Decimal("0.00001")
    unknown = (TokenChange(mint="m", symbol=None, amount=Decimal(1000)),)
    known = (TokenChange(mint="m", symbol="USDC", amount=Decimal(1)),)
    assert is_dust(transaction(sol_change=tiny, token_changes=()))
    assert is_dust(transaction(sol_change=Decimal(0), token_changes=unknown))
    assert is_dust(transaction(type=TransactionType.MENTIONED))
    unread = transaction(type=TransactionType.MENTIONED, summary="unparsed: balances do not add up")
    assert not is_dust(unread), "nobody knows what it is"
    assert is_dust(transaction(type=TransactionType.FAILED)), "it failed for somebody else"
    assert not is_dust(transaction(type=TransactionType.FAILED, fee=Decimal("0.000005")))
    assert not is_dust(transaction(sol_change=tiny, token_changes=known))
    assert not is_dust(transaction(sol_change=Decimal("0.1"), token_changes=unknown))
    assert not is_dust(transaction(sol_change=tiny, token_changes=(), fee=Decimal("0.000005")))
    assert not is_dust(transaction(sol_change=-tiny, token_changes=(), type=TransactionType.SENT))


def test_hidden_dust_is_counted_and_comes_back() -> None:
    journal = TransactionList(str)
    journal.add(transaction("a"))
    journal.add(transaction("b", type=TransactionType.MENTIONED))
    journal.hides_dust = True
    assert [tx.signature for tx in journal.ordered()] == ["a"]
    assert journal.hidden == 1
    journal.hides_dust = False
    assert len(journal.ordered()) == 2
    assert journal.hidden == 0


def test_wallet_and_type_can_be_chosen() -> None:
    journal = TransactionList(str)
    journal.add(transaction("a", wallet="one"))
    journal.add(transaction("b", wallet="two", type=TransactionType.SENT))
    assert journal.types() == [TransactionType.RECEIVED, TransactionType.SENT]
    journal.wallet = "two"
    assert [tx.signature for tx in journal.ordered()] == ["b"]
    journal.type = TransactionType.RECEIVED
    assert journal.ordered() == []
    journal.forget("two")
    assert [tx.signature for tx in journal.ordered()] == ["a"]
