from __future__ import annotations

import base58
import pytest

from streamcore.solana.addresses import is_on_curve, program_address
from streamcore.solana.programs import METAPLEX

USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
ASSOCIATED = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"


def seeds(*addresses: str) -> list[bytes]:
    return [base58.b58decode(address) for address in addresses]


def test_the_metadata_of_usdc_is_where_it_is_on_the_chain() -> None:
    found = program_address([b"metadata", *seeds(METAPLEX, USDC)], METAPLEX)
    assert found == "5x38Kp4hvdomTCnCrAny4UtMUt5rQBdB6px2K1Ui45Wq"
    assert not is_on_curve(base58.b58decode(found))


@pytest.mark.parametrize("byte", [0, 1])
def test_the_neutral_point_and_its_neighbour(byte: int) -> None:
    # y = 1 is the neutral point; y = 0 is one of order four
    assert is_on_curve(bytes([byte, *[0] * 31]))


def test_the_key_of_a_test_vector_is_on_the_curve_and_what_is_beyond_the_field_is_not() -> None:
    # RFC 8032, section 7.1, test 1
    key = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert is_on_curve(key)
    assert not is_on_curve(b"\xff" * 32)
    assert not is_on_curve(bytes([2, *[0] * 31]))
