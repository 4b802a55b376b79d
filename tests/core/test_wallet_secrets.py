from __future__ import annotations

import base64
import json
import random

import base58
import pytest
from mnemonic import Mnemonic

from streamcore.wallet_secrets import secret_form

SEED = random.Random(7).randbytes(32)
KEY = SEED + random.Random(8).randbytes(32)
WORDS = Mnemonic("english").wordlist
PHRASE = Mnemonic("english").to_mnemonic(SEED)
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
