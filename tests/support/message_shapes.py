"""What messages look like, without what they say: to see what is new in them."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgpack

from streamcore.net.transport import Frame
from streamcore.recording.lines import Exchange, Line, Received

ANY = "*"

_DATA = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,}|[A-Z0-9.]{3,}|[A-Z0-9.]+[-/][A-Z0-9.]+|SOLUSD|\d+")
"""A name that says what a message is about: an address, a pair, an asset, a number."""

_NAMES = ("channel", "method", "type")
"""The fields by which a venue tells its messages apart."""


def shapes(lines: Iterable[Line]) -> dict[str, set[str]]:
    """Return for each kind of message that came which fields it has, with the types of what is in them."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        if isinstance(line, Received):
            message = _read(line.frame)
            found[_kind(message)] |= set(_fields(message, ""))
        elif isinstance(line, Exchange) and line.answer is not None:
            message = _read(line.answer.answer().body)
            path = "/".join(_named(part) for part in line.request.path.split("/"))
            method = line.request.json.get("method", "") if isinstance(line.request.json, dict) else ""
            found[f"HTTP {line.answer.status} {path} {method}".rstrip()] |= set(_fields(message, ""))
    return found


def news(seen: dict[str, set[str]], known: dict[str, set[str]]) -> list[str]:
    """Return what is in some messages and not in the others of their kind, and kinds nobody knows."""
    lines = []
    for kind, fields in sorted(seen.items()):
        if kind not in known:
            lines.append(f"{kind}: a new kind of message, {', '.join(sorted(fields))}")
        elif more := sorted(fields - known[kind]):
            lines.append(f"{kind}: {', '.join(more)}")
    return lines


def _read(data: Frame) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        pass
    try:
        return msgpack.unpackb(data) if isinstance(data, bytes) else data
    except (ValueError, msgpack.UnpackException):
        return data


def _kind(message: Any) -> str:
    if not isinstance(message, dict):
        return f"a message that is {type(message).__name__}"
    words = [str(message[name]) for name in _NAMES if isinstance(message.get(name), str)]
    return " ".join(words) or "an answer"


def _fields(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _fields(item, f"{path}.{_named(str(name))}".lstrip("."))
    elif isinstance(value, list):
        for item in value:
            yield from _fields(item, f"{path}[]")
    else:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        yield f"{path} ({'number' if number else type(value).__name__})"


def _named(name: str) -> str:
    return ANY if _DATA.fullmatch(name) else name
