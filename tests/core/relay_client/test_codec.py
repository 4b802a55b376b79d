from __future__ import annotations

from scripted_relay import EPOCH, hello

from streamcore.providers.reports import Alive, Delivery, Refusal
from streamcore.relay_client.codec import RelayCodec, Wishes
from streamcore.wire.encodings import encoding
from streamcore.wire.messages import Frame, Hello, Lookup, Position, Request, Restart, Want, Wanted

WIRE = encoding("json")


class Terminal:
    """A codec with what it takes from the terminal."""

    def __init__(self) -> None:
        self.wishes = Wishes(("SOL",))
        self.requests: list[Request] = []
        self.since: Position | None = None
        self.codec = RelayCodec(
            WIRE, 250, wishes=lambda: self.wishes, requests=self._taken, since=lambda hello: self.since
        )
        self.codec.opened()

    def _taken(self) -> list[Request]:
        taken, self.requests = self.requests, []
        return taken

    def hear(self, message: Hello | Wanted | Frame | Restart) -> list[object]:
        return list(self.codec.received(WIRE.encode(message).decode()))

    def sent(self) -> list[Request | None]:
        frames = self.codec.frames_to_send()
        return [WIRE.read_request(frame.encode()) for frame in frames if isinstance(frame, str)]


def test_nothing_is_sent_before_the_relay_has_said_hello() -> None:
    terminal = Terminal()
    terminal.codec.set_topics(("revision 1",))
    assert terminal.sent() == []
    assert terminal.codec.unanswered is None


def test_the_hello_is_answered_with_everything_that_is_wanted() -> None:
    terminal = Terminal()
    terminal.since = Position(EPOCH, 7)
    assert terminal.hear(hello()) == [Delivery(hello())]
    assert terminal.sent() == [Want(1, ("SOL",), (), Position(EPOCH, 7), 250, "streamtui")]


def test_it_is_alive_when_the_first_want_is_answered_and_not_before() -> None:
    terminal = Terminal()
    terminal.hear(hello())
    terminal.sent()
    assert terminal.codec.unanswered == 1
    answer = Wanted(1, (), (), 0, None, 250)
    assert terminal.hear(answer) == [Delivery(answer), Alive()]
    assert terminal.codec.unanswered is None


def test_a_change_is_sent_once_and_without_a_position() -> None:
    terminal = Terminal()
    terminal.since = Position(EPOCH, 7)
    terminal.hear(hello())
    terminal.sent()
    terminal.codec.set_topics(("revision 2",))
    assert terminal.sent() == []
    terminal.wishes = Wishes(("SOL", "BTC"))
    terminal.codec.set_topics(("revision 3",))
    assert terminal.sent() == [Want(2, ("SOL", "BTC"), (), None, 250, "streamtui")]


def test_questions_go_out_with_the_next_change() -> None:
    terminal = Terminal()
    terminal.requests.append(Lookup(9, "trends"))
    terminal.hear(hello())
    assert terminal.sent()[1:] == [Lookup(9, "trends")]
    terminal.requests.append(Lookup(10, "trends"))
    terminal.codec.set_topics(("revision 2",))
    assert terminal.sent() == [Lookup(10, "trends")]


def test_what_makes_no_sense_ends_the_connection() -> None:
    for frame in ("no json", b"\xff", '{"type":"frame"}'):
        (report,) = Terminal().codec.received(frame)
        assert isinstance(report, Refusal)
        assert report.topics == ()


def test_a_kind_of_message_that_is_not_known_is_passed_over() -> None:
    assert Terminal().codec.received('{"type":"weather","t":1}') == []


def test_a_relay_must_begin_with_a_hello_of_this_version_and_say_it_once() -> None:
    (report,) = Terminal().hear(Frame(t=1))
    assert isinstance(report, Refusal)
    (report,) = Terminal().hear(hello(version=2))
    assert isinstance(report, Refusal)
    assert not report.error.retryable
    terminal = Terminal()
    terminal.hear(hello())
    (report,) = terminal.hear(hello())
    assert isinstance(report, Refusal)
