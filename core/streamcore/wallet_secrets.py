"""Recognising a wallet's secret where a name or an address was expected.

People paste the wrong line of their wallet's export. Whatever has the form of a secret is refused, and
nothing of it is repeated, kept or sent. Forms in which wallets hand one out: Phantom and Solflare base58 of
64 bytes, solana-keygen an array of 64 numbers, others hexadecimal or base64, and every wallet a phrase of 12
to 24 words (BIP 39), of which steel plates keep four letters each and pictures the numbers (SeedQR). The
secrets of other chains, which people keep in the same place, are known by their marks and checksums. A phrase
that was shared out has words of a list of its own (SLIP 39; the list is that of satoshilabs/slips, MIT).

A key of 32 bytes in base58 cannot be told from an address and is taken for one. In every other form (numbers,
hexadecimal, base64, words) it can. A secret that was damaged,
broken by a terminal's line ends or short of a letter, gives itself away all the same and is refused as well.
"""

from __future__ import annotations

import re
import unicodedata

import base58

from streamcore.recovery_phrases import are_word_numbers, has_recovery_phrase

ADVICE = (
    "it was not used, kept or sent; if it is one, treat it as known to others: move what it holds to a new "
    "wallet, and give the wallet's address here"
)

_BASE58 = re.compile(r"(?<![A-Za-z0-9])[1-9A-HJ-NP-Za-km-z]{80,96}(?![A-Za-z0-9])")
_LINK_TO_A_TRANSACTION = re.compile(r"/(?:tx|txs|transaction)/$", re.IGNORECASE)
_HEXADECIMAL = re.compile(
    r"(?<![0-9A-Za-z/\\])(?:0[xX])?(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{128})(?![0-9A-Za-z/\\])"
)
"""Not within a path: containers and nodes have folders and tokens of that form."""
_HEXADECIMAL_GROUPS = re.compile(
    r"(?<![0-9A-Za-z])(?:0[xX])?[0-9A-Fa-f]{2,32}(?:[\s,;:|-]+(?:0[xX])?[0-9A-Fa-f]{2,32})+(?![0-9A-Za-z])"
)
_ESCAPED_BYTES = re.compile(r"(?:\\x[0-9A-Fa-f]{2}){32,}")
_BASE64 = re.compile(
    r"(?<![A-Za-z0-9+/_.-])(?:[A-Za-z0-9+/_-]{43}=|[A-Za-z0-9+/_-]{86}(?:==)?)(?![A-Za-z0-9+/_.=-])"
)
_BASE64_PIECES = re.compile(
    r"(?<![A-Za-z0-9+/_.=-])[A-Za-z0-9+/_-]+(?:\s+[A-Za-z0-9+/_-]+)+={0,2}(?![A-Za-z0-9+/_.=-])"
)
_NUMBERS = re.compile(r"(?<![0-9.])-?\d{1,3}(?:[ui]8)?(?:[\s,;:|]+-?\d{1,3}(?:[ui]8)?){31,}(?![0-9.])")
_NUMBER = re.compile(r"(?<![0-9ui])-?\d{1,3}")
_NUMBERED = re.compile(r"(?<!\d)(\d{1,2})[\"']?\s*[:=]\s*(\d{1,3})(?!\d)")
"""An array as JSON writes it when it does not know that it is one: ``{"0":12,"1":34}``."""
_MARKED = re.compile(
    r"[xyzuv]prv[1-9A-HJ-NP-Za-km-z]{100,110}|suiprivkey1[02-9ac-hj-np-z]{50,}|nsec1[02-9ac-hj-np-z]{50,}"
    r"|_x?sk1[02-9ac-hj-np-z]{50,}|AGE-SECRET-KEY-1|edsk[1-9A-HJ-NP-Za-km-z]{50}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
"""BIP 32 and its relatives, Sui, Nostr, Cardano, age, Tezos, PEM."""
_CHECKSUMMED = re.compile(r"(?<![A-Za-z0-9])[5KLc96][1-9A-HJ-NP-Za-km-z]{50,57}(?![A-Za-z0-9])")
"""A private key of Bitcoin and its relatives (WIF), or one with a password (BIP 38)."""
_WIF_VERSIONS = (0x80, 0xEF, 0x9E, 0xB0)
_BIP38_START = b"\x01"
_DIGITS = re.compile(r"(?<!\d)(?:\d{48}|\d{60}|\d{72}|\d{84}|\d{96})(?!\d)")
"""The numbers of a phrase's words, four digits each."""
_LONG_RUN = re.compile(
    r"(?<![0-9A-Za-z/\\.+-])(?:0[xX])?[0-9A-Za-z]{47,}(?![/\\+-]?[0-9A-Za-z]|\.[0-9A-Za-z])"
)
"""Longer than an address with a letter or two too many; no part of a path, a name with dots or base64."""
_PIECES = re.compile(r"[0-9A-Za-z]+(?:[\s,;'\"\\|]+[0-9A-Za-z]+)+")
_DAMAGED_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{65,}")
_DAMAGED_SIZES = range(80, 91)
"""Letters of the pieces of 64 bytes in base58, of which there are 86 to 88."""
_SHORTEST_PIECE = 12
"""Letters; a terminal breaks at its width, and only what is left over may be shorter."""
_MOST_PIECES = 8
_LIKE_AN_ADDRESS = range(32, 45)
_ENDING_OF_A_NAME = re.compile(r"\.(?:sns|sol)(?![0-9A-Za-z])", re.IGNORECASE)
"""What stands behind a name of a wallet: a key with it is a key all the same, and no name with dots."""
_INVISIBLE = re.compile("[\u200b-\u200f\u2060-\u2064\ufeff\u00ad]")

_SHORTEST = 40
"""Characters; nothing shorter in ASCII is a secret of these forms, not even twelve words of three letters."""
_LEAST_OF_A_KIND = 3
"""Capital letters, small ones and digits in 64 bytes of base64, of which there are 13 digits on average."""
_MOST_OF_A_SIGNATURE = 0x10
"""The last byte of a signature is no larger."""
_OR_A_SIGNATURE = " or a transaction signature"
_KEY_SIZES = (32, 64)
"""Bytes of a seed, and of a seed with the public key behind it (RFC 8032, section 5.1.5)."""
_KEY_DIGITS = (64, 128)
"""Of the same in hexadecimal."""

HEXADECIMAL = "a key in hexadecimal"
_OR_FOREIGN = (
    ", or an address of Sui or Aptos or the hash of an Ethereum transaction, which have the same form"
)
HEXADECIMAL_OF_OTHERS = HEXADECIMAL + _OR_FOREIGN
BASE64 = "a key in base64"
DAMAGED = "a part of a key, or one that was broken or mistyped: longer than any address"
LIKE_A_KEY_OF_AN_API = frozenset({DAMAGED})
"""Forms that providers' keys may have as well."""
IN_AN_ADDRESS_OF_A_HOST = frozenset({HEXADECIMAL, HEXADECIMAL_OF_OTHERS, BASE64, DAMAGED})
"""Forms that the token of a node's operator has as well, in the path of its URL."""


def secret_form(text: str) -> str | None:
    """Return what form of wallet secret there is in a text, as a phrase, or ``None``.

    Args:
        text: As it was typed or pasted, before it is split into a list: a comma in an array of numbers, and a
            space in a phrase, are parts of the secret.
    """
    if len(text) < _SHORTEST and text.isascii():
        return None
    text = _ENDING_OF_A_NAME.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))
    for match in _BASE58.finditer(text):
        if len(key := base58.b58decode(match.group())) == _KEY_SIZES[-1]:
            # a signature ends in a number below 2^253 (RFC 8032, section 5.1.7), a key in any byte
            may_be_signature = key[-1] <= _MOST_OF_A_SIGNATURE
            if _LINK_TO_A_TRANSACTION.search(text, 0, match.start()):
                continue  # nobody's key stands there
            also = _OR_A_SIGNATURE if may_be_signature else ""
            return f"64 bytes in base58: a secret key as wallets export it{also}"
    if _MARKED.search(text) or any(_has_checksum(match.group()) for match in _CHECKSUMMED.finditer(text)):
        return "a private key"
    if (hexadecimal := _HEXADECIMAL.search(text)) is not None:
        digits = hexadecimal.group()
        is_foreign = digits[:2] in ("0x", "0X") and len(digits) == 2 + _KEY_DIGITS[0]
        return HEXADECIMAL_OF_OTHERS if is_foreign else HEXADECIMAL
    if _has_hexadecimal_bytes(text):
        return HEXADECIMAL
    if any(_are_bytes(match.group()) for match in _NUMBERS.finditer(text)) or _has_numbered_bytes(text):
        return "the numbers of a keypair file"
    if any(_is_base64(match.group()) for match in _BASE64.finditer(text)) or _has_broken_base64(text):
        return BASE64
    if has_recovery_phrase(text) or any(are_word_numbers(match.group()) for match in _DIGITS.finditer(text)):
        return "the words of a recovery phrase"
    return DAMAGED if _has_damaged_key(text) else None


