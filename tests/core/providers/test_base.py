"""What a provider need not say, because it is said for all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from streamcore.assets.instruments import Venue, understand
from streamcore.assets.tokens import TokenTable
from streamcore.events import DataKind, ErrorKind
from streamcore.net.transport import Frame
from streamcore.providers.base import Codec, Limits, Provider, Rest
from streamcore.providers.reports import Checkpoint, PriceReport, Report, SignatureSeen, TokenAccounts


class PlainCodec(Codec):
    """The least that a codec can be."""

    def opened(self) -> None:
        pass

    def set_topics(self, topics: Sequence[str]) -> None:
        pass

    def received(self, frame: Frame) -> list[Report]:
        return []

    def frames_to_send(self) -> list[Frame]:
        return []


class PlainRest(Rest):
    """The least that an HTTP side can be; it counts how often it was told to forget."""

    forgotten = 0

    async def fetch(
        self, topics: Sequence[str], checkpoints: Mapping[str, Checkpoint]
    ) -> AsyncIterator[Report]:
        for topic in topics:
            yield PriceReport(topic)

    def forget(self) -> None:
        self.forgotten += 1


class PlainProvider(Provider):
    """The least that a provider can be: a name, limits and an HTTP side."""

    name = "acme"
    title = "Acme"
    kind = DataKind.PRICES
    limits = Limits(topics_per_connection=None, debounce=0.0)

    def __init__(self) -> None:
        self.rest: PlainRest = PlainRest()


def test_a_provider_has_no_stream_unless_it_says_where() -> None:
    provider = PlainProvider()
    assert provider.endpoint() is None
    with pytest.raises(NotImplementedError, match="acme has no stream"):
        provider.codec()


def test_a_provider_serves_the_chain_and_knows_no_instrument_unless_it_says_so() -> None:
    provider = PlainProvider()
    assert provider.venue is Venue.CHAIN
    assert provider.topic(understand("SOL", TokenTable({}), exchanges=True)) is None


@pytest.mark.parametrize(
    ("status", "kind"), [(403, ErrorKind.AUTH), (429, ErrorKind.RATE_LIMIT), (503, ErrorKind.SERVER)]
)
def test_a_refused_upgrade_means_what_its_status_says(status: int, kind: ErrorKind) -> None:
    error = PlainProvider().handshake_refusal(status, {"retry-after": "7"}, b"")
    assert error.kind is kind
    assert error.message.startswith("Acme ")


def test_to_forget_is_passed_on_to_what_learns() -> None:
    provider = PlainProvider()
    provider.forget()
    assert provider.rest.forgotten == 1


def test_a_codec_waits_for_no_answer_and_ignores_those_it_did_not_ask_for() -> None:
    codec = PlainCodec()
    codec.resolved(TokenAccounts("wallet", ()))
    assert codec.unanswered is None
    assert codec.frames_to_send() == []


async def test_an_http_side_answers_no_question_unless_it_says_how() -> None:
    assert [report async for report in PlainRest().answer(SignatureSeen("wallet", "signature", 1))] == []


def test_what_every_provider_must_say_for_itself_cannot_be_left_out() -> None:
    class Silent(Codec):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Silent()  # type: ignore[abstract]
