"""Where and for whom the app is served to browsers, checked before anything is started."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from streamcore import Settings, SettingsError
from streamcore.relay import Tokens, is_loopback
from streamcore.relay import plan as plan_relay

_SHARED = ("listen", "cert", "key", "behind_proxy")
"""Settings that mean the same in ``[web]`` as in ``[relay]``."""


@dataclass(frozen=True, slots=True)
class WebPlan:
    """Where and for whom, checked."""

    listen: tuple[str, int]
    tokens_file: Path | None
    tokens: Tokens
    tls: ssl.SSLContext | None
    urls: tuple[str, ...]
    """Where browsers reach it besides the address it listens on: scheme and host."""
    behind_proxy: bool

    @property
    def is_encrypted(self) -> bool:
        """Whether browsers come by TLS, ours or that of a proxy."""
        return self.tls is not None or self.behind_proxy


def plan(settings: Settings, origins: Mapping[str, str] | None = None) -> WebPlan:
    """Return what the ``[web]`` settings ask for. What may be open to whom is as with a relay.

    Args:
        settings: What is configured.
        origins: Where each value came from, for errors.

    Raises:
        SettingsError: They ask for what cannot be, or must not be.
        TokensFailed: The file of tokens cannot be read.
    """
    origins, web = origins or {}, settings.web
    as_relay = msgspec.structs.replace(
        Settings().relay,
        listen=web.listen,
        tokens=settings.relay.tokens,
        cert=web.cert,
        key=web.key,
        behind_proxy=web.behind_proxy,
        state=".",  # it is not used, and need not be found
    )
    try:
        planned = plan_relay(
            msgspec.structs.replace(settings, relay=as_relay),
            {
                "relay.tokens": origins.get("relay.tokens", "default"),
                **{f"relay.{name}": origins.get(f"web.{name}", "default") for name in _SHARED},
            },
        )
    except SettingsError as error:
        if error.key == "relay.tokens":  # the one setting that both have in common
            raise
        key, allowed = (text.replace("relay.", "web.") for text in (error.key, error.allowed))
        raise SettingsError(key, error.value, allowed, error.origin) from None
    if not web.url and (web.behind_proxy or not is_loopback(planned.listen[0])):
        allowed = "say where browsers reach it, for example --url https://prices.example.org"
        raise SettingsError("web.url", None, allowed, origins.get("web.url", "default"))
    return WebPlan(
        planned.listen, planned.tokens_file, planned.tokens, planned.tls, web.url, web.behind_proxy
    )
