"""Reads what people write where tokens and wallets are expected: lists, links, quotes, pairs.

Every option, variable, file, dialog and call reads them the same way. Quotes and brackets around a name are
removed; where the reading may not be what was meant, it has a hint for the person (`Reading.hint`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import base58
import msgspec

from streamcore.assets.foreign_addresses import foreign_address
from streamcore.errors import InputError
from streamcore.wallet_secrets import secret_refusal

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
"""Invisible characters that web pages and messengers put between letters."""
SEPARATORS = re.compile(r"[,;，；、\s]+")
_AROUND = "\"'`‘’‚‛“”„‟«»‹›<>()[]{}.:*"
_BASE58_WORDS = re.compile(r"(?<![A-Za-z0-9])[1-9A-HJ-NP-Za-km-z]{32,44}(?![A-Za-z0-9.])")
_ADDRESS_BYTES = 32
_LINK = re.compile(r"(?:[a-z][a-z0-9+.-]*://|(?:[\w-]+\.)+[a-z]{2,}/).+", re.IGNORECASE)
_TRANSACTION = re.compile(
    r"/(?:tx|txs|transaction)/[1-9A-HJ-NP-Za-km-z]{80,90}(?![A-Za-z0-9])", re.IGNORECASE
)
_DOMAIN = re.compile(r"(?:[\w-]+\.)?[\w-]+\.(?:sol|sns)", re.IGNORECASE)
"""A name of the Solana Name Service."""
_NAMED = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,44}[:=].+")
_FILE = re.compile(r"(?:~|\.{0,2}[/\\]|[A-Za-z]:[/\\]).*|.*\.(?:json|txt|key|pem|toml)|.*[/\\].*[/\\].*")
_PAYMENT = re.compile(r"solana:(?://)?([^?/#]*).*", re.IGNORECASE)
_PAGE_OF_A_PAIR = re.compile(
    r"/solana/(?:pools?/|pairs?/|pair-explorer/)?[1-9A-HJ-NP-Za-km-z]{32,44}", re.IGNORECASE
)
"""The address in such a link is that of a pool, which is neither a token nor a wallet."""

_EXCHANGE_CODES = {
    "XBT": "BTC",
    "XXBT": "BTC",
    "XDG": "DOGE",
    "XXDG": "DOGE",
    "XETH": "ETH",
    "XETC": "ETC",
    "XLTC": "LTC",
    "XXLM": "XLM",
    "XXMR": "XMR",
    "XXRP": "XRP",
    "XZEC": "ZEC",
}
"""An exchange's own codes of assets, in the manner of ISO 4217, to the usual tickers."""
_DOLLARS = frozenset({"USD", "ZUSD", "DOLLAR"})
_DOLLAR_TOKENS = frozenset({"USDT", "USDC", "USDS", "USD1", "FDUSD", "TUSD", "PYUSD", "DAI", "BUSD", "USDG"})
_OTHER_QUOTES = frozenset(
    {
        "EUR",
        "ZEUR",
        "GBP",
        "ZGBP",
        "JPY",
        "ZJPY",
        "CAD",
        "ZCAD",
        "AUD",
        "ZAUD",
        "CHF",
        "KRW",
        "TRY",
        "BRL",
        "INR",
        "MXN",
        "SGD",
        "BTC",
        "XBT",
        "ETH",
        "SOL",
        "EURC",
        "BNB",
    }
)
_DERIVATIVES = frozenset({"PERP", "PERPETUAL", "SWAP", "PF", "FUT"})
_PAIR = re.compile(r"([A-Z0-9]{1,12})[/_:|.-]([A-Z0-9]{2,10})")
_JOINED = re.compile(r"([A-Z0-9]{3,12}?)(ZUSD|USDT|USDC|USD)")


class Reading(msgspec.Struct, frozen=True):
    """What a text was read as."""

    name: str
    """The name alone."""
    hint: str = ""
    """Why it may not be what was meant, for the person; empty if it surely is."""


def split_names(text: str) -> list[str]:
    """Return what stands between commas, semicolons and white space, without repetitions."""
    return list(dict.fromkeys(filter(None, SEPARATORS.split(INVISIBLE.sub("", text)))))