def secret_refusal(text: str) -> str | None:
    """Return why a text is refused, if a wallet's secret is in it, as what follows a name: "looks like …: …".

    Args:
        text: See `secret_form`.
    """
    form = secret_form(text)
    return None if form is None else refusal_of(form)


def refusal_of(form: str) -> str:
    """Return why a text of a form is refused, see `secret_form`, as what follows a name."""
    if form.endswith(_OR_A_SIGNATURE):
        return (
            "is either a transaction's signature, which is no wallet, or looks like a wallet's secret key, "
            f"which has the same form: {ADVICE}"
        )
    return f"looks like a wallet's secret ({form}): {ADVICE}"


def without_secrets(text: str) -> str:
    """Return a text for a log, or one line that says what was in it if it holds a wallet's secret.

    A signature is 64 bytes in base58 as well, and belongs in a log: what may be one is left.
    """
    form = secret_form(text)
    if form is None or form.endswith(_OR_A_SIGNATURE):
        return text
    return f"(left out: it looks like a wallet's secret, {form})"


def _has_damaged_key(text: str) -> bool:
    """Return whether there is a run of letters and digits, or pieces of one, of which no name consists."""
    if any(_is_damaged_key(match.group()) for match in _LONG_RUN.finditer(text)):
        return True
    for match in _PIECES.finditer(text):
        pieces = re.findall(r"[0-9A-Za-z]+", match.group())
        for start in range(len(pieces) - 1):
            if _begin_with_a_key(pieces[start : start + _MOST_PIECES]):
                return True
    return False


