"""The captured files of `realdata` as the lines of a capture, for a replay through the whole engine."""

from __future__ import annotations

from typing import Any

from streamcore.recording.lines import (
    FORMAT,
    Exchange,
    KeptAnswer,
    KeptRequest,
    Line,
    Opened,
    Received,
    Start,
)


def as_capture(session: dict[str, Any], *, method: str = "GET", path: str = "/") -> list[Line]:
    """Return a captured session as the lines that a capture of it would have had.

    Args:
        session: What `realdata.realdata` returns; its frames belong to one connection, a second apart.
        method: How its answers were asked for.
        path: Where; the files do not say.
    """
    provider = session["provider"]
    lines: list[Line] = [Start(0.0, FORMAT, 0.0)]
    if session["side"] == "ws":
        lines.append(Opened(0.0, provider, 1))
    for number, step in enumerate(session["steps"], 1):
        if "frame" in step:
            lines.append(Received(float(number), provider, 1, text=step["frame"]))
        else:
            answer = KeptAnswer(step["status"], step["headers"], text=step["body"])
            lines.append(Exchange(float(number), provider, 0.0, KeptRequest(method, path), answer))
    return lines