def names_given(names: Iterable[str]) -> list[str]:
    """Return the names that a caller gave, one or several.

    Raises:
        InputError: Together they look like a wallet's secret, such as the words of a recovery phrase; the
            error does not repeat it.
    """
    given = [names] if isinstance(names, str) else list(names)
    together = " ".join(map(str, given))
    if secret_refusal(together):
        raise InputError(together, "")
    return given


def bare(text: str) -> str:
    """Return a text without white space, quotes and brackets around it, and without invisible characters."""
    return INVISIBLE.sub("", text).strip().strip(_AROUND).strip()


def address_in(text: str) -> str:
    """Return the address in a link, a payment request or quotes; else the `bare` text."""
    word = bare(text)
    if payment := _PAYMENT.fullmatch(word):
        return payment[1]
    if _LINK.fullmatch(word) and not _is_of_a_pair(word):
        path, _, query = word.partition("?")
        for part in (path.partition("#")[0], query):
            found = {one for one in _BASE58_WORDS.findall(part) if _is_address(one)}
            if found:
                return found.pop() if len(found) == 1 else word
    return word


def why_no_name(text: str) -> str | None:
    """Return why a text names neither a token nor a wallet, if it is a file or a link; else ``None``."""
    word = bare(text)
    if _DOMAIN.fullmatch(word):
        return f"{word} is the name of a wallet; where wallets are expected it is looked up"
    if _NAMED.fullmatch(word):
        return "there is a name behind the address; give the address alone, and its name in [labels]"
    if _LINK.fullmatch(word):
        if _is_of_a_pair(word):
            return "it is a link to a trading pair; give the address of the token itself"
        if _TRANSACTION.search(word):
            return "it is a transaction, not a wallet or a token; give the address of one"
        several = len({one for one in _BASE58_WORDS.findall(word) if _is_address(one)}) > 1
        return "it is a link with several addresses" if several else "it is a link without an address"
    if _FILE.fullmatch(word):
        return (
            "it is the name of a file, which was not read; give the address itself "
            "(solana-keygen pubkey FILE shows that of a keypair)"
        )
    return None


def pair_in(text: str, known: Iterable[str]) -> Reading | None:
    """Return which asset a pair or an exchange's own code stands for; ``None``: the text is neither.

    Args:
        text: What was typed, and is no ticker by itself.
        known: Tickers, in capitals. A pair without a separator, ``SOLUSD``, must begin with one of them.

    Raises:
        InputError: Its quote currency is not the US dollar, or it is a future.
    """
    word = bare(text).removeprefix("$").upper()
    _, colon, rest = word.partition(":")
    if colon and (_PAIR.fullmatch(rest) or _JOINED.fullmatch(rest)):
        word = rest  # before the colon is the name of an exchange
    if word in _EXCHANGE_CODES:
        return Reading(_EXCHANGE_CODES[word])
    if (pair := _PAIR.fullmatch(word)) is None:
        joined = _JOINED.fullmatch(word)
        if joined is None or not {joined[1], _EXCHANGE_CODES.get(joined[1])} & {*known}:
            return None
        pair = joined
    base, quote = _EXCHANGE_CODES.get(pair[1], pair[1]), pair[2]
    reason = foreign_address(bare(text)) or (why_no_name(text) if _DOMAIN.fullmatch(bare(text)) else None)
    if reason is not None and base not in {*known}:
        raise InputError(text, f"is not a ticker: {reason}")
    if quote in _DERIVATIVES:
        raise InputError(text, f"is a future; only what is traded itself is watched: for that write {base}")
    if quote in _OTHER_QUOTES:
        raise InputError(text, f"is priced in {quote}; prices here are in US dollars: for that write {base}")
    if quote in _DOLLAR_TOKENS:
        hint = f"{bare(text)} is read as {base}: prices here are in US dollars, which {quote} is not quite"
        return Reading(base, hint)
    return Reading(base) if quote in _DOLLARS else None


def base_of_pair(topic: str) -> str:
    """Return the ticker of an exchange's pair: ``BTC`` of ``BTC/USD`` or ``BTC-USD``."""
    return topic.replace("-", "/").partition("/")[0]


def _is_of_a_pair(link: str) -> bool:
    return _PAGE_OF_A_PAIR.search(link) is not None


def _is_address(word: str) -> bool:
    return len(base58.b58decode(word)) == _ADDRESS_BYTES