def _begin_with_a_key(pieces: list[str]) -> bool:
    """Return whether the first few of some pieces are a key together: all long, but for what is left over."""
    size = short = longest = 0
    for count, piece in enumerate(pieces, 1):
        size += len(piece)
        short += len(piece) < _SHORTEST_PIECE
        longest = max(longest, len(piece))
        if short > 1 or size > _KEY_DIGITS[-1]:
            return False
        if count == 1:
            continue
        together = "".join(pieces[:count])
        if size in _DAMAGED_SIZES and _is_mixed(together):
            # several addresses after each other are together as long
            return longest not in _LIKE_AN_ADDRESS or not any(map(_is_address, pieces[:count]))
        # lines of one width, and what is left over in the last one
        in_lines = len({len(one) for one in pieces[: count - 1]}) == 1
        if size in _KEY_DIGITS and (in_lines or not short) and _HEXADECIMAL.fullmatch(together):
            return True
    return False


def _is_damaged_key(run: str) -> bool:
    if len(run) in range(80, 97) and _is_signature(run):
        return False  # where it may stand was looked at before
    return _is_mixed(run) or _DAMAGED_HEXADECIMAL.fullmatch(run.removeprefix("0x")) is not None


def _is_signature(run: str) -> bool:
    try:
        return len(base58.b58decode(run)) == _KEY_SIZES[-1]
    except ValueError:
        return False


def _is_address(piece: str) -> bool:
    try:
        return len(piece) in _LIKE_AN_ADDRESS and len(base58.b58decode(piece)) == _KEY_SIZES[0]
    except ValueError:
        return False


def _is_mixed(run: str) -> bool:
    """Return whether letters of both cases and digits are mixed as in base58, and not as in words."""
    of_a_kind = _of_a_kind(run)
    return min(of_a_kind[:2]) >= len(run) // 8 and of_a_kind[2] > 0


def _are_bytes(text: str) -> bool:
    numbers = [int(number) for number in _NUMBER.findall(text)]
    return len(numbers) in _KEY_SIZES and max(numbers) <= 255 and min(numbers) >= -128


def _has_numbered_bytes(text: str) -> bool:
    pairs = [(int(index), int(number)) for index, number in _NUMBERED.findall(text)]
    starts = [at for at, (index, _) in enumerate(pairs) if index == 0]
    for start in starts:
        for size in _KEY_SIZES:
            some = pairs[start : start + size]
            if [index for index, _ in some] == list(range(size)) and all(byte <= 255 for _, byte in some):
                return True
    return False


def _has_hexadecimal_bytes(text: str) -> bool:
    """Return whether the bytes of a key stand one by one or in groups of one size."""
    if any(len(match.group()) // 4 in _KEY_SIZES for match in _ESCAPED_BYTES.finditer(text)):
        return True
    for match in _HEXADECIMAL_GROUPS.finditer(text):
        groups = re.findall(r"[0-9A-Fa-f]+", re.sub("0[xX]", "", match.group()))
        size = len(groups[0])
        in_one_size = size % 2 == 0 and {len(group) for group in groups} == {size}
        if in_one_size and len(groups) * size // 2 in _KEY_SIZES:
            return True
    return False


def _is_base64(text: str) -> bool:
    """Return whether a text of the right length is a key, and not a path or a row of words."""
    return text.endswith("=") or min(_of_a_kind(text)) >= _LEAST_OF_A_KIND


def _has_broken_base64(text: str) -> bool:
    """Return whether a key in base64 was cut by line ends: long pieces that are one together."""
    for match in _BASE64_PIECES.finditer(text):
        pieces = match.group().split()
        for start in range(len(pieces) - 1):
            for count in range(2, min(_MOST_PIECES, len(pieces) - start) + 1):
                some = pieces[start : start + count]
                if any(len(piece) < _SHORTEST_PIECE for piece in some[:-1]) or any(map(_is_address, some)):
                    break
                together = "".join(some)
                if _BASE64.fullmatch(together) and min(_of_a_kind(together)) >= _LEAST_OF_A_KIND:
                    return True
    return False


def _of_a_kind(text: str) -> list[int]:
    return [sum(map(is_one, text)) for is_one in (str.isupper, str.islower, str.isdigit)]


def _has_checksum(text: str) -> bool:
    try:
        key = base58.b58decode_check(text)
    except ValueError:
        return False
    return (len(key) in (33, 34) and key[0] in _WIF_VERSIONS) or (
        len(key) == 39 and key.startswith(_BIP38_START)
    )
