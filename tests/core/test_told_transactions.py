from streamcore.told_transactions import MOST_REMEMBERED, ToldTransactions


def test_a_transaction_is_told_for_each_wallet_by_itself() -> None:
    told = ToldTransactions()
    told.add("a", "1")
    assert told.has("a", "1")
    assert not told.has("b", "1")
    assert not told.has("a", "2")


def test_the_oldest_are_forgotten_when_there_are_too_many() -> None:
    told = ToldTransactions()
    for number in range(MOST_REMEMBERED + 1):
        told.add("a", str(number))
    assert not told.has("a", "0")
    assert told.has("a", "1")
