"""A relay as a service: from settings to an engine, a log, and a door, all of them closed at the end."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from streamcore.clock import Clock, SystemClock
from streamcore.config.demo import DemoServers
from streamcore.config.locations import state_folder
from streamcore.config.model import Settings
from streamcore.config.selection import choose
from streamcore.config.serving import RelaySettings
from streamcore.errors import SettingsError
from streamcore.extras import lacking
from streamcore.loopback import is_loopback
from streamcore.manager import StreamManager
from streamcore.named_files import check_file, check_folder, reason_of
from streamcore.relay.bus import Bus, Membership
from streamcore.relay.limits import RelayLimits
from streamcore.relay.listening import split_address
from streamcore.relay.log import Log
from streamcore.relay.own_log import OwnLog
from streamcore.relay.requests import Served
from streamcore.relay.server import Relay
from streamcore.relay.sqlite_log import TransactionLog
from streamcore.relay.tokens import Tokens, read_tokens
from streamcore.streams.checkpoints import Checkpoints
from streamcore.urls import shown_url

_ALONE = (
    "without tokens only this machine may be listened on; make one with: streamtui relay token add NAME "
    "--tokens FILE"
)
_NO_TOKENS = "there is no token in this file: make one with streamtui relay token add NAME --tokens FILE"
_UNENCRYPTED = (
    "tokens and wallets would cross the network unencrypted: name a certificate with --cert and --key, or "
    "set relay.behind_proxy = true behind a reverse proxy with TLS"
)
_OPEN_BEHIND_PROXY = "a reverse proxy lets everybody in who reaches it, so tokens are needed"


@dataclass(frozen=True, slots=True)
class Plan:
    """Where and for whom a relay serves, checked."""

    listen: tuple[str, int]
    tokens_file: Path | None
    tokens: Tokens
    tls: ssl.SSLContext | None
    state: Path | None
    """The folder of its log; ``None``: one that is gone when it ends, for made-up data."""
    metrics: tuple[str, int] | None = None
    """Where Prometheus is answered; ``None``: nowhere."""


def plan(
    settings: Settings, origins: Mapping[str, str] | None = None, *, environ: Mapping[str, str] | None = None
) -> Plan:
    """Return what the ``[relay]`` settings ask for.

    Args:
        settings: What is configured.
        origins: Where each value came from, for errors.
        environ: The environment; ``None`` is the process's own.

    Raises:
        SettingsError: They ask for what cannot be, or must not be.
        TokensFailed: The file of tokens cannot be read.
    """
    wanted = settings.relay
    refused = Refusals(origins or {})
    try:
        listen = split_address(wanted.listen)
    except ValueError as error:
        raise refused.error("listen", shown_url(wanted.listen), str(error)) from None
    tls = _tls(wanted, refused)
    tokens_file = None if wanted.tokens is None else Path(wanted.tokens)
    tokens = Tokens() if tokens_file is None else read_tokens(tokens_file)
    if tokens_file is not None and not len(tokens):
        raise refused.error("tokens", wanted.tokens, _NO_TOKENS)
    if not is_loopback(listen[0]):
        if not len(tokens):
            raise refused.error("listen", wanted.listen, _ALONE)
        if tls is None and not wanted.behind_proxy:
            raise refused.error("listen", wanted.listen, _UNENCRYPTED)
    if wanted.behind_proxy and not len(tokens):
        raise refused.error("behind_proxy", wanted.behind_proxy, _OPEN_BEHIND_PROXY)
    environ = os.environ if environ is None else environ
    state = _state(settings, environ, refused)
    return Plan(listen, tokens_file, tokens, tls, state, _metrics(wanted.metrics, refused))


def _metrics(address: str | None, refused: Refusals) -> tuple[str, int] | None:
    if address is None:
        return None
    if (reason := lacking("relay")) is not None:
        raise refused.error("metrics", address, reason)
    try:
        return split_address(address)
    except ValueError as error:
        raise refused.error("metrics", shown_url(address), str(error)) from None


class Refusals:
    """Makes errors about settings of the section ``[relay]``."""

    def __init__(self, origins: Mapping[str, str]) -> None:
        self._origins = origins

    def error(self, name: str, value: object, allowed: str) -> SettingsError:
        """Return the error about a setting; ``allowed`` says what is wrong with its value."""
        return SettingsError(f"relay.{name}", value, allowed, self._origins.get(f"relay.{name}", "default"))


def _tls(wanted: RelaySettings, refused: Refusals) -> ssl.SSLContext | None:
    if wanted.cert is None and wanted.key is None:
        return None
    if wanted.cert is None:
        raise refused.error("cert", None, "a key without its certificate: name that with --cert")
    for name, path in (("cert", wanted.cert), ("key", wanted.key)):
        try:
            if path is not None:
                check_file(path)
        except OSError as error:
            raise refused.error(name, path, f"cannot be read: {reason_of(error)}") from None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # a password would be asked for on a terminal that a service does not have
        context.load_cert_chain(wanted.cert, wanted.key, password=lambda: b"")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or "a certificate and its key are expected, both as PEM"
        if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
            reason = reason_of(error)
        allowed = f"cannot be used with the key {wanted.key or 'in it'}: {reason}"
        raise refused.error("cert", wanted.cert, allowed) from error
    return context


def _state(settings: Settings, environ: Mapping[str, str], refused: Refusals) -> Path | None:
    found: Path
    if settings.relay.state is not None:
        found = Path(settings.relay.state)
    elif settings.demo:
        return None
    elif given := environ.get("STATE_DIRECTORY"):  # systemd's, for a service
        found = Path(given.partition(":")[0])
    else:
        folder = state_folder()
        if folder is None:
            reason = "this user has no home folder (HOME): name a folder with --state"
            raise refused.error("state", None, reason)
        found = folder / "relay"
    try:
        check_folder(found)
    except OSError as error:
        reason = f"{reason_of(error)}; name a folder for the log with --state"
        raise refused.error("state", str(found), reason) from None
    return found


@asynccontextmanager
async def serving(
    settings: Settings, plan: Plan, *, program: str, demo: DemoServers, clock: Clock | None = None
) -> AsyncIterator[Relay]:
    """Run a relay and what it needs while inside.

    Args:
        settings: What is configured.
        plan: What `plan` made of them.
        program: The name and version that terminals are told.
        demo: Serves demo data where the settings ask for it.
        clock: Time.

    Raises:
        LogFailed: The log cannot be opened.
        ListenFailed: The address cannot be listened on.
        SettingsError: The settings ask for a provider that cannot be used.
    """
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        folder = plan.state
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="streamtui-relay-")))
        log = TransactionLog(folder, now=clock.time())
        stack.callback(log.close)
        checkpoints = Checkpoints()
        engine = StreamManager(settings, clock=clock, demo=demo, remember=True, checkpoints=checkpoints)
        await stack.enter_async_context(engine)
        own = OwnLog(log, checkpoints, clock)
        yield await stack.enter_async_context(open_door(settings, plan, engine, own, clock, program=program))


@asynccontextmanager
async def open_door(
    settings: Settings,
    plan: Plan,
    bus: Bus,
    transactions: Log,
    clock: Clock,
    *,
    program: str,
    membership: Membership | None = None,
) -> AsyncIterator[Relay]:
    """Run a relay on a bus and a log while inside, and answer Prometheus if the plan says so.

    Args:
        settings: What is configured.
        plan: What `plan` made of them.
        bus: Running.
        transactions: The log, open.
        clock: Time.
        program: The name and version that terminals are told.
        membership: Its place among several relays; ``None``: it is alone.

    Raises:
        ListenFailed: The address cannot be listened on.
    """
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(
            Relay(
                bus,
                _served(settings, program),
                transactions,
                clock,
                listen=plan.listen,
                membership=membership,
                tokens=plan.tokens,
                limits=RelayLimits(
                    clients=settings.relay.max_clients,
                    symbols=settings.relay.max_symbols,
                    wallets=settings.relay.max_wallets,
                    all_symbols=max(500, settings.relay.max_symbols),
                    all_wallets=max(200, settings.relay.max_wallets),
                    linger=settings.relay.linger,
                ),
                tls=plan.tls,
                behind_proxy=settings.relay.behind_proxy,
                keep=settings.relay.keep,
            )
        )
        if plan.metrics is not None:
            from streamcore.relay.metrics import MetricsServer

            await stack.enter_async_context(MetricsServer(relay, program.split()[-1], plan.metrics))
        yield relay


def is_demo(settings: Settings) -> bool:
    """Whether anything of what is served is made up."""
    return settings.demo or any(source.demo for source in choose(settings))


def _served(settings: Settings, program: str) -> Served:
    sources = choose(settings)
    prices, wallets = settings.stream.enable_prices, settings.stream.enable_wallets
    return Served(
        relay=program,
        demo=is_demo(settings),
        exchanges=sources.exchanges,
        tokens=dict(settings.tokens),
        prices=prices,
        wallets=wallets,
        symbols=settings.symbols if prices else (),
        wallet_addresses=settings.wallets if wallets else (),
    )
