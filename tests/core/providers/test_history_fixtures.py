"""Every captured and documented answer about the past, of whatever request, is read or refused in words.

An answer may be one to another request than the one that was made: a proxy or a changed route is enough. What
each means where it belongs is told by the tests of its provider.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from manual_clock import ManualClock
from scripted_history import instrument
from scripted_http import ScriptedHttp
from wire_fixtures import history, history_bytes, history_names

from streamcore.candles import CandleSeries, ChartRange
from streamcore.config.model import Settings
from streamcore.config.sources import BirdeyeSettings
from streamcore.errors import ProviderError
from streamcore.net.transport import Answer
from streamcore.providers.base import Provider
from streamcore.providers.birdeye.provider import BirdeyeProvider
from streamcore.providers.coinbase.provider import CoinbaseProvider
from streamcore.providers.jupiter.provider import JupiterProvider
from streamcore.providers.kraken.codec import KrakenCodec
from streamcore.providers.kraken.provider import KrakenProvider
from streamcore.providers.reports import (
    Malformed,
    PriceReport,
    QuoteRequest,
    Report,
    TokenAccounts,
    TokenAccountsRequest,
)
from streamcore.providers.solana_rpc.provider import SolanaProvider

WALLET = "86xCnPeV69n6t3DnyGvkKobf9FdN2H9oiVDdaMpo2MMY"
SETTINGS = Settings(birdeye=BirdeyeSettings(api_key="k"))

PROVIDERS: dict[str, Callable[[Any, Any], Provider]] = {
    "kraken": lambda http, clock: KrakenProvider(SETTINGS, http, clock),
    "coinbase": lambda http, clock: CoinbaseProvider(SETTINGS, http, clock),
    "birdeye": lambda http, clock: BirdeyeProvider(SETTINGS, http, clock),
    "jupiter": lambda http, clock: JupiterProvider(SETTINGS, http, clock),
    "solana_rpc": lambda http, clock: SolanaProvider(SETTINGS, http, clock),
}
ANSWERS = [
    (source, name)
    for source in PROVIDERS
    for name in history_names(source, "*")
    if not name.startswith(("s2c_", "c2s_"))
]


class Asking:
    """A provider whose every request has the same answer."""

    def __init__(self, source: str, name: str) -> None:
        self.clock = ManualClock()
        reply = Answer(200, {}, history_bytes(source, name))
        self.provider = PROVIDERS[source](ScriptedHttp(lambda _: reply, self.clock.monotonic), self.clock)

    async def reports(self, reports: AsyncIterator[Report]) -> Sequence[Report] | ProviderError:
        async def collect() -> list[Report]:
            return [report async for report in reports]

        return await self.end(collect())

    async def end(self, work: Any) -> Any:
        """Return the outcome of some work, or what the provider refused it with."""
        task = asyncio.ensure_future(work)
        await self.clock.advance(3600.0)
        await asyncio.wait([task])
        failure = task.exception()
        if failure is None:
            return task.result()
        assert isinstance(failure, ProviderError)
        assert failure.message
        return failure


@pytest.mark.parametrize(("source", "name"), ANSWERS)
async def test_any_answer_to_any_question_is_reports_or_a_refusal_in_words(source: str, name: str) -> None:
    asked = Asking(source, name)
    provider = asked.provider
    topics = {"kraken": "SOL/USD", "coinbase": "SOL-USD"}.get(source, WALLET)
    for reports in (
        provider.rest.fetch([topics], {}),
        provider.rest.answer(QuoteRequest(topics)),
        provider.rest.answer(TokenAccountsRequest(topics)),
        provider.rest.check_accounts([topics]),
    ):
        await asked.reports(reports)
    if provider.directory is not None and provider.markets is None:
        await asked.end(provider.directory.find("sol"))
        await asked.end(provider.directory.name([WALLET]))
    if provider.history is not None:
        for span in ChartRange:
            found = await asked.end(provider.history.candles(instrument("SOL"), span, asked.clock.time()))
            assert isinstance(found, CandleSeries | ProviderError)


@pytest.mark.parametrize("name", history_names("kraken", "s2c_*"))
def test_every_frame_of_kraken_is_reports_and_only_tickers_tell_a_price(name: str) -> None:
    codec = KrakenCodec()
    codec.opened()
    codec.set_topics(("BTC/USD", "EUR/USD", "SOL/USD"))
    codec.frames_to_send()
    reports = codec.received(history("kraken", name))
    has_price = any(isinstance(report, PriceReport) for report in reports)
    assert has_price is ("ticker" in name)
    other = name.startswith(("s2c_book", "s2c_trade", "s2c_ohlc_snapshot", "s2c_ohlc_update"))
    assert any(isinstance(one, Malformed) for one in reports) is other, "a channel that was never asked for"


async def test_money_of_states_is_a_pair_like_any_other() -> None:
    codec = KrakenCodec()
    codec.opened()
    codec.set_topics(("EUR/USD",))
    codec.frames_to_send()
    found = codec.received(history("kraken", "s2c_ticker_fiat_snapshot_constructed"))
    (price,) = (report for report in found if isinstance(report, PriceReport))
    assert (price.topic, price.price, price.bid) == ("EUR/USD", Decimal("1.15910"), Decimal("1.15904"))
    asked = Asking("kraken", "rest_ticker_fiat_constructed")
    over_http = await asked.reports(asked.provider.rest.fetch(["EUR/USD"], {}))
    assert not isinstance(over_http, ProviderError)
    (polled,) = over_http
    assert isinstance(polled, PriceReport)
    assert (polled.topic, polled.price, polled.ask) == ("EUR/USD", Decimal("1.15910"), Decimal("1.15912"))


@pytest.mark.parametrize("name", history_names("solana_rpc", "http_gettokenaccountsbyowner*"))
async def test_every_list_of_token_accounts_is_all_of_them_whatever_its_encoding(name: str) -> None:
    entries = json.loads(history("solana_rpc", name))["result"]["value"]
    asked = Asking("solana_rpc", name)
    found = await asked.reports(asked.provider.rest.answer(TokenAccountsRequest(WALLET)))
    assert not isinstance(found, ProviderError)
    (accounts,) = found
    assert isinstance(accounts, TokenAccounts)
    assert accounts.addresses[0] == WALLET
    assert set(accounts.addresses[1:]) == {entry["pubkey"] for entry in entries}
