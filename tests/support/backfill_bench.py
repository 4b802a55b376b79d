"""A backfill at work, whose host does as a test says, and what it has delivered."""

from __future__ import annotations

from decimal import Decimal

from manual_clock import START, ManualClock
from scripted_rest import ScriptedRest

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, Source
from streamcore.providers.reports import (
    Checkpoint,
    CheckpointReport,
    PriceReport,
    Report,
    TransactionReport,
)
from streamcore.solana.interpretation import SolanaTransaction
from streamcore.streams.backfill import Backfill
from streamcore.streams.checkpoints import Checkpoints
from streamcore.tasks import Tasks

BROKEN = ProviderError(ErrorKind.SERVER, "trouble of its own")
HANGS = ProviderError(ErrorKind.NETWORK, "no answer within 10 s", unanswered=True)
REFUSED = ProviderError(ErrorKind.SUBSCRIPTION, "refused the request")
NO_TRANSACTION: SolanaTransaction = None  # type: ignore[assignment]  # what it was does not matter here


def price(topic: str) -> PriceReport:
    return PriceReport(topic, price=Decimal(1))


def transaction(wallet: str, slot: int) -> TransactionReport:
    return TransactionReport(f"{wallet} {slot}", slot, NO_TRANSACTION, int(START), (wallet,))


class BackfillBench:
    """A backfill whose host does as ``rest`` says; wallets are those with checkpoints."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.rest = ScriptedRest(self.clock)
        self.checkpoints = Checkpoints()
        self.delivered: list[tuple[Report, Source]] = []
        self.errors: list[ProviderError] = []
        self.answered = 0
        self.unwanted: set[str] = set()
        self.tasks = Tasks("paper", self.clock, failed=self.errors.append)
        self.backfill = Backfill(
            "paper",
            self.rest,
            self.checkpoints,
            self.clock,
            self.tasks,
            deliver=self._deliver,
            failed=self.errors.append,
            answered=self._count,
            is_wanted=lambda topic: topic not in self.unwanted,
        )

    def watch(self, *wallets: str, slot: int = 100) -> None:
        """Have wallets whose transactions have been told up to a slot."""
        for wallet in wallets:
            self.checkpoints.watch(wallet, START)
            self.checkpoints.begin(wallet, Checkpoint(f"{wallet} {slot}", slot), ())

    def slot(self, wallet: str) -> int:
        """Where the next fetch starts."""
        return self.checkpoints.of([wallet])[wallet].slot

    def _count(self) -> None:
        self.answered += 1

    def _deliver(self, report: Report, source: Source, as_of: float) -> bool:
        self.delivered.append((report, source))
        if isinstance(report, TransactionReport):
            streamed = source is Source.STREAM
            wallet = report.topics[0]
            return self.checkpoints.record(wallet, report.signature, report.slot, streamed=streamed)
        if isinstance(report, CheckpointReport):
            self.checkpoints.begin(report.topic, report.checkpoint, report.history)
            return False
        return True
