"""The names of wallets, and short forms of addresses and signatures, for the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping


def labeller(labels: Mapping[str, str]) -> Callable[[str], str]:
    """Return a function from an address to the wallet's label, or to the shortened address without one."""

    def label(address: str) -> str:
        return labels.get(address) or shortened(address)

    return label


def shortened(address: str) -> str:
    """Return an address or a signature as people recognise it: ``7xKX…gAsU``."""
    from streamcore import short_address  # its table is not needed for the first frame

    return short_address(address)
