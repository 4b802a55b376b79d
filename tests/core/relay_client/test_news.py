from __future__ import annotations

import msgspec
import sample_events
from manual_clock import ManualClock

from streamcore.events import ErrorKind, State, StreamError
from streamcore.relay_client.news import MOST_ERRORS, News

ERROR = StreamError(
    provider="kraken", ts=1.0, demo=False, kind=ErrorKind.NETWORK, message="lost", retryable=True
)


def test_a_status_is_news_when_more_than_its_figures_has_changed() -> None:
    news = News(ManualClock(), ())
    status = sample_events.status()
    assert not news.has_told(status.provider)
    assert news.is_news(status)
    assert news.has_told(status.provider)
    assert not news.is_news(msgspec.structs.replace(status, messages_received=9, subscriptions=7))
    assert news.is_news(msgspec.structs.replace(status, state=State.FAILED))
    assert news.is_news(status)


def test_a_transaction_is_news_as_long_as_its_wallet_is_wanted() -> None:
    transaction = sample_events.transaction("s1")
    wallets = {transaction.wallet}
    news = News(ManualClock(), wallets)
    assert news.is_news(transaction)
    wallets.clear()
    assert not news.is_news(transaction)


async def test_errors_are_news_a_number_of_times_a_minute() -> None:
    clock = ManualClock()
    news = News(clock, ())
    assert [news.is_news(ERROR) for _ in range(MOST_ERRORS + 2)].count(True) == MOST_ERRORS
    await clock.advance(61)
    assert news.is_news(ERROR)


def test_every_price_is_news() -> None:
    news = News(ManualClock(), ())
    price = sample_events.price()
    assert news.is_news(price)
    assert news.is_news(price)
