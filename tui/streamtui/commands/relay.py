"""``streamtui relay``: serves one engine to many terminals; and the tokens of those who may connect."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import TypeAlias

from streamcore import Settings
from streamcore.config import Loaded
from streamcore.relay import (
    Plan,
    Relay,
    Scope,
    plan,
    read_tokens,
    serving,
    shown_address,
    why_not_ready,
    write_tokens,
)
from streamtui import __version__
from streamtui.commands.notify import ServiceManager
from streamtui.commands.shutdown import Deadline, calling
from streamtui.commands.token_file import read_again

STOP_WITHIN = 9.0
"""Seconds from the signal until the process ends: terminals are told, and the log is written."""

log = logging.getLogger(__name__)

Serving: TypeAlias = AbstractAsyncContextManager[Relay]


def run(loaded: Loaded) -> int:
    """Serve until told to stop, and return the exit status.

    Raises:
        SettingsError: The settings ask for what cannot be, or must not be.
        TokensFailed: The file of tokens cannot be read.
        LogFailed: The log cannot be opened.
        ListenFailed: The address cannot be listened on.
    """
    planned = plan(loaded.settings, loaded.origins)
    run_relay = serving
    if loaded.settings.relay.nats:
        from streamcore.cluster import check_access, serving_together

        check_access(loaded.settings, loaded.origins)
        run_relay = serving_together
    with Deadline(STOP_WITHIN) as deadline:
        asyncio.run(_serve(loaded.settings, planned, run_relay, deadline))
    return 0


async def _serve(
    settings: Settings, planned: Plan, serving: Callable[..., Serving], deadline: Deadline
) -> None:
    from streamsim.demo import embedded

    stopped = asyncio.Event()
    manager = ServiceManager()
    relay: Relay | None = None

    def read_tokens_again() -> None:
        if relay is not None:
            _reload(relay, planned)

    with calling(stopped.set, hang_up=read_tokens_again):
        program = f"streamtui {__version__}"
        # other transactions in every run: terminals, and a log that is kept, know those of the last one
        demo = partial(embedded, chain_seed=secrets.randbits(32))
        async with serving(settings, planned, program=program, demo=demo) as relay:
            scheme = "ws" if planned.tls is None else "wss"
            url = f"{scheme}://{shown_address(*relay.address)}"
            print(f"serving on {url}", flush=True)
            print(how_to_reach(scheme, *relay.address), flush=True)
            await manager.served_until(stopped)
            deadline.start()


def how_to_reach(scheme: str, host: str, port: int) -> str:
    """Return a sentence with the URL that terminals use; ``0.0.0.0`` is no address that can be dialled."""
    if ipaddress.ip_address(host).is_unspecified:
        return (
            f"A terminal uses it with: streamtui --relay {scheme}://HOST:{port}, by any name of this machine"
        )
    return f"A terminal uses it with: streamtui --relay {scheme}://{shown_address(host, port)}"


def _reload(relay: Relay, planned: Plan) -> None:
    tokens = read_again(planned.tokens_file)
    if tokens is None:
        return
    if not len(tokens) and len(planned.tokens):
        # a relay that was started with tokens must not open its door to everybody
        log.error("%s holds no token any more; the tokens stay as they were", planned.tokens_file)
        return
    relay.set_tokens(tokens)
    log.info("tokens read again: %d", len(tokens))


def check(loaded: Loaded) -> int:
    """Ask the relay that runs at the configured address whether it is ready; return 0 if it is, else 1."""
    planned = plan(loaded.settings, loaded.origins)
    reason = why_not_ready(loaded.settings, planned, note=lambda text: print(f"note: {text}"))
    print("ready" if reason is None else f"not ready: {reason}")
    return 0 if reason is None else 1


def add_token(path: Path, name: str, *, control: bool) -> None:
    """Make a token, keep its hash in the file, and print it.

    Raises:
        TokensFailed: The name is taken, or the file cannot be read or written.
    """
    tokens = read_tokens(path)
    token = tokens.add(name, Scope.CONTROL if control else Scope.READ)
    write_tokens(path, tokens)
    print(token)


def list_tokens(path: Path) -> None:
    """Print the names and scopes of all tokens.

    Raises:
        TokensFailed: The file cannot be read.
    """
    for entry in read_tokens(path).entries.values():
        print(f"{entry.name} {entry.scope}")


def revoke_token(path: Path, name: str) -> None:
    """Remove a token from the file.

    Raises:
        TokensFailed: There is none of that name, or the file cannot be read or written.
    """
    tokens = read_tokens(path)
    tokens.revoke(name)
    write_tokens(path, tokens)
