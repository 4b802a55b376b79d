from __future__ import annotations

import base64
import json
import random

import base58
import pytest
from mnemonic import Mnemonic

from streamcore.wallet_secrets import secret_form, secret_refusal

SEED = random.Random(7).randbytes(32)
KEY = SEED + random.Random(8).randbytes(32)
WORDS = Mnemonic("english").wordlist
PHRASE = Mnemonic("english").to_mnemonic(SEED)
SHARE = (
    "duckling enlarge academic academic agency result length solution fridge kidney coal piece deal husband "
    "erode duke ajar critical decision keyboard"
)
"""A test vector of SLIP 39."""
ADDRESS = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"

SECRETS = {
    "base58": base58.b58encode(KEY).decode(),
    "hexadecimal": KEY.hex(),
    "hexadecimal seed": "0x" + SEED.hex().upper(),
    "keypair file": str(list(KEY)),
    "keypair file without spaces": ",".join(map(str, KEY)),
    "JavaScript": f"Uint8Array({len(KEY)}) {list(KEY)}",
    "seed as numbers": str(list(SEED)),
    "base64": base64.b64encode(KEY).decode(),
    "base64 seed": base64.b64encode(SEED).decode(),
    "24 words": PHRASE,
    "12 words": " ".join(Mnemonic("english").to_mnemonic(SEED[:16]).split()),
    "words with commas": PHRASE.replace(" ", ", "),
    "numbered words": "\n".join(f"{number}. {word}" for number, word in enumerate(PHRASE.split(), 1)),
    "capital words": PHRASE.upper(),
    "Spanish words": Mnemonic("spanish").to_mnemonic(SEED),
    "Chinese words": Mnemonic("chinese_simplified").to_mnemonic(SEED),
    "Chinese words without spaces": Mnemonic("chinese_simplified").to_mnemonic(SEED[:16]).replace(" ", ""),
    "words without accents": "otono " + Mnemonic("spanish").to_mnemonic(SEED).replace("ñ", "n"),
    "a word mistyped": PHRASE.replace(PHRASE.split()[5], "xyzzy"),
    "JSON of a typed array": json.dumps({str(at): byte for at, byte in enumerate(KEY)}),
    "a console's list": "\n".join(f"{at}: {byte}" for at, byte in enumerate(KEY)),
    "keypair file with signs": str([byte - 256 if byte > 127 else byte for byte in KEY]),
    "Rust array": "[" + ", ".join(f"{byte}u8" for byte in KEY) + "]",
    "hexadecimal bytes": KEY.hex(":"),
    "hexadecimal array": ", ".join(f"{byte:#04x}" for byte in SEED),
    "hexadecimal in groups": SEED.hex(" ", 4),
    "escaped bytes": "".join(f"\\x{byte:02x}" for byte in SEED),
    "base64 without padding": base64.urlsafe_b64encode(KEY).decode().rstrip("="),
    "four letters of each word": " ".join(word[:4] for word in PHRASE.split()),
    "numbers of the words": "".join(f"{WORDS.index(word):04}" for word in PHRASE.split()),
    "full width letters": "".join(chr(ord(character) + 0xFEE0) for character in KEY.hex()),
    "Bitcoin": base58.b58encode_check(b"\x80" + SEED + b"\x01").decode(),
    "Sui": "suiprivkey1qzd5xmzz0ezp7aghc5xhgyv0c0a0rq8nx3cuqgswtg8hv7khdahxk6hrwqe",
    "a share of 20 words": SHARE,
    "a share in four letters": " ".join(word[:4] for word in SHARE.split()),
    "a share with commas": SHARE.replace(" ", ", ").upper(),
    "a share of which half was copied": " ".join(SHARE.split()[:13]),
    "PEM": "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA",
    "extended key": "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kej"
    "MRNNU3TGtRBeJgk33yuGBxrMPHi",
}


@pytest.mark.parametrize("around", ["{}", "  {}\n", "'{}'", "SOL,{},BTC", "my wallet: {}", "\u200b{}\u200b"])
@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS)
def test_a_secret_is_recognised_in_every_form_a_wallet_hands_it_out(text: str, around: str) -> None:
    assert secret_form(around.format(text)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SOL",
        ADDRESS,
        f"{ADDRESS},{ADDRESS} savings",
        "So11111111111111111111111111111111111111112",
        "0xdAC17F958D2ee523a2206206994597C13D831ec7",
        "sol btc eth bonk wif jup ray orca jto pyth w trump usdc usdt popcat mew bome slerf",
        "SOL,BTC,ETH,XRP,ADA,DOGE,DOT,LTC,LINK,AVAX,ATOM,UNI,XLM,NEAR,APT,ARB,OP,SUI,SEI,TIA",
        "notify-send --urgency critical --app-name streamtui --expire-time 10000 {text}",
        "wss://mainnet.helius-rpc.com/?api-key=12345678-1234-1234-1234-123456789012",
        "the quick brown fox jumps over the lazy dog and runs away from every other animal",
        " ".join(str(number) for number in range(200, 240)),
        "1234567890abcdef1234567890abcdef",
        "12345678-1234-1234-1234-123456789012,12345678-1234-1234-1234-123456789012",
        "eyJhbGciOiJFUzI1NiJ9." + "e" * 60 + "." + "s" * 86,
        "L" + "1" * 51,
        "/var/lib/docker/overlay2/" + "ab" * 32 + "/merged/config.toml",
        "/var/lib/docker/containers/" + "ab" * 32,
        "/home/me/" + "a-long-name-of-a-folder/" * 3 + "notes",
        "/tmp/pytest-of-root/pytest-454/test_a_name_of_a_test_that_is_a_little_longer_than/logs",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24",
    ],
)
def test_what_people_really_name_is_no_secret(text: str) -> None:
    assert secret_form(text) is None


