"""Converts a transaction from the encoding ``jsonParsed`` to ``json``: instructions as bytes and indexes."""

from __future__ import annotations

import copy
import struct
from typing import Any

import base58

SYSTEM = "11111111111111111111111111111111"
STAKE = "Stake11111111111111111111111111111111111111"
TOKENS = (
    "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
    "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb",
)
MEMOS = ("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr", "Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo")


def key(address: str) -> bytes:
    return base58.b58decode(address).rjust(32, b"\0")


def seeded(info: dict[str, Any]) -> bytes:
    seed = info.get("seed", "").encode()
    return key(info.get("base", SYSTEM)) + struct.pack("<Q", len(seed)) + seed


def system(kind: str, info: dict[str, Any]) -> tuple[bytes, list[str]] | None:
    match kind:
        case "createAccount":
            data = struct.pack("<IQQ", 0, info["lamports"], info["space"]) + key(info["owner"])
            return data, [info["source"], info["newAccount"]]
        case "assign":
            return struct.pack("<I", 1) + key(info["owner"]), [info["account"]]
        case "transfer":
            return struct.pack("<IQ", 2, info["lamports"]), [info["source"], info["destination"]]
        case "createAccountWithSeed":
            data = struct.pack("<I", 3) + seeded(info)
            data += struct.pack("<QQ", info["lamports"], info["space"]) + key(info["owner"])
            return data, [info["source"], info["newAccount"]]
        case "advanceNonce":
            return struct.pack("<I", 4), [info["nonceAccount"]]
        case "withdrawFromNonce":
            return struct.pack("<IQ", 5, info["lamports"]), [info["nonceAccount"], info["destination"]]
        case "allocate":
            return struct.pack("<IQ", 8, info["space"]), [info["account"]]
        case "transferWithSeed":
            accounts = [info["source"], info["sourceBase"], info["destination"]]
            return struct.pack("<IQ", 11, info["lamports"]), accounts
    return None


def token(kind: str, info: dict[str, Any]) -> tuple[bytes, list[str]] | None:
    authority = info.get("authority") or info.get("multisigAuthority") or info.get("owner") or SYSTEM
    match kind:
        case "initializeAccount":
            return b"\x01", [info["account"], info["mint"], info["owner"]]
        case "initializeAccount2" | "initializeAccount3":
            number = b"\x10" if kind.endswith("2") else b"\x12"
            return number + key(info["owner"]), [info["account"], info["mint"]]
        case "transfer":
            accounts = [info["source"], info["destination"], authority]
            return b"\x03" + struct.pack("<Q", int(info["amount"])), accounts
        case "mintTo":
            accounts = [info["mint"], info["account"], info["mintAuthority"]]
            return b"\x07" + struct.pack("<Q", int(info["amount"])), accounts
        case "burn":
            return b"\x08" + struct.pack("<Q", int(info["amount"])), [info["account"], info["mint"]]
        case "closeAccount":
            return b"\x09", [info["account"], info["destination"], authority]
        case "transferChecked":
            amount = info["tokenAmount"]
            accounts = [info["source"], info["mint"], info["destination"], authority]
            return b"\x0c" + struct.pack("<QB", int(amount["amount"]), amount["decimals"]), accounts
        case "syncNative":
            return b"\x11", [info["account"]]
    return None


def stake(kind: str, info: dict[str, Any]) -> tuple[bytes, list[str]] | None:
    match kind:
        case "delegate":
            return struct.pack("<I", 2), [info["stakeAccount"]]
        case "withdraw":
            return struct.pack("<IQ", 4, info["lamports"]), [info["stakeAccount"], info["destination"]]
        case "deactivate":
            return struct.pack("<I", 5), [info["stakeAccount"]]
    return None


def raw(instruction: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    program, parsed = instruction["programId"], instruction.get("parsed")
    made: tuple[bytes, list[str]] | None = None
    if isinstance(parsed, str) and program in MEMOS:
        made = parsed.encode(), []
    elif isinstance(parsed, dict) and program == SYSTEM:
        made = system(parsed["type"], parsed["info"])
    elif isinstance(parsed, dict) and program in TOKENS:
        made = token(parsed["type"], parsed["info"])
    elif isinstance(parsed, dict) and program == STAKE:
        made = stake(parsed["type"], parsed["info"])
    data, accounts = made or (b"", [])
    if parsed is None:
        text, accounts = instruction["data"], instruction["accounts"]
    else:
        text = base58.b58encode(data).decode()
    return {
        "programIdIndex": keys.index(program),
        "accounts": [keys.index(account) for account in accounts if account in keys],
        "data": text,
    }


def as_json(transaction: dict[str, Any]) -> dict[str, Any]:
    """Return what ``getTransaction`` with ``encoding: json`` would have answered."""
    value = copy.deepcopy(transaction)
    message, meta = value["transaction"]["message"], value["meta"]
    entries = message["accountKeys"]
    keys = [entry["pubkey"] for entry in entries]
    static = [entry for entry in entries if entry.get("source") != "lookupTable"]
    looked_up = entries[len(static) :]
    message["header"] = {"numRequiredSignatures": sum(entry["signer"] for entry in static)}
    message["accountKeys"] = [entry["pubkey"] for entry in static]
    meta["loadedAddresses"] = {
        "writable": [entry["pubkey"] for entry in looked_up],
        "readonly": [],
    }
    message["instructions"] = [raw(instruction, keys) for instruction in message["instructions"]]
    for group in meta.get("innerInstructions") or []:
        group["instructions"] = [raw(instruction, keys) for instruction in group["instructions"]]
    return value
