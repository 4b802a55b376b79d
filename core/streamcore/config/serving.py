"""The settings of relays, of their terminals, and of the screen in a browser."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from streamcore.config.section import HOST_URL, SECRET, WS_URL, ApiKey, Section


class WireEncoding(StrEnum):
    """How the messages of a relay are written; see ``docs/relay-wire.md``."""

    MSGPACK = "msgpack"
    JSON = "json"
    PROTO = "proto"


class RelaySettings(Section, frozen=True, kw_only=True):
    """``[relay]``: one engine for many terminals."""

    url: Annotated[
        tuple[str, ...],
        Meta(description="relays to use in the place of providers, tried in turn", extra=WS_URL),
    ] = ()
    token: Annotated[ApiKey | None, Meta(description="this terminal's token at the relay", extra=SECRET)] = (
        None
    )
    encoding: Annotated[
        WireEncoding, Meta(description="how messages are written; proto needs the extra proto")
    ] = WireEncoding.MSGPACK
    interval: Annotated[
        int, Meta(description="milliseconds between updates", extra={"choices": (100, 250, 500, 1000)})
    ] = 250
    direct: Annotated[
        bool, Meta(description="whether to talk to the providers while no relay can be reached")
    ] = False
    listen: Annotated[str, Meta(description="where `streamtui relay` listens, HOST:PORT")] = "127.0.0.1:8787"
    tokens: Annotated[
        str | None,
        Meta(
            description="the file of tokens of those who may connect to `streamtui relay`",
            extra={"familiar": "STREAMTUI_RELAY_TOKENS_FILE"},
        ),
    ] = None
    cert: Annotated[str | None, Meta(description="the relay's certificate with its chain, a PEM file")] = None
    key: Annotated[str | None, Meta(description="the private key of that certificate, a PEM file")] = None
    behind_proxy: Annotated[
        bool, Meta(description="a reverse proxy with TLS is in front of the relay, and says who connects")
    ] = False
    state: Annotated[
        str | None, Meta(description="the folder of the relay's log, on a local disk; the user's unless set")
    ] = None
    metrics: Annotated[
        str | None,
        Meta(description="where the relay answers Prometheus, HOST:PORT; needs the extra relay"),
    ] = None
    nats: Annotated[
        tuple[str, ...],
        Meta(
            description="NATS servers over which several relays share one engine, tried in turn; "
            "needs the extra nats",
            extra={"schemes": ("tls", "nats"), "host_only": True},
        ),
    ] = ()
    nats_user: Annotated[str | None, Meta(description="the relay's user at NATS")] = None
    nats_password: Annotated[ApiKey | None, Meta(description="the password of that user", extra=SECRET)] = (
        None
    )
    nats_ca: Annotated[
        str | None,
        Meta(description="the authority of the certificate of NATS, a PEM file; the system's unless set"),
    ] = None
    max_clients: Annotated[
        int, Meta(ge=1, le=10_000, description="terminals that may be connected to the relay at once")
    ] = 100
    max_symbols: Annotated[
        int, Meta(ge=1, le=10_000, description="symbols that one terminal may watch at the relay")
    ] = 200
    max_wallets: Annotated[
        int, Meta(ge=1, le=10_000, description="wallets that one terminal may watch at the relay")
    ] = 50
    linger: Annotated[
        float,
        Meta(ge=0.0, le=86_400.0, description="seconds that what the last terminal gave up stays subscribed"),
    ] = 60.0
    keep: Annotated[
        float, Meta(ge=60.0, le=31_536_000.0, description="seconds that the relay's log keeps a transaction")
    ] = 604_800.0


class WebSettings(Section, frozen=True, kw_only=True):
    """``[web]``: the screen in a browser."""

    listen: Annotated[str, Meta(description="where `streamtui serve` listens, HOST:PORT")] = "127.0.0.1:8788"
    tabs: Annotated[
        int, Meta(ge=1, le=100, description="browser tabs at once, each with a process of its own")
    ] = 10
    url: Annotated[
        tuple[str, ...],
        Meta(
            description="where browsers reach `streamtui serve`, where that is not where it listens",
            extra=HOST_URL,
        ),
    ] = ()
    session: Annotated[
        float, Meta(ge=1.0, le=2_592_000.0, description="seconds until a browser has to log in again")
    ] = 43_200.0
    cert: Annotated[
        str | None, Meta(description="the certificate of `streamtui serve` with its chain, a PEM file")
    ] = None
    key: Annotated[str | None, Meta(description="the private key of that certificate, a PEM file")] = None
    behind_proxy: Annotated[
        bool,
        Meta(description="a reverse proxy with TLS is in front of `streamtui serve`, and says who connects"),
    ] = False
