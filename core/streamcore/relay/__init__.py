"""A relay: one engine, and many terminals that are told what it says over the wire of `streamcore.wire`.

`server` is the relay itself; `log` keeps the transactions, `upstream` what all terminals want together,
`groups` writes each change once for all of them, and `tokens` says who may connect. `service` puts them
together from settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamcore.lazy import lazily

if TYPE_CHECKING:
    from streamcore.config.demo import DemoServers
    from streamcore.loopback import is_loopback
    from streamcore.relay.attempts import Attempts, forwarded_address
    from streamcore.relay.limits import Bucket
    from streamcore.relay.listening import ListenFailed, listening_socket, shown_address
    from streamcore.relay.log import LogFailed
    from streamcore.relay.readiness import why_not_ready
    from streamcore.relay.server import Relay
    from streamcore.relay.service import Plan, plan, serving
    from streamcore.relay.tokens import Scope, TokenEntry, Tokens, TokensFailed, read_tokens, write_tokens

__all__ = [
    "Attempts",
    "Bucket",
    "DemoServers",
    "ListenFailed",
    "LogFailed",
    "Plan",
    "Relay",
    "Scope",
    "TokenEntry",
    "Tokens",
    "TokensFailed",
    "forwarded_address",
    "is_loopback",
    "listening_socket",
    "plan",
    "read_tokens",
    "serving",
    "shown_address",
    "why_not_ready",
    "write_tokens",
]

__getattr__ = lazily(
    __name__,
    {
        "streamcore.config.demo": ("DemoServers",),
        "streamcore.loopback": ("is_loopback",),
        "streamcore.relay.attempts": ("Attempts", "forwarded_address"),
        "streamcore.relay.limits": ("Bucket",),
        "streamcore.relay.listening": ("ListenFailed", "listening_socket", "shown_address"),
        "streamcore.relay.log": ("LogFailed",),
        "streamcore.relay.readiness": ("why_not_ready",),
        "streamcore.relay.server": ("Relay",),
        "streamcore.relay.service": ("Plan", "plan", "serving"),
        "streamcore.relay.tokens": (
            "Scope",
            "TokenEntry",
            "Tokens",
            "TokensFailed",
            "read_tokens",
            "write_tokens",
        ),
    },
)
