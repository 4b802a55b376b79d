"""What a leader tells, when it tells nothing any more, and what it writes down for the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import fake_manager
import msgspec
import pytest
import sample_events
from manual_clock import ManualClock
from relay_bench import WALLETS
from relayed_engine import RelayedEngine
from scripted_bus import ScriptedSession

from streamcore.cluster.answering import MOST_QUESTIONS, MOST_REFUSED
from streamcore.cluster.copied_transactions import CopiedTransactions
from streamcore.cluster.errors import SessionEnded
from streamcore.cluster.leader import CONFLATED, SIGN_OF_LIFE, Leader
from streamcore.cluster.lease import HELD_FOR, Lease
from streamcore.cluster.link import Link
from streamcore.cluster.log_copy import LogCopy
from streamcore.cluster.messages import (
    Answer,
    Live,
    Question,
    Trouble,
    WalletRecord,
    Wants,
    read,
    record_of,
    write,
)
from streamcore.cluster.names import Names, key_subject
from streamcore.cluster.nats_connection import Incoming
from streamcore.cluster.nats_session import Batch
from streamcore.cluster.questions import TOO_BUSY
from streamcore.cluster.wallet_records import WalletRecords
from streamcore.cluster.wants import WantsOfAll
from streamcore.events import ErrorKind, PriceKind, PriceUpdate, StreamError
from streamcore.providers.reports import Checkpoint
from streamcore.streams.checkpoints import Checkpoints, SavedCheckpoint
from streamcore.token_hits import SearchResult

NAMES = Names(demo=False)
WALLET = WALLETS[0]


class Bench:
    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.session = ScriptedSession(self.clock)
        self.link = Link()
        self.lease = Lease(NAMES, "me", self.clock)
        self.tables = CopiedTransactions(folder, now=0.0)
        self.records = WalletRecords()
        self.log = LogCopy(self.tables, self.records, self.clock)
        self.log.begin(self.session.stream)
        self.log.arrived(Batch([], is_last=True))
        self.wants = WantsOfAll(self.clock)
        self.engine = RelayedEngine()
        self.running: asyncio.Task[None]

    def make_engine(self, checkpoints: Checkpoints) -> Any:
        self.engine.checkpoints = checkpoints
        return self.engine

    async def start(self, **wants: tuple[str, ...]) -> Leader:
        self.wants.take("a relay", Wants(**wants))
        await self.lease.acquire(self.session)  # type: ignore[arg-type]
        self.link.begin(self.session)  # type: ignore[arg-type]
        leader = Leader(
            self.make_engine,
            self.lease,
            NAMES,
            self.link,
            self.log,
            self.records,
            self.wants,
            self.clock,
        )
        self.running = asyncio.create_task(leader.run())
        await self.clock.advance(0.01)
        return leader

    async def pass_time(self, seconds: float) -> None:
        """Let time pass while the lease is kept."""
        while seconds > 0:
            step = min(1.0, seconds)
            await self.clock.advance(step)
            refusal, self.session.refusal = self.session.refusal, None
            await self.lease.renew(self.session)  # type: ignore[arg-type]
            self.session.refusal = refusal
            seconds -= step

    @property
    def told(self) -> list[Live]:
        return [read(data, Live) for subject, data in self.session.published if subject == NAMES.live]

    def prices(self) -> list[tuple[str, str]]:
        return [
            (event.symbol, str(event.price))
            for message in self.told
            for event in message.events
            if isinstance(event, PriceUpdate)
        ]

    def stored(self, prefix: str) -> list[tuple[str, bytes]]:
        return [(subject, data) for subject, data, _ in self.session.stored if subject.startswith(prefix)]

    def record(self) -> WalletRecord:
        subject = key_subject(NAMES.wallets, WALLET)
        return [read(data, WalletRecord) for name, data in self.stored("$KV") if name == subject][-1]

    async def stop(self) -> None:
        self.running.cancel()
        with suppress(asyncio.CancelledError):
            await self.running


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    found = Bench(tmp_path)
    yield found
    found.tables.close()


async def test_what_is_wanted_is_subscribed_once_and_what_is_not_any_more_is_given_up(bench: Bench) -> None:
    await bench.start(symbols=("SOL", "BTC"), wallets=(WALLET,))
    bench.wants.take("another", Wants(("BTC", "BONK")))
    await bench.pass_time(1.5)
    assert bench.engine.asked == [
        ("subscribe", "SOL"),
        ("subscribe", "BTC"),
        ("watch", WALLET),
        ("subscribe", "BONK"),
    ]
    bench.wants.take("a relay", Wants())
    await bench.pass_time(1.5)
    assert bench.engine.asked[4:] == [("unsubscribe", "SOL"), ("unwatch", WALLET)]
    await bench.stop()


async def test_what_the_leader_does_not_know_is_told_and_the_rest_is_watched(bench: Bench) -> None:
    await bench.start(symbols=("no ticker!", "SOL"), wallets=("no address",))
    await bench.pass_time(1.0)
    assert bench.engine.asked == [("subscribe", "SOL")]
    errors = [event for message in bench.told for event in message.events if hasattr(event, "message")]
    assert "no ticker!" in errors[0].message
    await bench.stop()


async def test_a_price_is_told_at_once_after_a_pause_and_then_merged(bench: Bench) -> None:
    await bench.start(symbols=("SOL",))
    bench.engine.price("SOL", "150")
    await bench.clock.settle()
    assert bench.prices() == [("SOL", "150")]
    for value in ("151", "152", "153"):
        bench.engine.price("SOL", value)
        await bench.clock.advance(CONFLATED / 4)
    assert bench.prices() == [("SOL", "150")]
    await bench.clock.advance(CONFLATED)
    assert bench.prices() == [("SOL", "150"), ("SOL", "153")]
    await bench.stop()


async def test_there_is_a_sign_of_life_every_second_with_all_statuses(bench: Bench) -> None:
    await bench.start()
    before = len(bench.told)
    await bench.pass_time(3 * SIGN_OF_LIFE)
    signs = bench.told[before:]
    assert len(signs) == 3
    assert {status.provider for status in signs[-1].statuses or ()} == {"kraken", "helius"}
    assert {sign.term for sign in signs} == {bench.lease.term}
    await bench.stop()


async def test_nothing_is_told_when_the_lease_is_over(bench: Bench) -> None:
    await bench.start(symbols=("SOL",))
    await bench.clock.advance(HELD_FOR)
    before = len(bench.session.published)
    bench.engine.price("SOL", "150")
    bench.engine.checkpoints.watch(WALLET, bench.clock.time())
    bench.engine.transaction(WALLET)
    await bench.clock.advance(5.0)
    assert bench.session.published[before:] == []
    assert bench.stored("st.v1.tx") == []
    with suppress(asyncio.CancelledError):
        await bench.stop()


async def test_whoever_asks_is_told_everything(bench: Bench) -> None:
    await bench.start(symbols=("SOL",))
    bench.engine.price("SOL", "150")
    await bench.pass_time(1.0)
    before = len(bench.told)
    bench.session.listeners[NAMES.present](Incoming(b"", ""))
    await bench.clock.settle()
    (message,) = bench.told[before:]
    (event,) = message.events
    assert isinstance(event, PriceUpdate)
    assert (event.kind, str(event.price)) == (PriceKind.SNAPSHOT, "150")
    assert message.sources == bench.engine.price_sources
    await bench.stop()


async def test_a_session_begins_with_everything_and_prices_wait_for_it_merged(bench: Bench) -> None:
    await bench.start(symbols=("SOL",))
    bench.session.lose()
    bench.link.end()
    for value in ("150", "151"):
        bench.engine.price("SOL", value)
        await bench.clock.advance(0.2)
    bench.session = ScriptedSession(bench.clock)
    bench.link.begin(bench.session)  # type: ignore[arg-type]
    await bench.clock.advance(0.2)
    assert set(bench.prices()) == {("SOL", "151")}
    await bench.stop()


async def test_an_error_that_a_lost_session_did_not_take_is_told_in_the_next_one(bench: Bench) -> None:
    await bench.start()
    await bench.pass_time(1.5)
    lost = bench.session

    async def cut(subject: str, data: bytes) -> None:
        lost.lose()
        raise SessionEnded("it was cut")

    lost.publish = cut  # type: ignore[method-assign]
    gap = sample_events.trouble("some transactions may be missing", kind=ErrorKind.GAP)
    bench.engine.say(gap)
    await bench.clock.settle()
    bench.link.end()
    bench.session = ScriptedSession(bench.clock)
    bench.link.begin(bench.session)  # type: ignore[arg-type]
    await bench.clock.advance(1.0)
    assert [event for message in bench.told for event in message.events] == [gap]
    await bench.stop()


async def test_no_message_is_longer_than_the_server_takes(bench: Bench) -> None:
    symbols = ("SOL", "BTC", "ETH", "BONK", "JUP", "WIF", "PYTH", "JTO", "RAY", "ORCA")
    bench.session.most_bytes = 3_000
    await bench.start(symbols=symbols)
    for symbol in symbols:
        bench.engine.price(symbol, "150")
    await bench.pass_time(1.0)
    assert {symbol for symbol, _ in bench.prices()} == set(symbols)
    assert max(len(data) for _, data in bench.session.published) <= 3_000
    await bench.stop()


async def test_statuses_that_are_too_long_for_the_server_are_told_as_trouble_once(bench: Bench) -> None:
    topics = tuple(f"{number:044d}" for number in range(100))
    bench.engine.current["helius"] = fake_manager.status("helius", topics=topics)
    bench.session.most_bytes = 3_000
    await bench.start(symbols=("SOL",))
    bench.engine.price("SOL", "150")
    await bench.pass_time(5.0)
    assert len(bench.told) >= 5  # signs of life
    assert ("SOL", "150") in bench.prices()
    errors = [one for message in bench.told for one in message.events if isinstance(one, StreamError)]
    assert [error.kind for error in errors] == [ErrorKind.SERVER]
    assert "max_payload" in errors[0].message
    await bench.stop()


async def test_a_question_too_many_is_answered_at_once(bench: Bench) -> None:
    bench.engine.answers["search"] = asyncio.get_running_loop().create_future()
    await bench.start()
    question = write(Question("search", "bonk"))
    for number in range(MOST_QUESTIONS + 2):
        bench.session.listeners[NAMES.ask](Incoming(question, f"inbox.{number}"))
    await bench.clock.settle()
    answers = {subject: read(data, Answer) for subject, data in bench.session.published if "inbox" in subject}
    assert list(answers) == [f"inbox.{MOST_QUESTIONS}", f"inbox.{MOST_QUESTIONS + 1}"]
    for answer in answers.values():
        assert answer.trouble == Trouble(TOO_BUSY, ErrorKind.RATE_LIMIT, retryable=True)
    bench.engine.answers["search"].set_result(SearchResult(hits=()))
    await bench.clock.settle()
    assert (
        len([subject for subject, _ in bench.session.published if "inbox" in subject]) == MOST_QUESTIONS + 2
    )
    await bench.stop()


async def test_a_flood_of_questions_is_answered_as_far_as_answers_may_wait(bench: Bench) -> None:
    bench.engine.answers["search"] = asyncio.get_running_loop().create_future()
    await bench.start()
    question = write(Question("search", "bonk"))
    for number in range(50_000):
        bench.session.listeners[NAMES.ask](Incoming(question, f"inbox.{number}"))
    await bench.clock.settle()
    count = len([subject for subject, _ in bench.session.published if "inbox" in subject])
    assert 0 < count <= MOST_REFUSED
    await bench.stop()


async def test_a_record_that_the_server_does_not_take_holds_up_no_other(bench: Bench) -> None:
    long, other = WALLETS[:2]
    bench.session.most_bytes = 2_000
    await bench.start(wallets=(long, other))
    history = tuple(f"{number:088d}" for number in range(100))
    bench.engine.checkpoints.begin(long, Checkpoint("sig", 99), history)
    bench.engine.checkpoints.begin(other, Checkpoint("other", 99), ())
    await bench.pass_time(3.0)
    subject = key_subject(NAMES.wallets, other)
    records = [read(data, WalletRecord) for name, data in bench.stored("$KV") if name == subject]
    assert records[-1].verified == ("other", 99)
    await bench.stop()


async def test_a_new_wallet_has_a_record_before_it_is_followed(bench: Bench) -> None:
    await bench.start(wallets=(WALLET,))
    record = bench.record()
    assert (record.epoch, record.covered_from, record.verified) == (bench.log.epoch, 0, None)
    assert bench.engine.asked == [("watch", WALLET)]
    await bench.stop()


async def test_a_checkpoint_is_written_only_when_all_that_it_counts_is_stored(bench: Bench) -> None:
    await bench.start(wallets=(WALLET,))
    await bench.pass_time(1.0)
    bench.session.refusal = "maximum bytes exceeded"
    signature = bench.engine.transaction(WALLET, slot=70)
    bench.engine.checkpoints.verify(bench.engine.checkpoints.newest([WALLET]))
    await bench.pass_time(5.0)
    assert bench.record().verified is None
    bench.session.refusal = None
    await bench.pass_time(4.0)
    assert len(bench.stored("st.v1.tx")) == 1
    assert bench.record().verified == (signature, 70)
    await bench.stop()


async def test_a_wallet_goes_on_where_the_last_leader_ended_and_one_of_long_ago_begins_anew(
    bench: Bench,
) -> None:
    now = bench.clock.time()
    saved = SavedCheckpoint(now - 600, Checkpoint("sig", 70))
    lately = record_of(saved, epoch=bench.log.epoch, covered_from=0, now=now - 60)
    bench.records.take(WALLETS[0], lately, 5)
    bench.records.take(WALLETS[1], msgspec.structs.replace(lately, followed_until=now - 90_000), 6)
    bench.session.newest = {
        key_subject(NAMES.wallets, wallet): bench.records.revision(wallet) for wallet in WALLETS[:2]
    }
    await bench.start(wallets=WALLETS[:2])
    checkpoints = bench.engine.checkpoints.of(WALLETS[:2])
    assert checkpoints[WALLETS[0]].signature == "sig"
    assert checkpoints[WALLETS[1]].signature == ""
    await bench.stop()


@pytest.mark.parametrize("left", [None, 99])
async def test_a_key_that_the_bucket_has_dropped_is_written_again(bench: Bench, left: int | None) -> None:
    """By its age nothing is left of it, and of one that somebody has deleted a mark."""
    await bench.start(wallets=WALLETS[:2])
    await bench.pass_time(1.0)
    subject = key_subject(NAMES.wallets, WALLET)
    del bench.session.newest[subject]
    if left is not None:
        bench.session.newest[subject] = left
        bench.records.dropped(WALLET, left)
    signature = bench.engine.transaction(WALLET, slot=70)
    other = bench.engine.transaction(WALLETS[1], slot=71)
    bench.engine.checkpoints.verify(bench.engine.checkpoints.newest(WALLETS[:2]))
    await bench.pass_time(3.0)
    assert bench.record().verified == (signature, 70)
    assert any(other.encode() in data for subject, data in bench.stored("$KV.st_wallets"))
    await bench.stop()


async def test_a_key_that_somebody_else_has_written_holds_up_no_other(bench: Bench) -> None:
    await bench.start(wallets=WALLETS[:2])
    await bench.pass_time(1.0)
    bench.session.newest[key_subject(NAMES.wallets, WALLET)] = 4711
    other = bench.engine.transaction(WALLETS[1], slot=71)
    bench.engine.checkpoints.verify(bench.engine.checkpoints.newest(WALLETS[:2]))
    bench.engine.transaction(WALLET, slot=72)
    bench.engine.checkpoints.verify(bench.engine.checkpoints.newest(WALLETS[:2]))
    await bench.pass_time(3.0)
    assert any(other.encode() in data for _, data in bench.stored("$KV.st_wallets"))
    await bench.stop()


async def test_one_that_leaves_stores_the_rest_and_says_that_the_lease_is_free(bench: Bench) -> None:
    leader = await bench.start(wallets=(WALLET,))
    bench.engine.transaction(WALLET)
    await bench.clock.settle()
    await bench.stop()
    await leader.say_goodbye()
    assert len(bench.stored("st.v1.tx")) == 1
    assert bench.told[-1].leaves
    assert key_subject(NAMES.lease, "leader") not in bench.session.newest
