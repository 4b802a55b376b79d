"""The half of a codec that all exchanges share: who is asked for which pairs, and what is done with frames.

An exchange's own codec says how a ticker and any other frame of it is read, and how a request is worded.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from decimal import localcontext
from typing import Any, ClassVar

import msgspec

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Frame
from streamcore.providers.base import Codec
from streamcore.providers.decoding import Undecodable
from streamcore.providers.exchange import EXACT, PairRequest, Pairs
from streamcore.providers.figures import UNUSUAL, USUAL_LENGTH
from streamcore.providers.reports import Alive, Malformed, Report
from streamcore.providers.throttle import Throttle


class ExchangeCodec(Codec):
    """One connection to an exchange; see `streamcore.providers.base.Codec`. Topics are pairs.

    A subclass gives `_usual` and the methods that are abstract here.
    """

    _usual: ClassVar[msgspec.json.Decoder[Any]]
    """Reads a frame of tickers at once, as typed values; raises one of `UNUSUAL` for any other frame."""

    _title: ClassVar[str]
    """The exchange's name as a person writes it."""

    def __init__(self, batch_size: int, passed_over: set[str] | None = None) -> None:
        """Make a codec for a connection that is not open yet.

        Args:
            batch_size: Pairs in one request at most.
            passed_over: Pairs of which earlier connections were told nothing; what this one learns is added.
                ``None``: there was none.
        """
        self._pairs = Pairs(batch_size, passed_over)
        self._throttle = Throttle()
        self._alive = False
        self._outgoing: list[Frame] = []

    def opened(self) -> None:
        """Send what is wanted."""
        self._pairs.open()
        self._ask()

    def set_topics(self, topics: Sequence[str]) -> None:
        """Make these the wanted pairs, all of them; only what changes is sent."""
        self._pairs.set_topics(topics)
        self._ask()

    @property
    def unanswered(self) -> object:
        """The pairs of the last request that have had no answer; ``None`` when there are none."""
        return self._pairs.under_way or None

    def give_up_unanswered(self) -> list[Report] | None:
        """Refuse the pairs that a request has no answer about while it has one about others.

        To end the connection for them would end the prices of all the others, and the next one would have no
        answer about them either.
        """
        pairs = self._pairs.pass_over()
        if pairs is None:
            return None
        reports: list[Report] = []
        for pair in pairs:
            text = f"{self._title} did not subscribe {pair}, and did not say why"
            reports.append(self._pairs.refuse(pair, ProviderError(ErrorKind.SUBSCRIPTION, text)))
        self._ask()
        return reports

    def rested(self) -> None:
        """Ask again for what was denied."""
        self._throttle.rested()
        self._ask()

    def frames_to_send(self) -> list[Frame]:
        """Return the frames to send now, and forget them."""
        frames, self._outgoing = self._outgoing, []
        return frames

    def received(self, frame: Frame) -> list[Report]:
        """Return what one frame says."""
        reports: list[Report] = []
        self.received_together((frame,), reports)
        return reports

    def received_together(self, frames: Sequence[Frame], reports: list[Report]) -> None:
        """Add what frames say that came together, in order.

        The hot path of an exchange's prices: a usual ticker is one typed decode and one call of `_tell`.
        """
        decode, tell = self._usual.decode, self._tell
        with localcontext(EXACT):  # for all of them, since a context costs as much as a ticker
            for frame in frames:
                try:
                    if len(frame) <= USUAL_LENGTH and tell(decode(frame), reports):
                        continue
                except UNUSUAL:
                    pass  # it is read again, by what tells what is wrong with it
                try:
                    reports += self._read(frame)
                except Undecodable as error:
                    reports.append(Malformed(str(error)))
        self._ask()

    @abstractmethod
    def _tell(self, message: Any, reports: list[Report]) -> bool:
        """Add what a decoded frame says, if all of it is usual: then every figure is `credible`.

        Called with `EXACT` as the context of decimal arithmetic.

        Returns whether it was; if not, nothing has been added. May raise one of `UNUSUAL`.
        """

    @abstractmethod
    def _read(self, frame: Frame) -> list[Report]:
        """Return what any frame says, also an odd ticker or a malformed frame.

        Raises:
            Undecodable: It makes no sense.
        """

    @abstractmethod
    def _worded(self, request: PairRequest) -> dict[str, Any]:
        """Return a request as the exchange wants it; it is sent as JSON."""

    def _ask(self) -> None:
        request = None if self._throttle.resting else self._pairs.request()
        if request is not None:
            self._outgoing.append(msgspec.json.encode(self._worded(request)).decode())

    def _proof(self) -> list[Report]:
        """Return the proof of life, the first time."""
        if self._alive:
            return []
        self._alive = True
        return [Alive()]
