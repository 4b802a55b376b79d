"""What is asked of a relay once and answered once: the past of prices, bid and ask, and searches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from streamcore.clock import Clock, wait_for
from streamcore.errors import InputError, ProviderError
from streamcore.events import ErrorKind
from streamcore.net.rate_limit import TokenBucket
from streamcore.text import printable
from streamcore.wire.messages import Found, Lookup, Refused

PATIENCE = 30.0
"""Seconds that an answer may take: the relay may itself have to wait for its turn at a source."""

MOST_UNDER_WAY = 8
"""Questions that a relay answers at once for a terminal; more are refused. It goes on with one that nobody
waits for any more, so that a person who goes through the rows would soon meet a refusal."""

PER_SECOND = 0.75
AT_ONCE = 15
"""Questions that are sent; a relay takes a message a second, and 20 at once, and closes the connection of a
terminal that sends more. Something is left for what this terminal watches."""

MOST_WAITING = 100
"""Questions without an answer; more are a fault of this program."""

MOST_ITEMS = 1000
"""Items of an answer, and members of each of their lists; more are no answer to any question."""

_NOT_UNDERSTOOD = "bad_request"

_ABOUT_THE_QUESTION = ("unknown_symbol", "bad_address", _NOT_UNDERSTOOD)
"""Codes whose message says what is wrong with the text of the question."""

_T = TypeVar("_T")


class Asking(Protocol):
    """Whatever a question can be asked of."""

    async def ask(self, what: str, text: str | None = None, span: str | None = None) -> Found:
        """Ask, and return the answer; see `Lookups.ask`."""
        ...


class Lookups:
    """Questions on their way to a relay and back."""

    def __init__(self, clock: Clock, send: Callable[[], None]) -> None:
        """``send`` has what `requests` returns sent soon, as soon as there is a connection."""
        self._clock = clock
        self._send = send
        self._last_id = 1 << 31  # a range of its own: those of the wishes begin at 1
        self._waiting: dict[int, asyncio.Future[Found]] = {}
        self._asked: dict[int, Lookup] = {}
        self._unsent: list[Lookup] = []
        self._under_way: dict[int, float] = {}
        """The numbers of those that were sent and not answered, by monotonic seconds, also of those that
        nobody waits for any more."""
        self._rate_limit = TokenBucket(PER_SECOND, AT_ONCE, clock)
        self._out_of_reach: ProviderError | None = None
        """Why no relay can be asked."""
        self._unknown: set[str] = set()
        """Kinds of question that this relay, which may be an older one, has said not to understand."""

    def requests(self) -> list[Lookup]:
        """Return what is to be asked now; what the relay would not answer yet is kept for later."""
        now = self._clock.monotonic()
        self._under_way = {number: sent for number, sent in self._under_way.items() if now - sent < PATIENCE}
        room = MOST_UNDER_WAY - len(self._under_way)
        sent, self._unsent = self._unsent[:room], self._unsent[room:]
        self._under_way |= dict.fromkeys((lookup.id for lookup in sent), now)
        return sent

    async def ask(self, what: str, text: str | None = None, span: str | None = None) -> Found:
        """Ask, and return the answer. A question whose asker is cancelled before it was sent is not sent.

        Raises:
            InputError: The relay says that there is no such symbol.
            ProviderError: It refused, did not answer, was lost meanwhile, or none can be reached.
        """
        if (error := self._out_of_reach) is not None:
            raise ProviderError(error.kind, error.message)
        if len(self._waiting) >= MOST_WAITING:
            raise ProviderError(ErrorKind.RATE_LIMIT, "too many questions are waiting for the relay")
        self._last_id += 1
        lookup = Lookup(self._last_id, what, text, span)
        answer = self._waiting[lookup.id] = asyncio.get_running_loop().create_future()
        self._asked[lookup.id] = lookup
        try:
            await self._rate_limit.take()
            if not answer.done():  # no relay can be reached any more
                self._unsent.append(lookup)
                self._send()
            return await wait_for(self._clock, answer, PATIENCE)
        except TimeoutError:
            raise ProviderError(
                ErrorKind.NETWORK, f"the relay did not answer within {PATIENCE:g} s", unanswered=True
            ) from None
        finally:
            del self._waiting[lookup.id], self._asked[lookup.id]
            if lookup in self._unsent:
                self._unsent.remove(lookup)

    def found(self, answer: Found) -> None:
        """Take an answer; one that nobody waits for any more is dropped."""
        self._answered(answer.id)
        if (waiting := self._waiting.get(answer.id)) is not None and not waiting.done():
            waiting.set_result(answer)

    def refused(self, answer: Refused) -> bool:
        """Take a refusal; return whether it is about one of these questions."""
        self._answered(answer.id)
        waiting = self._waiting.get(answer.id)
        if waiting is None:
            return answer.id > 1 << 31
        lookup = self._asked[answer.id]
        if answer.code == _NOT_UNDERSTOOD:
            self._unknown.add(lookup.what)
        if not waiting.done():
            waiting.set_exception(_refusal(answer, lookup.text or lookup.what))
        return True

    def _answered(self, number: int) -> None:
        if self._under_way.pop(number, None) is not None and self._unsent:
            self._send()

    def is_known(self, what: str) -> bool:
        """Whether this kind of question may be understood: the relay has not refused one as none."""
        return what not in self._unknown

    def reached(self) -> None:
        """Take note that there is a relay that can be asked; it may be another one than before."""
        self._out_of_reach = None
        self._unknown.clear()

    def lost(self, error: ProviderError, *, everywhere: bool) -> None:
        """Fail every question that was sent: the connection on which its answer would have come is gone.

        ``everywhere``: no relay could be reached, so fail what waits to be sent as well, and whatever is
        asked before one is `reached`.
        """
        sent, self._under_way = self._under_way, {}
        for number, waiting in self._waiting.items():
            if (everywhere or number in sent) and not waiting.done():
                waiting.set_exception(ProviderError(error.kind, error.message))
        if everywhere:
            self._unsent.clear()
            self._out_of_reach = error


def _refusal(answer: Refused, asked: str) -> InputError | ProviderError:
    """Return the error of a question that was refused: about what was asked, or about the answering."""
    text = printable(answer.message)
    if answer.code in _ABOUT_THE_QUESTION:
        return InputError(asked, text.removeprefix(f"{asked!r} "))
    kind = ErrorKind.RATE_LIMIT if answer.code == "busy" else ErrorKind.SUBSCRIPTION
    return ProviderError(kind, text, retryable=answer.code in ("busy", "internal"))


def read_items(found: Found, kind: type[_T]) -> list[_T]:
    """Return the items of an answer as structures.

    Raises:
        ProviderError: One of them makes no sense, or there are too many.
    """
    if len(found.items) > MOST_ITEMS:
        raise ProviderError(ErrorKind.PROTOCOL, f"the relay sent an answer of {len(found.items)} items")
    try:
        return [msgspec.convert(_clean(item), kind, strict=False) for item in found.items]
    except (msgspec.ValidationError, RecursionError) as error:
        text = f"the relay sent an answer that makes no sense: {printable(str(error), 120)}"
        raise ProviderError(ErrorKind.PROTOCOL, text) from None


def _clean(value: Any) -> Any:
    """Return what came from outside with every text made harmless."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        if len(value) > MOST_ITEMS:
            raise msgspec.ValidationError(f"a list of {len(value)}")
        return [_clean(item) for item in value]
    return value
