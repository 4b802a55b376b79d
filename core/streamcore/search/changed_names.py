"""Whether names that wallets were saved with still lead to them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

from streamcore.assets.wallet_names import wallet_name
from streamcore.errors import InputError, ProviderError
from streamcore.search.wallet_names import MOVED

_LOGGER = logging.getLogger(__name__)


async def changed_names(labels: Mapping[str, str], resolve: Callable[[str], Awaitable[str]]) -> list[str]:
    """Return a sentence for each wallet whose name does not lead to it any more.

    The wallet stays what is watched: whoever has the name now is somebody else.

    Args:
        labels: Addresses to the names they are shown by; those that are no names to look up are passed over.
        resolve: Looks a name up, as `streamcore.engine.Engine.resolve_wallet`; when it cannot, nothing is
            said.
    """
    said: list[str] = []
    for address, label in labels.items():
        name = wallet_name(label)
        if name is None:
            continue
        try:
            now = await resolve(name)
        except InputError as error:
            if error.reason == MOVED:
                continue  # that the ending is not served says nothing about the wallet
            said.append(f"{name} {error.reason}; {address} is still watched, as it was saved")
        except ProviderError as error:
            _LOGGER.info("whether %s still leads to the same wallet is not known: %s", name, error)
        else:
            if now != address:
                said.append(f"{name} leads to {now} now; {address} is still watched, as it was saved")
    return said
