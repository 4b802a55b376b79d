"""Addresses that a program has for what it keeps: derived from seeds, and no point of the curve of keys.

Source: "Program derived address" of solana.com/docs; the curve is edwards25519 of RFC 8032, section 5.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import base58

_FIELD = 2**255 - 19
_D = -121665 * pow(121666, _FIELD - 2, _FIELD) % _FIELD
_MARKER = b"ProgramDerivedAddress"


def program_address(seeds: Sequence[bytes], program: str) -> str:
    """Return the address that a program derives from seeds.

    Args:
        seeds: What it is derived from.
        program: The address of the program.

    Raises:
        ValueError: No number behind the seeds leads to one, which does not happen in practice.
    """
    behind = base58.b58decode(program) + _MARKER
    for bump in range(255, -1, -1):
        candidate = sha256(b"".join((*seeds, bytes([bump]))) + behind).digest()
        if not is_on_curve(candidate):
            return base58.b58encode(candidate).decode()
    raise ValueError("no program address for these seeds")


def is_on_curve(key: bytes) -> bool:
    """Whether 32 bytes are a point of the curve, as every public key is; an address of a program is not."""
    y = int.from_bytes(key, "little") & ((1 << 255) - 1)
    if y >= _FIELD:
        return False
    square = y * y % _FIELD
    # x² = (y² - 1) / (d y² + 1): there is such a point if that is a square
    x_squared = (square - 1) * pow(_D * square + 1, _FIELD - 2, _FIELD) % _FIELD
    return x_squared == 0 or pow(x_squared, (_FIELD - 1) // 2, _FIELD) == 1
