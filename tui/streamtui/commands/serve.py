"""``streamtui serve``: the screen in web browsers."""

from __future__ import annotations

import asyncio
import logging
import secrets
from functools import partial

from streamcore import Settings
from streamcore.config import Loaded
from streamtui import __version__
from streamtui.commands.notify import ServiceManager
from streamtui.commands.shutdown import Deadline, calling
from streamtui.commands.token_file import read_again
from streamtui.web.logins import Logins
from streamtui.web.plan import WebPlan, plan
from streamtui.web.service import WebService, serving_browsers

STOP_WITHIN = 9.0
"""Seconds from the signal until the process ends: every tab's process is ended before."""

log = logging.getLogger(__name__)


def run(loaded: Loaded) -> int:
    """Serve until told to stop, and return the exit status.

    Raises:
        SettingsError: The settings ask for what cannot be, or must not be.
        TokensFailed: The file of tokens cannot be read.
        LogFailed: The relay's log cannot be opened.
        ListenFailed: The address cannot be listened on.
    """
    planned = plan(loaded.settings, loaded.origins)
    with Deadline(STOP_WITHIN) as deadline:
        asyncio.run(_serve(loaded.settings, planned, deadline))
    return 0


async def _serve(settings: Settings, planned: WebPlan, deadline: Deadline) -> None:
    from streamsim.demo import embedded

    stopped = asyncio.Event()
    manager = ServiceManager()
    service: WebService | None = None

    def read_tokens_again() -> None:
        if service is not None:
            _reload(service.logins, planned)

    with calling(stopped.set, hang_up=read_tokens_again):
        program = f"streamtui {__version__}"
        demo = partial(embedded, chain_seed=secrets.randbits(32))  # other transactions in every run
        async with serving_browsers(settings, planned, program=program, demo=demo) as service:
            _tell(service)
            await manager.served_until(stopped)
            deadline.start()


def _tell(service: WebService) -> None:
    print(f"serving on {service.url}", flush=True)
    token = service.logins.owner_token
    if token is None:
        print("Log in with a token of the file: streamtui relay token add NAME makes one.", flush=True)
    else:
        print(f"Log in with this token, which is for this run alone: {token}", flush=True)
        print(f"or, once, by this address: {service.url}/#{service.logins.code()}", flush=True)


def _reload(logins: Logins, planned: WebPlan) -> None:
    tokens = read_again(planned.tokens_file)
    if tokens is None:
        return
    if logins.owner_token is not None and not len(tokens):
        return  # it was started without any, and still there is none
    logins.set_tokens(tokens)
    log.info("tokens read again: %d", len(tokens))
