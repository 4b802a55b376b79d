"""The headers of every answer: what the browser may do with a page, and what others may do with it."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

_NOTHING_FROM_OTHERS = (
    "default-src 'none'; script-src 'self'; font-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
)
PAGE_POLICY = _NOTHING_FROM_OTHERS + "style-src 'self'; connect-src 'self'"
"""The policy of pages, which have no script and no style in themselves."""

ALWAYS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": PAGE_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), clipboard-read=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def terminal_policy(host: str, *, is_encrypted: bool) -> str:
    """Return the policy of the page with the terminal.

    The terminal emulator writes styles into the page. Browsers disagree on whether ``'self'`` allows a
    WebSocket, so it is named.

    Args:
        host: As the browser has named us.
        is_encrypted: Whether it came by TLS.
    """
    socket = f"{'wss' if is_encrypted else 'ws'}://{host}"
    return _NOTHING_FROM_OTHERS + f"style-src 'self' 'unsafe-inline'; connect-src 'self' {socket}"


async def add(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers to an answer that is about to be sent; those it has already stay."""
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "streamtui"
