"""Questions of one relay to the leader, and the leader's answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from streamcore.cluster.errors import NoAnswer, NobodyThere, SessionEnded, TooLong
from streamcore.cluster.link import Link
from streamcore.cluster.messages import Answer, Question, Trouble, read, write
from streamcore.cluster.names import Names
from streamcore.errors import InputError, MalformedMessage, NotRunning, ProviderError, UnknownProvider
from streamcore.events import ErrorKind
from streamcore.providers.batching import batches
from streamcore.relay.answers import Answers, NoSuchQuestion
from streamcore.relay.bus import Bus
from streamcore.relay_client.lookups import PATIENCE
from streamcore.tasks import Tasks
from streamcore.wire.messages import Found
from streamcore.wire.transactions import word

KEYS_PER_QUESTION = 40
"""Rows in one question for trends; fewer where the server takes less in a message than the usual megabyte."""

BYTES_OF_A_TREND = 20_000
"""Bytes that the last day of one row takes in an answer at most: 96 candles of 100 to 200 bytes."""

TOO_BUSY = "the leading relay has too many questions to answer"

log = logging.getLogger(__name__)


class LeaderQuestions:
    """Asks whoever leads; see `streamcore.cluster.shared_engine.Questions`."""

    def __init__(self, names: Names, link: Link, tasks: Tasks, *, keys: Callable[[], Sequence[str]]) -> None:
        """``keys`` returns those of the rows that this relay wants."""
        self._names = names
        self._link = link
        self._tasks = tasks
        self._keys = keys

    async def ask(self, what: str, text: str | None = None, span: str | None = None) -> Found:
        """See `Asking.ask`."""
        if what != "trends":
            return Found(0, tuple(await self._asked(Question(what, text, span))))
        items: list[dict[str, Any]] = []
        most = KEYS_PER_QUESTION
        if (session := self._link.present) is not None:
            most = max(1, min(most, session.most_bytes // BYTES_OF_A_TREND))
        for keys in batches(self._keys(), most):
            items += await self._asked(Question(what, keys=tuple(keys)))
        return Found(0, tuple(items))

    async def reconnect(self, provider: str | None) -> None:
        """See `Questions.reconnect`."""
        await self._asked(Question("reconnect", provider))

    def ask_quote(self, key: str) -> None:
        """See `Questions.ask_quote`."""
        self._tasks.start("asking the leader for bid and ask", self._ask_quote, key)

    async def _ask_quote(self, key: str) -> None:
        # what was not asked now is asked again as long as somebody looks at it
        with suppress(InputError, ProviderError):
            await self._asked(Question("quote", key, keys=(key,)))

    async def _asked(self, question: Question) -> Sequence[dict[str, Any]]:
        session = self._link.present
        if session is None:
            raise ProviderError(ErrorKind.NETWORK, "NATS cannot be reached", retryable=True)
        try:
            answer = read(await session.ask(self._names.ask, write(question), within=PATIENCE), Answer)
        except NobodyThere:
            raise ProviderError(ErrorKind.NETWORK, "no relay leads at present", retryable=True) from None
        except (NoAnswer, TooLong, SessionEnded, MalformedMessage) as error:
            text = f"the leading relay: {error}"
            raise ProviderError(ErrorKind.NETWORK, text, retryable=True, unanswered=True) from None
        if answer.trouble is not None:
            raise _error(question, answer.trouble)
        return answer.items


def _error(question: Question, trouble: Trouble) -> InputError | ProviderError:
    if trouble.kind is None:
        return InputError(question.text or question.what, trouble.message)
    kind = word(ErrorKind, trouble.kind, ErrorKind.SERVER)
    return ProviderError(kind, trouble.message, retryable=trouble.retryable)


def refused_as_too_busy() -> bytes:
    """Return the answer to a question for which there is no time."""
    return write(Answer(trouble=Trouble(TOO_BUSY, ErrorKind.RATE_LIMIT, retryable=True)))


async def answered(data: bytes, answers: Answers, engine: Bus, *, most: int) -> bytes:
    """Return the leader's answer to a question; it never fails.

    Args:
        data: The question.
        answers: Of the engine.
        engine: The leader's own.
        most: Bytes that an answer may have.
    """
    found = write(await _answer(data, answers, engine))
    if len(found) > most:
        found = write(Answer(trouble=Trouble("the answer is too long", ErrorKind.PROTOCOL)))
    return found


async def _answer(data: bytes, answers: Answers, engine: Bus) -> Answer:
    try:
        question = read(data, Question)
        if question.what != "reconnect":
            items = await answers.find(question.what, question.text or "", question.span, question.keys)
            return Answer(items)
        if question.text is None:
            await engine.reconnect_all()
        else:
            await engine.reconnect(question.text)
    except InputError as error:
        return Answer(trouble=Trouble(error.reason))
    except ProviderError as error:
        return Answer(trouble=Trouble(error.message, error.kind, error.retryable))
    except (NotRunning, UnknownProvider) as error:
        return Answer(trouble=Trouble(str(error), ErrorKind.NETWORK, retryable=True))
    except (NoSuchQuestion, MalformedMessage):
        return Answer(trouble=Trouble("there is no such question", ErrorKind.PROTOCOL))
    except Exception:
        log.exception("a question of a relay could not be answered")
        text = "internal error; the leading relay's log has the details"
        return Answer(trouble=Trouble(text, ErrorKind.PROTOCOL, retryable=True))
    return Answer()
