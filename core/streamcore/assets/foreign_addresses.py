"""Addresses and names of other chains, which people have beside those of Solana: recognised, never used."""

from __future__ import annotations

import re

import base58

_ETHEREUM = re.compile(r"0[xX][0-9a-fA-F]{40}")
_BITCOIN = re.compile(r"(?:bc1|tb1|BC1|TB1)[a-zA-Z0-9]{11,71}")
_BASE58 = re.compile(r"[1-9A-HJ-NP-Za-km-z]{26,35}")
_NAMES = {".eth": "Ethereum", ".bnb": "BNB Chain", ".sui": "Sui", ".apt": "Aptos", ".near": "NEAR"}
"""How names of other chains end."""
_NAME = re.compile(r"[^\s/\\:@?#]+(?:\.[^\s/\\:@?#]+)*", re.IGNORECASE)
_BYTES_WITH_CHECKSUM = 25
"""Of an address of Bitcoin or Tron: the version, 20 bytes, and a checksum of four."""
_VERSIONS = {0x00: "Bitcoin", 0x05: "Bitcoin", 0x6F: "Bitcoin", 0xC4: "Bitcoin", 0x41: "Tron"}
"""The first byte of such an address."""

_ONLY_SOLANA = "only wallets and tokens of Solana can be watched"


def foreign_address(text: str) -> str | None:
    """Return what a text is if it is an address or a name of another chain, as a phrase; else ``None``.

    Args:
        text: Without anything around it, and no address of Solana.
    """
    chain = _chain_of(text)
    return None if chain is None else f"it looks like {chain}; {_ONLY_SOLANA}"


def _chain_of(text: str) -> str | None:
    if _ETHEREUM.fullmatch(text):
        return "an Ethereum address"
    if _BITCOIN.fullmatch(text):
        return "a Bitcoin address"
    if _BASE58.fullmatch(text):
        decoded = base58.b58decode(text)
        if len(decoded) == _BYTES_WITH_CHECKSUM and decoded[0] in _VERSIONS:
            return f"a {_VERSIONS[decoded[0]]} address"
    if _NAME.fullmatch(text):
        ending = text[text.rfind(".") :].lower() if "." in text[1:] else ""
        if ending in _NAMES:
            return f"a name of {_NAMES[ending]}"
    return None
