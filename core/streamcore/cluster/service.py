"""A relay among several as a service: from settings to a member of a cluster, and a door."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from streamcore.clock import Clock, SystemClock
from streamcore.cluster.copied_transactions import CopiedTransactions
from streamcore.config.demo import DemoServers
from streamcore.config.model import Settings
from streamcore.config.selection import choose
from streamcore.errors import ProviderError
from streamcore.extras import lacking
from streamcore.manager import StreamManager
from streamcore.named_files import check_file, reason_of
from streamcore.relay.server import Relay
from streamcore.relay.service import Plan, Refusals, is_demo, open_door
from streamcore.streams.checkpoints import Checkpoints
from streamcore.tasks import Tasks

if TYPE_CHECKING:
    from streamcore.cluster.nats_connection import Access

FILE = "relay-nats.sqlite3"
"""The copy of the log: a relay that is alone, before or after, has offsets of its own, in another file."""


def check_access(settings: Settings, origins: Mapping[str, str] | None = None) -> list[Access]:
    """Return how each server of ``relay.nats`` is reached.

    Args:
        settings: What is configured.
        origins: Where each value came from, for errors.

    Raises:
        SettingsError: The library is not installed, or the settings do not go together.
    """
    wanted, refused = settings.relay, Refusals(origins or {})
    if (reason := lacking("nats")) is not None:
        raise refused.error("nats", list(wanted.nats), reason)
    if (wanted.nats_user is None) != (wanted.nats_password is None):
        missing = "nats_password" if wanted.nats_password is None else "nats_user"
        raise refused.error(missing, None, "a user and a password go together")
    from streamcore.cluster.nats_connection import Access

    tls = _tls(settings, refused)
    return [
        Access(
            url,
            wanted.nats_user,
            wanted.nats_password,
            tls if urlsplit(url).scheme == "tls" else None,
            name="streamtui relay",
        )
        for url in wanted.nats
    ]


def _tls(settings: Settings, refused: Refusals) -> ssl.SSLContext:
    authority = settings.relay.nats_ca
    try:
        if authority is not None:
            check_file(authority)
        return ssl.create_default_context(cafile=authority)
    except OSError as error:
        reason = "there is no certificate in it" if isinstance(error, ssl.SSLError) else reason_of(error)
        raise refused.error("nats_ca", authority, f"cannot be used: {reason}") from error


@asynccontextmanager
async def serving_together(
    settings: Settings, plan: Plan, *, program: str, demo: DemoServers, clock: Clock | None = None
) -> AsyncIterator[Relay]:
    """Run a relay that shares one engine with others, and what it needs, while inside.

    It listens at once; its door opens when it knows what the others know.

    Args:
        settings: What is configured, ``relay.nats`` among it; the same at every relay.
        plan: What `streamcore.relay.plan` made of them.
        program: The name and version that terminals are told.
        demo: Serves demo data where the settings ask for it, if this relay leads.
        clock: Time.

    Raises:
        LogFailed: The copy of the log cannot be opened.
        OSError: The address cannot be listened on.
        SettingsError: The settings ask for what cannot be used.
    """
    from streamcore.cluster.link import Link
    from streamcore.cluster.log_copy import LogCopy
    from streamcore.cluster.member import Member
    from streamcore.cluster.names import Names
    from streamcore.cluster.questions import LeaderQuestions
    from streamcore.cluster.shared_engine import SharedEngine
    from streamcore.cluster.team_settings import TeamSettings, settings_told
    from streamcore.cluster.wallet_records import WalletRecords

    clock = clock or SystemClock()
    accesses = check_access(settings)
    sources = choose(settings)
    names, link, records = Names(is_demo(settings)), Link(), WalletRecords()
    async with AsyncExitStack() as stack:
        folder = plan.state
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="streamtui-relay-")))
        tables = CopiedTransactions.opened(folder, now=clock.time(), file=FILE)
        stack.callback(tables.close)
        transactions = LogCopy(tables, records, clock)

        def failed(error: ProviderError) -> None:
            engine.tell(error.event("", clock.time(), demo=False))

        asking = Tasks("questions to the leader", clock, failed=failed)
        stack.push_async_callback(asking.close)
        questions = LeaderQuestions(names, link, asking, keys=lambda: engine.keys)
        engine = SharedEngine(settings.tokens, questions, clock, exchanges=sources.exchanges)

        def make_engine(checkpoints: Checkpoints) -> StreamManager:
            return StreamManager(settings, clock=clock, demo=demo, remember=True, checkpoints=checkpoints)

        team = TeamSettings(settings_told(settings), clock)
        member = Member(
            accesses, names, engine, link, transactions, records, team, clock, make_engine=make_engine
        )
        await stack.enter_async_context(member)
        door = open_door(settings, plan, engine, transactions, clock, program=program, membership=member)
        yield await stack.enter_async_context(door)