BASE58 = SECRETS["base58"]
SIGNATURE = base58.b58encode(KEY[:-1] + b"\x05").decode()
DAMAGED = {
    "broken by a line end": f"{BASE58[:50]}\n{BASE58[50:]}",
    "broken by a space": f"{BASE58[:50]} {BASE58[50:]}",
    "broken by a comma": f"{BASE58[:42]},{BASE58[42:]}",
    "broken at 40 columns": f"{BASE58[:40]}\n{BASE58[40:80]}\n{BASE58[80:]}",
    "broken at 20 columns": "\n".join(BASE58[at : at + 20] for at in range(0, len(BASE58), 20)),
    "its first line": BASE58[:50],
    "short of three letters": BASE58[:-3],
    "a letter read as a digit": BASE58[:30] + "0" + BASE58[31:],
    "a letter read as another": BASE58[:30] + "l" + BASE58[31:],
    "a letter too many": BASE58 + "z",
    "hexadecimal short of a digit": KEY.hex()[:-1],
    "a seed in hexadecimal with a digit too many": SEED.hex() + "a",
    "a seed in hexadecimal that is broken": f"{SEED.hex()[:40]}\n{SEED.hex()[40:]}",
}


@pytest.mark.parametrize("around", ["{}", "  {}\n", "'{}'", "SOL,{},BTC", "PRIVATE_KEY={}", "--wallets {}"])
@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_secret_that_was_damaged_is_one_still(text: str, around: str) -> None:
    assert secret_form(around.format(text)) is not None


@pytest.mark.parametrize("seed", range(40))
def test_a_secret_is_recognised_wherever_a_terminal_broke_it(seed: int) -> None:
    chance = random.Random(seed)
    secret = base58.b58encode(chance.randbytes(63) + b"\xff").decode()
    for width in (20, 30, 40, 41, *range(45, len(secret))):
        broken = "\n".join(secret[at : at + width] for at in range(0, len(secret), width))
        assert secret_form(broken) is not None, width


@pytest.mark.parametrize("seed", range(40))
def test_several_addresses_after_each_other_are_no_secret(seed: int) -> None:
    chance = random.Random(seed)
    addresses = [base58.b58encode(chance.randbytes(32)).decode() for _ in range(4)]
    for between in (" ", ",", "\n", ", "):
        assert secret_form(between.join(addresses)) is None
        assert secret_form(between.join(addresses[:2])) is None
        assert secret_form(f"{addresses[0]}{between}{addresses[1][:-1]}!") is None
        assert secret_form(f"{addresses[0]} treasury{between}{addresses[1]} savings") is None


@pytest.mark.parametrize("link", ["https://solscan.io/tx/{}", "https://explorer.solana.com/tx/{}?cluster=x"])
def test_a_link_to_a_transaction_is_no_secret(link: str) -> None:
    assert secret_form(link.format(SIGNATURE)) is None
    assert secret_form(link.format(BASE58)) is None
    assert secret_form(f"{link.format(SIGNATURE)} {BASE58}") is not None


def test_of_what_may_be_a_signature_both_are_said() -> None:
    refusal = secret_refusal(SIGNATURE)
    assert refusal is not None
    assert refusal.startswith("is either a transaction's signature, which is no wallet, or looks like")


@pytest.mark.parametrize(
    "text",
    [
        "SOL " * 12,
        "sol,atom," * 12,
        "ATOM CLOUD DRIFT GOAT GRASS HONEY LINK MOBILE MOTHER NEAR RENDER USELESS",
    ],
)
def test_words_that_repeat_or_are_tickers_are_no_phrase(text: str) -> None:
    assert secret_form(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "abandon " * 11 + "about",
        "1. " + "zoo " * 11 + "wrong",
        "test " * 11 + "junk",
        "abandon " * 23 + "art",
        f"{ADDRESS} " + "Abandon, " * 11 + "About",
    ],
)
def test_a_phrase_of_one_word_over_and_over_is_a_secret_by_its_checksum(text: str) -> None:
    assert secret_form(text) == "the words of a recovery phrase"


@pytest.mark.parametrize("text", ["abandon " * 12, "sol link " * 12, "orca " * 24])
def test_words_over_and_over_without_the_checksum_or_all_tickers_are_none(text: str) -> None:
    assert secret_form(text) is None


def test_what_may_be_an_address_of_another_chain_is_said_to_be_that_or_a_key() -> None:
    refusal = secret_refusal("0x" + SEED.hex())
    assert refusal is not None
    assert "an address of Sui or Aptos or the hash of an Ethereum transaction" in refusal
    assert SEED.hex()[:8] not in refusal
    assert secret_form(SEED.hex()) == "a key in hexadecimal"


@pytest.mark.parametrize("ending", [".sol", ".SNS", ".sol.", ".sns,SOL"])
def test_a_key_does_not_become_a_name_of_a_wallet_by_its_ending(ending: str) -> None:
    assert secret_refusal(base58.b58encode(KEY).decode()[:60] + ending)
    assert secret_refusal("my-own-quite-long-name-of-a-wallet-2026-number7.sol") is None


@pytest.mark.parametrize("width", [20, 40, 50, 60, 80])
def test_a_key_that_a_line_end_has_cut_is_refused_whatever_of_it_was_copied(width: int) -> None:
    key = base58.b58encode(KEY).decode()
    for form in (key, KEY.hex(), base64.b64encode(KEY).decode()):
        lines = [form[at : at + width] for at in range(0, len(form), width)]
        assert secret_refusal("\n".join(lines)), form
    assert secret_refusal(key[:60])
    assert secret_refusal(KEY.hex()[:100])
