"""The texts of the transaction pane: beside its title, and in place of missing rows."""

from __future__ import annotations

from streamcore import DataKind
from streamtui.format.lamps import healthy, lamp
from streamtui.format.texts import trouble
from streamtui.model.session import Session
from streamtui.model.transaction_order import TransactionSort
from streamtui.screens.main.engine_texts import why_nothing


def transactions_info(session: Session, shown: int) -> str:
    """Return what stands beside the title: how many rows, the selection, what is hidden, the order."""
    transactions, selection = session.transactions, session.transactions.selection
    chosen = []
    if selection.wallet is not None:
        chosen.append(f"wallet {session.label(selection.wallet)}")
    if selection.type is not None:
        chosen.append(f"type {selection.type}")
    if selection.without_dust:
        chosen.append(f"{transactions.hidden} hidden as dust" if transactions.hidden else "dust hidden")
    if selection.text:
        return " · ".join([f"{shown} of {len(transactions)} match “{selection.text}”", *chosen])
    if not len(transactions):
        return " · ".join(chosen)
    all_shown = shown == len(transactions) and selection.wallet is None and selection.type is None
    number = str(len(transactions)) if all_shown else f"{shown} of {len(transactions)}"
    return " · ".join([number, *chosen, str(transactions.sort)])


def unseen_notice(session: Session, unseen: int) -> str:
    """Return that the list is paused, or how many new rows are out of view; empty otherwise."""
    transactions = session.transactions
    if transactions.paused:
        dropped = f", {transactions.dropped:,} dropped" if transactions.dropped else ""
        return f"paused, {transactions.held + transactions.dropped:,} new{dropped}"
    if not unseen:
        return ""
    where = {TransactionSort.NEWEST_LAST: " below", TransactionSort.NEWEST_FIRST: " above"}
    return f"{unseen} new{where.get(transactions.sort, '')}"


def why_no_transactions(session: Session) -> tuple[str, ...]:
    """Return why the pane is empty, and what to press."""
    transactions, selection = session.transactions, session.transactions.selection
    if not session.settings.stream.enable_wallets:
        return ("Wallets are switched off: stream.enable_wallets is false.",)
    if len(transactions):
        narrowed = selection.wallet is not None or selection.type is not None
        if selection.text:
            among = " of the chosen wallet or type" if narrowed else ""
            return (
                f"No transaction{among} matches “{selection.text}”.",
                "Press esc to see all, / to change the filter.",
            )
        if narrowed:
            return ("No transaction of this selection yet.", "Press f or t for another, esc to see all.")
        return ("Everything here is dust or spam.", "Press h to see it.")
    if nothing := why_nothing(session):
        return nothing
    if not session.wallets:
        return ("No wallets are watched.", "Press w and paste an address.", *_about_wallets(session))
    if transactions.paused:
        return ("The feed is paused.", "Press p to go on.")
    status = session.health.serving(DataKind.WALLETS)
    if status is not None and not healthy(status):
        problem = trouble(status, session.clock.time())
        return (
            f"Nothing yet: {status.provider} is {lamp(status).word}. {problem}".rstrip(),
            "Press c for more."
            if session.settings.demo
            else "Press c for more, D for invented data instead.",
        )
    names = ", ".join(session.label(wallet) for wallet in session.wallets)
    return (f"Waiting for the next transaction of {names}.", "Press w to watch more wallets.")


def _about_wallets(session: Session) -> tuple[str, ...]:
    """Return which provider would follow a wallet, and what a key would improve; empty if none is missing."""
    status = session.health.serving(DataKind.WALLETS)
    if status is None or not status.hint:
        return ()
    return (f"It is followed by {status.provider}; {status.hint}.",)
