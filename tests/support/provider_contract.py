"""What this program relies on at a provider, tried through the real codecs: one connection, few requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import aclosing, suppress
from decimal import Decimal

from kept_in_memory import KeptInMemory
from message_shapes import shapes

from streamcore.assets.instruments import understand
from streamcore.assets.tokens import TokenTable
from streamcore.clock import Clock, wait_for
from streamcore.config.keys import secrets
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind
from streamcore.net.network import Network
from streamcore.net.transport import Socket
from streamcore.providers import create
from streamcore.providers.base import Codec, Provider
from streamcore.providers.reports import (
    Alive,
    CheckpointReport,
    Malformed,
    Notice,
    PartialFetch,
    PriceReport,
    Progress,
    Question,
    Refusal,
    Report,
    SignatureSeen,
    TokenAccounts,
    TransactionReport,
)
from streamcore.recording.lines import Line
from streamcore.recording.masking import Masking, ProviderUrls
from streamcore.recording.transport import CapturingTransport

PATIENCE = 20.0
"""Seconds for each of three steps: the stream, a request, the list of what is traded. Together a minute."""

ENOUGH = 3
"""Pieces of news after which the stream is let go."""

SYMBOL = "SOL"
"""What every source of prices has, and what is traded every second."""


class Unreached(Exception):
    """There is no way to the provider from here; the text says why."""


class Meeting:
    """What came of trying one provider; see `meet`."""

    def __init__(self, provider: Provider, kept: KeptInMemory, topic: str) -> None:
        self.provider = provider
        self.topic = topic
        self.streamed: list[Report] = []
        self.fetched: list[Report] = []
        self.failures: list[str] = []
        """Steps that ended in an error."""
        self._kept = kept

    @property
    def lines(self) -> list[Line]:
        """What went over the network."""
        return self._kept.lines

    @property
    def shapes(self) -> dict[str, set[str]]:
        """What the messages looked like; see `message_shapes.shapes`."""
        return shapes(self._kept.lines)

    @property
    def said(self) -> list[str]:
        """What it said in words, once each."""
        errors = (one.error for one in self._reports if isinstance(one, Refusal | Notice | PartialFetch))
        return list(dict.fromkeys(error.message for error in errors))

    @property
    def broken(self) -> list[str]:
        """What does not keep the contract, a sentence each."""
        wrong = list(self.failures)
        for one in self._reports:
            if isinstance(one, Malformed):
                wrong.append(f"makes no sense: {one.reason}")
            elif isinstance(one, Refusal):
                wrong.append(f"was refused: {one.error.message}")
            elif isinstance(one, TransactionReport) and one.unreadable:
                wrong.append(f"transaction {one.signature} cannot be read: {one.unreadable}")
            elif isinstance(one, PriceReport) and not _is_sound(one):
                wrong.append(f"no price can be so: {one}")
        if self.provider.endpoint() is not None and not any(map(self._is_news, self.streamed)):
            wrong.append(f"the stream brought nothing of {self.topic} within {PATIENCE:g} s")
        if not any(map(self._is_answer, self.fetched)):
            wrong.append(f"a request brought nothing of {self.topic}")
        return wrong

    @property
    def _reports(self) -> list[Report]:
        return [*self.streamed, *self.fetched]

    def _is_news(self, report: Report) -> bool:
        if self.provider.kind is DataKind.PRICES:
            return isinstance(report, PriceReport) and report.topic == self.topic
        return isinstance(report, Alive)  # nobody knows when a wallet will do something

    def _is_answer(self, report: Report) -> bool:
        return isinstance(report, PriceReport | CheckpointReport) and report.topic == self.topic


async def meet(name: str, settings: Settings, clock: Clock, *, wallet: str) -> Meeting:
    """Connect to a provider, subscribe to one thing, hear a little of it, ask once, and leave.

    Args:
        name: Which one.
        settings: Where it is, and its key.
        clock: Time.
        wallet: What is asked about, if it is one that follows wallets; a busy one shows more.

    Raises:
        Unreached: There is no way to it.
    """
    async with Network(clock, timeout=settings.stream.connect_timeout) as network:
        kept = KeptInMemory(clock)
        transport = CapturingTransport(
            network, kept, ProviderUrls(settings), Masking(secrets(settings)), clock
        )
        provider = create(name, settings, transport, clock)
        tokens = TokenTable(settings.tokens)
        topic = provider.topic(understand(SYMBOL, tokens, exchanges=True)) or wallet
        meeting = Meeting(provider, kept, topic)
        if (endpoint := provider.endpoint()) is not None:
            try:
                socket = await transport.connect(
                    endpoint,
                    name=name,
                    refusal=provider.handshake_refusal,
                    within=PATIENCE,
                    max_message_bytes=settings.stream.max_message_bytes,
                )
            except ProviderError as error:
                raise _unreached(error) from error
            try:
                await _step(meeting, clock, _listen(meeting, socket, provider.codec()), may_last=True)
            finally:
                await socket.close()
        await _step(meeting, clock, _fetch(meeting))
        if provider.markets is not None:
            await _step(meeting, clock, _list(meeting))
        return meeting


async def _step(meeting: Meeting, clock: Clock, work: Awaitable[None], *, may_last: bool = False) -> None:
    try:
        await wait_for(clock, work, PATIENCE)
    except TimeoutError:
        if not may_last:
            meeting.failures.append(f"no answer within {PATIENCE:g} s")
    except ProviderError as error:
        if meeting.provider.endpoint() is None and not meeting.fetched:
            raise _unreached(error) from error
        meeting.failures.append(error.message)


def _unreached(error: ProviderError) -> Exception:
    return Unreached(error.message) if error.kind is ErrorKind.NETWORK else error


async def _listen(meeting: Meeting, socket: Socket, codec: Codec) -> None:
    codec.opened()
    codec.set_topics([meeting.topic])
    asked_about = 0
    heard = 0
    while heard < ENOUGH:
        for frame in codec.frames_to_send():
            await socket.send(frame)
        for frame in (await socket.receive(), *socket.arrived()):
            reports = codec.received(frame)
            meeting.streamed += reports
            heard += sum(isinstance(one, PriceReport | TransactionReport | SignatureSeen) for one in reports)
            for question in reports:
                if not isinstance(question, Question):
                    continue
                if isinstance(question, SignatureSeen):
                    asked_about += 1
                    if asked_about > 1:  # one shows how it is answered
                        continue
                await _answer(meeting, question, codec)


async def _answer(meeting: Meeting, question: Question, codec: Codec) -> None:
    async with aclosing(meeting.provider.rest.answer(question)) as reports:  # type: ignore[type-var]
        async for report in reports:
            meeting.streamed.append(report)
            if isinstance(report, TokenAccounts):
                codec.resolved(report)


async def _fetch(meeting: Meeting) -> None:
    async with aclosing(meeting.provider.rest.fetch([meeting.topic], {})) as reports:  # type: ignore[type-var]
        async for report in reports:
            if isinstance(report, Progress):  # a wallet's accounts are asked about one after the other
                continue
            meeting.fetched.append(report)
            if len(meeting.fetched) >= ENOUGH:
                return


async def _list(meeting: Meeting) -> None:
    markets = meeting.provider.markets
    assert markets is not None
    listed = asyncio.Event()
    keeping = asyncio.create_task(markets.keep(None, listed.set))
    try:
        await listed.wait()
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


def _is_sound(report: PriceReport) -> bool:
    figures = (report.price, report.volume_24h, report.high_24h, report.low_24h)
    return all(figure is None or Decimal(0) <= figure < Decimal("1e30") for figure in figures)
