"""Names of wallets on the command line: looked up before anything is watched, and told on standard error."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from streamcore import ProviderError, changed_names, wallet_name
from streamtui.stderr import say

if TYPE_CHECKING:
    from streamcore import Engine

log = logging.getLogger(__name__)


async def addresses_of(engine: Engine, wallets: Sequence[str]) -> list[str]:
    """Return the addresses of wallets, and say which address each name stands for.

    What cannot be looked up at the moment is told and left out.

    Args:
        engine: Looks names up; it runs.
        wallets: Addresses and names.

    Raises:
        InputError: A name leads nowhere.
    """
    addresses: list[str] = []
    for wallet in wallets:
        name = wallet_name(wallet)
        if name is None:
            addresses.append(wallet)
            continue
        try:
            address = await engine.resolve_wallet(name)
        except ProviderError as error:
            log.error("%s is not watched: %s", name, error)  # noqa: TRY400 - no fault of this program
            continue
        say(f"{name} is {address}")
        addresses.append(address)
    return list(dict.fromkeys(addresses))


async def tell_changes(engine: Engine, wallets: Sequence[str], labels: Mapping[str, str]) -> None:
    """Warn of each wallet that was saved with a name which leads elsewhere by now.

    Args:
        engine: Looks names up; it runs.
        wallets: The addresses that are watched.
        labels: Addresses to the names they were saved with.
    """
    saved = {address: labels[address] for address in wallets if address in labels}
    for sentence in await changed_names(saved, engine.resolve_wallet):
        log.warning("%s", sentence)
