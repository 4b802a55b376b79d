"""A connection's side of the relay's wire: what the terminal wants goes out, whole messages come in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streamcore.errors import MalformedMessage, ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Frame as Data
from streamcore.providers.base import Codec
from streamcore.providers.reports import Alive, Delivery, Refusal, Report
from streamcore.wire.encoding import Encoding
from streamcore.wire.messages import VERSION, Hello, Position, Request, Want, Wanted

PROGRAM = "streamtui"
"""What this program calls itself to the relay's operator."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """All that this terminal wants at the moment."""

    symbols: tuple[str, ...] = ()
    wallets: tuple[str, ...] = ()


class RelayCodec(Codec):
    """Asks for everything that is wanted as soon as the relay has said hello, and whenever that changes."""

    def __init__(
        self,
        encoding: Encoding,
        interval: int,
        *,
        wishes: Callable[[], Wishes],
        requests: Callable[[], Sequence[Request]],
        since: Callable[[Hello], Position | None],
    ) -> None:
        """Make the codec of one connection.

        Args:
            encoding: How messages are written.
            interval: Milliseconds between two frames to ask for.
            wishes: Returns what is wanted at the moment.
            requests: Returns what else is to be asked now, and forgets it.
            since: Takes the relay's hello and returns the place in its log from which to go on.
        """
        self._encoding = encoding
        self._interval = interval
        self._wishes = wishes
        self._requests = requests
        self._since = since
        self._greeted = False
        self._asked: Wishes | None = None
        self._position: Position | None = None
        self._last_id = 0
        self._waiting: int | None = None
        """The number of the newest `Want` while it has no answer."""
        self._outgoing: list[Data] = []
        self._ever_asked: set[str] = set()
        """Every symbol that this connection has asked for."""

    @property
    def unanswered(self) -> object:
        """The number of a `Want` that has no answer yet."""
        return self._waiting

    def opened(self) -> None:
        """Do nothing: the relay speaks first."""

    def set_topics(self, topics: Sequence[str]) -> None:
        """Ask for what is new. The topics only say that something is; what it is, the callables tell."""
        if self._greeted:
            if self._asked != self._wishes():
                self._want()
            self._outgoing += map(self._written, self._requests())

    def frames_to_send(self) -> list[Data]:
        """Return what is to be sent."""
        frames, self._outgoing = self._outgoing, []
        return frames

    def received(self, frame: Data) -> list[Report]:
        """Return the message of a frame; one that makes no sense ends the connection."""
        data = frame.encode("utf-8", "surrogatepass") if isinstance(frame, str) else frame
        try:
            answer = self._encoding.read_answer(data)
        except MalformedMessage as error:
            return [Refusal(ProviderError(ErrorKind.PROTOCOL, f"the relay sent {error.reason}"))]
        if answer is None:
            return []
        if isinstance(answer, Hello):
            if answer.version != VERSION or self._greeted:
                text = f"the relay speaks version {answer.version} of the wire, this program {VERSION}"
                return [Refusal(ProviderError(ErrorKind.PROTOCOL, text, retryable=False))]
            self._greeted = True
            self._position = self._since(answer)
            self._want()
            self._outgoing += map(self._written, self._requests())
            return [Delivery(answer)]
        if not self._greeted:
            return [Refusal(ProviderError(ErrorKind.PROTOCOL, "the relay did not begin with a hello"))]
        if isinstance(answer, Wanted):
            if any(row.asked not in self._ever_asked for row in answer.rows):
                return [
                    Refusal(ProviderError(ErrorKind.PROTOCOL, "the relay sent rows that nobody asked for"))
                ]
            if answer.id == self._waiting:
                self._waiting = None
            # only now: between hello and this nothing has been promised
            return [Delivery(answer), Alive()]
        return [Delivery(answer)]

    def _want(self) -> None:
        self._asked = wishes = self._wishes()
        self._ever_asked.update(wishes.symbols)
        self._last_id += 1
        self._waiting = self._last_id
        position, self._position = self._position, None  # a change on the way is no return
        self._outgoing.append(
            self._written(
                Want(
                    id=self._last_id,
                    symbols=wishes.symbols,
                    wallets=wishes.wallets,
                    since=position,
                    interval=self._interval,
                    client=PROGRAM,
                )
            )
        )

    def _written(self, request: Request) -> Data:
        data = self._encoding.encode(request)
        return data.decode() if self._encoding.is_text else data
