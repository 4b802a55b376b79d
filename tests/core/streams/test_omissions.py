from __future__ import annotations

from manual_clock import START, ManualClock

from streamcore.providers.reports import TransactionReport
from streamcore.solana.interpretation import SolanaTransaction
from streamcore.streams.omissions import LATE, Omissions

NO_TRANSACTION: SolanaTransaction = None  # type: ignore[assignment]  # what it was does not matter here


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.omissions = Omissions(self.clock)

    def found(self, signature: str, *, age: float | None = 0.0, wallet: str = "w") -> None:
        """Have a check find a transaction of so many seconds ago, on a subscription of an hour ago."""
        now = START + self.clock.monotonic()
        happened_at = None if age is None else int(now - age)
        report = TransactionReport(signature, 1, NO_TRANSACTION, happened_at, (wallet,))
        self.omissions.found([report], now - 3600)


async def test_what_is_old_when_it_is_found_was_left_out() -> None:
    bench = Bench()
    bench.found("a", age=LATE + 1)
    bench.found("b", age=LATE + 1, wallet="v")
    assert bench.omissions.overdue() == ["w", "v"]
    assert bench.omissions.overdue() == []


async def test_what_is_young_when_it_is_found_was_left_out_if_the_stream_does_not_tell_it_soon() -> None:
    bench = Bench()
    for signature in ("a", "b"):
        bench.found(signature)
    bench.found("of unknown time", age=None)
    await bench.clock.advance(LATE - 0.1)
    assert bench.omissions.overdue() == []
    bench.omissions.streamed("b")
    await bench.clock.advance(0.1)
    assert bench.omissions.overdue() == ["w", "w"]


async def test_of_what_happened_before_the_subscription_the_stream_cannot_tell() -> None:
    bench = Bench()
    bench.found("a", age=3700)
    await bench.clock.advance(100)
    assert bench.omissions.overdue() == []


async def test_a_new_subscription_starts_with_a_clean_slate() -> None:
    bench = Bench()
    bench.found("a", age=LATE + 1)
    bench.omissions.clear()
    bench.omissions.streamed("never found")
    assert bench.omissions.overdue() == []


async def test_what_happened_in_the_second_of_the_subscription_may_have_been_before_it() -> None:
    bench = Bench()
    report = TransactionReport("a", 1, NO_TRANSACTION, int(START) - 3600, ("w",))
    bench.omissions.found([report], START - 3600)
    assert bench.omissions.overdue() == []


async def test_a_transaction_of_two_wallets_was_left_out_once() -> None:
    bench = Bench()
    report = TransactionReport("a", 1, NO_TRANSACTION, int(START - LATE - 1), ("w", "v"))
    bench.omissions.found([report], START - 3600)
    assert bench.omissions.overdue() == ["w"]
