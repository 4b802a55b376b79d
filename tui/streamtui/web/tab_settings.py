"""What a tab starts with: the settings that concern the screen, as a file, and an environment."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import tomlkit

from streamcore import Settings
from streamtui.model.alerts import alert_fields
from streamtui.terminal import BROWSER_DRIVERS

TOKEN_VARIABLE = "STREAMTUI_RELAY_TOKEN"  # noqa: S105 - its name
DRIVER = BROWSER_DRIVERS[-1]

_ALWAYS = {
    "COLORTERM": "truecolor",
    "LANG": "C.UTF-8",
    "PYTHONUTF8": "1",
    "TERM": "xterm-256color",
    "TEXTUAL_COLOR_SYSTEM": "truecolor",
    "TEXTUAL_DRIVER": DRIVER,
}
_KEPT = ("PYTHONPATH", "SYSTEMROOT", "TZ")
"""Variables of the server's that a tab has, too: where the program is, and what time it is here."""
_WAY_OUT = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
"""Those it has if it has to find a relay elsewhere, in capital or small letters."""


def file_text(settings: Settings, relay: Sequence[str]) -> str:
    """Return the configuration file of a tab: what is watched and how it looks, but no key and no command.

    Args:
        settings: Those of the server.
        relay: The relays that the tab uses.
    """
    ui = msgspec.structs.asdict(settings.ui)
    del ui["alert_command"]
    told: dict[str, Any] = {
        "symbols": settings.symbols,
        "wallets": settings.wallets,
        "tokens": settings.tokens,
        "labels": settings.labels,
        "watchlists": settings.watchlists,
        "alerts": [alert_fields(alert) for alert in settings.alerts],
        "stream": {name: getattr(settings.stream, name) for name in ("enable_prices", "enable_wallets")},
        "ui": {name: value for name, value in ui.items() if value is not None},
        "relay": {
            "url": relay,
            "encoding": settings.relay.encoding,
            "interval": settings.relay.interval,
            "direct": False,  # a tab never talks to the providers itself
        },
    }
    return tomlkit.dumps(_plain(told))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return tomlkit.value(format(value, "f"))  # every digit of it
    return str(value) if isinstance(value, str) else value  # a member of an enumeration is a text, too


def environment(token: str | None, width: int, height: int, *, is_far: bool) -> dict[str, str]:
    """Return the environment of a tab: nothing of the server's but what is needed to run.

    Args:
        token: Its token at the relay. Only this user and the system's may see it there.
        width: Of the terminal, in cells.
        height: Of the terminal, in cells.
        is_far: Whether the relay is not in the server itself.
    """
    kept = [*_KEPT, *(_WAY_OUT + tuple(map(str.lower, _WAY_OUT)) if is_far else ())]
    found = _ALWAYS | {name: os.environ[name] for name in kept if name in os.environ}
    found |= {"COLUMNS": str(width), "ROWS": str(height)}
    if token is not None:
        found[TOKEN_VARIABLE] = token
    return found
