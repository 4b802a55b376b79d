"""The lines of a capture: one JSON object each, told apart by ``direction``.

``t`` is seconds since the capture began, by a clock that does not jump; ``connection`` counts the WebSockets
of the whole capture from 1, also those that could not be opened. Text is kept as text, everything else as
base64. A file may end within a line, if the program was killed: that line is left out.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer, Frame

FORMAT = 1
"""The version of this format; it changes when an old line would be misread."""


class _Line(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="direction"):
    t: float


class Start(_Line, frozen=True, tag="start"):
    """The first line."""

    format: int
    started: float
    """Unix seconds."""
    program: str = ""
    """Name and version of what captured."""


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """A `ProviderError`: why a connection ended, could not be opened, or a request brought no answer."""

    kind: ErrorKind
    message: str
    retryable: bool
    retry_after: float | None = None

    @classmethod
    def of(cls, error: ProviderError) -> Failure:
        """Return it as it is kept."""
        return cls(error.kind, error.message, error.retryable, error.retry_after)

    def error(self) -> ProviderError:
        """Return the error that it was."""
        return ProviderError(self.kind, self.message, retryable=self.retryable, retry_after=self.retry_after)


class Opened(_Line, frozen=True, tag="open"):
    """A WebSocket is open."""

    provider: str
    connection: int


class Ended(_Line, frozen=True, tag="end"):
    """A WebSocket has ended or could not be opened; without a failure this side closed it."""

    provider: str
    connection: int
    failure: Failure | None = None


class _FrameLine(_Line, frozen=True, omit_defaults=True):
    provider: str
    connection: int
    text: str | None = None
    base64: str | None = None

    @property
    def frame(self) -> Frame:
        """The frame."""
        return self.text if self.text is not None else base64.b64decode(self.base64 or "")


class Received(_FrameLine, frozen=True, omit_defaults=True, tag="in"):
    """A frame came."""


class Sent(_FrameLine, frozen=True, omit_defaults=True, tag="out"):
    """A frame was sent."""


class KeptRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was asked, without headers, keys, and the number of a JSON-RPC call."""

    method: str
    path: str
    """After the URL in the provider's settings."""
    params: dict[str, str] = {}
    json: Any = None


class KeptAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came; of the headers only what says when to ask again."""

    status: int
    headers: dict[str, str] = {}
    text: str | None = None
    base64: str | None = None

    def answer(self) -> Answer:
        """Return the answer that it was."""
        body = self.text.encode() if self.text is not None else base64.b64decode(self.base64 or "")
        return Answer(self.status, self.headers, body)


class Exchange(_Line, frozen=True, omit_defaults=True, tag="http"):
    """An HTTP request with its answer or failure; with neither, it was cancelled.

    ``t`` is when the request was made; its place among the lines is when the answer came.
    """

    provider: str
    seconds: float
    """From the request to its answer."""
    request: KeptRequest
    answer: KeptAnswer | None = None
    failure: Failure | None = None


class Stop(_Line, frozen=True, tag="stop"):
    """The last line of a capture that ended by itself: what came afterwards is missing."""

    reason: str


Line: TypeAlias = Start | Opened | Ended | Received | Sent | Exchange | Stop

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def encoded(line: Line) -> bytes:
    """Return a line as bytes, with its line feed."""
    return _encoder.encode(line) + b"\n"


def decoded(lines: Iterable[bytes]) -> list[Line]:
    """Return the lines of a file, without a last one that was cut off.

    Raises:
        ValueError: It is no capture, or one of another format; the text says which line.
    """
    found: list[Line] = []
    for number, line in enumerate(lines, 1):
        if not line.endswith(b"\n"):
            break
        try:
            found.append(_decoder.decode(line))
        except msgspec.DecodeError as error:
            raise ValueError(f"line {number} is not of a capture: {error}") from error
    if not found or not isinstance(found[0], Start) or found[0].format != FORMAT:
        raise ValueError(f"it does not begin as a capture of format {FORMAT} does")
    return found


def content(data: Frame) -> Mapping[str, str]:
    """Return the fields of a line that hold a text or bytes."""
    if isinstance(data, bytes):
        try:
            return {"text": data.decode()}
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(data).decode()}
    return {"text": data}
