"""What the main screen says about the state of things, in words."""

from __future__ import annotations

from streamcore import DataKind, ProviderStatus
from streamtui.format.ages import age, countdown
from streamtui.format.lamps import DOWN, STALE, healthy, lamp
from streamtui.model.transaction_list import FeedSort
from streamtui.model.updates import Feed


def trouble(status: ProviderStatus, at: float) -> str:
    """Return what is wrong with a provider: the next attempt first, then the reason; empty when all is well.

    Args:
        status: How it is doing.
        at: Unix seconds now, for the countdown.
    """
    if healthy(status):
        return ""
    parts = []
    if status.retry_at is not None:
        parts.append(f"try {status.attempt} in {countdown(status.retry_at - at)}")
    elif status.parked:
        parts.append("stopped trying, r tries again")
    elif status.attempt:
        parts.append(f"try {status.attempt}")
    if lamp(status) is STALE and status.last_message_at is not None:
        parts.append(f"quiet for {age(at - status.last_message_at)}")
    if status.reason:
        parts.append(status.reason)
    return " · ".join(parts)


def demo_words(*statuses: ProviderStatus | None) -> str:
    """Return the mark for invented data: ``DEMO``, or which kind of data is, or nothing."""
    known = [status for status in statuses if status is not None]
    invented = [status.kind for status in known if status.demo]
    if not invented:
        return ""
    return "DEMO" if len(invented) == len(known) else f"DEMO {' '.join(invented)}"


def count(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 wallet``, ``3 wallets``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def prices_info(feed: Feed, shown: int) -> str:
    """Return what stands beside the name of the price table: list, order, and what the filter leaves."""
    board = feed.prices
    if board.filter:
        return f"{shown} of {len(board.rows)} match “{board.filter}”"
    parts = [f"list {feed.group}"] if feed.group else []
    if board.rows:
        order = f"{board.sort}, reversed" if board.backwards else str(board.sort)
        parts += [f"{shown} of {len(board.rows)}" if feed.group else str(len(board.rows)), order]
    return " · ".join(parts)


def feed_info(feed: Feed, shown: int) -> str:
    """Return what stands beside the name of the feed: order, what is selected, and what is left out."""
    journal = feed.transactions
    chosen = []
    if journal.wallet is not None:
        chosen.append(f"wallet {feed.label(journal.wallet)}")
    if journal.type is not None:
        chosen.append(f"type {journal.type}")
    hidden = [f"{journal.hidden} hidden as dust" if journal.hidden else "dust hidden"] * journal.hides_dust
    if journal.filter:
        return " · ".join([f"{shown} of {len(journal)} match “{journal.filter}”", *chosen, *hidden])
    if not len(journal):
        return " · ".join([*chosen, *hidden])
    count_ = f"{shown} of {len(journal)}" if chosen or journal.hidden else str(len(journal))
    return " · ".join([count_, *chosen, *hidden, str(journal.sort)])


def news(feed: Feed, unseen: int) -> str:
    """Return what the reader of the feed would miss: a pause, or rows out of sight."""
    if feed.transactions.paused:
        return f"paused, {feed.transactions.held} new"
    if not unseen:
        return ""
    where = {FeedSort.NEWEST_LAST: " below", FeedSort.NEWEST_FIRST: " above"}
    return f"{unseen} new{where.get(feed.transactions.sort, '')}"


def why_no_prices(feed: Feed) -> tuple[str, ...]:
    """Return why the price table is empty, and what to press."""
    board = feed.prices
    if not feed.settings.stream.enable_prices:
        return ("Prices are switched off: stream.enable_prices is false.",)
    if not feed.running or not feed.opened:
        return _not_running(feed)
    if board.rows and not board.filter:
        return ("Nothing of this watchlist is shown.", "Press ] for the next one.")
    if board.rows:
        return (f"No price matches “{board.filter}”.", "Press esc to see all, / to change the filter.")
    return ("No symbols are watched.", "Press s and type some, for example: SOL BTC")


def no_source(feed: Feed) -> str:
    """Return in few words what `why_waiting` explains where there is room for it."""
    if not why_waiting(feed):
        return ""
    return "no source answers · R" if feed.settings.demo else "no source answers · R again · D demo"


def why_waiting(feed: Feed) -> tuple[str, ...]:
    """Return why there are rows and not one price, and what to press; nothing while prices may still come."""
    if not feed.running or any(row.update is not None for row in feed.prices.rows.values()):
        return ()
    sources = [status for status in feed.health.statuses.values() if status.kind is DataKind.PRICES]
    down = [status for status in sources if lamp(status) is DOWN]
    if not down or len(down) < len([status for status in sources if not status.idle]):
        return ()
    *names, last = [status.provider for status in down]
    who = f"{', '.join(names)} and {last}" if names else last
    reason = next((status.reason for status in down if status.reason), "")
    demo = "" if feed.settings.demo else ", D shows invented data instead"
    return (
        f"No price yet: no source answers. R tries again now{demo}.",
        f"Tried again automatically: {who}.",
        *([f"{down[0].provider}: {reason}"] if reason else []),
    )


def why_no_transactions(feed: Feed) -> tuple[str, ...]:
    """Return why the feed is empty, and what to press."""
    journal = feed.transactions
    if not feed.settings.stream.enable_wallets:
        return ("Wallets are switched off: stream.enable_wallets is false.",)
    if len(journal):
        if journal.filter:
            return (
                f"No transaction matches “{journal.filter}”.",
                "Press esc to see all, / to change the filter.",
            )
        if journal.wallet is not None or journal.type is not None:
            return ("No transaction of this selection yet.", "Press f or t for another, esc to see all.")
        return ("Everything here is dust or spam.", "Press h to see it.")
    if not feed.running:
        return _not_running(feed)
    if not feed.wallets:
        return ("No wallets are watched.", "Press w and paste an address.", *_about_wallets(feed))
    if journal.paused:
        return ("The feed is paused.", "Press p to go on.")
    status = provider_of(feed, DataKind.WALLETS)
    if status is not None and not healthy(status):
        problem = trouble(status, feed.clock.time())
        return (
            f"Nothing yet: {status.provider} is {lamp(status).word}. {problem}".rstrip(),
            "Press c for more." if feed.settings.demo else "Press c for more, D for invented data instead.",
        )
    names = ", ".join(feed.label(wallet) for wallet in feed.wallets)
    return (f"Waiting for the next transaction of {names}.", "Press w to watch more wallets.")


def _about_wallets(feed: Feed) -> tuple[str, ...]:
    """Return who would follow a wallet, where that is not what the person has paid for."""
    status = provider_of(feed, DataKind.WALLETS)
    if status is None or not status.hint:
        return ()
    return (f"It is followed by {status.provider}; {status.hint}.",)


def _not_running(feed: Feed) -> tuple[str, ...]:
    if feed.failure is not None:
        return ("Nothing is running.", "Press R to start again.")
    return ("Starting …",)


def provider_of(feed: Feed, kind: DataKind) -> ProviderStatus | None:
    """Return the status of the provider that serves a kind of data."""
    return next((status for status in feed.health.statuses.values() if status.kind is kind), None)
