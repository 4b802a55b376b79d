"""An emulated Birdeye: how a request over HTTP names what it is about, and how one is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from streamsim.servers.http11 import HttpRequest
from streamsim.wire import is_address

_MESSAGES = {
    400: "Invalid request parameters or payload.",
    401: "Unauthorized. Authentication required.",
    403: "Access Denied. You don't have permission to access this resource.",
    404: "Not found",
    422: "Invalid data. Please check the provided data and try again.",
    429: "Too many requests",
}


class BadRequest(Exception):
    """A parameter of a request is missing or wrong; the text, if there is one, says which."""


def error_body(status: int, message: str = "") -> bytes:
    """Return the body of an HTTP error as Birdeye writes it. ``message``: other words than the usual ones."""
    text = message or _MESSAGES.get(status, "Internal server error")
    return msgspec.json.encode({"success": False, "message": text})


def address_in(query: Mapping[str, str]) -> str:
    """Return the token that a query names.

    Raises:
        BadRequest: It names none, or no address.
    """
    address = query.get("address")
    if address is None or not is_address(address):
        raise BadRequest("address is invalid format")
    return address


def addresses(listed: object, most: int) -> list[str]:
    """Return the tokens of a list with commas; one bad address fails the whole batch.

    Raises:
        BadRequest: There are none or more than ``most``, or one is no address.
    """
    names = listed.split(",") if isinstance(listed, str) else []
    if not names or len(names) > most or not all(map(is_address, names)):
        raise BadRequest("list_address is invalid format")
    return names


def body_field(request: HttpRequest, name: str) -> Any:
    """Return a field of the JSON object in a body; ``None`` without it.

    Raises:
        BadRequest: The body is no JSON object.
    """
    try:
        body = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        raise BadRequest from None
    if not isinstance(body, Mapping):
        raise BadRequest
    return body.get(name)
