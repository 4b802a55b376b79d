"""The way to a server, one step at a time (name lookup, TCP, TLS), to find out which of them fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from streamcore.clock import Clock, wait_for
from streamcore.errors import ProviderError
from streamcore.net import dial, errors
from streamcore.net.dial import Dialler

ADDRESS_PATIENCE = 3.0
"""Seconds that a single address may take at most; one that takes longer is of no use to anybody."""


async def look_up(host: str, port: int, *, within: float) -> tuple[str, ...]:
    """Return the addresses of a host. ``within``: seconds, for the text; the caller counts them.

    Raises:
        ProviderError: It has none, or nobody knows.
    """
    with errors.reaching(host, within):
        return await dial.look_up(host, port)


async def try_addresses(
    addresses: Sequence[str], port: int, *, within: float, clock: Clock
) -> dict[str, ProviderError | None]:
    """Connect to each of some addresses, all at once, and hang up; return what was wrong with each.

    ``within``: seconds that each may take, of ``clock``; never more than `ADDRESS_PATIENCE`.
    """
    within = min(within, ADDRESS_PATIENCE)
    found = await asyncio.gather(*(_try_address(address, port, within, clock) for address in addresses))
    return dict(zip(addresses, found, strict=True))


async def _try_address(address: str, port: int, within: float, clock: Clock) -> ProviderError | None:
    try:
        with errors.reaching(address, within):
            transport = await wait_for(clock, dial.first_to_answer((address,), port, clock), within)
    except ProviderError as error:
        return error
    transport.abort()
    return None


async def shake_hands(
    host: str, port: int, *, encrypted: bool, within: float, dialler: Dialler
) -> str | None:
    """Connect, by TLS if ``encrypted``, and hang up; return the version of TLS, such as ``TLSv1.3``.

    ``within``: seconds, for the text; the caller counts them.

    Raises:
        ProviderError: It could not be reached, or its certificate is not valid.
    """
    with errors.reaching(f"{host}:{port}", within):
        transport = await dialler.dial(host, port)
        try:
            if not encrypted:
                return None
            transport = await dialler.encrypt(transport, host, port)
            version: str = transport.get_extra_info("ssl_object").version()
            return version
        finally:
            transport.abort()
